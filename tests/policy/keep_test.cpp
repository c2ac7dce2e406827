// A decision that is kept must be the one that would be made again.
#include "engine/policy/keep.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "engine/cib/read.h"

using namespace fencepost;
using namespace fencepost::policy;

namespace {

struct Case {
  std::string name;
  cib::Cib cib;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto& entry :
       std::filesystem::directory_iterator(FENCEPOST_SOURCE_DIR "/tests/crm_simulate/cases/xml")) {
    auto document = cib::read_file(entry.path());
    REQUIRE(document);
    all.push_back({entry.path().stem(), std::move(document->cib)});
  }
  return all;
}

Snapshot snapshot(const cib::Cib& cib, WallSeconds now) {
  Snapshot snapshot;
  snapshot.cib = &cib;
  snapshot.now = now;
  return snapshot;
}

WallSeconds start_of(const cib::Cib& cib) { return cib.execution_date.value_or(WallSeconds{1'767'225'600}); }

constexpr const char* kCluster =
    R"(<cib have-quorum="1"><configuration><crm_config/><nodes><node id="1" uname="n1"/></nodes><resources>
  <primitive id="r" class="ocf" provider="pacemaker" type="Dummy"><operations>OP</operations></primitive>
</resources><constraints/>MORE</configuration><status>
  <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="1"><lrm_resources/></lrm></node_state>
</status></cib>)";

bool is_kept(std::string op, std::string more) {
  std::string text = kCluster;
  text.replace(text.find("OP"), 2, op);
  text.replace(text.find("MORE"), 4, more);
  const auto document = cib::read(text, "test.xml");
  REQUIRE(document);
  const cib::Cib& cib = document->cib;
  const WallSeconds now = start_of(cib);
  return still_holds(decide(snapshot(cib, now)), now, *compile(cib, now), cib, cib);
}

}  // namespace

TEST_CASE("keep: a plan that holds is the plan that would be made a quarter of an hour and a day later",
          "[policy]") {
  int kept = 0;
  for (const Case& one : cases()) {
    INFO(one.name);
    const WallSeconds now = start_of(one.cib);
    const Decision made = decide(snapshot(one.cib, now));
    if (!still_holds(made, now, *compile(one.cib, now), one.cib, one.cib)) continue;
    ++kept;
    for (const std::int64_t later : {900, 86'400}) {
      const Decision again = decide(snapshot(one.cib, WallSeconds{now.since_epoch + later}));
      CHECK(to_xml(in_full(made).graph) == to_xml(in_full(again).graph));
      CHECK(made.changes == again.changes);
    }
  }
  CHECK(kept > 0);
}

TEST_CASE("keep: a plan made for a DC, completed, is the plan that is made in full", "[policy]") {
  for (const Case& one : cases()) {
    INFO(one.name);
    Snapshot wanted = snapshot(one.cib, start_of(one.cib));
    const Decision full = decide(wanted);
    wanted.want = {.scores = false, .reasons = false, .actions = false, .attributes = false};
    const Decision light = decide(wanted);
    CHECK(in_full(light).graph == full.graph);
    CHECK(to_dot(in_full(light)) == to_dot(full));
    REQUIRE(light.graph.actions.size() == full.graph.actions.size());
    for (std::size_t i = 0; i < full.graph.actions.size(); ++i) {
      const Action& said = light.graph.actions[i];
      const Action& whole = full.graph.actions[i];
      const bool same = said.id == whole.id && said.kind == whole.kind && said.by_dc == whole.by_dc &&
                        said.task == whole.task && said.node == whole.node &&
                        said.router_node == whole.router_node && said.no_wait == whole.no_wait &&
                        said.maintenance == whole.maintenance;
      CHECK(same);
    }
  }
}

TEST_CASE("keep: what counts from an origin, by itself or by default, is decided anew each time",
          "[policy]") {
  const std::string plain = R"(<op id="m" name="monitor" interval="1h"/>)";
  CHECK(is_kept(plain, ""));
  CHECK_FALSE(
      is_kept(R"(<op id="m" name="monitor" interval="1h" interval-origin="2026-01-01 00:10:00"/>)", ""));
  CHECK_FALSE(is_kept(
      R"(<op id="m" name="monitor" interval="1h"><meta_attributes id="a"><nvpair id="b" name="interval-origin" value="2026-01-01 00:10:00"/></meta_attributes></op>)",
      ""));
  CHECK_FALSE(is_kept(
      plain,
      R"(<op_defaults><meta_attributes id="d"><nvpair id="e" name="interval-origin" value="2026-01-01 00:10:00"/></meta_attributes></op_defaults>)"));
}
