// What the policy decides for small clusters.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "engine/cib/read.h"
#include "engine/policy/decision.h"

using namespace fencepost;
using namespace fencepost::policy;

namespace {

struct Cluster {
  std::string options;
  std::string resources;
  std::string constraints;
  std::string n1 = R"(in_ccm="true" crmd="online" join="member" expected="member")";
  std::string n2 = R"(in_ccm="true" crmd="online" join="member" expected="member")";
  std::string history1, history2;        // lrm_resource elements
  std::string attributes1, attributes2;  // transient attributes
  bool quorum = true;
};

std::string nvpair(const std::string& id, const std::string& name, const std::string& value) {
  return "<nvpair id=\"" + id + "\" name=\"" + name + "\" value=\"" + value + "\"/>";
}

std::string primitive(const std::string& id, const std::string& inside = "") {
  return "<primitive id=\"" + id + "\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\">" + inside +
         "</primitive>";
}

const std::string kFence = R"(<primitive id="shoot" class="stonith" type="fence_ipmilan"/>)";
const std::string kNoFencing = R"(<nvpair id="o1" name="stonith-enabled" value="false"/>)";

std::string history(const std::string& id, const std::string& ops, const std::string& type = "Dummy") {
  return "<lrm_resource id=\"" + id + "\" class=\"ocf\" provider=\"pacemaker\" type=\"" + type + "\">" + ops +
         "</lrm_resource>";
}

std::string op(const std::string& resource, const std::string& task, int call, int rc, int expected) {
  const std::string key = resource + "_" + task + "_0";
  const std::string target = std::to_string(expected);
  return "<lrm_rsc_op id=\"" + resource + "_last_0\" operation_key=\"" + key + "\" operation=\"" + task +
         "\" call-id=\"" + std::to_string(call) + "\" rc-code=\"" + std::to_string(rc) +
         "\" op-status=\"0\" interval=\"0\" transition-key=\"1:1:" + target +
         ":x\" transition-magic=\"0:" + std::to_string(rc) + ";1:1:" + target +
         ":x\" op-digest=\"f2317cad3d54cec5d7d7aa7d0bf35cf8\"/>";
}

std::string state(const std::string& id, const std::string& flags, const std::string& lrm,
                  const std::string& attributes) {
  return "<node_state id=\"" + id + "\" uname=\"n" + id + "\" " + flags + "><lrm id=\"" + id +
         "\"><lrm_resources>" + lrm + "</lrm_resources></lrm><transient_attributes id=\"" + id +
         "\"><instance_attributes id=\"t" + id + "\">" + attributes +
         "</instance_attributes></transient_attributes></node_state>";
}

cib::Cib read(const Cluster& c) {
  const std::string xml =
      std::string{"<cib admin_epoch=\"0\" epoch=\"1\" num_updates=\"0\" validate-with=\"pacemaker-3.9\" "} +
      "crm_feature_set=\"3.16.1\" dc-uuid=\"1\" have-quorum=\"" + (c.quorum ? "1" : "0") +
      "\"><configuration>" + "<crm_config><cluster_property_set id=\"cib-bootstrap-options\">" + c.options +
      "</cluster_property_set></crm_config>" +
      "<nodes><node id=\"1\" uname=\"n1\"/><node id=\"2\" uname=\"n2\"/></nodes><resources>" + c.resources +
      "</resources><constraints>" + c.constraints + "</constraints></configuration><status>" +
      state("1", c.n1, c.history1, c.attributes1) + state("2", c.n2, c.history2, c.attributes2) +
      "</status></cib>";
  auto document = cib::read(xml, "test");
  REQUIRE(document);
  return std::move(document->cib);
}

struct Decided {
  cib::Cib cib;
  Decision decision;

  explicit Decided(const Cluster& cluster) : cib(read(cluster)) {
    decision = decide({.cib = &cib, .now = {1'000'000}});
  }

  std::string change(const std::string& resource) const {
    for (const Change& change : decision.changes) {
      if (change.resource == resource) return verb(change) + " " + details(change, decision.state);
    }
    return "";
  }

  const Synapse* synapse(const std::string& key, const std::string& node) const {
    for (const Synapse& s : decision.graph.synapses) {
      const Action& action = decision.graph.actions[s.action];
      if (action.key == key && (node.empty() || action.node == node)) return &s;
    }
    return nullptr;
  }

  bool waits_for(const std::string& then, const std::string& first) const {
    const Synapse* s = synapse(then, "");
    return s != nullptr && std::any_of(s->inputs.begin(), s->inputs.end(), [&](std::size_t input) {
             return decision.graph.actions[input].key == first;
           });
  }
};

}  // namespace

TEST_CASE("placement: with nothing to choose by, the first name wins, and probes come first", "[policy]") {
  const Decided d{{.options = kNoFencing, .resources = primitive("db")}};
  CHECK(d.change("db") == "Start n1");
  CHECK(d.synapse("db_monitor_0", "n2") != nullptr);
  CHECK(d.waits_for("db_start_0", "db_monitor_0"));
}

TEST_CASE("fencing: what ran on a lost node starts elsewhere only after the fence", "[policy]") {
  const Decided d{{.resources = primitive("db") + kFence,
                   .n2 = R"(in_ccm="false" crmd="offline" join="member" expected="member")",
                   .history2 = history("db", op("db", "start", 3, 0, 0))}};
  CHECK(d.decision.changes.front().kind == Change::Kind::fence);
  CHECK(d.decision.changes.front().reason == "peer is no longer part of the cluster");
  CHECK(d.change("db") == "Move n2 -> n1");
  CHECK(d.waits_for("db_start_0", "stonith-n2-reboot"));
}

TEST_CASE("groups: members start one after the other", "[policy]") {
  const Decided d{{.options = kNoFencing,
                   .resources = "<group id=\"app\">" + primitive("fs") + primitive("db") + "</group>"}};
  CHECK(d.change("db") == d.change("fs"));
  CHECK(d.waits_for("db_start_0", "fs_start_0"));
}

TEST_CASE("failures: as many as the migration-threshold, and the resource goes elsewhere", "[policy]") {
  const std::string meta =
      "<meta_attributes id=\"m\">" + nvpair("m1", "migration-threshold", "2") + "</meta_attributes>";
  const std::string running = history("db", op("db", "start", 3, 0, 0));
  const auto failed = [&](const std::string& times) {
    return Decided{{.options = kNoFencing,
                    .resources = primitive("db", meta),
                    .history1 = running,
                    .history2 = history("db", op("db", "monitor", 2, 7, 7)),
                    .attributes1 = nvpair("f", "fail-count-db#monitor_10000", times)}};
  };
  CHECK(failed("1").change("db").empty());
  CHECK(failed("2").change("db") == "Move n1 -> n2");
}

TEST_CASE("quorum: without it nothing starts, unless nobody minds", "[policy]") {
  const std::string ignore = kNoFencing + nvpair("o2", "no-quorum-policy", "ignore");
  const Decided strict{{.options = kNoFencing, .resources = primitive("db"), .quorum = false}};
  const Decided lenient{{.options = ignore, .resources = primitive("db"), .quorum = false}};
  CHECK(strict.synapse("db_start_0", "") == nullptr);
  CHECK(lenient.synapse("db_start_0", "") != nullptr);
}

TEST_CASE("promotion: the best score is promoted, once both run", "[policy]") {
  const std::string clone =
      "<clone id=\"ms\"><meta_attributes id=\"m\">" + nvpair("m1", "promotable", "true") +
      R"(</meta_attributes><primitive id="drbd" class="ocf" provider="pacemaker" type="Stateful"/></clone>)";
  const std::string running = history("drbd", op("drbd", "start", 3, 0, 0), "Stateful");
  const Decided d{{.options = kNoFencing,
                   .resources = clone,
                   .history1 = running,
                   .history2 = running,
                   .attributes1 = nvpair("p1", "master-drbd", "10"),
                   .attributes2 = nvpair("p2", "master-drbd", "10000")}};
  REQUIRE(d.decision.changes.size() == 1);
  CHECK(d.decision.changes[0].kind == Change::Kind::promote);
  CHECK(details(d.decision.changes[0], d.decision.state) == "Unpromoted -> Promoted n2");
}

TEST_CASE("reasons: every score says where it comes from", "[policy]") {
  const Decided d{{.options = kNoFencing,
                   .resources = primitive("db"),
                   .constraints = R"(<rsc_location id="likes-n2" rsc="db" node="n2" score="50"/>)"}};
  CHECK(d.change("db") == "Start n2");
  REQUIRE(d.decision.score_reasons.size() == 1);
  CHECK(d.decision.score_reasons[0].because == "likes-n2");
  CHECK(d.decision.score_reasons[0].result == Score{50});
}

TEST_CASE("purity: the same snapshot gives the same decision, compiled beforehand or not", "[policy]") {
  const cib::Cib cib = read({.options = kNoFencing,
                             .resources = "<group id=\"g\">" + primitive("a") + primitive("b") + "</group>"});
  const Snapshot fresh{.cib = &cib, .now = {5}};
  Snapshot prepared = fresh;
  prepared.configuration = compile(cib, {5});
  CHECK(to_xml(decide(fresh).graph) == to_xml(decide(prepared).graph));
  CHECK(to_dot(decide(fresh)) == to_dot(decide(prepared)));
}
