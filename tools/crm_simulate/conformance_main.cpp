// tools/conformance: how many answers of crm-simulate agree with the recorded ones of the real crm_simulate,
// and whether one that agreed before no longer does.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tools/crm_simulate/conformance.h"

namespace fencepost::crm_simulate {

namespace {

constexpr int kCrashed = 1 << 7;
constexpr int kRegression = 1;
constexpr int kBadInput = 2;

int bit(Artifact artifact) { return 1 << static_cast<int>(artifact); }

int compare(const Corpus& corpus, const Case& one) {
  const Texts expected = expected_of(corpus, one);
  const Texts ours = ours_of(corpus, one);
  int agreeing = 0;
  for (const Artifact artifact : kArtifacts)
    if (canonical(artifact, expected.at(artifact)) == canonical(artifact, ours.at(artifact)))
      agreeing |= bit(artifact);
  return agreeing;
}

// In a process of its own, so that one case that ends in a failed assertion does not hide the others.
int compare_apart(const Corpus& corpus, const Case& one) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) _exit(compare(corpus, one));
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return kCrashed;
  return WEXITSTATUS(status);
}

struct Outcome {
  Passes passes;
  std::vector<std::string> crashed;
};

Outcome compare_all(const Corpus& corpus) {
  Outcome outcome;
  for (const Case& one : corpus.cases) {
    const int agreeing = compare_apart(corpus, one);
    if ((agreeing & kCrashed) != 0) outcome.crashed.push_back(one.name);
    for (const Artifact artifact : kArtifacts)
      if (agreeing != kCrashed && (agreeing & bit(artifact)) != 0) outcome.passes[one.name].insert(artifact);
  }
  return outcome;
}

void print_counts(const Corpus& corpus, const Passes& passes) {
  for (const Artifact artifact : kArtifacts) {
    std::size_t count = 0;
    for (const auto& [name, artifacts] : passes) count += artifacts.count(artifact);
    std::printf("%-8s %4zu of %zu\n", to_string(artifact).c_str(), count, corpus.cases.size());
  }
}

// What the list says agreed and does not any more, among the cases of this corpus.
std::vector<std::string> regressions(const Corpus& corpus, const Passes& before, const Passes& now) {
  std::vector<std::string> lost;
  for (const Case& one : corpus.cases) {
    const auto listed = before.find(one.name);
    if (listed == before.end()) continue;
    const auto found = now.find(one.name);
    for (const Artifact artifact : listed->second)
      if (found == now.end() || found->second.count(artifact) == 0)
        lost.push_back(one.name + " " + to_string(artifact));
  }
  return lost;
}

int show_difference(const Corpus& corpus, const std::string& name, Artifact artifact) {
  for (const Case& one : corpus.cases) {
    if (one.name != name) continue;
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("conformance-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    const auto write = [&](const char* file, const std::string& text) {
      std::ofstream(folder / file) << text;
    };
    const auto readable = [&](const std::string& text) { return comparable(artifact, text); };
    write("expected", readable(expected_of(corpus, one).at(artifact)));
    write("ours", readable(ours_of(corpus, one).at(artifact)));
    const std::string command =
        "cd '" + folder.string() +
        "' && sed -i 's/  */ /g; s, />,/>,' expected ours && diff -u -w -B expected ours";
    std::fflush(nullptr);
    const int status = std::system(command.c_str());
    std::filesystem::remove_all(folder);
    return status == 0 ? 0 : 1;
  }
  std::cerr << "'" << name << "' is no case of " << corpus.folder << ": see its cases.tsv\n";
  return kBadInput;
}

void print_failing(const Corpus& corpus, const Passes& passes, Artifact artifact) {
  for (const Case& one : corpus.cases) {
    const auto found = passes.find(one.name);
    if (found == passes.end() || found->second.count(artifact) == 0) std::printf("%s\n", one.name.c_str());
  }
}

struct Arguments {
  std::string folder;
  std::string pass_list;
  bool update = false;
  std::string failing;
  std::vector<std::string> show;
};

int update_list(const Arguments& arguments, const Passes& passes) {
  std::ofstream file(arguments.pass_list);
  file << write_passes(passes);
  if (!file.flush()) {
    std::cerr << arguments.pass_list << ": cannot be written\n";
    return kBadInput;
  }
  return 0;
}

int run(const Arguments& arguments) {
  if (!std::filesystem::exists(arguments.folder)) {
    std::printf("conformance: skipped, there is no corpus at %s\n", arguments.folder.c_str());
    return 0;
  }
  const auto corpus = open_corpus(arguments.folder);
  if (!corpus) {
    std::cerr << to_string(corpus.error()) << "\n";
    return kBadInput;
  }
  if (!arguments.show.empty()) {
    const auto artifact = parse_artifact(arguments.show.at(1));
    if (artifact) return show_difference(*corpus, arguments.show.at(0), *artifact);
    std::cerr << to_string(artifact.error()) << "\n";
    return kBadInput;
  }
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome = compare_all(*corpus);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  if (!arguments.failing.empty()) {
    const auto artifact = parse_artifact(arguments.failing);
    if (artifact) print_failing(*corpus, outcome.passes, *artifact);
    return artifact ? 0 : kBadInput;
  }
  print_counts(*corpus, outcome.passes);
  std::printf("%zu cases in %.1f s\n", corpus->cases.size(), taken.count());
  for (const std::string& name : outcome.crashed)
    std::printf("ended in an internal error: %s\n", name.c_str());
  const auto lost = regressions(*corpus, read_passes(arguments.pass_list), outcome.passes);
  for (const std::string& one : lost) std::printf("no longer agrees: %s\n", one.c_str());
  if (arguments.update) return update_list(arguments, outcome.passes);
  if (!lost.empty())
    std::printf("See one with: tools/conformance %s --show CASE ARTIFACT\n", arguments.folder.c_str());
  return lost.empty() ? 0 : kRegression;
}

}  // namespace

}  // namespace fencepost::crm_simulate

int main(int argc, char** argv) {
  fencepost::crm_simulate::Arguments arguments;
  CLI::App app{"Compare crm-simulate with recorded answers of Pacemaker's crm_simulate", "tools/conformance"};
  app.add_option("CORPUS_DIR", arguments.folder, "Folder with cases.tsv, xml/ and the recorded answers")
      ->required();
  app.add_option("--pass-list", arguments.pass_list, "What agreed so far")->required();
  app.add_flag("--update", arguments.update, "Rewrite the list with what agrees now");
  app.add_option("--failing", arguments.failing, "Only list the cases in which this artifact differs")
      ->type_name("ARTIFACT");
  app.add_option("--show", arguments.show, "Show how one answer differs")
      ->type_name("CASE ARTIFACT")
      ->expected(2);
  CLI11_PARSE(app, argc, argv);
  return fencepost::crm_simulate::run(arguments);
}
