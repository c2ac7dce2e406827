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
  for (std::size_t at = list.find(name); at != std::string_view::npos; at = list.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) return true;
  }
  return false;
}

using Fields = std::vector<cib::DigestField>;

Fields fields_of(const std::vector<NameValue>& parameters) {
  Fields fields;
  fields.reserve(parameters.size() + 4);
  for (const NameValue& pair : parameters) fields.push_back({pair.name, pair.value});
  return fields;
}

void set_if_absent(Fields& to, std::string_view name, std::string_view value) {
  const bool known =
      std::any_of(to.begin(), to.end(), [&](const cib::DigestField& one) { return one.name == name; });
  if (!known) to.push_back({name, value});
}

template <class Predicate>
void drop(Fields& from, Predicate out) {
  from.erase(std::remove_if(from.begin(), from.end(), out), from.end());
}

// Where a bundle's container is or will be: the host that "#uname" stands for.
const std::string* magic_host(const Draft& d, ResourceId connection) {
  const BundlePart* part = part_with_connection(d, connection);
  if (part == nullptr) return nullptr;
  NodeId host = d[part->spec->container].assigned;
  if (!host.valid()) host = current_node(d, part->spec->container);
  return host.valid() ? &d[host].spec->name : nullptr;
}

std::string timeout_text(const cib::NvTable& settings) {
  if (const std::string* text = settings.find("timeout")) {
    if (const auto timeout = cib::parse_timeout(*text)) return std::to_string(timeout->count());
  }
  return "20000";  // PCMK_DEFAULT_ACTION_TIMEOUT
}

// All parameters of an operation, as views of the configuration and of what is made here.
class OpParameters {
 public:
  OpParameters(const Draft& d, ResourceId id, NodeId node, Key key, std::string_view task)
      : fields(fields_of(parameters_on(d, id, node, made_))) {
    if (has_magic_address(d, id)) set_host(magic_host(d, id));
    const OpSpec* op = find_op(d, id, key, task);
    if (op != nullptr) {
      cib::RuleContext context{.now = d.now};
      context.node_attributes = node.valid() ? &d[node].attributes : nullptr;
      cib::NvTable own;
      cib::merge(own, op->op->parameters, context);
      op_has_own = !own.empty();
      for (const auto& entry : own) set_if_absent(fields, entry.name, *entry.value);
    }
    if (key.interval_ms > 0) {
      timeout_ = timeout_text(operation_settings(*d.config, *d[id].def, op, task, key.interval_ms, d.now));
      set_if_absent(fields, "CRM_meta_timeout", timeout_);
    }
    drop(fields, [](const cib::DigestField& one) { return left_out(one.name); });
  }
  OpParameters(const OpParameters&) = delete;
  OpParameters& operator=(const OpParameters&) = delete;

 private:
  void set_host(const std::string* host) {
    for (cib::DigestField& one : fields) {
      if (host != nullptr && one.name == "addr") one.value = *host;
    }
  }

  std::vector<NameValue> made_;
  std::string timeout_;

 public:
  Fields fields;  // made after what it views
  bool op_has_own = false;
};

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
                          const OpParameters& all) {
  const bool new_style = has_new_secure_digests(op.crm_feature_set);
  std::vector<NameValue> made;
  Fields fields = new_style ? all.fields : fields_of(parameters_on(d, id, node, made));
  const bool device = d[id].def->fence_device;
  drop(fields, [&](const cib::DigestField& one) {
    if (left_out(one.name)) return true;
    if (op.op_secure_params && listed(*op.op_secure_params, one.name)) return true;
    if (new_style) return false;
    return is_meta(one.name) || (device && is_fencing_parameter(one.name));
  });
  return cib::digest(std::move(fields));
}

bool is_forced(const Draft& d, const cib::OpHistory& op) {
  return std::find(d.forced_restarts.begin(), d.forced_restarts.end(), &op) != d.forced_restarts.end();
}

bool rules_decide(const Draft& d, ResourceId id, Key key, std::string_view task) {
  const OpSpec* op = find_op(d, id, key, task);
  return key.task >= Task::custom || d[id].def->parameters_have_rules || has_magic_address(d, id) ||
         (op != nullptr && op->parameters_have_rules);
}

const OperationDigest& digest_now(Draft& d, ResourceId id, NodeId node, Key key, std::string_view task) {
  const Definition& def = *d[id].def;
  for (const OperationDigest& known : def.digests) {
    if (known.key == key) return known;
  }
  const OpParameters parameters{d, id, node, key, task};
  auto& digests = rules_decide(d, id, key, task) ? d.made_digests : def.digests;
  return digests.emplace_back(OperationDigest{key, cib::digest(parameters.fields), parameters.op_has_own});
}

std::string restart_digest(const Draft& d, ResourceId id, NodeId node, const cib::OpHistory& op, Key key,
                           std::string_view task) {
  const OpParameters parameters{d, id, node, key, task};
  Fields fields = parameters.fields;
  if (op.op_force_restart) {
    drop(fields, [&op](const cib::DigestField& one) { return !listed(*op.op_force_restart, one.name); });
  }
  return cib::digest(std::move(fields));
}

const OpDigests& digests_for(Draft& d, ResourceId id, NodeId node, const cib::OpHistory& op, Key key,
                             std::string_view task) {
  for (const OpDigests& known : d[id].digests) {
    if (known.node == node && known.now->key == key) return known;
  }
  OpDigests made;
  made.node = node;
  made.now = &digest_now(d, id, node, key, task);
  made.of = &op;
  if (is_forced(d, op) || !op.op_restart_digest.empty())
    made.restart = restart_digest(d, id, node, op, key, task);
  return d[id].digests.emplace_back(std::move(made));
}

}  // namespace

bool has_magic_address(const Draft& d, ResourceId id) {
  if (!is_bundle_connection(d, id)) return false;
  const auto& parameters = d[id].def->parameters;
  return std::any_of(parameters.begin(), parameters.end(),
                     [](const NameValue& pair) { return pair.name == "addr" && pair.value == "#uname"; });
}

DeviceDigests digest_device(const Draft& d, ResourceId device, NodeId target) {
  std::vector<NameValue> made;
  Fields fields = fields_of(parameters_on(d, device, target, made));
  drop(fields, [](const cib::DigestField& one) { return left_out(one.name); });
  DeviceDigests digests;
  digests.all = cib::digest(fields);
  drop(fields, [](const cib::DigestField& one) {
    return is_fencing_parameter(one.name) || listed("passwd password user", one.name);
  });
  digests.secure = cib::digest(std::move(fields));
  return digests;
}

Comparison compare_digests(Draft& d, ResourceId id, NodeId node, const cib::OpHistory& op) {
  const std::string_view task = op.operation;
  const auto interval = static_cast<std::uint32_t>(op.interval.count());
  const Key key = operation_key(d, task, interval);
  const OpDigests& digests = digests_for(d, id, node, op, key, task);
  const bool overwritten = is_forced(d, op);
  Comparison result;
  if (!digests.restart.empty() &&
      (overwritten || (!op.op_restart_digest.empty() && digests.restart != op.op_restart_digest))) {
    result.match = DigestMatch::restart;
  } else if (op.op_digest.empty()) {
    result.match = DigestMatch::unknown;
  } else if (digests.now->all != op.op_digest) {
    result.match = interval == 0 && digests.now->op_has_own ? DigestMatch::restart : DigestMatch::all;
  } else {
    result.match = DigestMatch::same;
  }
  if (result.match != DigestMatch::same && !op.op_secure_digest.empty()) {
    const OpParameters parameters{d, id, node, key, task};
    result.only_private = op.op_secure_digest == secure_digest(d, id, node, *digests.of, parameters);
  }
  return result;
}

std::string recorded_digest(const Action& action) {
  Fields covered;
  covered.reserve(action.attributes.size());
  for (const NameValues::Pair one : action.attributes) {
    const bool of_one_run = one.name == "CRM_meta_timeout" && action.interval_ms <= 0;
    if (!left_out(one.name) && !of_one_run) covered.push_back({one.name, one.value});
  }
  return cib::digest(std::move(covered));
}

}  // namespace fencepost::policy
