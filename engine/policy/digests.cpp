#include "engine/policy/digests.h"

#include <algorithm>

#include "engine/cib/digest.h"
#include "engine/policy/actions.h"

namespace fencepost::policy {
namespace {

bool is_meta(std::string_view name) { return name.substr(0, 9) == "CRM_meta_"; }

bool left_out(std::string_view name) {
  static constexpr std::string_view kNames[] = {"id",      "crm_feature_set", "op-digest",
                                                "on_node", "on_node_uuid",    "pcmk_external_ip"};
  if (is_meta(name)) return name != "CRM_meta_timeout";
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

bool listed(std::string_view list, std::string_view name) {
  // Names stand between blanks, as Pacemaker looks for " name ".
  const std::string padded = " " + std::string{list} + " ";
  return padded.find(" " + std::string{name} + " ") != std::string::npos;
}

std::string digest_of(const std::vector<NameValue>& parameters) {
  std::vector<cib::Attribute> attributes;
  for (const NameValue& pair : parameters) attributes.push_back({pair.name, pair.value});
  return cib::digest(attributes);
}

void set_if_absent(std::vector<NameValue>& to, std::string_view name, const std::string& value) {
  const bool known =
      std::any_of(to.begin(), to.end(), [&](const NameValue& pair) { return pair.name == name; });
  if (!known) to.push_back({std::string{name}, value});
}

// Where a bundle's container is or will be: the host that "#uname" stands for.
const std::string* magic_host(const Draft& d, ResourceId connection) {
  const BundlePart* part = part_with_connection(d, connection);
  if (part == nullptr) return nullptr;
  NodeId host = d[part->spec->container].assigned;
  if (!host.valid()) host = current_node(d, part->spec->container);
  return host.valid() ? &d[host].spec->name : nullptr;
}

std::string timeout_text(const std::vector<NameValue>& settings) {
  for (const NameValue& pair : settings) {
    if (pair.name != "timeout") continue;
    if (const auto timeout = cib::parse_timeout(pair.value)) return std::to_string(timeout->count());
  }
  return "20000";  // PCMK_DEFAULT_ACTION_TIMEOUT
}

struct OpParameters {
  std::vector<NameValue> all;
  bool op_has_own = false;
};

OpParameters all_parameters(Draft& d, ResourceId id, NodeId node, std::string_view task,
                            std::uint32_t interval_ms) {
  const Key key = operation_key(d, task, interval_ms);
  const OpSpec* op = find_op(d, id, key, task);
  OpParameters result;
  result.all = parameters_on(d, id, node);
  if (has_magic_address(d, id)) {
    if (const std::string* host = magic_host(d, id)) {
      for (NameValue& pair : result.all) {
        if (pair.name == "addr") pair.value = *host;
      }
    }
  }
  if (op != nullptr) {
    cib::RuleContext context{.now = d.now};
    context.node_attributes = node.valid() ? &d[node].attributes : nullptr;
    cib::NvTable own;
    cib::merge(own, op->op->parameters, context);
    result.op_has_own = !own.empty();
    for (const auto& entry : own) set_if_absent(result.all, entry.name, *entry.value);
  }
  if (interval_ms > 0) {
    const auto settings = operation_settings(*d.config, *d[id].def, op, task, interval_ms, d.now);
    set_if_absent(result.all, "CRM_meta_timeout", timeout_text(settings));
  }
  result.all.erase(std::remove_if(result.all.begin(), result.all.end(),
                                  [](const NameValue& pair) { return left_out(pair.name); }),
                   result.all.end());
  return result;
}

// Digests became "all parameters" ones with feature set 3.16.0 (Pacemaker 2.1.5).
bool has_new_secure_digests(std::string_view feature_set) {
  int parts[2] = {0, 0};
  std::size_t index = 0;
  for (char c : feature_set) {
    if (c == '.') {
      if (++index == 2) break;
    } else if (c >= '0' && c <= '9') {
      parts[index] = parts[index] * 10 + (c - '0');
    }
  }
  return parts[0] > 3 || (parts[0] == 3 && parts[1] >= 16);
}

bool is_fencing_parameter(std::string_view name) {
  return name.substr(0, 5) == "pcmk_" || name == "provides" || name == "stonith-timeout";
}

std::string secure_digest(const Draft& d, ResourceId id, NodeId node, const cib::OpHistory& op,
                          const std::vector<NameValue>& all, const std::string* private_names) {
  const bool new_style = has_new_secure_digests(op.crm_feature_set);
  std::vector<NameValue> parameters = new_style ? all : parameters_on(d, id, node);
  const bool device = d[id].def->fence_device;
  parameters.erase(std::remove_if(parameters.begin(), parameters.end(),
                                  [&](const NameValue& pair) {
                                    if (left_out(pair.name)) return true;
                                    if (private_names != nullptr && listed(*private_names, pair.name))
                                      return true;
                                    if (new_style) return false;
                                    return is_meta(pair.name) || (device && is_fencing_parameter(pair.name));
                                  }),
                   parameters.end());
  return digest_of(parameters);
}

struct Computed {
  OpDigests digests;
  bool op_has_own = false;
};

OpDigests& digests_for(Draft& d, ResourceId id, NodeId node, const cib::OpHistory& op, std::string_view task,
                       std::uint32_t interval_ms) {
  const std::string key = key_text(d[id].spec->id, operation_key(d, task, interval_ms), task);
  for (OpDigests& known : d.digests) {
    if (known.resource == id && known.node == node && known.key == key) return known;
  }
  const OpParameters parameters = all_parameters(d, id, node, task, interval_ms);
  OpDigests made;
  made.key = key;
  made.node = node;
  made.resource = id;
  made.op_has_own = parameters.op_has_own;
  made.all = digest_of(parameters.all);
  const bool overwritten =
      std::find(d.forced_restarts.begin(), d.forced_restarts.end(), &op) != d.forced_restarts.end();
  if (overwritten || !op.op_restart_digest.empty()) {
    std::vector<NameValue> restart = parameters.all;
    if (op.op_force_restart) {
      restart.erase(
          std::remove_if(restart.begin(), restart.end(),
                         [&op](const NameValue& pair) { return !listed(*op.op_force_restart, pair.name); }),
          restart.end());
    }
    made.restart = digest_of(restart);
  }
  made.secure =
      secure_digest(d, id, node, op, parameters.all, op.op_secure_params ? &*op.op_secure_params : nullptr);
  d.digests.push_back(std::move(made));
  return d.digests.back();
}

}  // namespace

bool has_magic_address(const Draft& d, ResourceId id) {
  if (!is_bundle_connection(d, id)) return false;
  const auto& parameters = d[id].def->parameters;
  return std::any_of(parameters.begin(), parameters.end(),
                     [](const NameValue& pair) { return pair.name == "addr" && pair.value == "#uname"; });
}

DeviceDigests digest_device(const Draft& d, ResourceId device, NodeId target) {
  std::vector<NameValue> parameters = parameters_on(d, device, target);
  const auto keep_unless = [&parameters](auto out) {
    parameters.erase(std::remove_if(parameters.begin(), parameters.end(), out), parameters.end());
  };
  keep_unless([](const NameValue& pair) { return left_out(pair.name); });
  DeviceDigests digests;
  digests.all = digest_of(parameters);
  keep_unless([](const NameValue& pair) {
    return is_fencing_parameter(pair.name) || listed("passwd password user", pair.name);
  });
  digests.secure = digest_of(parameters);
  return digests;
}

Comparison compare_digests(Draft& d, ResourceId id, NodeId node, const cib::OpHistory& op) {
  std::string_view task = op.operation;
  const auto interval = static_cast<std::uint32_t>(op.interval.count());
  // What started the resource did so with the parameters of a start.
  if (interval == 0 && (task == "monitor" || task == "migrate_from" || task == "promote")) task = "start";
  const OpDigests& now = digests_for(d, id, node, op, task, interval);
  const bool overwritten =
      std::find(d.forced_restarts.begin(), d.forced_restarts.end(), &op) != d.forced_restarts.end();
  Comparison result;
  if (!now.restart.empty() &&
      (overwritten || (!op.op_restart_digest.empty() && now.restart != op.op_restart_digest))) {
    result.match = DigestMatch::restart;
  } else if (op.op_digest.empty()) {
    result.match = DigestMatch::unknown;
  } else if (now.all != op.op_digest) {
    result.match = interval == 0 && now.op_has_own ? DigestMatch::restart : DigestMatch::all;
  } else {
    result.match = DigestMatch::same;
  }
  result.only_private =
      result.match != DigestMatch::same && !op.op_secure_digest.empty() && op.op_secure_digest == now.secure;
  return result;
}

}  // namespace fencepost::policy
