#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <thread>

#include "engine/base/xml_text.h"
#include "scenarios/catalogue.h"
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

bool held(const Story& story) { return story.errors.empty() && story.outcome.verdict == Verdict::held; }

std::string verdict_word(const Story& story) {
  return story.errors.empty() ? scenarios::to_string(story.outcome.verdict) : "unreadable";
}

// What people read.
class Page {
 public:
  explicit Page(const std::vector<Story>& stories) : stories_(stories), colour_(is_terminal(std::cout)) {
    for (const Story& story : stories) width_ = std::max(width_, name_of(story).size());
  }

  void print() {
    for (std::size_t i = 0; i < stories_.size();) {
      std::size_t end = i;
      while (end < stories_.size() && folder(stories_[end]) == folder(stories_[i])) ++end;
      print_group(i, end);
      i = end;
    }
  }

 private:
  static fs::path folder(const Story& story) { return fs::path(story.path).parent_path(); }
  static std::string name_of(const Story& story) {
    return story.name.empty() ? fs::path(story.path).filename().string() : story.name;
  }

  void print_group(std::size_t from, std::size_t end) const {
    std::size_t good = 0;
    for (std::size_t i = from; i < end; ++i) good += held(stories_[i]) ? 1 : 0;
    const std::string where = folder(stories_[from]).string();
    std::cout << fmt::format("{}: {} of {} held\n", bold(where.empty() ? "." : where), good, end - from);
    for (std::size_t i = from; i < end; ++i) print_story(stories_[i]);
    std::cout << '\n';
  }

  void print_story(const Story& story) const {
    const std::string word = verdict_word(story);
    std::cout << "  " << coloured(story, fmt::format("{:<11}", word));
    if (!story.errors.empty()) {
      std::cout << name_of(story) << '\n';
      for (const Error& error : story.errors) std::cout << "             " << to_string(error) << '\n';
      return;
    }
    std::cout << fmt::format("{:<{}}  {}\n", name_of(story), width_, worst_outage(story.outcome));
    if (held(story)) return;
    for (const scenarios::Finding& finding : story.outcome.findings) {
      if (finding.verdict == Verdict::held) continue;
      std::cout << fmt::format("             {:<9}  {}\n",
                               finding.verdict == Verdict::broken ? "expected" : "undecided",
                               finding.expectation);
      std::cout << fmt::format("             but        {}\n", finding.why);
    }
    std::cout << "             again      " << repeat_command(story) << '\n';
  }

  std::string bold(const std::string& text) const { return colour_ ? "\033[1m" + text + "\033[0m" : text; }
  std::string coloured(const Story& story, const std::string& text) const {
    if (!colour_) return text;
    const char* colour = held(story)                                                           ? "\033[32m"
                         : story.errors.empty() && story.outcome.verdict == Verdict::undecided ? "\033[33m"
                                                                                               : "\033[31m";
    return colour + text + "\033[0m";
  }

  const std::vector<Story>& stories_;
  std::size_t width_ = 0;
  bool colour_;
};

void print_fingerprints(const std::vector<Story>& stories) {
  for (const Story& story : stories) {
    if (!story.errors.empty())
      complain(story.errors);
    else
      std::cout << fmt::format("{} {} {}\n", story.outcome.fingerprint,
                               scenarios::to_string(story.outcome.verdict), story.path);
  }
}

// Control characters have no place in XML.
std::string printable(std::string text) {
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
  };
  std::replace_if(text.begin(), text.end(), is_control, '?');
  return text;
}

std::string xml_attribute(std::string_view name, const std::string& value) {
  std::string text;
  append_xml_attribute(text, name, printable(value));
  return text;
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
  return fmt::format("      <{} message=\"{}\">{}</{}>\n", element, message, xml_text(printable(text)),
                     element);
}

// A suite a folder. Times are virtual: a story takes as long as it tells of.
class Suite {
 public:
  void add(const Story& story) {
    ++tests_;
    errors_ += story.errors.empty() ? 0 : 1;
    failures_ += story.errors.empty() && !held(story) ? 1 : 0;
    const double seconds = to_seconds(story.outcome.end - story.outcome.t0);
    seconds_ += seconds;
    const fs::path path(story.path);
    cases_ += fmt::format(
        "    <testcase{}{}{} time=\"{:.3f}\"", xml_attribute("classname", path.parent_path().string()),
        xml_attribute("name", path.stem().string()), xml_attribute("file", story.path), seconds);
    cases_ += held(story) ? "/>\n" : ">\n" + failure_xml(story) + "    </testcase>\n";
  }

  std::string xml(const std::string& name) const {
    return fmt::format(
        "  <testsuite{} tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\">\n{}  "
        "</testsuite>\n",
        xml_attribute("name", name), tests_, failures_, errors_, seconds_, cases_);
  }

 private:
  int tests_ = 0, failures_ = 0, errors_ = 0;
  double seconds_ = 0;
  std::string cases_;
};

// JUnit's XML, as CI systems read it.
std::string junit(const std::vector<Story>& stories) {
  std::map<std::string, Suite> suites;
  for (const Story& story : stories) {
    const std::string folder = fs::path(story.path).parent_path().string();
    suites[folder.empty() ? "." : folder].add(story);
  }
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const auto& [folder, suite] : suites) text += suite.xml(folder);
  return text + "</testsuites>\n";
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
    std::cout << fmt::format("{} stories: {} held, {} broken, {} undecided, {} unreadable\n", stories.size(),
                             by_verdict[0], by_verdict[1], by_verdict[2], unread);
  if (first_bad != nullptr && !arguments.fingerprints)
    std::cout << "Again with: " << repeat_command(*first_bad) << '\n';
  if (unread > 0) return kBadInput;
  return by_verdict[1] > 0 ? kBroken : by_verdict[2] > 0 ? kUndecided : kHeld;
}

}  // namespace

int check_command(const CheckArguments& arguments) {
  const auto files = scenarios::scenario_files(arguments.paths);
  if (!files) return complain(files.error());
  std::vector<Story> stories;
  for (const std::string& file : *files) stories.emplace_back().path = file;

  tell_all(stories, {.seed = arguments.seed}, std::max(1, arguments.jobs));
  arguments.fingerprints ? print_fingerprints(stories) : Page(stories).print();
  if (!arguments.junit.empty())
    if (const auto written = write_file(arguments.junit, junit(stories)); !written)
      return complain(written.error());
  return summary(stories, arguments);
}

}  // namespace fencepost::tools
