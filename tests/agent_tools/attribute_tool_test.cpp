// What agents' calls of crm_attribute and its relatives mean. Values and scopes as the real crm_attribute
// 2.1.5 showed them with CIB_file.
#include "tools/agent_tools/attribute_tool.h"

#include <catch2/catch.hpp>

#include "engine/cib/cib.h"
#include "engine/cib/read.h"

using namespace fencepost;
using namespace fencepost::agent_tools;

namespace {

const Surroundings kAgent{"/run/fencepost/control", "n1", "p"};

AttributeCall call(const std::string& tool, std::vector<std::string> arguments) {
  const auto parsed = parse_call(tool, std::move(arguments), kAgent);
  if (!parsed) FAIL(to_string(parsed.error()));
  return *parsed;
}

std::string asked(const std::string& tool, std::vector<std::string> arguments) {
  return to_json(request_for(call(tool, std::move(arguments)), kAgent));
}

std::optional<std::string> value(const std::string& tool, std::vector<std::string> arguments) {
  const auto document =
      cib::read_file(FENCEPOST_SOURCE_DIR "/tests/crm_simulate/cases/xml/stack-stop-failed.xml");
  if (!document) FAIL(to_string(document.error()));
  return find_value(document->cib, call(tool, std::move(arguments)));
}

}  // namespace

TEST_CASE("agent tools: a promotion score is a transient attribute of this node", "[agent_tools]") {
  const std::string wanted = to_json(live::AttributeRequest{"master-p", "10000", {}});
  CHECK(asked("crm_master", {"-Q", "-l", "reboot", "-v", "10000"}) == wanted);
  CHECK(asked("crm_attribute", {"--promotion", "-v", "10000"}) == wanted);
  CHECK(asked("crm_attribute", {"-p", "p", "--update", "10000", "-N", "n1"}) == wanted);
  CHECK(asked("crm_master", {"-l", "reboot", "-D"}) == to_json(live::AttributeRequest{"master-p", {}, {}}));
  CHECK(asked("crm_master", {"-v", "-1000"}) == to_json(live::AttributeRequest{"master-p", "-1000", {}}));
}

TEST_CASE("agent tools: attrd_updater sets a transient attribute, with a delay if asked", "[agent_tools]") {
  CHECK(asked("attrd_updater", {"-n", "pingd", "-U", "300", "-d", "5s"}) ==
        to_json(live::AttributeRequest{"pingd", "300", 5s}));
  CHECK(asked("attrd_updater", {"-n", "pingd", "-U", "300", "-d", "0"}) ==
        to_json(live::AttributeRequest{"pingd", "300", {}}));
}

TEST_CASE("agent tools: other nodes and lasting attributes are commands to the cluster", "[agent_tools]") {
  CHECK(asked("crm_attribute", {"-N", "n2", "-n", "a", "-v", "1", "-l", "reboot"}) ==
        to_json(live::CommandRequest{node::SetNodeAttribute{"n2", "a", "1", true}}));
  CHECK(asked("crm_attribute", {"-N", "n1", "-n", "a", "-v", "1", "-l", "forever"}) ==
        to_json(live::CommandRequest{node::SetNodeAttribute{"n1", "a", "1", false}}));
  CHECK(asked("crm_attribute", {"-n", "stonith-enabled", "-v", "false"}) ==
        to_json(live::CommandRequest{node::SetProperty{"stonith-enabled", "false"}}));
}

TEST_CASE("agent tools: --type says where an attribute is kept", "[agent_tools]") {
  CHECK(asked("crm_attribute", {"-t", "crm_config", "-n", "maintenance-mode", "-v", "true"}) ==
        to_json(live::CommandRequest{node::SetProperty{"maintenance-mode", "true"}}));
  CHECK(asked("crm_attribute", {"-t", "status", "-N", "n1", "-n", "a", "-v", "1"}) ==
        to_json(live::AttributeRequest{"a", "1", {}}));
  CHECK(asked("crm_attribute", {"--type", "nodes", "-n", "a", "-v", "1"}) ==
        to_json(live::CommandRequest{node::SetNodeAttribute{"n1", "a", "1", false}}));
  CHECK_FALSE(parse_call("crm_attribute", {"-t", "tickets", "-n", "a", "-v", "1"}, kAgent));
}

TEST_CASE("agent tools: queries find what is there", "[agent_tools]") {
  CHECK(value("crm_attribute", {"--promotion", "-G"}) == "10000");
  CHECK(value("crm_attribute", {"-N", "n2", "-n", "master-p", "-l", "reboot", "-G", "-q"}) == "1000");
  CHECK(value("attrd_updater", {"-n", "master-p", "-Q"}) == "10000");
  CHECK_FALSE(value("crm_attribute", {"-N", "n1", "-n", "nothing", "-l", "reboot", "-G"}));
  CHECK_FALSE(value("crm_attribute", {"-N", "n9", "-n", "nothing", "-l", "forever", "-G"}));
}

TEST_CASE("agent tools: bad usage is an error", "[agent_tools]") {
  CHECK_FALSE(parse_call("crm_attribute", {"-G"}, kAgent));
  CHECK_FALSE(parse_call("crm_attribute", {"-n"}, kAgent));
  CHECK_FALSE(parse_call("crm_master", {"-v", "1"}, {"", "n1", ""}));
  CHECK_FALSE(parse_call("attrd_updater", {"-n", "a", "-U", "1", "-d", "soon"}, kAgent));
}
