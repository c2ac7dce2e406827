#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "reporters/recording.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"

extern char** environ;

namespace fencepost::tools {
namespace {

namespace fs = std::filesystem;
using reporters::RecordedTransition;

// Graphviz, from its package: dot -Tsvg FILE.dot -o FILE.svg
Result<void> draw(const std::string& dot_file, const std::string& svg_file) {
  const std::string words[] = {"dot", "-Tsvg", dot_file, "-o", svg_file};
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error = posix_spawnp(&child, "dot", nullptr, nullptr, arguments.data(), environ);
  if (error == ENOENT)
    return failure(
        {},
        "Graphviz's `dot` is not installed, so no SVG was drawn (apt-get install graphviz, or give "
        "--no-svg); the .dot files are there");
  if (error != 0) return failure({}, std::string("cannot run `dot`: ") + std::strerror(error));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return failure({dot_file}, "`dot` could not draw this file");
  return {};
}

// complete, stopped; or what came instead of an end: a newer decision of the same DC, or another DC.
std::string outcome(const std::vector<RecordedTransition>& all, std::size_t i) {
  if (!all[i].status.empty()) return all[i].status;
  if (i + 1 == all.size()) return "unfinished";
  return all[i + 1].dc == all[i].dc ? "superseded" : "DC lost";
}

void print_line(const std::vector<RecordedTransition>& all, std::size_t i) {
  const RecordedTransition& transition = all[i];
  std::cout << fmt::format("{:>4}  {:>10.3f}  {:<10} transition {:<4} {:<11} {}\n", i + 1,
                           transition.calculated, transition.dc, transition.id, outcome(all, i),
                           transition.reason);
}

Result<void> write_one(std::size_t number, const RecordedTransition& transition,
                       const GraphArguments& arguments) {
  const std::string stem = (fs::path(arguments.out) / fmt::format("transition-{:03}", number)).string();
  if (auto written = write_file(stem + ".dot", transition.graph_dot); !written) return written;
  if (auto written = write_file(stem + ".xml", transition.graph_xml); !written) return written;
  if (!transition.input_cib.empty())
    if (auto written = write_file(stem + "-input.xml", transition.input_cib); !written) return written;
  return arguments.svg ? draw(stem + ".dot", stem + ".svg") : Result<void>{};
}

}  // namespace

int graph_command(const GraphArguments& arguments) {
  const auto recording = reporters::Recording::open(arguments.db);
  if (!recording) return complain(recording.error());
  const std::vector<RecordedTransition> transitions = recording->transitions();
  if (arguments.transition &&
      (*arguments.transition < 1 || *arguments.transition > static_cast<int>(transitions.size())))
    return complain(Error{{arguments.db},
                          fmt::format("there is no transition {}; there are 1 to {} (--list shows them)",
                                      *arguments.transition, transitions.size())});
  std::error_code error;
  if (!arguments.list) fs::create_directories(arguments.out, error);
  if (error) return complain(Error{{arguments.out}, "cannot make this directory: " + error.message()});

  for (std::size_t i = 0; i < transitions.size(); ++i) {
    if (arguments.transition && *arguments.transition != static_cast<int>(i + 1)) continue;
    print_line(transitions, i);
    if (arguments.list) continue;
    if (const auto written = write_one(i + 1, transitions[i], arguments); !written)
      return complain(written.error());
  }
  return kHeld;
}

}  // namespace fencepost::tools
