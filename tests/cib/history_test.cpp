// Each story was seen on a real cluster of Pacemaker 2.1.5.
#include "engine/cib/history.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace fencepost;
using namespace fencepost::cib;

namespace {

const ResourceIdentity kDb = {.id = "db", .agent = {"ocf", "heartbeat", "pgsql"}};

OpHistory result(std::string operation, AgentRc rc, int interval_ms = 0, int target_rc = 0) {
  OpHistory op;
  op.operation = std::move(operation);
  op.interval = Milliseconds{interval_ms};
  op.rc = rc;
  op.transition_key = "3:17:" + std::to_string(target_rc) + ":2668bbeb-06d5-40f9-936d-24cb7f87006a";
  return op;
}

OpHistory pending(OpHistory op) {
  op.status = OpStatus::pending;
  op.rc = AgentRc::unknown;
  op.call_id = -1;
  return op;
}

// "db_last_0=start/0", one for each entry, in document order.
std::vector<std::string> entries(const NodeState& state) {
  std::vector<std::string> texts;
  for (const OpHistory& op : find_history(state, "db")->ops) {
    texts.push_back(op.id + "=" + op.operation + "/" + std::to_string(static_cast<int>(op.rc)));
  }
  return texts;
}

using Entries = std::vector<std::string>;

}  // namespace

TEST_CASE("history: a one-time action replaces the last one, a monitor has its own entry", "[cib]") {
  NodeState node;
  record(node, kDb, result("monitor", AgentRc::not_running, 0, 7));
  record(node, kDb, result("start", AgentRc::ok));
  record(node, kDb, result("monitor", AgentRc::ok, 10'000));
  CHECK(entries(node) == Entries{"db_last_0=start/0", "db_monitor_10000=monitor/0"});
  record(node, kDb, result("stop", AgentRc::ok));
  CHECK(entries(node) == Entries{"db_last_0=stop/0", "db_monitor_10000=monitor/0"});
  CHECK(find_history(node, "db")->ops[1]->operation_key == "db_monitor_10000");
}

TEST_CASE("history: a monitor that fails leaves its last good result there", "[cib]") {
  NodeState node;
  record(node, kDb, result("start", AgentRc::ok));
  record(node, kDb, result("monitor", AgentRc::ok, 10'000));
  record(node, kDb, result("monitor", AgentRc::not_running, 10'000));
  CHECK(entries(node) ==
        Entries{"db_last_0=start/0", "db_monitor_10000=monitor/0", "db_last_failure_0=monitor/7"});
}

TEST_CASE("history: a failed start is both the last action and the last failure", "[cib]") {
  NodeState node;
  record(node, kDb, pending(result("start", AgentRc::ok)));
  CHECK(entries(node) == Entries{"db_last_0=start/193"});
  record(node, kDb, result("start", AgentRc::unknown_error));
  CHECK(entries(node) == Entries{"db_last_0=start/1", "db_last_failure_0=start/1"});
  record(node, kDb, result("stop", AgentRc::ok));
  CHECK(entries(node) == Entries{"db_last_0=stop/0", "db_last_failure_0=start/1"});
}

TEST_CASE("history: a timeout is a failure whatever the rc, an expected rc is none", "[cib]") {
  NodeState node;
  OpHistory timeout = result("monitor", AgentRc::unknown_error, 10'000, 1);
  timeout.status = OpStatus::timeout;
  record(node, kDb, timeout);
  record(node, kDb, result("monitor", AgentRc::promoted, 5'000, 8));
  CHECK(entries(node) == Entries{"db_last_failure_0=monitor/1", "db_monitor_5000=monitor/8"});
}

TEST_CASE("history: an entry, a resource or everything can be forgotten", "[cib]") {
  NodeState node;
  record(node, kDb, result("start", AgentRc::unknown_error));
  erase_op(node, "db", "db_last_failure_0");
  CHECK(entries(node) == Entries{"db_last_0=start/1"});
  erase_resource(node, "db");
  CHECK(find_history(node, "db") == nullptr);
  record(node, kDb, result("start", AgentRc::ok));
  erase_history(node);
  CHECK(node == NodeState{});
}

TEST_CASE("transient attributes: ids are made of the name, with a point for what an id cannot hold",
          "[cib]") {
  Status status;
  NodeState& node = ensure_node_state(status, "1", "db1");
  set_transient_attribute(node, "fail-count-db#monitor_10000", "1");
  set_transient_attribute(node, "fail-count-db#monitor_10000", "2");
  REQUIRE(node.transient_attributes.size() == 1);
  REQUIRE(node.transient_attributes[0].pairs.size() == 1);
  CHECK(node.transient_attributes[0].pairs[0].id == "status-1-fail-count-db.monitor_10000");
  CHECK(*transient_attribute(node, "fail-count-db#monitor_10000") == "2");
  CHECK(erase_transient_attribute(node, "fail-count-db#monitor_10000"));
  CHECK_FALSE(erase_transient_attribute(node, "fail-count-db#monitor_10000"));
}

TEST_CASE("status: a copy keeps what it had when the other is changed", "[cib]") {
  Status status;
  record(ensure_node_state(status, "1", "db1"), kDb, result("start", AgentRc::ok));
  const Status before = status;
  record(ensure_node_state(status, "1", "DB1"), kDb, result("stop", AgentRc::ok));
  CHECK(entries(*find_node_state(before, "db1")) == Entries{"db_last_0=start/0"});
  CHECK(entries(*find_node_state(status, "db1")) == Entries{"db_last_0=stop/0"});
}

TEST_CASE("transition key and magic: taken apart and put together again", "[cib]") {
  const std::string magic = "0:7;3:17:7:2668bbeb-06d5-40f9-936d-24cb7f87006a";
  const auto parsed = parse_transition_magic(magic);
  REQUIRE(parsed);
  CHECK(parsed->rc == 7);
  CHECK(parsed->key.transition == 17);
  CHECK(to_string(*parsed) == magic);
  CHECK_FALSE(parse_transition_key("3:17"));
  CHECK_FALSE(parse_transition_magic("0:7:3:17:7:x"));
}
