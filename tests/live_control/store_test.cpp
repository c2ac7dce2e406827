// The configuration on disk survives kills, damage and full disks.
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sched.h>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <functional>
#include <iostream>

#include "engine/cib/cib.h"
#include "engine/cib/edit.h"
#include "engine/cib/write.h"
#include "engine/live/store/generations.h"
#include "engine/live/store/store_writer.h"
#include "folder.h"

using namespace fencepost;
using namespace fencepost::live;
namespace fs = std::filesystem;

namespace {

// A CIB of some size whose epoch says which one it is.
cib::Cib cib_of(int epoch) {
  cib::Cib cib;
  cib.version.epoch = epoch;
  cib.configuration = cib::with_property(*cib.configuration, "filler", std::string(5000, 'x'));
  cib.configuration = cib::with_property(*cib.configuration, "number", std::to_string(epoch));
  return cib;
}

Generations open(const std::string& folder, int generations = 5) {
  auto store = Generations::open({folder, generations});
  if (!store) FAIL(to_string(store.error()));
  return *std::move(store);
}

std::int64_t epoch_in(const Generations& store) {
  return store.stored() ? store.stored()->version.epoch : -1;
}

int run_child(const std::function<int()>& child) {
  const pid_t pid = fork();
  if (pid == 0) _exit(child());
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("store: a new node has no configuration; what was written is there again", "[live]") {
  const Folder folder;
  CHECK(open(folder / "cib").stored() == nullptr);

  Generations store = open(folder / "cib");
  REQUIRE(store.write(cib_of(1)));
  REQUIRE(store.write(cib_of(2)));
  const Generations again = open(folder / "cib");
  REQUIRE(again.stored());
  CHECK(cib::write(*again.stored()) == cib::write(cib_of(2)));
  CHECK(again.damage().empty());
}

TEST_CASE("store: only so many generations are kept", "[live]") {
  const Folder folder;
  Generations store = open(folder.path(), 3);
  for (int i = 1; i <= 10; ++i) REQUIRE(store.write(cib_of(i)));
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 3);
  CHECK(epoch_in(open(folder.path())) == 10);
}

TEST_CASE("store: damage to the newest generations is told, and the newest whole one is taken", "[live]") {
  const Folder folder;
  Generations store = open(folder.path());
  for (int i = 1; i <= 4; ++i) REQUIRE(store.write(cib_of(i)));

  SECTION("any bit of it flipped") {
    const std::string whole = content(folder / "cib-4.xml");
    for (std::size_t place = 0; place < whole.size(); place += 97) {
      std::string bad = whole;
      bad[place] = static_cast<char>(bad[place] ^ 1);
      put_content(folder / "cib-4.xml", bad);
      const Generations again = open(folder.path());
      CHECK(epoch_in(again) == 3);
      CHECK(again.damage().size() == 2);
    }
  }
  SECTION("cut off anywhere") {
    const std::string whole = content(folder / "cib-4.xml");
    for (std::size_t size = 0; size < whole.size(); size += 97) {
      put_content(folder / "cib-4.xml", whole.substr(0, size));
      CHECK(epoch_in(open(folder.path())) == 3);
    }
  }
  SECTION("two of them, one by an old generation under its name") {
    put_content(folder / "cib-4.xml", "");
    fs::copy_file(folder / "cib-1.xml", folder / "cib-3.xml", fs::copy_options::overwrite_existing);
    const Generations again = open(folder.path());
    CHECK(epoch_in(again) == 2);
    REQUIRE(again.damage().size() == 3);
    CHECK(again.damage()[0].find("cib-4.xml: has no checksum") != std::string::npos);
    CHECK(again.damage()[1].find("cib-3.xml: does not match its checksum") != std::string::npos);
    CHECK(again.damage()[2].find("generation 2 is used instead") != std::string::npos);
  }
  SECTION("and what is written next is newer than all of them") {
    put_content(folder / "cib-4.xml", "");
    Generations again = open(folder.path());
    REQUIRE(again.write(cib_of(9)));
    CHECK(epoch_in(open(folder.path())) == 9);
    CHECK(fs::exists(folder / "cib-5.xml"));
  }
}

TEST_CASE("store: a node with nothing but damaged configurations does not start with an empty one",
          "[live]") {
  const Folder folder;
  Generations store = open(folder.path());
  REQUIRE(store.write(cib_of(1)));
  put_content(folder / "cib-1.xml", "<cib/>");
  const auto again = Generations::open({folder.path(), 5});
  REQUIRE_FALSE(again);
  CHECK(again.error().message.find("no stored configuration is whole") != std::string::npos);
}

TEST_CASE("store: killed at any moment, what it said is stored is there", "[live]") {
  const Folder folder;
  unsigned chance = 12345;  // when to kill; the outcome must not depend on it
  for (int round = 0; round < 60; ++round) {
    const std::int64_t before = epoch_in(open(folder.path()));
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
      auto store = Generations::open({folder.path(), 5});
      for (int epoch = static_cast<int>(before) + 1; store && store->write(cib_of(epoch)); ++epoch) {
        if (write(ends[1], &epoch, sizeof epoch) != sizeof epoch) break;
      }
      _exit(1);
    }
    close(ends[1]);
    chance = chance * 1103515245 + 12345;
    usleep(1000 + (chance >> 8) % 9000);
    kill(child, SIGKILL);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));

    int told = static_cast<int>(before), epoch = 0;
    while (read(ends[0], &epoch, sizeof epoch) == sizeof epoch) told = epoch;
    close(ends[0]);
    const Generations store = open(folder.path());
    // The last one may be whole without anybody having heard of it.
    REQUIRE(epoch_in(store) >= told);
    REQUIRE(epoch_in(store) <= told + 1);
    REQUIRE(store.damage().empty());
  }
}

TEST_CASE("store: a file that cannot grow is an error, and nothing is lost", "[live]") {
  const Folder folder;
  Generations store = open(folder.path());
  REQUIRE(store.write(cib_of(1)));
  CHECK(run_child([&] {
          std::signal(SIGXFSZ, SIG_IGN);
          const rlimit tiny{3000, 3000};
          setrlimit(RLIMIT_FSIZE, &tiny);
          const auto written = store.write(cib_of(2));
          return written ? 1 : written.error().message.find("make room") == std::string::npos ? 2 : 0;
        }) == 0);
  CHECK(epoch_in(open(folder.path())) == 1);
  REQUIRE(store.write(cib_of(3)));
  CHECK(epoch_in(open(folder.path())) == 3);
}

TEST_CASE("store: on a full disk nothing is lost, and with room again it goes on", "[live]") {
  const Folder folder;
  constexpr int kNoMount = 77;
  const int outcome = run_child([&] {
    // A mount namespace of its own: the machine sees nothing of it.
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0)
      return kNoMount;
    auto store = Generations::open({folder.path(), 3});
    if (!store || !store->write(cib_of(1))) return 1;
    put_content(folder / "filler", std::string(100000, 'x'));
    if (store->write(cib_of(2))) return 2;
    auto again = Generations::open({folder.path(), 3});
    if (!again || epoch_in(*again) != 1) return 3;
    fs::remove(folder / "filler");
    if (!store->write(cib_of(2))) return 4;
    again = Generations::open({folder.path(), 3});
    return again && epoch_in(*again) == 2 ? 0 : 5;
  });
  if (outcome == kNoMount) {
    WARN("skipped: may not mount a small filesystem here; needs root");
    return;
  }
  CHECK(outcome == 0);
}

TEST_CASE("store: the writer writes the latest, tells of trouble once, and tries again", "[live]") {
  const Folder folder;
  std::vector<std::string> told;
  {
    StoreWriter writer(
        {folder / "cib", 5}, [&](const std::string& line) { told.push_back(line); }, 10ms);
    const auto found = writer.load();
    REQUIRE(found);
    CHECK(*found == nullptr);
    for (int i = 1; i <= 50; ++i) writer.persist(std::make_shared<const cib::Cib>(cib_of(i)));
    REQUIRE(writer.flush());

    fs::rename(folder / "cib", folder / "away");
    writer.persist(std::make_shared<const cib::Cib>(cib_of(51)));
    CHECK_FALSE(writer.flush());
    fs::rename(folder / "away", folder / "cib");
    while (!writer.flush()) usleep(1000);
  }
  CHECK(epoch_in(open(folder / "cib")) == 51);
  REQUIRE(told.size() == 2);
  CHECK(told[1] == "the configuration is on disk again");
}
