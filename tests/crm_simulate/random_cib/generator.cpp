#include "tests/crm_simulate/random_cib/generator.h"

#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/cib/digest.h"
#include "engine/sim/random.h"

namespace fencepost::crm_simulate {

namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr const char* kKey = "2668bbeb-06d5-40f9-936d-24cb7f87006a";

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Member {  // a primitive, by its configured name
  std::string id;
  bool promotable = false;
  bool in_clone = false;
  bool migratable = false;
  int monitor_ms = 0;  // 0: none
};

struct Top {  // a top-level resource
  std::string id;
  enum class Kind { primitive, group, clone } kind = Kind::primitive;
  bool promotable = false;
  std::vector<Member> members;
};

class Generator {
 public:
  Generator(std::uint64_t seed, Breadth breadth)
      : random_(sim::Stream(seed).fork("random_cib")), breadth_(breadth) {}

  std::string cib();

 private:
  bool chance(double probability) { return random_.chance(probability); }
  int below(int limit) { return static_cast<int>(random_.below(static_cast<std::uint64_t>(limit))); }
  template <class T>
  T pick(std::initializer_list<T> all) {
    return *(all.begin() + below(static_cast<int>(all.size())));
  }
  const std::string& pick_node() {
    return nodes_[static_cast<std::size_t>(below(static_cast<int>(nodes_.size())))];
  }
  const Top& pick_top() { return tops_[static_cast<std::size_t>(below(static_cast<int>(tops_.size())))]; }
  bool at_least(Breadth breadth) const { return breadth_ >= breadth; }

  void line(int depth, const std::string& text) {
    xml_ += std::string(static_cast<std::size_t>(depth), ' ') + text + "\n";
  }
  void pairs(int depth, const std::string& tag, const std::string& id, const Pairs& all);

  void choose_nodes();
  void options();
  void nodes();
  void resources();
  Top choose_top(int number);
  void write_top(const Top& top);
  void write_primitive(int depth, const Member& member);
  Pairs resource_meta(bool clone);
  void constraints();
  void location(int number);
  void order(int number);
  void colocation(int number);
  void ticket(int number);
  std::string reference(const Top& top);
  std::string any_score();

  void status();
  void node_state(std::size_t index);
  void history(const Member& member, std::size_t node);
  void operation(const std::string& rsc, const std::string& task, int interval, int rc, int expected,
                 int call, const std::string& id, int status, const std::string& more = "");

  sim::Stream random_;
  Breadth breadth_;
  std::string xml_;
  std::vector<std::string> nodes_;
  std::vector<std::string> states_;  // online, offline, lost, pending, unseen
  std::vector<Top> tops_;
  bool fencing_ = true;
  Pairs failures_;  // transient attributes of the node being written
};

void Generator::pairs(int depth, const std::string& tag, const std::string& id, const Pairs& all) {
  if (all.empty()) return;
  line(depth, "<" + tag + " id=\"" + id + "\">");
  for (const auto& [name, value] : all) {
    std::string safe = name;
    for (char& c : safe)
      if (c == '#' || c == ':') c = '.';
    line(depth + 1, "<nvpair id=\"" + id + "-" + safe + "\" name=\"" + name + "\" value=\"" + value + "\"/>");
  }
  line(depth, "</" + tag + ">");
}

std::string Generator::cib() {
  choose_nodes();
  line(0,
       "<cib validate-with=\"pacemaker-3.7\" crm_feature_set=\"3.16.1\" epoch=\"1\" num_updates=\"1\" "
       "admin_epoch=\"0\""
       " have-quorum=\"" +
           std::string(chance(0.9) ? "1" : "0") + "\" dc-uuid=\"" +
           std::to_string(1 + below(static_cast<int>(nodes_.size()))) + "\" execution-date=\"" +
           std::to_string(kNow) + "\">");
  line(1, "<configuration>");
  options();
  nodes();
  resources();
  constraints();
  if (at_least(Breadth::groups) && chance(0.3)) {
    line(2, "<rsc_defaults>");
    pairs(3, "meta_attributes", "rsc-defaults-meta",
          {{"resource-stickiness", pick({"1", "100", "INFINITY"})}});
    line(2, "</rsc_defaults>");
  }
  line(1, "</configuration>");
  status();
  line(0, "</cib>");
  return std::move(xml_);
}

// ---------------------------------------------------------------- configuration

void Generator::choose_nodes() {
  const int count = 1 + below(4);
  for (int i = 0; i < count; ++i) {
    nodes_.push_back("n" + std::to_string(i + 1));
    const bool well = chance(0.8);
    states_.push_back(well ? "online" : pick({"offline", "lost", "pending", "unseen", "controller-gone"}));
  }
  fencing_ = chance(0.7);
}

void Generator::options() {
  Pairs all{{"stonith-enabled", fencing_ ? "true" : "false"}};
  const auto maybe = [&](double probability, const char* name, const char* value) {
    if (chance(probability)) all.emplace_back(name, value);
  };
  maybe(0.3, "no-quorum-policy", pick({"stop", "freeze", "ignore", "demote", "suicide"}));
  maybe(0.05, "symmetric-cluster", "false");
  maybe(0.05, "maintenance-mode", "true");
  maybe(0.05, "enable-startup-probes", "false");
  maybe(0.1, "startup-fencing", "false");
  maybe(0.1, "concurrent-fencing", "true");
  maybe(0.05, "stop-all-resources", "true");
  maybe(0.05, "stop-orphan-resources", "false");
  maybe(0.1, "start-failure-is-fatal", "false");
  if (at_least(Breadth::all)) {
    maybe(0.1, "shutdown-lock", "true");
    maybe(0.05, "remove-after-stop", "true");
    maybe(0.2, "placement-strategy", pick({"utilization", "minimal", "balanced"}));
    maybe(0.1, "priority-fencing-delay", "15s");
    maybe(0.1, "node-health-strategy", pick({"migrate-on-red", "only-green", "progressive"}));
  }
  line(2, "<crm_config>");
  pairs(3, "cluster_property_set", "cib-bootstrap-options", all);
  line(2, "</crm_config>");
}

void Generator::nodes() {
  line(2, "<nodes>");
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const std::string id = std::to_string(i + 1);
    Pairs attributes;
    if (chance(0.08)) attributes.emplace_back("standby", "on");
    if (chance(0.05)) attributes.emplace_back("maintenance", "true");
    if (chance(0.3)) attributes.emplace_back("disk", pick({"ssd", "hdd"}));
    line(3, "<node id=\"" + id + "\" uname=\"" + nodes_[i] + "\">");
    pairs(4, "instance_attributes", "nodes-" + id, attributes);
    if (at_least(Breadth::all))
      pairs(4, "utilization", "nodes-" + id + "-utilization", {{"cpu", std::to_string(1 + below(8))}});
    line(3, "</node>");
  }
  line(2, "</nodes>");
}

Top Generator::choose_top(int number) {
  Top top;
  top.id = "r" + std::to_string(number);
  const int kind = below(10);
  if (at_least(Breadth::groups) && kind < 3) top.kind = Top::Kind::group;
  if (at_least(Breadth::clones) && kind >= 3 && kind < 7) top.kind = Top::Kind::clone;
  top.promotable = top.kind == Top::Kind::clone && chance(0.5);
  const bool cloned_group = top.kind == Top::Kind::clone && !top.promotable && chance(0.2);
  const int count = top.kind == Top::Kind::group || cloned_group ? 1 + below(3) : 1;
  for (int i = 0; i < count; ++i) {
    Member member;
    member.id = top.kind == Top::Kind::primitive ? top.id : top.id + static_cast<char>('a' + i);
    member.promotable = top.promotable;
    member.in_clone = top.kind == Top::Kind::clone;
    member.migratable = at_least(Breadth::all) && !member.in_clone && chance(0.3);
    member.monitor_ms = chance(0.6) ? 10'000 : 0;
    top.members.push_back(member);
  }
  return top;
}

void Generator::resources() {
  const int count = 1 + below(5);
  for (int i = 0; i < count; ++i) tops_.push_back(choose_top(i + 1));
  line(2, "<resources>");
  for (const Top& top : tops_) write_top(top);
  if (fencing_ && chance(0.9))
    line(3, "<primitive id=\"fencing\" class=\"stonith\" type=\"fence_ipmilan\"/>");
  line(2, "</resources>");
}

Pairs Generator::resource_meta(bool clone) {
  Pairs meta;
  const auto maybe = [&](double probability, const char* name, const char* value) {
    if (chance(probability)) meta.emplace_back(name, value);
  };
  maybe(0.1, "target-role", pick({"Stopped", "Started"}));
  maybe(0.06, "is-managed", "false");
  maybe(0.2, "priority", pick({"1", "10", "-5"}));
  maybe(0.3, "resource-stickiness", pick({"0", "1", "50", "INFINITY"}));
  maybe(0.2, "migration-threshold", pick({"1", "2", "3"}));
  maybe(0.2, "failure-timeout", pick({"30s", "10min"}));
  maybe(0.1, "multiple-active", pick({"block", "stop_only", "stop_unexpected"}));
  maybe(0.1, "requires", pick({"nothing", "quorum", "fencing"}));
  if (!clone) return meta;
  maybe(0.3, "clone-max", pick({"1", "2", "3"}));
  maybe(0.3, "interleave", "true");
  maybe(0.2, "ordered", "true");
  if (at_least(Breadth::all)) maybe(0.3, "notify", "true");
  return meta;
}

void Generator::write_top(const Top& top) {
  if (top.kind == Top::Kind::primitive) return write_primitive(3, top.members.front());
  const bool group = top.kind == Top::Kind::group;
  Pairs meta = resource_meta(!group);
  if (top.promotable) {
    meta.emplace_back("promotable", "true");
    if (chance(0.2)) meta.emplace_back("promoted-max", "2");
  }
  const std::string tag = group ? "group" : "clone";
  line(3, "<" + tag + " id=\"" + top.id + "\">");
  pairs(4, "meta_attributes", top.id + "-meta", meta);
  const bool inner_group = !group && top.members.size() > 1;
  if (inner_group) line(4, "<group id=\"" + top.id + "-g\">");
  for (const Member& member : top.members) write_primitive(5, member);
  if (inner_group) line(4, "</group>");
  line(3, "</" + tag + ">");
}

void Generator::write_primitive(int depth, const Member& member) {
  line(depth, "<primitive id=\"" + member.id + "\" class=\"ocf\" provider=\"pacemaker\" type=\"" +
                  (member.promotable ? "Stateful" : "Dummy") + "\">");
  Pairs meta = member.in_clone ? Pairs{} : resource_meta(false);
  if (member.migratable) meta.emplace_back("allow-migrate", "true");
  pairs(depth + 1, "meta_attributes", member.id + "-meta", meta);
  if (at_least(Breadth::all) && chance(0.5))
    pairs(depth + 1, "utilization", member.id + "-utilization", {{"cpu", std::to_string(1 + below(4))}});
  line(depth + 1, "<operations>");
  const auto op = [&](const std::string& id, const std::string& name, const std::string& interval,
                      const std::string& role) {
    const std::string on_fail =
        chance(0.15)
            ? " on-fail=\"" + std::string(pick({"ignore", "block", "stop", "restart", "standby", "fence"})) +
                  "\""
            : "";
    const bool stop_can = name != "stop" || (on_fail.find("\"stop\"") == std::string::npos &&
                                             on_fail.find("standby") == std::string::npos);
    line(depth + 2, "<op id=\"" + member.id + "-" + id + "\" name=\"" + name + "\" interval=\"" + interval +
                        "\" timeout=\"20s\"" + role + (stop_can ? on_fail : "") + "/>");
  };
  if (member.monitor_ms > 0) {
    op("monitor", "monitor", std::to_string(member.monitor_ms) + "ms",
       member.promotable ? " role=\"Promoted\"" : "");
    if (member.promotable) op("monitor-u", "monitor", "11s", " role=\"Unpromoted\"");
  }
  if (chance(0.3)) op("start", "start", "0", "");
  if (chance(0.3)) op("stop", "stop", "0", "");
  line(depth + 1, "</operations>");
  line(depth, "</primitive>");
}

// ---------------------------------------------------------------- constraints

std::string Generator::any_score() {
  return pick({"INFINITY", "-INFINITY", "100", "-100", "10", "1000", "INFINITY"});
}

// A member of a group may be named as well as the whole.
std::string Generator::reference(const Top& top) {
  if (top.kind != Top::Kind::group || chance(0.7)) return top.id;
  return top.members[static_cast<std::size_t>(below(static_cast<int>(top.members.size())))].id;
}

void Generator::location(int number) {
  const std::string id = "loc" + std::to_string(number);
  const Top& top = pick_top();
  if (chance(0.7)) {
    line(3, "<rsc_location id=\"" + id + "\" rsc=\"" + reference(top) + "\" node=\"" + pick_node() +
                "\" score=\"" + any_score() + "\"/>");
    return;
  }
  const std::string role = top.promotable && chance(0.6) ? " role=\"Promoted\"" : "";
  line(3, "<rsc_location id=\"" + id + "\" rsc=\"" + top.id + "\">");
  line(4, "<rule id=\"" + id + "-rule\" score=\"" + any_score() + "\"" + role + ">");
  line(5, "<expression id=\"" + id + "-expr\" attribute=\"disk\" operation=\"" + pick({"eq", "ne"}) +
              "\" value=\"ssd\"/>");
  line(4, "</rule>");
  line(3, "</rsc_location>");
}

void Generator::order(int number) {
  const Top& first = pick_top();
  const Top& then = pick_top();
  if (first.id == then.id) return;
  std::string more;
  if (first.promotable && chance(0.5)) {
    more += " first-action=\"promote\" then-action=\"" +
            std::string(then.promotable && chance(0.3) ? "promote" : "start") + "\"";
  }
  if (chance(0.4)) {
    const std::string kind = pick({"Mandatory", "Optional", "Serialize"});
    more += " kind=\"" + kind + "\"";
    if (kind == "Mandatory" && chance(0.2)) more += " symmetrical=\"false\"";
  }
  line(3, "<rsc_order id=\"order" + std::to_string(number) + "\" first=\"" + reference(first) + "\" then=\"" +
              reference(then) + "\"" + more + "/>");
}

void Generator::colocation(int number) {
  const Top& dependent = pick_top();
  const Top& primary = pick_top();
  if (dependent.id == primary.id) return;
  std::string more;
  if (primary.promotable && chance(0.6)) more += " with-rsc-role=\"Promoted\"";
  if (dependent.promotable && chance(0.3)) more += " rsc-role=\"Promoted\"";
  line(3, "<rsc_colocation id=\"col" + std::to_string(number) + "\" rsc=\"" + reference(dependent) +
              "\" with-rsc=\"" + reference(primary) + "\" score=\"" + any_score() + "\"" + more + "/>");
}

void Generator::ticket(int number) {
  const Top& top = pick_top();
  const std::string policy = pick({"stop", "demote", "fence", "freeze"});
  line(3, "<rsc_ticket id=\"ticket" + std::to_string(number) + "\" rsc=\"" + top.id +
              "\" ticket=\"t\" loss-policy=\"" + policy + "\"/>");
}

void Generator::constraints() {
  line(2, "<constraints>");
  const int count = below(6);
  for (int i = 0; i < count; ++i) {
    const int kind = below(at_least(Breadth::all) ? 10 : 9);
    if (kind < 3) {
      location(i);
    } else if (kind < 6) {
      order(i);
    } else if (kind < 9) {
      colocation(i);
    } else {
      ticket(i);
    }
  }
  line(2, "</constraints>");
}

// ---------------------------------------------------------------- status

std::string membership(const std::string& state) {
  if (state == "online") return "in_ccm=\"true\" crmd=\"online\" join=\"member\" expected=\"member\"";
  if (state == "offline") return "in_ccm=\"false\" crmd=\"offline\" join=\"down\" expected=\"down\"";
  if (state == "lost") return "in_ccm=\"false\" crmd=\"offline\" join=\"down\" expected=\"member\"";
  if (state == "pending") return "in_ccm=\"true\" crmd=\"online\" join=\"pending\" expected=\"member\"";
  return "in_ccm=\"true\" crmd=\"offline\" join=\"down\" expected=\"member\"";
}

void Generator::operation(const std::string& rsc, const std::string& task, int interval, int rc, int expected,
                          int call, const std::string& id, int status, const std::string& more) {
  std::vector<cib::Attribute> parameters;
  if (interval > 0) parameters.push_back({"CRM_meta_timeout", "20000"});
  const std::string key = "1:1:" + std::to_string(expected) + ":" + kKey;
  line(7, "<lrm_rsc_op id=\"" + id + "\" operation_key=\"" + rsc + "_" + task + "_" +
              std::to_string(interval) + "\" operation=\"" + task + "\" interval=\"" +
              std::to_string(interval) + "\" call-id=\"" + std::to_string(call) + "\" rc-code=\"" +
              std::to_string(rc) + "\" op-status=\"" + std::to_string(status) + "\" transition-key=\"" + key +
              "\" transition-magic=\"" + std::to_string(status) + ":" + std::to_string(rc) + ";" + key +
              "\" last-rc-change=\"" + std::to_string(kNow - 100 + call) + "\" op-digest=\"" +
              cib::digest(parameters) + "\" crm_feature_set=\"3.16.1\"" + more + "/>");
}

// One of the many things that may have happened to a resource on a node.
void Generator::history(const Member& member, std::size_t node) {
  static_cast<void>(node);
  const std::string& id = member.id;
  const int what = below(20);
  if (what < 3) return;  // nobody looked yet
  line(6, "<lrm_resource id=\"" + id + "\" class=\"ocf\" provider=\"pacemaker\" type=\"" +
              (member.promotable ? "Stateful" : "Dummy") + "\">");
  const std::string last = id + "_last_0";
  const auto fail = [&](const std::string& task, int interval) {
    const std::string suffix = id + "#" + task + "_" + std::to_string(interval);
    failures_.emplace_back("fail-count-" + suffix, pick({"1", "2", "INFINITY"}));
    failures_.emplace_back("last-failure-" + suffix, std::to_string(kNow - 90));
  };
  const auto monitor = [&](int call) {
    if (member.monitor_ms == 0) return;
    const int interval = member.promotable ? 11'000 : member.monitor_ms;
    operation(id, "monitor", interval, 0, 0, call, id + "_monitor_" + std::to_string(interval), 0);
  };
  if (what < 9) {
    operation(id, "monitor", 0, 7, 7, 1, last, 0);
  } else if (what < 14) {
    operation(id, "start", 0, 0, 0, 2, last, 0);
    if (chance(0.8)) monitor(3);
  } else if (what < 15) {
    operation(id, "stop", 0, 0, 0, 5, last, 0);
  } else if (what < 16) {
    operation(id, "start", 0, 0, 0, 2, last, 0);
    monitor(3);
    operation(id, "monitor", member.monitor_ms == 0 ? 7'000 : member.monitor_ms, pick({1, 7, 5}),
              member.promotable ? 8 : 0, 6, id + "_last_failure_0", 4);
    if (chance(0.8)) fail("monitor", member.monitor_ms == 0 ? 7'000 : member.monitor_ms);
  } else if (what < 17) {
    operation(id, "stop", 0, 1, 0, 4, id + "_last_failure_0", 4);
    operation(id, "stop", 0, 1, 0, 4, last, 4);
    if (chance(0.8)) fail("stop", 0);
  } else if (what < 18) {
    operation(id, "start", 0, pick({1, 5, 6}), 0, 4, id + "_last_failure_0", 4);
    operation(id, "start", 0, 1, 0, 4, last, 4);
    if (chance(0.8)) fail("start", 0);
  } else if (what < 19) {
    operation(id, "monitor", 0, pick({0, 1, 2, 5}), 7, 1, last, 0);
  } else if (member.promotable) {
    operation(id, "start", 0, 0, 0, 2, id + "_start_0", 0);
    operation(id, "promote", 0, 0, 0, 3, last, 0);
    if (member.monitor_ms > 0) operation(id, "monitor", 10'000, 8, 8, 4, id + "_monitor_10000", 0);
  } else {
    operation(id, "monitor", 0, 7, 7, 1, last, 0);
  }
  line(6, "</lrm_resource>");
}

void Generator::node_state(std::size_t index) {
  if (states_[index] == "unseen") return;
  const std::string id = std::to_string(index + 1);
  line(2,
       "<node_state id=\"" + id + "\" uname=\"" + nodes_[index] + "\" " + membership(states_[index]) + ">");
  failures_.clear();
  if (states_[index] != "offline" && chance(0.95)) {
    line(3, "<lrm id=\"" + id + "\">");
    line(4, "<lrm_resources>");
    for (const Top& top : tops_)
      for (const Member& member : top.members) history(member, index);
    if (chance(0.05))
      history(
          {.id = "gone", .promotable = false, .in_clone = false, .migratable = false, .monitor_ms = 10'000},
          index);
    line(4, "</lrm_resources>");
    line(3, "</lrm>");
  }
  for (const Top& top : tops_)
    if (top.promotable && chance(0.7))
      failures_.emplace_back("master-" + top.members.front().id, pick({"5", "10", "100", "-1"}));
  if (chance(0.06)) failures_.emplace_back("shutdown", std::to_string(kNow - 10));
  if (chance(0.04)) failures_.emplace_back("terminate", "true");
  if (at_least(Breadth::all) && chance(0.1))
    failures_.emplace_back("#health-disk", pick({"red", "yellow", "green"}));
  if (!failures_.empty()) {
    line(3, "<transient_attributes id=\"" + id + "\">");
    pairs(4, "instance_attributes", "status-" + id, failures_);
    line(3, "</transient_attributes>");
  }
  line(2, "</node_state>");
}

void Generator::status() {
  line(1, "<status>");
  for (std::size_t i = 0; i < nodes_.size(); ++i) node_state(i);
  line(1, "</status>");
}

}  // namespace

std::string random_cib(std::uint64_t seed, Breadth breadth) { return Generator(seed, breadth).cib(); }

}  // namespace fencepost::crm_simulate
