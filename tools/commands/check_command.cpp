#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <iostream>
#include <optional>
#include <thread>

#include "tools/commands/commands.h"
#include "tools/commands/output.h"

namespace fencepost::tools {
namespace {

namespace fs = std::filesystem;
using scenarios::Outcome;
using scenarios::Verdict;

struct Story {
  std::string path;
  std::string name;
  std::vector<Error> errors;  // it could not be read
  Outcome outcome;
};

// *.base.yaml is what others lie on.
bool is_scenario(const fs::path& path) {
  if (path.stem().extension() == ".base") return false;
  return path.extension() == ".yaml" || path.extension() == ".yml" || path.filename() == "script.json";
}

// Files as given; of directories, all scenarios below them, in the order of their names.
Result<std::vector<std::string>> collect(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> below;
    for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
         entry.increment(error))
      if (is_scenario(entry->path()) && entry->is_regular_file(error))
        below.push_back(entry->path().string());
    if (error) return failure({path}, "cannot list this directory: " + error.message());
    if (below.empty()) return failure({path}, "there is no scenario (*.yaml, script.json) in this directory");
    std::ranges::sort(below);
    files.insert(files.end(), below.begin(), below.end());
  }
  return files;
}

void tell(Story& story, const scenarios::RunOptions& options) {
  const auto scenario = scenarios::read_scenario(story.path);
  if (!scenario) {
    story.errors = scenario.error();
    return;
  }
  story.name = scenario->name;
  story.outcome = scenarios::run(*scenario, options);
}

// One world a thread; the stories share nothing, so their order of running changes nothing.
void tell_all(std::vector<Story>& stories, const scenarios::RunOptions& options, int jobs) {
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  const bool progress = is_terminal(std::cerr);
  const auto work = [&] {
    for (std::size_t i = next++; i < stories.size(); i = next++) {
      tell(stories[i], options);
      const std::size_t finished = ++done;
      if (progress) std::cerr << fmt::format("\r{} of {} stories", finished, stories.size()) << std::flush;
    }
  };
  std::vector<std::thread> workers;
  for (int i = 1; i < jobs; ++i) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
  if (progress) std::cerr << "\r\033[K";
}

std::string worst_outage(const Outcome& outcome) {
  const auto worst = std::ranges::max_element(outcome.outages, {}, &reporters::Outage::length);
  if (worst == outcome.outages.end()) return "no outage";
  const auto length = std::chrono::duration_cast<std::chrono::milliseconds>(worst->length());
  return fmt::format("{} down {:.1f}s{}", worst->resource, to_seconds(length),
                     worst->open ? " and not back" : "");
}

std::string repeat_command(const Story& story) {
  return "fencepost run " + shell_quoted(story.path) + " --seed " + std::to_string(story.outcome.seed);
}

void print_story(const Story& story, const CheckArguments& arguments) {
  if (!story.errors.empty()) {
    complain(story.errors);
    return;
  }
  if (arguments.fingerprints) {
    std::cout << fmt::format("{} {} {}\n", story.outcome.fingerprint,
                             scenarios::to_string(story.outcome.verdict), story.path);
    return;
  }
  std::cout << fmt::format("{:<10}{:<40} {}\n", scenarios::to_string(story.outcome.verdict), story.name,
                           worst_outage(story.outcome));
  if (story.outcome.verdict == Verdict::held) return;
  for (const scenarios::Finding& finding : story.outcome.findings)
    if (finding.verdict != Verdict::held)
      std::cout << "          " << scenarios::to_string(finding.verdict) << ": " << finding.expectation
                << ": " << finding.why << '\n';
  std::cout << "          again with: " << repeat_command(story) << '\n';
}

std::string xml_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return out;
}

std::string failure_xml(const Story& story) {
  std::string text;
  for (const Error& error : story.errors) text += to_string(error) + "\n";
  for (const scenarios::Finding& finding : story.outcome.findings)
    if (finding.verdict != Verdict::held)
      text += fmt::format("{}: {}: {}\n", scenarios::to_string(finding.verdict), finding.expectation,
                          finding.why);
  const char* element = story.errors.empty() ? "failure" : "error";
  const char* message = story.errors.empty() ? scenarios::to_string(story.outcome.verdict) : "cannot be read";
  if (story.errors.empty()) text += "again with: " + repeat_command(story) + "\n";
  return fmt::format("      <{} message=\"{}\">{}</{}>\n", element, message, xml_escaped(text), element);
}

// JUnit's XML, as CI systems read it. Times are virtual: a story takes as long as it tells of.
std::string junit(const std::vector<Story>& stories) {
  std::string cases;
  int failures = 0, errors = 0;
  for (const Story& story : stories) {
    const bool held = story.errors.empty() && story.outcome.verdict == Verdict::held;
    errors += story.errors.empty() ? 0 : 1;
    failures += story.errors.empty() && !held ? 1 : 0;
    const fs::path path(story.path);
    cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"",
                         xml_escaped(path.parent_path().string()), xml_escaped(path.stem().string()),
                         to_seconds(story.outcome.end - story.outcome.t0));
    cases += held ? "/>\n" : ">\n" + failure_xml(story) + "    </testcase>\n";
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"fencepost\" "
      "tests=\"{}\" "
      "failures=\"{}\" errors=\"{}\">\n{}  </testsuite>\n</testsuites>\n",
      stories.size(), failures, errors, cases);
}

int summary(const std::vector<Story>& stories, const CheckArguments& arguments) {
  std::size_t unread = 0;
  std::size_t by_verdict[3] = {0, 0, 0};
  const Story* first_bad = nullptr;
  for (const Story& story : stories) {
    if (!story.errors.empty())
      ++unread;
    else
      ++by_verdict[static_cast<std::size_t>(story.outcome.verdict)];
    if (story.errors.empty() && story.outcome.verdict != Verdict::held && first_bad == nullptr)
      first_bad = &story;
  }
  if (!arguments.fingerprints)
    std::cout << fmt::format("\n{} stories: {} held, {} broken, {} undecided, {} not readable\n",
                             stories.size(), by_verdict[0], by_verdict[1], by_verdict[2], unread);
  if (first_bad != nullptr && !arguments.fingerprints)
    std::cout << "Again with: " << repeat_command(*first_bad) << '\n';
  if (unread > 0) return kBadInput;
  return by_verdict[1] > 0 ? kBroken : by_verdict[2] > 0 ? kUndecided : kHeld;
}

}  // namespace

int check_command(const CheckArguments& arguments) {
  const auto files = collect(arguments.paths);
  if (!files) return complain(files.error());
  std::vector<Story> stories;
  for (const std::string& file : *files) stories.emplace_back().path = file;

  tell_all(stories, {.seed = arguments.seed}, std::max(1, arguments.jobs));
  for (const Story& story : stories) print_story(story, arguments);
  if (!arguments.junit.empty())
    if (const auto written = write_file(arguments.junit, junit(stories)); !written)
      return complain(written.error());
  return summary(stories, arguments);
}

}  // namespace fencepost::tools
