// random_cib: makes random clusters and compares what we decide with what the real crm_simulate decides.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "tests/crm_simulate/random_cib/generator.h"
#include "tests/crm_simulate/random_cib/oracle.h"

namespace fencepost::crm_simulate {

namespace {

constexpr int kDifferences = 1;

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t count = 100;
  std::uint64_t jobs = 2;
  bool remotes = false;
  std::string answers;
  bool print = false;
  bool show = false;
  bool shrink = false;

  Focus focus() const { return remotes ? Focus::remotes : Focus::any; }
};

struct Counts {
  std::uint64_t different = 0;
  std::uint64_t failed = 0;    // to come to an end, in the real one's own simulation
  std::uint64_t died = 0;      // the real one, by an assertion: no answer
  std::uint64_t too_late = 0;  // the real one: no answer within the time limit
};

// Every `jobs`-th seed from the first of this job on.
Counts compare_some(const Arguments& arguments, std::uint64_t job) {
  const Folder folder;
  Counts counts;
  for (std::uint64_t i = job; i < arguments.count; i += arguments.jobs) {
    const Question question = random_question(arguments.first + i, arguments.focus());
    const Reply real = arguments.answers.empty() ? ask_real(question, folder.path())
                                                 : ask_real_once(question, folder.path(), arguments.answers);
    const Reply ours = ask_ours(question, folder.path());
    counts.failed += real.asked == Asked::answered && !real.accepted ? 1 : 0;
    counts.died += real.asked == Asked::died ? 1 : 0;
    counts.too_late += real.asked == Asked::too_late ? 1 : 0;
    const std::string found = differences(real, ours);
    if (found.empty()) continue;
    ++counts.different;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(arguments.first + i), found.c_str());
    std::fflush(stdout);
  }
  return counts;
}

Counts compare_all(const Arguments& arguments) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  std::fflush(nullptr);
  for (std::uint64_t job = 0; job < arguments.jobs; ++job) {
    if (fork() != 0) continue;
    const Counts counts = compare_some(arguments, job);
    const bool told = write(ends[1], &counts, sizeof counts) == sizeof counts;
    std::fflush(nullptr);
    _exit(told ? 0 : 1);
  }
  Counts all;
  for (std::uint64_t job = 0; job < arguments.jobs; ++job) {
    int status = 0;
    Counts counts;
    if (wait(&status) < 0 || status != 0 || read(ends[0], &counts, sizeof counts) != sizeof counts)
      throw std::runtime_error("a job of random_cib failed");
    all.different += counts.different;
    all.failed += counts.failed;
    all.died += counts.died;
    all.too_late += counts.too_late;
  }
  return all;
}

// One cluster in detail: as made, or as small as the difference allows.
int show(const Arguments& arguments) {
  const Folder folder;
  Question question = random_question(arguments.first, arguments.focus());
  if (arguments.shrink) {
    question = shrunk(question, folder.path());
    std::cout << question.cib;
  }
  const Reply real = ask_real(question, folder.path());
  const Reply ours = ask_ours(question, folder.path());
  std::cout << "crm_simulate -x cib.xml -S";
  for (const std::string& option : question.options) std::cout << " " << option;
  std::cout << "\n" << shown_difference(real, ours, folder.path());
  return real == ours ? 0 : kDifferences;
}

int run(const Arguments& arguments) {
  if (arguments.print) {
    std::cout << random_cib(arguments.first, arguments.focus());
    return 0;
  }
  if (!oracle_is_installed()) {
    std::printf("random_cib: skipped, crm_simulate is not installed (apt-get install pacemaker-cli-utils)\n");
    return 0;
  }
  if (arguments.show || arguments.shrink) return show(arguments);
  const Counts counts = compare_all(arguments);
  std::printf("%llu of %llu random clusters were answered differently",
              static_cast<unsigned long long>(counts.different),
              static_cast<unsigned long long>(arguments.count));
  std::printf(
      " (%llu could not be carried out; not compared: the real one died of %llu, and %llu took it longer "
      "than "
      "its time limit)\n",
      static_cast<unsigned long long>(counts.failed), static_cast<unsigned long long>(counts.died),
      static_cast<unsigned long long>(counts.too_late));
  if (counts.different > 0)
    std::printf("See one with: random_cib --first SEED --shrink%s\n", arguments.remotes ? " --remotes" : "");
  return counts.different == 0 ? 0 : kDifferences;
}

}  // namespace

}  // namespace fencepost::crm_simulate

int main(int argc, char** argv) {
  fencepost::crm_simulate::Arguments arguments;
  CLI::App app{"Compare our decisions about random clusters with the real crm_simulate", "random_cib"};
  app.add_option("--first", arguments.first, "First seed");
  app.add_option("--count", arguments.count, "How many seeds");
  app.add_option("--jobs", arguments.jobs, "How many at a time")->check(CLI::PositiveNumber);
  app.add_flag("--remotes", arguments.remotes, "Clusters with remote nodes, guest nodes and bundles");
  app.add_option("--answers", arguments.answers,
                 "Folder that keeps what the real one said, for the next time")
      ->check(CLI::ExistingDirectory);
  app.add_flag("--print", arguments.print, "Only print the first seed's cluster");
  app.add_flag("--show", arguments.show, "Show how the answers about the first seed's cluster differ");
  app.add_flag("--shrink", arguments.shrink, "The same, about the smallest cluster that still differs");
  CLI11_PARSE(app, argc, argv);
  return fencepost::crm_simulate::run(arguments);
}
