// What the real upgrade does was observed with `cibadmin --upgrade`, which also says why (crm_verify -V).
#include "engine/cib/upgrade.h"

#include <algorithm>
#include <string_view>

namespace fencepost::cib {
namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

// "pacemaker-1.2" and "pacemaker-2.10", but not "pacemaker-3.0", "none" or nothing.
bool is_old(std::string_view schema) {
  return schema.starts_with("pacemaker-0.") || schema == "transitional-0.6" ||
         schema.starts_with("pacemaker-1.") || schema.starts_with("pacemaker-2.");
}

// The block of defaults that moved options go to.
NvpairBlock& defaults(NvpairBlocks& blocks, const char* id) {
  if (blocks.empty()) blocks.emplace_back().id = id;
  return blocks.front();
}

void move_to(NvpairBlock& block, Nvpair pair, const char* name, std::string value) {
  if (block.find(name)) return;
  pair.name = name;
  pair.value = std::move(value);
  block.pairs.push_back(std::move(pair));
}

// Options that are no cluster options any more. True: the pair is done with.
bool move_option(Configuration& configuration, const Nvpair& pair) {
  const std::string& name = pair.name;
  const std::string value = pair.value.value_or("");
  const auto resource_defaults = [&]() -> NvpairBlock& {
    return defaults(configuration.resource_defaults, "_2TO3_-rsc-defaults");
  };
  if (is_one_of(name, {"default-action-timeout", "default_action_timeout"})) {
    move_to(defaults(configuration.operation_defaults, "_2TO3_-op-defaults"), pair, "timeout", value);
  } else if (is_one_of(name, {"default-resource-stickiness", "default_resource_stickiness"})) {
    move_to(resource_defaults(), pair, "resource-stickiness", value);
  } else if (is_one_of(name, {"is-managed-default", "is_managed_default"})) {
    move_to(resource_defaults(), pair, "is-managed", value);
  } else if (is_one_of(name,
                       {"default-resource-failure-stickiness", "default_resource_failure_stickiness"})) {
    if (value == "-INFINITY") move_to(resource_defaults(), pair, "migration-threshold", "1");
  } else if (!name.starts_with("notification-") &&
             !is_one_of(name, {"default-migration-threshold", "default_migration_threshold",
                               "expected-quorum-votes"})) {
    return false;
  }
  return true;
}

void rename_option(Nvpair& pair) {
  static constexpr std::string_view kWithUnderscores[] = {
      "no_quorum_policy", "symmetric_cluster",        "stonith_enabled",     "stonith_action",
      "startup_fencing",  "stop_orphan_resources",    "stop_orphan_actions", "remove_after_stop",
      "dc_deadtime",      "cluster_recheck_interval", "election_timeout",    "shutdown_escalation"};
  if (pair.name == "transition_idle_timeout") {
    pair.name = "cluster-delay";
  } else if (std::ranges::find(kWithUnderscores, pair.name) != std::end(kWithUnderscores)) {
    std::ranges::replace(pair.name, '_', '-');
  }
}

void upgrade_options(Configuration& configuration) {
  for (NvpairBlock& block : configuration.cluster_properties) {
    std::vector<Nvpair> kept;
    for (Nvpair& pair : block.pairs) {
      if (move_option(configuration, pair)) continue;
      rename_option(pair);
      kept.push_back(std::move(pair));
    }
    block.pairs = std::move(kept);
  }
}

// True: the pair stays.
bool upgrade_fence_parameter(Nvpair& pair) {
  if (pair.name == "pcmk_arg_map") {
    const std::string value = pair.value.value_or("");
    if (!value.starts_with("port:") || value.find(',') != value.npos) return false;
    pair.name = "pcmk_host_argument";
    pair.value = value.substr(5);
  } else if (is_one_of(pair.name, {"pcmk_reboot_cmd", "pcmk_off_cmd", "pcmk_on_cmd", "pcmk_list_cmd",
                                   "pcmk_status_cmd", "pcmk_monitor_cmd"})) {
    pair.name.replace(pair.name.size() - 3, 3, "action");
  }
  return true;
}

bool upgrade_meta(Nvpair& pair) {
  if (pair.name == "resource-failure-stickiness") {
    pair.name = "migration-threshold";
    if (pair.value != "-INFINITY") return false;
    pair.value = "1";
  } else if (pair.name.starts_with("isolation")) {
    pair.name = "target-role";
    pair.value = "Stopped";
  }
  return true;
}

template <class Keep>
void filter(NvpairBlocks& blocks, Keep&& keep) {
  NvpairBlocks kept_blocks;
  for (NvpairBlock& block : blocks) {
    std::vector<Nvpair> kept;
    for (Nvpair& pair : block.pairs) {
      if (keep(pair)) kept.push_back(std::move(pair));
    }
    const bool emptied = kept.empty() && !block.pairs.empty();
    block.pairs = std::move(kept);
    if (!emptied) kept_blocks.push_back(std::move(block));
  }
  blocks = std::move(kept_blocks);
}

// What says how to run an operation is no parameter of the agent.
void move_parameters_to_meta(Operation& operation) {
  std::vector<Nvpair> moved;
  filter(operation.parameters, [&moved](Nvpair& pair) {
    const bool is_meta = is_one_of(pair.name, {"interval-origin", "start-delay", "enabled", "on-fail",
                                               "record-pending", "role", "timeout"});
    if (is_meta) moved.push_back(pair);
    return !is_meta;
  });
  if (moved.empty()) return;
  if (operation.meta.empty()) operation.meta.emplace_back().id = "_2TO3_" + operation.id + "-meta";
  auto& pairs = operation.meta.front().pairs;
  pairs.insert(pairs.end(), moved.begin(), moved.end());
}

// Takes `requires` off an operation; it meant something on start and promote, where the resource says it now.
void move_requires(Operation& operation, std::optional<Nvpair>& of_resource) {
  const bool counts = operation.name == "start" || operation.name == "promote";
  std::erase_if(operation.settings, [&](const Attribute& setting) {
    if (setting.name != "requires") return false;
    if (counts && !of_resource) {
      of_resource.emplace();
      of_resource->id = "_2TO3_" + operation.id + "-meta-requires";
      of_resource->name = "requires";
      of_resource->value = setting.value;
    }
    return true;
  });
}

void move_requires_parameter(Operation& operation, std::optional<Nvpair>& of_resource) {
  const bool counts = operation.name == "start" || operation.name == "promote";
  filter(operation.parameters, [&](const Nvpair& pair) {
    if (pair.name != "requires") return true;
    if (counts && !of_resource) of_resource = pair;
    return false;
  });
}

void upgrade_operations(Resource& resource) {
  std::optional<Nvpair> requirement;
  for (Operation& operation : resource.operations) {
    move_requires(operation, requirement);
    move_parameters_to_meta(operation);
  }
  for (Operation& operation : resource.operations) move_requires_parameter(operation, requirement);
  if (!requirement) return;
  NvpairBlock block;
  block.id = "_2TO3_" + resource.id + "-meta";
  block.pairs.push_back(std::move(*requirement));
  resource.meta.push_back(std::move(block));
}

void upgrade_resource(Resource& resource) {
  filter(resource.meta, upgrade_meta);
  filter(resource.parameters, upgrade_fence_parameter);
  upgrade_operations(resource);
  for (Resource& child : resource.children) upgrade_resource(child);
}

void drop_attribute(Extras& extras, std::string_view name) {
  std::erase_if(extras.attributes, [name](const Attribute& attribute) { return attribute.name == name; });
}

}  // namespace

void upgrade(Cib& cib) {
  if (!is_old(cib.validate_with)) return;
  Configuration configuration = *cib.configuration;
  upgrade_options(configuration);
  for (Node& node : configuration.nodes) {
    if (node.type == "normal") node.type = "member";
  }
  for (Resource& resource : configuration.resources) upgrade_resource(resource);
  for (Resource& resource : configuration.templates) upgrade_resource(resource);
  for (Constraint& constraint : configuration.constraints) {
    if (auto* colocation = std::get_if<ColocationConstraint>(&constraint)) {
      drop_attribute(colocation->extras, "score-attribute");
      drop_attribute(colocation->extras, "score-attribute-mangle");
    }
  }
  cib.configuration = std::make_shared<Configuration>(std::move(configuration));
  cib.validate_with = "pacemaker-3.9";  // the newest schema of Pacemaker 2.1.5
}

}  // namespace fencepost::cib
