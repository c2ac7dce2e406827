#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "engine/live/agent_runner.h"
#include "engine/live/clock.h"
#include "engine/live/fence_agent.h"
#include "engine/live/systemd_units.h"

using namespace fencepost;
using namespace fencepost::live;

namespace {

namespace fs = std::filesystem;

fs::path new_folder() {
  std::string name = (fs::temp_directory_path() / "fencepost-agents.XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  return name;
}

AgentPaths paths_under(const fs::path& root) {
  AgentPaths paths;
  paths.ocf_root = root / "ocf";
  paths.fence_agents = root / "sbin";
  paths.run_directory = root / "run";
  return paths;
}

// A machine with the agents that a test writes.
class Machine {
 public:
  Machine() {
    fs::create_directories(root_ / "ocf/resource.d/test");
    fs::create_directories(root_ / "sbin");
    fs::create_directories(AgentRunner::register_directory(paths));
  }
  ~Machine() { fs::remove_all(root_); }

  void agent(const std::string& text) { write(root_ / "ocf/resource.d/test/Agent", text); }
  void fence_agent(const std::string& text) { write(root_ / "sbin/fence_test", text); }
  std::string at(const std::string& file) const { return (root_ / file).string(); }

  // Runs until the agent has ended, which it must within so many seconds.
  node::AgentExit run(node::AgentCommand command) {
    start(std::move(command));
    return end();
  }
  void start(node::AgentCommand command) {
    exit.reset();
    runner.run({++calls}, std::make_shared<const node::AgentCommand>(std::move(command)));
  }
  node::AgentExit end() {
    const SimTime until = monotonic_now() + 20s;
    while (!exit) {
      loop.turn(100ms);
      REQUIRE(monotonic_now() < until);
    }
    return *exit;
  }
  void take(const node::Event& event) {
    if (const auto* e = std::get_if<node::AgentExited>(&event)) exit = e->exit;
    if (std::holds_alternative<node::AgentOverdue>(event)) {
      ++overdue;
      runner.kill({calls});
    }
  }

  static void write(const fs::path& path, const std::string& text) {
    std::ofstream(path) << "#!/bin/bash\n" << text << '\n';
    fs::permissions(path, fs::perms::owner_all);
  }

 private:
  fs::path root_ = new_folder();

 public:
  EventLoop loop;
  AgentPaths paths = paths_under(root_);
  std::optional<node::AgentExit> exit;
  int overdue = 0;
  std::uint64_t calls = 0;
  AgentRunner runner{loop, paths, "n1", [this](const node::Event& event) { take(event); }};
};

node::AgentCommand command(const std::string& action, Duration timeout = 15s) {
  node::AgentCommand result;
  result.provider = "test";
  result.type = "Agent";
  result.resource = "db:0";
  result.action = action;
  result.timeout = timeout;
  result.parameters = {{"OCF_CHECK_LEVEL", "10"}, {"datadir", "/srv/db data"}};
  result.meta = {{"timeout", "15000"}};
  return result;
}

node::AgentCommand fencing(const std::string& action) {
  node::AgentCommand result;
  result.standard = node::AgentClass::stonith;
  result.type = "fence_test";
  result.resource = "ipmi";
  result.action = action;
  result.timeout = 15s;
  result.parameters = {{"passwd", "very-secret"}, {"plug", "n2"}};
  return result;
}

}  // namespace

TEST_CASE("agents: an OCF agent finds what the standard promises, and nothing of ours", "[live]") {
  ::setenv("LEAKED", "yes", 1);
  Machine machine;
  machine.agent(
      R"sh(echo "$1 $OCF_RESOURCE_INSTANCE $OCF_RESKEY_datadir $OCF_CHECK_LEVEL $OCF_RESKEY_CRM_meta_timeout"
echo "$OCF_ROOT ${LEAKED:-clean} $(pwd)"
[[ $(ps -o pgid= $$ | tr -d ' ') == "$$" ]] && echo "own group"
exit 7)sh");
  const node::AgentExit exit = machine.run(command("monitor"));
  CHECK(exit.code == 7);
  CHECK(exit.output ==
        "monitor db:0 /srv/db data 10 15000\n" + machine.paths.ocf_root + " clean /\nown group\n");
}

TEST_CASE("agents: the reason for a failure is the agent's last word on it", "[live]") {
  Machine machine;
  machine.agent(
      "echo 'ocf-exit-reason:first' >&2; echo noise >&2; printf 'ocf-exit-reason:no\\tlicence \\xff\\n' >&2; "
      "exit 5");
  const node::AgentExit exit = machine.run(command("start"));
  CHECK(exit.code == 5);
  CHECK(exit.exit_reason == "no licence ?");
}

TEST_CASE("agents: an agent that is not there is not installed; one that a signal ends has no exit code",
          "[live]") {
  Machine machine;
  CHECK(machine.run(command("start")).code == 5);
  machine.agent("kill -9 $$");
  CHECK_FALSE(machine.run(command("start")).code.has_value());
}

TEST_CASE("agents: a name that leads out of the agents' folder is refused", "[live]") {
  Machine machine;
  node::AgentCommand wrong = command("start");
  wrong.type = "../../../bin/true";
  CHECK(machine.run(wrong).code == 6);
}

TEST_CASE("agents: one that hangs is told of at its timeout, and SIGKILL ends it with its children",
          "[live]") {
  Machine machine;
  machine.agent("trap '' TERM; sleep 1000 & echo $! > " + machine.at("child") + "; wait");
  const node::AgentExit exit = machine.run(command("monitor", 300ms));
  CHECK(machine.overdue == 1);
  CHECK_FALSE(exit.code.has_value());
  pid_t child = 0;
  std::ifstream(machine.at("child")) >> child;
  REQUIRE(child > 1);
  for (int i = 0; i < 200 && fs::exists("/proc/" + std::to_string(child) + "/exe"); ++i) usleep(10'000);
  CHECK_FALSE(fs::exists("/proc/" + std::to_string(child) + "/exe"));
}

TEST_CASE("agents: output beyond the bound is dropped, and a daemon that keeps it open is not waited for",
          "[live]") {
  Machine machine;
  machine.agent("head -c 1000000 /dev/zero | tr '\\0' x; (sleep 3 &) ; exit 0");
  const node::AgentExit exit = machine.run(command("start"));
  CHECK(exit.code == 0);
  CHECK(exit.output.size() == kOutputMax);
}

TEST_CASE("agents: meta-data is asked once, and again when the agent has changed", "[live]") {
  Machine machine;
  const std::string counting = "echo x >> " + machine.at("asked") + "; echo '<resource-agent/>'";
  machine.agent(counting);
  CHECK(machine.run(command("meta-data")).output == "<resource-agent/>\n");
  CHECK(machine.run(command("meta-data")).output == "<resource-agent/>\n");
  CHECK(fs::file_size(machine.at("asked")) == 2);
  usleep(20'000);  // file times are no finer than a tick
  machine.agent(counting);
  machine.run(command("meta-data"));
  CHECK(fs::file_size(machine.at("asked")) == 4);
}

TEST_CASE("agents: what a killed node left running is ended by its next life", "[live]") {
  Machine machine;
  machine.agent("echo $$ > " + machine.at("pid.new") + "; mv " + machine.at("pid.new") + " " +
                machine.at("pid") + "; exec sleep 1000");
  machine.start(command("start"));
  for (int i = 0; i < 500 && !fs::exists(machine.at("pid")); ++i) machine.loop.turn(10ms);
  CHECK_FALSE(fs::is_empty(AgentRunner::register_directory(machine.paths)));
  CHECK(end_leftovers(AgentRunner::register_directory(machine.paths), 5s).empty());
  CHECK_FALSE(machine.end().code.has_value());
  CHECK(fs::is_empty(AgentRunner::register_directory(machine.paths)));
}

TEST_CASE("agents: what a killed agent's child still does counts as left running", "[live]") {
  Machine machine;
  machine.agent("(trap '' TERM; echo > " + machine.at("child") + "; exec sleep 1000) & exec sleep 1000");
  machine.start(command("start"));
  for (int i = 0; i < 500 && !fs::exists(machine.at("child")); ++i) machine.loop.turn(10ms);
  const std::string folder = AgentRunner::register_directory(machine.paths);
  const pid_t leader = std::atoi(fs::directory_iterator(folder)->path().filename().c_str());
  const std::string file = folder + "/" + std::to_string(leader);
  CHECK(::kill(leader, SIGKILL) == 0);  // the leader alone: a zombie, until its parent hears of it
  CHECK(fs::exists(file));
  CHECK(end_leftovers(folder, 5s).empty());
  CHECK(::kill(-leader, 0) == 0);  // only the zombie is left of the group
  CHECK_FALSE(machine.end().code.has_value());
}

TEST_CASE("fencing: options come on standard input, and a password is in no complaint", "[live]") {
  Machine machine;
  machine.fence_agent(R"sh(cat; echo "arguments: $#"; echo "login with very-secret failed" >&2; exit 1)sh");
  const node::AgentExit exit = machine.run(fencing("reboot"));
  CHECK(exit.code == 1);
  CHECK(exit.output == "passwd=very-secret\nplug=n2\naction=reboot\narguments: 0\n");
  CHECK(exit.exit_reason == "login with *** failed");
}

TEST_CASE("fencing: starting a device asks it; a value that would be two lines is refused", "[live]") {
  Machine machine;
  machine.fence_agent("cat");
  CHECK_THAT(machine.run(fencing("start")).output, Catch::Contains("action=monitor\n"));
  node::AgentCommand wrong = fencing("reboot");
  wrong.parameters = {{"plug", "n2\naction=off"}};
  CHECK(machine.run(wrong).code == 6);
}

TEST_CASE("fencing: an agent's meta-data says what it can", "[live]") {
  const char* text = "<actions><action name=\"on\"/><action name='off' automatic=\"0\"/></actions>";
  CHECK(knows_action(text, "on"));
  CHECK(knows_action(text, "off"));
  CHECK_FALSE(knows_action(text, "reboot"));
}

TEST_CASE("systemd: a unit's name and state, as an agent would put them", "[live]") {
  CHECK(unit_name("postgresql@15-main") == "postgresql@15-main.service");
  CHECK(unit_name("db.mount") == "db.mount");
  CHECK(ocf_code_of_state("active") == 0);
  CHECK(ocf_code_of_state("inactive") == 7);
  CHECK(ocf_code_of_state("failed") == 7);
}
