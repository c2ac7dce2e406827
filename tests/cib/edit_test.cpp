// What each edit does was seen with the real cibadmin of Pacemaker 2.1.5.
#include "engine/cib/edit.h"

#include <catch2/catch.hpp>

#include "engine/cib/write.h"
#include "reading.h"

using namespace fencepost;
using namespace fencepost::cib;

namespace {

const char* const kBase = R"(<cib validate-with="pacemaker-3.9" epoch="5" num_updates="3" admin_epoch="0">
<configuration>
  <crm_config><cluster_property_set id="cib-bootstrap-options">
    <nvpair id="o1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
  <nodes><node id="1" uname="n1"/></nodes>
  <resources><primitive id="A" class="ocf" provider="heartbeat" type="Dummy">
    <meta_attributes id="A-m"><nvpair id="A-m-t" name="target-role" value="Started"/></meta_attributes>
  </primitive></resources>
  <constraints><rsc_location id="l1" rsc="A" node="n1" score="5"/></constraints>
</configuration><status/></cib>)";

using Verb = Edit::Verb;

Cib edited(const Edit& edit) {
  const auto result = apply(cib_of(kBase), edit);
  if (!result) FAIL(to_string(result.error()));
  return *result;
}

std::string refusal(const Edit& edit) {
  const auto result = apply(cib_of(kBase), edit);
  return result ? "none" : result.error().message;
}

std::string score_of_l1(const Cib& cib) {
  const Constraint* constraint = find_constraint(*cib.configuration, "l1");
  return constraint ? std::get<LocationConstraint>(*constraint).score : "none";
}

}  // namespace

TEST_CASE("edit: a change of configuration counts the epoch up and starts the updates again", "[cib]") {
  const Cib cib = edited({.verb = Verb::create,
                          .scope = "constraints",
                          .xml = R"(<rsc_location id="l2" rsc="A" node="n1" score="7"/>)"});
  CHECK(cib.version == Version{0, 6, 0});
  CHECK(cib.configuration->constraints.size() == 2);
}

TEST_CASE("edit: a change made for another epoch is refused", "[cib]") {
  Edit edit{.verb = Verb::modify, .scope = "constraints", .xml = R"(<rsc_location id="l1" score="7"/>)"};
  edit.only_if = Version{0, 4, 0};
  CHECK_THAT(refusal(edit), Catch::Contains("changed meanwhile"));
  edit.only_if = Version{0, 5, 99};  // updates of the status do not matter
  CHECK(score_of_l1(edited(edit)) == "7");
}

TEST_CASE("edit: creating what is there is refused, as is creating without saying where", "[cib]") {
  const std::string xml = R"(<rsc_location id="l1" rsc="A" node="n1" score="7"/>)";
  CHECK(refusal({.verb = Verb::create, .scope = "constraints", .xml = xml}) ==
        "<rsc_location id=\"l1\"> exists already: modify or replace it");
  CHECK(refusal({.verb = Verb::create, .xml = xml}) ==
        "creating needs to know where: name the section, such as resources");
}

TEST_CASE("edit: modifying keeps what is not mentioned", "[cib]") {
  CHECK(score_of_l1(edited({.verb = Verb::modify, .xml = R"(<rsc_location id="l1" score="9"/>)"})) == "9");
  const Cib cib = edited(
      {.verb = Verb::modify, .scope = "resources", .xml = R"(<primitive id="A"><meta_attributes id="A-m">
                               <nvpair id="A-m-x" name="x" value="y"/></meta_attributes></primitive>)"});
  const Resource* resource = find_resource(*cib.configuration, "A");
  REQUIRE(resource);
  CHECK(*resource->meta.at(0).find("target-role") == "Started");
  CHECK(*resource->meta.at(0).find("x") == "y");
}

TEST_CASE("edit: what is not there is only modified if it may be made", "[cib]") {
  Edit edit{.verb = Verb::modify,
            .scope = "constraints",
            .xml = R"(<rsc_location id="l9" rsc="A" node="n1" score="9"/>)"};
  CHECK(refusal(edit) == "<rsc_location id=\"l9\"> is not in the CIB: check its name and id");
  edit.allow_create = true;
  CHECK(find_constraint(*edited(edit).configuration, "l9") != nullptr);
}

TEST_CASE("edit: replacing leaves nothing of what was there", "[cib]") {
  CHECK(edited({.verb = Verb::replace, .scope = "constraints", .xml = "<constraints/>"})
            .configuration->constraints.empty());
  const Cib cib = edited({.verb = Verb::replace,
                          .xpath = "//nvpair[@id='o1']",
                          .xml = R"(<nvpair id="o1" name="stonith-enabled" value="true"/>)"});
  CHECK(*find_property(*cib.configuration, "stonith-enabled") == "true");
}

TEST_CASE("edit: taking out what is not there changes nothing", "[cib]") {
  CHECK(score_of_l1(edited({.verb = Verb::erase, .xml = R"(<rsc_location id="l1"/>)"})) == "none");
  CHECK(edited({.verb = Verb::erase, .xpath = "//rsc_location[@id='nope']"}) == cib_of(kBase));
}

TEST_CASE("edit: an older CIB is refused", "[cib]") {
  CHECK(refusal({.verb = Verb::replace,
                 .xml = R"(<cib epoch="1" num_updates="0" admin_epoch="0"><configuration/></cib>)"}) ==
        "this CIB is older than the one it would replace: raise its epoch");
}

TEST_CASE("edit: bad XML and bad XPath are told", "[cib]") {
  CHECK(refusal({.verb = Verb::modify, .xml = "<a"}).starts_with("the given XML is not well-formed"));
  CHECK(refusal({.verb = Verb::erase, .xpath = "//["}).starts_with("'//[' is no XPath expression"));
  CHECK(refusal({.verb = Verb::create, .scope = "sources", .xml = "<a/>"})
            .starts_with("there is no section 'sources'"));
}

TEST_CASE("edit: the configuration before an edit stays as it was", "[cib]") {
  const Cib before = cib_of(kBase);
  const auto after = with_property(*before.configuration, "stonith-enabled", "true");
  CHECK(*find_property(*before.configuration, "stonith-enabled") == "false");
  CHECK(*find_property(*after, "stonith-enabled") == "true");
  CHECK(find_property(*with_property(*after, "stonith-enabled", std::nullopt), "stonith-enabled") == nullptr);
}

TEST_CASE("edit: standby is a node attribute, target-role a resource's", "[cib]") {
  const Cib cib = cib_of(kBase);
  const auto standby = with_node_attribute(*cib.configuration, "N1", "standby", "on");
  REQUIRE(standby);
  CHECK((*standby)->nodes.at(0).attributes.at(0).id == "nodes-1");
  const auto stopped = with_resource_meta(**standby, "A", "target-role", "Stopped");
  REQUIRE(stopped);
  CHECK(*(*stopped)->resources.at(0).meta.at(0).find("target-role") == "Stopped");
  CHECK(with_resource_meta(**standby, "B", "x", "y").error().message ==
        "there is no resource 'B' in the configuration: check the name");
}

TEST_CASE("edit: what an id-ref names changes wherever it is named", "[cib]") {
  const Configuration configuration = configuration_of(R"(<resources>
      <primitive id="A" class="ocf" provider="x" type="y"><meta_attributes id="m">
        <nvpair id="m-1" name="priority" value="1"/></meta_attributes></primitive>
      <primitive id="B" class="ocf" provider="x" type="y"><meta_attributes id-ref="m"/></primitive></resources>)");
  REQUIRE(*find_resource(configuration, "B")->meta.at(0).find("priority") == "1");
  const auto changed = with_resource_meta(configuration, "A", "priority", "2");
  REQUIRE(changed);
  CHECK(*find_resource(**changed, "B")->meta.at(0).find("priority") == "2");
}
