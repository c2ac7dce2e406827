// `fencepost faults` is what people copy from: each example is read and run.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>

#include "models/faults.h"
#include "scenarios/run.h"

using namespace fencepost;
using namespace fencepost::scenarios;

namespace fs = std::filesystem;

namespace {

// What must have happened before, so that there is something to end, or to repair.
const std::map<std::string, std::string> kBefore = {
    {"power_on", "{at: 50s, verb: crash, node: db1}"},
    {"resume", "{at: 69s, verb: pause, node: db1}"},
    {"start_cluster", "{at: 60s, verb: shutdown, node: db1}"},
    {"heal", "{at: 89s, verb: partition, groups: [[db1], [db2]]}"},
    {"link_up", "{at: 64s, verb: link_down, node: db1}"},
    {"drbd_link_up", "{at: 60s, verb: drbd_link_down, node: db1}"},
    {"drbd_disk_replace", "{at: 60s, verb: drbd_disk_fail, node: db1}"},
    {"db_rebuild", "{at: 60s, verb: standby, node: db1}"},
    {"nfs_recover", "{at: 60s, verb: nfs_hang, server: filer}"},
    {"agent_clear", "{at: 60s, verb: agent, resource: fs, action: monitor, node: db1, mode: stuck}"},
};

std::string scenario_text(const models::FaultVerb& verb) {
  const std::string source = FENCEPOST_SOURCE_DIR;
  // Standbys are those of a replicated PostgreSQL.
  const bool replicated = verb.name == "db_lag" || verb.name == "db_rebuild";
  std::string text = "base: " + source +
                     (replicated ? "/scenarios/replicated-postgres/cluster.base.yaml\n"
                                 : "/tests/scenarios/fault_examples.base.yaml\n");
  if (verb.name == "sbd_lost") text += "world: {sbd: {devices: [/dev/sdd]}}\n";
  text += "end: {duration: 11m}\nfaults:\n";
  if (const auto before = kBefore.find(verb.name); before != kBefore.end())
    text += "  - " + before->second + "\n";
  return text + "  - " + verb.example + "\n";
}

class Injections : public backend::Observer {
 public:
  explicit Injections(std::string verb) : verb_(std::move(verb)) {}
  void observe(const backend::Record& record) override {
    const auto* observation = std::get_if<backend::Observation>(&record.what);
    const auto* fault = observation ? std::get_if<backend::FaultInjected>(observation) : nullptr;
    if (fault && fault->verb == verb_) ++count;
  }
  int count = 0;

 private:
  std::string verb_;
};

}  // namespace

TEST_CASE("faults: every example is a fault that can be injected, and is", "[faults]") {
  const fs::path folder =
      fs::temp_directory_path() / ("fencepost-fault-examples-" + std::to_string(getpid()));
  fs::create_directories(folder);
  for (const models::FaultVerb& verb : models::fault_verbs()) {
    const fs::path file = folder / (verb.name + ".yaml");
    std::ofstream(file) << scenario_text(verb);
    INFO(verb.name << ": " << verb.example);
    const auto scenario = read_scenario(file.string());
    if (!scenario) FAIL_CHECK(to_string(scenario.error().front()));
    if (!scenario) continue;

    Injections injections(verb.name);
    const Outcome outcome = run(*scenario, {}, {{.observer = &injections, .begin = {}}});
    CHECK(injections.count == 1);
    for (const Finding& finding : outcome.findings) {
      INFO(finding.expectation << ": " << finding.why);
      CHECK(finding.expectation != "every fault can be done");
    }
  }
  fs::remove_all(folder);
}
