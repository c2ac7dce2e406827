#include "tools/agent_tools/attribute_tool.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "engine/cib/cib.h"
#include "engine/cib/history.h"
#include "engine/cib/values.h"

namespace fencepost::agent_tools {
namespace {

// As typed.
struct Given {
  std::optional<std::string> name, value, otherwise, promotion, delay;
  std::string node, lifetime, type;
  bool query = false, erase = false, quiet = false;
};

void add_common(CLI::App& app, Given& given) {
  app.add_option("-n,--name", given.name);
  app.add_option("-N,--node", given.node);
  app.add_option("-l,--lifetime", given.lifetime);
  app.add_flag("-D,--delete", given.erase);
}

void add_crm_attribute(CLI::App& app, Given& given) {
  add_common(app, given);
  app.add_option("-v,--update", given.value);
  app.add_option("-d,--default", given.otherwise);
  app.add_option("-t,--type", given.type);
  app.add_flag("-G,--query", given.query);
  app.add_flag("-q,-Q,--quiet", given.quiet);
  app.add_option("-p,--promotion", given.promotion)->expected(0, 1);
}

void add_attrd_updater(CLI::App& app, Given& given) {
  add_common(app, given);
  app.add_option("-U,-B,--update,--update-both", given.value);
  app.add_option("-d,--delay", given.delay);
  app.add_flag("-Q,--query", given.query);
  app.add_flag("-q,--quiet", given.quiet);
}

// crm_attribute(8), --type: the section that the attribute is kept in.
Result<void> keep_in(const std::string& type, AttributeCall& call) {
  if (type.empty()) return {};
  if (type != "crm_config" && type != "nodes" && type != "status")
    return failure({}, "--type " + type + " is not kept here: crm_config, nodes and status are");
  call.cluster = type == "crm_config";
  call.transient = type == "status";
  return {};
}

Result<AttributeCall> complete(const std::string& tool, const Given& given, const Surroundings& around) {
  AttributeCall call;
  call.as_attrd_updater = tool == "attrd_updater";
  const bool promotion = given.promotion || tool == "crm_master";
  if (promotion) {
    const std::string resource = given.promotion.value_or("");
    call.name = "master-" + (resource.empty() ? around.resource : resource);
  } else {
    call.name = given.name.value_or("");
  }
  if (call.name.empty() || call.name == "master-")
    return failure({}, "which attribute? Name it with --name, or call this from an agent");
  call.verb = given.erase ? Verb::erase : given.value ? Verb::update : Verb::query;
  call.value = given.value.value_or("");
  call.otherwise = given.otherwise;
  call.quiet = given.quiet;
  call.node = given.node.empty() ? around.node : given.node;
  call.transient =
      call.as_attrd_updater || given.lifetime == "reboot" || (promotion && given.lifetime.empty());
  call.cluster = !call.as_attrd_updater && !promotion && given.node.empty() && given.lifetime.empty();
  if (const auto kept = keep_in(given.type, call); !kept) return tl::unexpected(kept.error());
  if (given.delay) {
    const auto delay = cib::parse_timeout(*given.delay);
    if (!delay || *delay < Duration::zero()) return failure({}, "'" + *given.delay + "' is no delay");
    if (*delay > Duration::zero()) call.delay = Duration{*delay};  // 0 is none
  }
  return call;
}

}  // namespace

Result<AttributeCall> parse_call(const std::string& tool, std::vector<std::string> arguments,
                                 const Surroundings& around) {
  CLI::App app("", tool);
  Given given;
  tool == "attrd_updater" ? add_attrd_updater(app, given) : add_crm_attribute(app, given);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants a vector
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& problem) {
    return failure({}, problem.what());
  }
  return complete(tool, given, around);
}

live::Request request_for(const AttributeCall& call, const Surroundings& around) {
  const auto value = call.verb == Verb::erase ? std::nullopt : std::optional{call.value};
  if (call.cluster) return live::CommandRequest{node::SetProperty{call.name, value}};
  if (call.transient && call.node == around.node) return live::AttributeRequest{call.name, value, call.delay};
  return live::CommandRequest{node::SetNodeAttribute{call.node, call.name, value, call.transient}};
}

std::optional<std::string> find_value(const cib::Cib& cib, const AttributeCall& call) {
  const auto copied = [](const std::string* value) { return value ? std::optional{*value} : std::nullopt; };
  if (call.cluster) return copied(cib::find_property(*cib.configuration, call.name));
  if (call.transient) {
    const cib::NodeState* state = cib::find_node_state(cib.status, call.node);
    return state == nullptr ? std::nullopt : copied(cib::transient_attribute(*state, call.name));
  }
  const cib::Node* node = cib::find_node(*cib.configuration, call.node);
  if (node == nullptr) return std::nullopt;
  for (const cib::NvpairBlock& block : node->attributes) {
    for (const cib::Nvpair& pair : block.pairs) {
      if (pair.name == call.name && pair.value) return *pair.value;
    }
  }
  return std::nullopt;
}

}  // namespace fencepost::agent_tools
