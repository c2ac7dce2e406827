// What a person works out with the configuration and a pencil must be what the simulator says. Each story's
// times are derived here from the values that stand in its files; what is left over is the milliseconds of
// real programs.
#include <catch2/catch.hpp>
#include <optional>

#include "engine/cib/cib.h"
#include "scenarios/fields.h"
#include "scenarios/run.h"
#include "scenarios/witness.h"

using namespace fencepost;
using namespace fencepost::scenarios;

namespace {

using Kind = Seen::Kind;

Duration duration(const std::string& text) {
  const auto parsed = parse_duration(text);
  REQUIRE(parsed);
  return *parsed;
}

// A story that has been told, and the configuration that it was told with.
class Told {
 public:
  explicit Told(const std::string& name)
      : scenario_(read(name)), outcome_(run(scenario_, {}, {{&witness_, {}}})) {}

  // --- What the files say ---
  const cib::Resource& resource(const std::string& id) const {
    const cib::Resource* found = cib::find_resource(*scenario_.cib->configuration, id);
    REQUIRE(found != nullptr);
    return *found;
  }
  const cib::Operation& operation(const std::string& id, const std::string& name) const {
    for (const cib::Operation& one : resource(id).operations)
      if (one.name == name) return one;
    FAIL("no operation " << name << " of " << id);
    return resource(id).operations.front();
  }
  Duration timeout(const std::string& id, const std::string& name) const {
    return duration(*operation(id, name).setting("timeout"));
  }
  Duration interval(const std::string& id) const { return operation(id, "monitor").interval; }
  Duration delay_base(const std::string& device) const {
    const std::string* value = resource(device).parameters.front().find("pcmk_delay_base");
    return value == nullptr ? Duration{} : duration(*value);
  }
  Duration property(const std::string& name) const {
    return duration(*cib::find_property(*scenario_.cib->configuration, name));
  }
  Duration token() const { return scenario_.world.corosync.totem.token; }
  Duration consensus() const { return token() * 12 / 10; }  // corosync.conf(5): 1.2 x token
  const models::DrbdNetOptions& drbd() const {
    return scenario_.storage.drbd.resources.front().connections.front().net;
  }
  Duration offset() const { return scenario_.t0.offset; }

  // --- What happened, since t=0 ---
  Duration at(Kind kind, const std::string& what, const std::string& node = "",
              const std::string& result = "", int nth = 1) const {
    for (const Seen& seen : witness_.seen()) {
      if (seen.at < outcome_.t0 || seen.kind != kind || seen.what != what) continue;
      if ((!node.empty() && seen.node != node) || (!result.empty() && seen.result != result)) continue;
      if (--nth == 0) return seen.at - outcome_.t0;
    }
    FAIL(what << " did not happen");
    return {};
  }
  Duration spent(const std::string& resource, reporters::OutageCause cause) const {
    Duration sum{};
    for (const reporters::Outage& outage : outcome_.outages)
      if (outage.resource == resource) sum += outage.by_cause[static_cast<std::size_t>(cause)];
    return sum;
  }
  Duration outage(const std::string& resource) const {
    Duration sum{};
    for (const reporters::Outage& outage : outcome_.outages)
      if (outage.resource == resource) sum += outage.length();
    return sum;
  }

 private:
  static Scenario read(const std::string& name) {
    auto scenario = read_scenario(std::string(FENCEPOST_SOURCE_DIR) + "/scenarios/" + name + ".yaml");
    if (!scenario) FAIL(to_string(scenario.error().front()));
    return *std::move(scenario);
  }

  Scenario scenario_;
  Witness witness_;
  Outcome outcome_;
};

// Not before, and no later than what programs need on top.
void check(Duration actual, Duration derived, Duration slack) {
  INFO("derived " << format_duration(derived) << ", simulated " << format_duration(actual));
  CHECK(actual >= derived);
  CHECK(actual <= derived + slack);
}

}  // namespace

TEST_CASE("arithmetic: a crash is seen by the next monitor", "[catalogue]") {
  const Told told("ha-database/database-crash-restarts-in-place");
  // t=0 is `offset` after a run ended; the next one begins one interval after it.
  const Duration next = told.interval("db") - told.offset();
  check(told.at(Kind::action, "db:monitor", "db1", "7"), next, 500ms);
  check(told.spent("db", reporters::OutageCause::detect), next - 5s, 500ms);  // it crashed at 5 s
}

TEST_CASE("arithmetic: a monitor that hangs is given up after its timeout", "[catalogue]") {
  const Told told("ha-database/monitor-timeout-restarts-in-place");
  const Duration next = told.interval("fs") - told.offset();
  check(told.at(Kind::action, "fs:monitor", "db1", "timeout"), next + told.timeout("fs", "monitor"), 500ms);
}

TEST_CASE("arithmetic: a start that hangs costs its timeout, after the monitor that saw the crash",
          "[catalogue]") {
  const Told told("ha-database/start-timeout-tries-there");
  const Duration seen = told.interval("db") - told.offset();
  check(told.at(Kind::action, "db:start", "db1", "timeout"), seen + told.timeout("db", "start"), 3s);
}

TEST_CASE("arithmetic: a stop that hangs costs its timeout, then the fence device's delay", "[catalogue]") {
  const Told told("ha-database/stop-timeout-fences");
  const Duration stopped = 20s + told.timeout("db", "stop");  // banned at 20 s
  check(told.at(Kind::action, "db:stop", "db1", "timeout"), stopped, 500ms);
  // Plan and order take well under a second; a board needs 1-4 s to be off, and is asked for the status
  // before.
  check(told.at(Kind::fence, "db1"), stopped + told.delay_base("fence-db1"), 8s);
}

TEST_CASE("arithmetic: the NFS chain takes a monitor's timeout, a stop's timeout and a delay",
          "[catalogue]") {
  const Told told("ha-database/nfs-hang-fences-db1");
  // The filer dies at 60 s. Monitors begin every interval from (interval - offset) on: the first after it is
  // at 70 s.
  Duration monitor = told.interval("fs") - told.offset();
  while (monitor <= 60s) monitor += told.interval("fs");
  const Duration given_up = monitor + told.timeout("fs", "monitor");
  check(told.at(Kind::action, "fs:monitor", "db1", "timeout"), given_up, 1s);
  // db and ip stop in a second or two before the filesystem's turn comes.
  const Duration stopped = given_up + told.timeout("fs", "stop");
  check(told.at(Kind::action, "fs:stop", "db1", "timeout"), stopped, 4s);
  check(told.at(Kind::fence, "db1"), stopped + told.delay_base("fence-db1"), 12s);
}

TEST_CASE("arithmetic: a crashed node is lost after token and consensus", "[catalogue]") {
  const Told told("ha-database/node-crash");
  // The token may have been on its way for up to a fifth of its time when the node died at 60 s.
  const Duration lost = 60s + told.token() * 8 / 10 + told.consensus();
  check(told.at(Kind::dc, "db2"), lost, told.token() * 2 / 10 + 1500ms);
  check(told.at(Kind::fence, "db1"), lost + told.delay_base("fence-db1"), 12s);
}

TEST_CASE("arithmetic: writes wait for a lost Secondary for DRBD's timeout", "[catalogue]") {
  const Told told("ha-database/standby-node-crash");
  check(told.outage("db"), told.drbd().timeout, told.drbd().ping_timeout + 500ms);
}

TEST_CASE("arithmetic: a Secondary whose disk stalls is thrown out after ko-count times the timeout",
          "[catalogue]") {
  const Told told("storage/secondary-disk-stalls");
  check(told.outage("db"), told.drbd().ko_count * told.drbd().timeout, told.drbd().timeout);
}

TEST_CASE("arithmetic: a fence device that hangs costs its timeout and its delay, each time", "[catalogue]") {
  const Told told("fencing/device-hangs");
  // Two calls that never end, a third that works: delay + timeout, delay + timeout, delay + a few seconds.
  const Duration waits = 3 * told.delay_base("fence-db1") + 2 * told.property("stonith-timeout");
  const Duration lost = 60s + told.token() * 8 / 10 + told.consensus();
  check(told.at(Kind::fence, "db1"), lost + waits, 12s);
}

TEST_CASE("arithmetic: a slow fence device adds its slowness to the outage", "[catalogue]") {
  const Told told("fencing/device-slow");
  check(told.spent("db", reporters::OutageCause::fence), told.delay_base("fence-db1") + 30s, 8s);
}

TEST_CASE("arithmetic: a failure is forgotten failure-timeout after it happened", "[catalogue]") {
  const Told told("ha-database/failure-timeout-expires");
  const Duration failed = told.interval("db") - told.offset();
  // failure-timeout 2 min; the DC looks at whole seconds.
  check(told.at(Kind::start, "db:stop", "db2"), failed + 2min, 3s);
}

TEST_CASE("arithmetic: a long start holds everything up until it is over", "[catalogue]") {
  const Told told("people/long-start-holds-up-the-cluster");
  // Ordered at 1 s, 120 s long; only then is the database's failure of 10 s acted on.
  check(told.at(Kind::action, "report:start", "", "0"), 1s + 120s, 500ms);
  check(told.at(Kind::start, "db:start"), told.at(Kind::action, "report:start", "", "0"), 3s);
}

TEST_CASE("arithmetic: a database that must replay five minutes of log needs them, within its start timeout",
          "[catalogue]") {
  const Told told("storage/recovery-within-the-start-timeout");
  REQUIRE(told.timeout("db", "start") > 5min);
  check(told.spent("db", reporters::OutageCause::start), 5min, 15s);
}

TEST_CASE("arithmetic: a planned stop that is too slow is shot when its timeout is over", "[catalogue]") {
  const Told told("storage/stop-a-little-too-slow");
  const Duration begun = told.at(Kind::start, "fs:stop", "db1");
  check(told.at(Kind::action, "fs:stop", "db1", "timeout"), begun + told.timeout("fs", "stop"), 500ms);
  check(told.at(Kind::fence, "db1"), begun + told.timeout("fs", "stop") + told.delay_base("fence-db1"), 8s);
}
