// The journal of a node that never ends.
#include "reporters/journal_writer.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <mutex>

#include "reporters/recording.h"

using namespace fencepost;
using namespace fencepost::reporters;
namespace fs = std::filesystem;

namespace {

const RunInfo kNode{.scenario = "node n1",
                    .path = "",
                    .about = "",
                    .seed = 0,
                    .profile = "fencepost",
                    .nodes = {"n1"},
                    .inputs = {}};

struct Story {
  fs::path folder = fs::temp_directory_path() / ("fencepost-journal-test-" + std::to_string(getpid()));
  std::vector<std::string> told;
  int records = 0;

  Story() { fs::remove_all(folder); }
  ~Story() { fs::remove_all(folder); }

  std::unique_ptr<Journal> open(std::uint64_t bytes_each = 1 << 20) {
    auto journal = Journal::open({.folder = folder.string(), .bytes_each = bytes_each, .files = 3}, kNode,
                                 [this](const std::string& text) { told.push_back(text); });
    if (!journal) FAIL(to_string(journal.error()));
    return *std::move(journal);
  }
  void note(Journal& journal, int times = 1, Duration apart = 1s) {
    for (int i = 0; i < times; ++i)
      journal.observe({static_cast<std::uint64_t>(records), kSimStart + apart * ++records, node::NodeId{0},
                       node::LogLine{"line " + std::to_string(records) + std::string(200, '.')}});
  }
  int lines_in(const std::string& name) const {
    const auto recording = Recording::open((folder / name).string());
    if (!recording) FAIL(to_string(recording.error()));
    int lines = 0;
    recording->lines([&](const RecordedLine&) { return ++lines > 0; });
    return lines;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& each : fs::directory_iterator(folder)) names.push_back(each.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
};

}  // namespace

TEST_CASE("journal: a file of the recorder's schema, finished when the node ends", "[reporters]") {
  Story story;
  {
    const auto journal = story.open();
    story.note(*journal, 5);
  }
  CHECK(story.files() == std::vector<std::string>{"journal-000001.sqlite"});
  CHECK(story.lines_in("journal-000001.sqlite") == 5);
  CHECK(story.told.empty());
}

TEST_CASE("journal: a full file is followed by the next, and the oldest go", "[reporters]") {
  Story story;
  {
    const auto journal = story.open(300'000);
    for (int i = 0; i < 60; ++i) {
      story.note(*journal, 100);
      journal->flush();
    }
  }
  const auto files = story.files();
  REQUIRE(files.size() == 3);
  CHECK(files.front() > "journal-000001.sqlite");
  for (const std::string& each : files) CHECK(fs::file_size(story.folder / each) < 600'000);
}

TEST_CASE("journal: what was flushed before a crash is there after it, and numbers go on", "[reporters]") {
  Story story;
  const pid_t child = fork();
  if (child == 0) {
    const auto journal = story.open();
    story.note(*journal, 7);
    journal->flush();
    story.note(*journal, 3);
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(story.files().front() == "journal-000001.sqlite.partial");

  {
    const auto journal = story.open();
    story.note(*journal);
  }
  CHECK(story.files() == std::vector<std::string>{"journal-000001.sqlite", "journal-000002.sqlite"});
  CHECK(story.lines_in("journal-000001.sqlite") == 7);
}

TEST_CASE("journal: where it cannot be written, that is told once, and later it goes on", "[reporters]") {
  Story story;
  const auto journal = story.open();
  fs::remove_all(story.folder);
  story.note(*journal, 3);
  CHECK(story.told.size() == 1);
  fs::create_directories(story.folder);
  story.note(*journal, 2, 1min);
  REQUIRE(story.told.size() == 2);
  CHECK(story.told[1].find("written again") != std::string::npos);
}

TEST_CASE("journal: a disk that hangs holds up nobody, and what was not written is counted", "[reporters]") {
  Story story;
  std::promise<void> disk_is_back;
  const auto back = disk_is_back.get_future().share();
  std::mutex mutex;
  std::vector<std::string> told;
  const auto tell = [&](const std::string& text) {
    back.wait();  // as a write would
    const std::lock_guard lock(mutex);
    told.push_back(text);
  };
  auto journal = Journal::open({.folder = story.folder.string()}, kNode, tell);
  REQUIRE(journal);
  fs::remove_all(story.folder);  // so that the first record is told of
  {
    JournalWriter writer(*std::move(journal), tell, {.waiting_max = 5, .flush_every = 1ms});
    for (int i = 1; i <= 2000; ++i)
      writer.observe({0, kSimStart + 1s * i, node::NodeId{0}, node::LogLine{"line"}});
    disk_is_back.set_value();
  }
  REQUIRE(told.size() >= 2);
  CHECK(told[0].find("cannot") != std::string::npos);
  CHECK(std::any_of(told.begin(), told.end(), [](const std::string& each) {
    return each.find("were not written") != std::string::npos;
  }));
}

TEST_CASE("journal: the writer ends when all is written", "[reporters]") {
  Story story;
  const auto tell = [](const std::string&) {};
  auto journal = Journal::open({.folder = story.folder.string()}, kNode, tell);
  REQUIRE(journal);
  {
    JournalWriter writer(*std::move(journal), tell);
    for (int i = 1; i <= 300; ++i)
      writer.observe({0, kSimStart + 1ms * i, node::NodeId{0}, node::LogLine{"line"}});
  }
  CHECK(story.lines_in("journal-000001.sqlite") == 300);
}
