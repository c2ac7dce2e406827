// What a running node says to commands, and that the engine then does them.
#include "engine/live/control/control.h"

#include <catch2/catch.hpp>

#include "controlled_cluster.h"
#include "engine/cib/edit.h"
#include "engine/cib/read.h"

using namespace fencepost;
using namespace fencepost::live;
using Catch::Contains;

namespace {

constexpr const char* kCib = R"(
<cib validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0"><configuration>
  <crm_config><cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/>
  </cluster_property_set></crm_config><nodes/>
  <resources><primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"/></resources>
  <constraints/></configuration><status/></cib>)";

// Two nodes with one address, and somebody who asks n1.
struct Story {
  backend::TinyCluster cluster{{.nodes = {"n1", "n2"},
                                .cib = std::make_shared<const cib::Cib>(cib::read(kCib, "test")->cib),
                                .profile = node::fencepost_profile()}};
  ControlledNode n1{cluster, "n1"};
  Control control{n1, [](const cib::Configuration& configuration) {
                    std::vector<std::string> missing;
                    cib::for_each_resource(configuration.resources, [&](const cib::Resource& each, auto*) {
                      if (each.agent.type == "Absent") missing.push_back(each.id + " has no agent here");
                    });
                    return missing;
                  }};

  Story() {
    cluster.boot_all();
    REQUIRE(cluster.run_until(1min, [&] { return cluster.where("ip") != ""; }));
  }
  std::string error(node::Command command) {
    return control.answer(CommandRequest{std::move(command)}).error.value_or("");
  }
  node::EditCib edit(cib::Edit::Verb verb, const std::string& scope, const std::string& xml) {
    return {std::make_shared<const cib::Edit>(cib::Edit{verb, scope, "", xml, true})};
  }
};

}  // namespace

TEST_CASE("control: the status says who answers and gives the whole CIB", "[live]") {
  Story story;
  const Answer answer = story.control.answer(StatusQuery{});
  REQUIRE(answer.status);
  CHECK(answer.status->node == "n1");
  CHECK(answer.status->is_dc == (story.cluster.dc() == "n1"));
  CHECK(cib::read(answer.status->cib, "")->cib == story.cluster.cib("n1"));
}

TEST_CASE("control: a move is made by the engine, with a word about the constraint it leaves", "[live]") {
  Story story;
  const std::string there = story.cluster.where("ip") == "n1" ? "n2" : "n1";
  const Answer answer = story.control.answer(CommandRequest{node::MoveResource{"ip", there, false, {}}});
  CHECK_FALSE(answer.error);
  REQUIRE(answer.warnings.size() == 1);
  CHECK_THAT(answer.warnings[0], Contains("ctl clear ip"));
  CHECK(story.cluster.run_until(10s, [&] { return story.cluster.where("ip") == there; }));
}

TEST_CASE("control: standby, properties and edits reach the cluster", "[live]") {
  Story story;
  CHECK(story.error(node::SetStandby{story.cluster.where("ip"), true, false}) == "");
  CHECK(story.error(node::SetProperty{"no-quorum-policy", "freeze"}) == "");
  CHECK(story.error(story.edit(cib::Edit::Verb::create, "constraints",
                               "<rsc_location id=\"l\" rsc=\"ip\" node=\"n1\" score=\"7\"/>")) == "");
  story.cluster.run_for(5s);
  CHECK(*cib::find_property(*story.cluster.cib("n2").configuration, "no-quorum-policy") == "freeze");
  CHECK(cib::find_constraint(*story.cluster.cib("n2").configuration, "l") != nullptr);
}

TEST_CASE("control: what does not exist is named, and nothing is sent", "[live]") {
  Story story;
  const auto before = story.cluster.cib("n1").configuration;
  CHECK_THAT(story.error(node::MoveResource{"pi", "n1", false, {}}), Contains("no resource 'pi'"));
  CHECK_THAT(story.error(node::BanResource{"ip", "n3", false, {}}), Contains("no node 'n3'"));
  CHECK_THAT(story.error(node::CleanupResource{"", "n3"}), Contains("no node 'n3'"));
  CHECK_THAT(story.error(node::FenceNode{"n2", "nuke"}), Contains("not by 'nuke'"));
  CHECK_THAT(story.error(node::SetProperty{"", "x"}), Contains("no name"));
  CHECK_THAT(story.error(story.edit(cib::Edit::Verb::modify, "resources", "<primitive")),
             Contains("not well-formed"));
  story.cluster.run_for(5s);
  CHECK(story.cluster.cib("n1").configuration == before);
}

TEST_CASE("control: a configuration with new errors is not taken", "[live]") {
  Story story;
  CHECK_THAT(story.error(story.edit(cib::Edit::Verb::create, "constraints",
                                    "<rsc_location id=\"l\" rsc=\"nothing\" node=\"n1\" score=\"7\"/>")),
             Contains("is not taken") && Contains("nothing"));
}

TEST_CASE("control: a resource without an agent on this machine is not taken", "[live]") {
  Story story;
  const auto edit = story.edit(cib::Edit::Verb::create, "resources",
                               "<primitive id=\"x\" class=\"ocf\" provider=\"p\" type=\"Absent\"/>");
  CHECK(story.error(edit) == "x has no agent here");
}

TEST_CASE("control: nothing moves away from nowhere", "[live]") {
  Story story;
  CHECK(story.error(node::BanResource{"ip", "", false, {}}) == "");
  CHECK(story.error(node::SetResourceMeta{"ip", "target-role", "Stopped"}) == "");
  REQUIRE(story.cluster.run_until(10s, [&] { return story.cluster.where("ip") == ""; }));
  story.cluster.run_for(2s);
  CHECK_THAT(story.error(node::MoveResource{"ip", "", false, {}}), Contains("runs nowhere"));
}

TEST_CASE("control: an agent's promotion score reaches the engine", "[live]") {
  Story story;
  CHECK_FALSE(story.control.answer(AttributeRequest{"master-drbd", "10000", 2s}).error);
  CHECK(story.control.answer(AttributeRequest{"", "1", {}}).error);
  REQUIRE(story.n1.attributes.size() == 1);
  CHECK(story.n1.attributes[0].name == "master-drbd");
  CHECK(story.n1.attributes[0].value == "10000");
  CHECK(story.n1.attributes[0].dampening == 2s);
}

TEST_CASE("control: a node that has not joined takes no commands but shutdown", "[live]") {
  backend::TinyCluster cluster{{.nodes = {"n1", "n2"}, .cib = nullptr, .profile = node::fencepost_profile()}};
  cluster.boot_all();
  ControlledNode n1{cluster, "n1"};
  Control control{n1, [](const cib::Configuration&) { return std::vector<std::string>{}; }};
  CHECK_THAT(*control.answer(CommandRequest{node::SetProperty{"a", "b"}}).error, Contains("has not joined"));
}
