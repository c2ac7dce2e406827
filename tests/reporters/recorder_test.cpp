#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <sys/resource.h>

#include "engine/cib/cib.h"
#include "engine/policy/decision.h"
#include "reporters/recorder.h"
#include "reporters/recording.h"

using namespace fencepost;
using namespace fencepost::reporters;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / fs::path("fencepost-recorder-test");
  Folder() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string file(const char* name) const { return (path / name).string(); }
};

const RunInfo kRun{.scenario = "story",
                   .path = "story.yaml",
                   .about = "",
                   .seed = 7,
                   .profile = "pacemaker-2.1.5",
                   .nodes = {"n1", "n2"},
                   .inputs = {{"", "about: a story\n"}, {"cib.xml", "<cib/>"}}};

backend::Record power_off(std::uint64_t sequence, Duration when) {
  return {sequence, kSimStart + when, {}, backend::PowerChanged{"n1", false, "fenced"}};
}

}  // namespace

TEST_CASE("recorder: what was recorded can be read back", "[reporters]") {
  const Folder folder;
  auto recorder = Recorder::create(folder.file("run.db"), kRun);
  REQUIRE(recorder);
  (*recorder)->begin(kSimStart + 5s);
  (*recorder)->observe(power_off(0, 6s));
  REQUIRE((*recorder)->finish({kSimStart + 9s, "held", "abc", {}, {{"n1 is fenced", "held", ""}}}));

  const auto recording = Recording::open(folder.file("run.db"));
  REQUIRE(recording);
  CHECK(recording->complete);
  CHECK(recording->fingerprint == "abc");
  CHECK(recording->info.seed == 7);
  CHECK(recording->info.inputs == kRun.inputs);
  CHECK_FALSE(fs::exists(folder.file("run.db.partial")));
}

TEST_CASE("recorder: a run that is cut short leaves a readable partial file and no whole one",
          "[reporters]") {
  const Folder folder;
  {
    auto recorder = Recorder::create(folder.file("run.db"), kRun);
    REQUIRE(recorder);
    for (int i = 0; i < 2500; ++i) (*recorder)->observe(power_off(static_cast<std::uint64_t>(i), 1s));
  }
  CHECK_FALSE(fs::exists(folder.file("run.db")));
  const auto recording = Recording::open(folder.file("run.db.partial"));
  REQUIRE(recording);
  CHECK_FALSE(recording->complete);
  int lines = 0;
  recording->lines([&lines](const RecordedLine&) { return ++lines, true; });
  CHECK(lines >= 2000);
}

TEST_CASE("recorder: a file that is no recording is not replaced", "[reporters]") {
  const Folder folder;
  std::ofstream{folder.file("thesis.txt")} << "years of work";
  const auto recorder = Recorder::create(folder.file("thesis.txt"), kRun);
  REQUIRE_FALSE(recorder);
  CHECK(to_string(recorder.error()).find("is no recording") != std::string::npos);
  CHECK(fs::file_size(folder.file("thesis.txt")) == 13);
}

namespace {

// Files of this process may not grow past so many bytes: to a writer, a disk that is full.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit small = before_;
    small.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

}  // namespace

TEST_CASE("recorder: a full disk is an error of finish, and no whole file is left", "[reporters]") {
  const Folder folder;
  auto recorder = Recorder::create(folder.file("run.db"), kRun);
  REQUIRE(recorder);
  const SmallDisk disk{400'000};
  for (int i = 0; i < 20'000; ++i) (*recorder)->observe(power_off(static_cast<std::uint64_t>(i), 1s));

  CHECK((*recorder)->failed());
  const auto finished = (*recorder)->finish({kSimStart + 9s, "held", "abc", {}, {}});
  REQUIRE_FALSE(finished);
  CHECK(to_string(finished.error()).find("run.db.partial: cannot write") != std::string::npos);
  CHECK_FALSE(fs::exists(folder.file("run.db")));
}

TEST_CASE("recording: two runs differ where the first line differs", "[reporters]") {
  const Folder folder;
  for (const char* name : {"a.db", "b.db"}) {
    auto recorder = Recorder::create(folder.file(name), kRun);
    (*recorder)->observe(power_off(0, 1s));
    (*recorder)->observe(power_off(1, std::string(name) == "a.db" ? 2s : 3s));
    REQUIRE((*recorder)->finish({kSimStart + 9s, "held", name, {}, {}}));
  }
  const auto a = Recording::open(folder.file("a.db")), b = Recording::open(folder.file("b.db"));
  CHECK_FALSE(first_difference(*a, *a));
  const auto difference = first_difference(*a, *b);
  REQUIRE(difference);
  CHECK(difference->before->t_ns == 2'000'000'000);
  CHECK(difference->now->t_ns == 3'000'000'000);
}
