// random_cib: makes random clusters and compares what we decide with what the real crm_simulate decides.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/crm_simulate/random_cib/generator.h"
#include "tools/crm_simulate/conformance.h"

namespace fencepost::crm_simulate {

namespace {

namespace fs = std::filesystem;

constexpr int kDifferences = 1;

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t count = 100;
  std::string breadth = "all";
  std::string keep;
  bool print = false;
};

Breadth breadth_of(const std::string& name) {
  if (name == "primitives") return Breadth::primitives;
  if (name == "groups") return Breadth::groups;
  return name == "clones" ? Breadth::clones : Breadth::all;
}

bool run(const std::string& command) { return std::system(command.c_str()) == 0; }

bool oracle_is_installed() { return run("command -v crm_simulate >/dev/null 2>&1"); }

// The seed's cluster as a corpus of one case, its answers by the real program.
class Oracle {
 public:
  explicit Oracle(fs::path folder) : folder_(std::move(folder)) {
    for (const char* kind : {"xml", "summary", "scores", "dot", "exp"})
      fs::create_directories(folder_ / kind);
  }

  Corpus ask(const std::string& name, const std::string& cib) {
    std::ofstream(folder_ / "xml" / (name + ".xml")) << cib;
    const auto path = [&](const std::string& kind) {
      return "'" + (folder_ / kind / (name + "." + kind)).string() + "'";
    };
    const std::string program = "TZ=UTC LC_ALL=C crm_simulate -x " + path("xml");
    static_cast<void>(run(program + " -S > " + path("summary") + " 2>&1"));
    static_cast<void>(run(program + " -sSQ -D " + path("dot") + " -G " + path("exp") + " > " +
                          path("scores") + " 2>/dev/null"));
    return Corpus{folder_.string(), {Case{name, {}}}};
  }

 private:
  fs::path folder_;
};

// Artifacts in which we differ; in a process of its own, for the sake of failed assertions.
std::string differences(const Corpus& corpus) {
  const Case& one = corpus.cases.front();
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const Texts expected = expected_of(corpus, one);
    const Texts ours = ours_of(corpus, one);
    int differing = 0;
    for (const Artifact artifact : kArtifacts)
      if (canonical(artifact, expected.at(artifact)) != canonical(artifact, ours.at(artifact)))
        differing |= 1 << static_cast<int>(artifact);
    _exit(differing);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return " crashed";
  std::string text;
  for (const Artifact artifact : kArtifacts)
    if ((WEXITSTATUS(status) & (1 << static_cast<int>(artifact))) != 0) text += " " + to_string(artifact);
  return text;
}

int compare(const Arguments& arguments) {
  if (!oracle_is_installed()) {
    std::printf("random_cib: skipped, crm_simulate is not installed (apt-get install pacemaker-cli-utils)\n");
    return 0;
  }
  const fs::path folder = arguments.keep.empty()
                              ? fs::temp_directory_path() / ("random_cib-" + std::to_string(getpid()))
                              : fs::path(arguments.keep);
  Oracle oracle(folder);
  std::uint64_t different = 0;
  for (std::uint64_t seed = arguments.first; seed < arguments.first + arguments.count; ++seed) {
    const std::string name = "seed-" + std::to_string(seed);
    const Corpus corpus = oracle.ask(name, random_cib(seed, breadth_of(arguments.breadth)));
    const std::string found = differences(corpus);
    if (found.empty()) continue;
    ++different;
    std::printf("%s:%s\n", name.c_str(), found.c_str());
    std::fflush(stdout);
  }
  if (arguments.keep.empty()) fs::remove_all(folder);
  std::printf("%llu of %llu random clusters (%s) decided differently\n",
              static_cast<unsigned long long>(different), static_cast<unsigned long long>(arguments.count),
              arguments.breadth.c_str());
  return different == 0 ? 0 : kDifferences;
}

}  // namespace

}  // namespace fencepost::crm_simulate

int main(int argc, char** argv) {
  using namespace fencepost::crm_simulate;
  Arguments arguments;
  CLI::App app{"Compare our decisions about random clusters with the real crm_simulate", "random_cib"};
  app.add_option("--first", arguments.first, "First seed");
  app.add_option("--count", arguments.count, "How many seeds");
  app.add_option("--breadth", arguments.breadth, "primitives, groups, clones or all")
      ->check(CLI::IsMember({"primitives", "groups", "clones", "all"}));
  app.add_option("--keep", arguments.keep,
                 "Keep clusters and real answers in this folder (for tools/conformance)");
  app.add_flag("--print", arguments.print, "Only print the first seed's cluster");
  CLI11_PARSE(app, argc, argv);
  if (!arguments.print) return compare(arguments);
  std::cout << random_cib(arguments.first, breadth_of(arguments.breadth));
  return 0;
}
