#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "engine/cib/cib.h"
#include "scenarios/scenario.h"

using namespace fencepost;
using namespace fencepost::scenarios;

namespace fs = std::filesystem;

namespace {

constexpr const char* kCib = R"(<configuration><crm_config/><nodes/><resources>
  <primitive id="fs" class="ocf" provider="lab" type="Sim"><operations>
    <op id="fs-monitor" name="monitor" interval="4s" timeout="3s"/></operations></primitive>
</resources><constraints/></configuration>)";

tl::expected<Scenario, Errors> read_text(const std::string& text) {
  return read_scenario(Inputs::from_recording("test.yaml", {{"", text}, {"cib.xml", kCib}}));
}

Scenario scenario(const std::string& text) {
  auto read = read_text(text);
  if (!read) FAIL(to_string(read.error().front()));
  return *read;
}

std::string error(const std::string& text) {
  const auto read = read_text(text);
  REQUIRE_FALSE(read.has_value());
  return to_string(read.error().front());
}

std::string with_fault(const std::string& fault) { return "cib_file: cib.xml\nfaults:\n  - " + fault + "\n"; }

const cib::Resource& resource(const Scenario& scenario, const char* id) {
  const cib::Resource* found = cib::find_resource(*scenario.cib->configuration, id);
  REQUIRE(found != nullptr);
  return *found;
}

std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".yaml" || entry.path().filename() == "script.json")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("reader: the smallest scenario has the lab's defaults", "[scenarios]") {
  const Scenario read = scenario("cib_file: cib.xml");
  CHECK(read.nodes == std::vector<std::string>{"node1", "node2"});
  CHECK(read.dc == "node1");
  CHECK(read.world.corosync.totem.token == 1s);
  CHECK(read.world.corosync.quorum.two_node);
  CHECK(read.t0.rule == TimeZero::Rule::stable);
  CHECK(read.end.quiescent == 4s);
  CHECK(read.end.max == 90s);
  CHECK(read.settle == 2s);
}

TEST_CASE("reader: a section within corosync's options is no option, and says where it belongs",
          "[scenarios]") {
  CHECK(error("cib_file: cib.xml\nquorum: {device: {model: net}}\n")
            .find("name that in world: corosync_conf") != std::string::npos);
}

TEST_CASE("reader: properties get the lab's defaults and what the script sets", "[scenarios]") {
  const Scenario read = scenario("{cib_file: cib.xml, properties: {no-quorum-policy: freeze}}");
  CHECK(*cib::find_property(*read.cib->configuration, "dc-deadtime") == "20s");
  CHECK(*cib::find_property(*read.cib->configuration, "stonith-enabled") == "true");
  CHECK(*cib::find_property(*read.cib->configuration, "no-quorum-policy") == "freeze");
}

TEST_CASE("reader: meta, instance and op set single values in the CIB", "[scenarios]") {
  const Scenario read = scenario(
      "cib_file: cib.xml\n"
      "meta: {fs: {target-role: Stopped}}\n"
      "instance: {fs: {device: /dev/sdb}}\n"
      "op: {\"fs:monitor\": {timeout: 9s}, \"fs:stop\": {on-fail: block}}\n");
  const cib::Resource& fs = resource(read, "fs");
  CHECK(*fs.meta.front().find("target-role") == "Stopped");
  CHECK(*fs.parameters.front().find("device") == "/dev/sdb");
  REQUIRE(fs.operations.size() == 2);
  CHECK(*fs.operations[0].setting("timeout") == "9s");
  CHECK(fs.operations[1].id == "fs-stop");
  CHECK(*fs.operations[1].setting("on-fail") == "block");
}

TEST_CASE("reader: resources are added and removed as XML and ids", "[scenarios]") {
  const Scenario read = scenario(
      "cib_file: cib.xml\nremove: [fs]\n"
      "resources: ['<primitive id=\"vm\" class=\"ocf\" provider=\"lab\" type=\"Sim\"/>']\n");
  CHECK(cib::find_resource(*read.cib->configuration, "fs") == nullptr);
  CHECK(resource(read, "vm").agent.type == "Sim");
  CHECK(error("{cib_file: cib.xml, remove: [db]}") ==
        "test.yaml:1:30: there is no resource or constraint 'db' to remove");
}

TEST_CASE("reader: what people mistype is found, with its place and what was meant", "[scenarios]") {
  CHECK(error(with_fault("{at: 1, verb: crahs, node: node1}")) ==
        "test.yaml:3:19: there is no fault 'crahs', did you mean 'crash'? (fencepost faults lists them)");
  CHECK(error(with_fault("{at: -1, verb: crash, node: node1}")) ==
        "test.yaml:3:10: '-1' is negative; a time counts from t=0, a duration from 0 up");
  CHECK(
      error(with_fault("{at: 1, verb: crash, node: node7}")) ==
      "test.yaml:3:32: there is no node 'node7'; there are node1, node2, @dc, @other, @any, @active:RES and "
      "@promoted:RES");
  CHECK(error(with_fault("{at: 1, verb: crash, node: node1, back: 3}")) ==
        "test.yaml:3:39: 'back' is no key of a fault; there are at, back_after, back_after_s, delay_after, "
        "delay_s, every, node, "
        "verb or when");
  CHECK(error(with_fault("{verb: crash, node: node1}")) ==
        "test.yaml:3:5: a fault needs a time (at: 60s) or a trigger (when: {resource: fs, action: stop, ev: "
        "start})");
  CHECK(error(with_fault("{at: 1, verb: kill_resource, resource: db}")) ==
        "test.yaml:3:44: there is no resource 'db' in the CIB, did you mean 'fs'?");
  CHECK(error("{cib_file: cib.xml, nodse: 2}") ==
        "test.yaml:1:21: 'nodse' is no key of a scenario, did you mean 'nodes'?");
}

TEST_CASE("reader: a fault names things that are there", "[scenarios]") {
  const std::string filer = "world: {nfs: {filer: {exports: [/home]}}}\n";
  CHECK(error(filer + with_fault("{at: 1s, verb: nfs_hang, server: fler}")).find("no NFS server 'fler'") !=
        std::string::npos);
  CHECK(error(filer + with_fault("{at: 1s, verb: nfs_hang}")).find("server") != std::string::npos);
  CHECK(error(with_fault("{at: 1s, verb: db_crash, resource: database}")).find("no database 'database'") !=
        std::string::npos);
  CHECK(error(filer + with_fault("{at: 1s, verb: nfs_slow, server: filer, factor: 0}")).find("above 0") !=
        std::string::npos);
  scenario(filer + with_fault("{at: 1s, verb: nfs_hang, server: filer, for: 10m}"));
}

TEST_CASE("reader: what a fault is given is checked before anything runs", "[scenarios]") {
  const auto told = [](const std::string& fault, const std::string& words) {
    const std::string message = error(with_fault(fault));
    INFO(fault << "\n" << message);
    CHECK(message.starts_with("test.yaml:3:"));
    CHECK(message.find(words) != std::string::npos);
  };
  told("{at: 1, verb: kill_daemon, node: node1, daemon: pacemaker-crmd}", "did you mean 'pacemakerd'?");
  told("{at: 1, verb: kill_daemon, node: node1, daemon: pacemakerd, signal: SIGSTOP}", "use one of SIGKILL");
  told("{at: 1, verb: partition, groups: []}", "lists of nodes");
  told("{at: 1, verb: partition, groups: [[node1], [node9]]}", "no node 'node9'");
  told("{at: 1, verb: link_down, node: filer}", "no node 'filer'");
  told("{at: 1, verb: loss, node: node1, share: 2}", "0 to 1");
  told("{at: 1, verb: link_down, node: node1, network: lam}", "no network 'lam'");
  told("{at: 1, verb: agent, resource: fs, action: strat, mode: hang}", "did you mean 'start'?");
  told("{at: 1, verb: agent, resource: fs, action: start, mode: rc, rc: 300}", "0 to 255");
  told("{at: 1, verb: agent, resource: fs, action: start, mode: hang, count: 0}", "1 or more");
  told("{at: 1, verb: agent, resource: fs, action: start, mode: hang, seconds: -1}", "negative");
  told("{at: 1, verb: agent, resource: fs, action: monitor, mode: hang, role: Promotd}", "no role 'Promotd'");
  told("{at: 1, verb: agent_clear, resource: db}", "no resource 'db'");
  told("{at: 1, verb: fence_mode, device: fence-1, mode: fail}", "no resource of class stonith");
  told("{at: 1, verb: fence, node: node1, action: kill}", "kill");
  told("{at: 1, verb: cib, op: delete}", "xpath");
  told("{at: 1, verb: load, cpu: 3}", "needs 'node'");
  told("{at: 1, verb: load, node: node1, cpu: lots}", "lots");
  told("{at: 1, verb: fs_full, node: node1, mount: /srv/db}", "no mount point '/srv/db'");
  told("{at: 1, verb: fs_full, node: node1}", "needs 'mount'");
  told("{at: 1, verb: drbd_disk_fail, node: node1, resource: r0}", "no DRBD resource 'r0'");
  told("{at: 1, verb: switch_down, switch: sw1}", "name it under world: switches");
  told("{at: 1, verb: vm_crash, resource: fs}", "no virtual machine 'fs'");
  told("{at: 1, verb: sbd_lost, device: /dev/sdz}", "no sbd device");
  told("{every: 1h, times: 0, verb: crash, node: node1}", "1 or more");
  told("{every: 1h, when: {resource: fs}, verb: crash, node: node1}", "`every` so often");
  told("{when: {resource: fs, action: strat}, verb: crash, node: node1}", "no action 'strat'");
}

TEST_CASE("reader: a fault after the end of the run is a mistake", "[scenarios]") {
  CHECK(error("cib_file: cib.xml\nend: {duration: 5m}\nfaults:\n  - {at: 10m, verb: crash, node: node1}\n") ==
        "test.yaml:4:5: this fault would come after the run has ended: end has the duration 5m");
}

TEST_CASE("reader: hosts of the networks can be cut off, too", "[scenarios]") {
  const std::string world =
      "world: {networks: [lan, storage], nfs: {filer: {exports: [/home]}}, clients: {network: lan},"
      " iscsi: {san: {devices: [/dev/sdb], network: storage}}}\n";
  for (const char* host : {"filer", "clients", "san"})
    scenario(world + with_fault("{at: 1s, verb: link_down, node: " + std::string(host) + ", for: 1m}"));
}

TEST_CASE("reader: a missing file and a missing CIB are told with what to do", "[scenarios]") {
  CHECK(error("cib_file: other.xml").find("test.yaml:1:11: cib_file: ") == 0);
  CHECK(error("nodes: 2") == "test.yaml:1:1: a scenario needs a CIB: give cib_file or cib_xml");
  CHECK_FALSE(read_scenario("/nonexistent/scenario.yaml"));
}

TEST_CASE("reader: a broken CIB is told with the place in the CIB", "[scenarios]") {
  const auto read = read_scenario(Inputs::from_recording(
      "test.yaml", {{"", "cib_file: cib.xml"}, {"cib.xml", "<configuration>\n<resources>\n</oops>"}}));
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().front().where.file == "cib.xml");
  CHECK(read.error().front().where.line > 0);
}

TEST_CASE("reader: what lies over a base replaces and adds key by key", "[scenarios]") {
  const auto read = read_scenario(Inputs::from_recording(
      "dir/story.yaml", {{"", "base: cluster.base.yaml\nproperties: {a: 2}\n"},
                         {"cluster.base.yaml", "cib_file: cib.xml\ndc: node2\nproperties: {a: 1, b: 1}\n"},
                         {"cib.xml", kCib}}));
  REQUIRE(read.has_value());
  CHECK(read->dc == "node2");
  CHECK(*cib::find_property(*read->cib->configuration, "a") == "2");
  CHECK(*cib::find_property(*read->cib->configuration, "b") == "1");
}

TEST_CASE("reader: every story of the catalogue can be read, says what it is about and what it expects",
          "[scenarios]") {
  const fs::path folder = fs::path(FENCEPOST_SOURCE_DIR) / "scenarios";
  int stories = 0;
  for (const std::string& file : files_below(folder)) {
    if (fs::path(file).stem().extension() == ".base") continue;
    ++stories;
    INFO(file);
    const auto read = read_scenario(file);
    if (!read) FAIL(to_string(read.error().front()));
    CHECK_FALSE(read->about.empty());
    CHECK(read->expect.given);
  }
  CHECK(stories >= 60);
}

TEST_CASE("reader: every script of the lab can be read as it is", "[scenarios][lab]") {
  const fs::path cases = fs::path(FENCEPOST_SOURCE_DIR) / "../shared/lab/cases";
  if (!fs::exists(cases)) {
    WARN("skipped: there is no ../shared/lab");
    return;
  }
  for (const std::string& file : files_below(cases)) {
    INFO(file);
    const auto read = read_scenario(file);
    if (!read) FAIL(to_string(read.error().front()));
    CHECK_FALSE(read->nodes.empty());
  }
}
