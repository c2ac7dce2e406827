// What an action tells those who carry it out: agent parameters, settings, what is down afterwards (§8.3).
#include <algorithm>
#include <array>
#include <charconv>
#include <forward_list>

#include "engine/cib/date.h"
#include "engine/policy/digests.h"
#include "engine/policy/graph_parts.h"
#include "engine/policy/history.h"
#include "engine/policy/notifications.h"

namespace fencepost::policy {
namespace {

constexpr const char* kFeatureSet = "3.16.1";  // of Pacemaker 2.1.5
constexpr std::int64_t kDefaultTimeout = 20'000;
constexpr std::string_view kPrefix = "CRM_meta_";

// Names and values in which the first to say something is heard. Until they are taken they are views: of the
// configuration, of the draft, or of texts kept here.
class Attributes {
 public:
  Attributes() { all_.reserve(48); }

  void add(std::string_view name, std::string_view value) {
    all_.push_back({name, value, beginning(name), static_cast<std::uint32_t>(all_.size())});
  }
  void add(std::string_view name, std::int64_t value) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    const auto size = static_cast<std::size_t>(end - digits.data());
    char* const start = room_for(size);
    std::copy(digits.data(), end, start);
    add(name, std::string_view{start, size});
  }
  // A meta-attribute or setting of the configuration: CRM_meta_<name>, with dashes made underscores. Names
  // that the cluster keeps for itself are left out.
  void add_meta(std::string_view name, std::string_view value) {
    const std::size_t size = kPrefix.size() + name.size();
    char* const start = room_for(size);
    char* end = std::copy(kPrefix.begin(), kPrefix.end(), start);
    for (const char c : name) {
      if (c == '#' || c == ':') return;
      *end++ = c == '-' ? '_' : c;
    }
    add({start, size}, value);
  }
  std::string_view keep(std::string text) { return kept_.emplace_front(std::move(text)); }

  // Sorted by name.
  NameValues take() {
    std::sort(all_.begin(), all_.end(), [](const Entry& a, const Entry& b) {
      if (a.beginning != b.beginning) return a.beginning < b.beginning;
      const int order = a.name.compare(b.name);
      return order != 0 ? order < 0 : a.place < b.place;
    });
    const auto same = [](const Entry& a, const Entry& b) { return a.name == b.name; };
    all_.erase(std::unique(all_.begin(), all_.end(), same), all_.end());
    std::size_t characters = 0;
    for (const Entry& one : all_) characters += one.name.size() + one.value.size();
    NameValues taken;
    taken.reserve(all_.size(), characters);
    for (const Entry& one : all_) taken.add(one.name, one.value);
    return taken;
  }

 private:
  struct Entry {
    std::string_view name, value;
    std::uint64_t beginning = 0;
    std::uint32_t place = 0;
  };

  // A number that is in the order of the names wherever they differ in what it covers: the prefix that most
  // of them have, as a whole, and the next seven bytes.
  static std::uint64_t beginning(std::string_view name) {
    const int prefix = name.compare(0, kPrefix.size(), kPrefix);
    if (prefix == 0) name.remove_prefix(kPrefix.size());
    std::uint64_t number = prefix < 0 ? 0 : prefix == 0 ? 1 : 2;
    for (std::size_t i = 0; i < 7; ++i) {
      number = number << 8 | (prefix == 0 && i < name.size() ? static_cast<unsigned char>(name[i]) : 0U);
    }
    return number;
  }

  // The texts of most actions fit the buffer.
  char* room_for(std::size_t size) {
    if (size > texts_.size() - used_) return kept_.emplace_front(size, ' ').data();
    char* const start = texts_.data() + used_;
    used_ += size;
    return start;
  }

  std::vector<Entry> all_;
  std::forward_list<std::string> kept_;
  std::array<char, 2500> texts_;
  std::size_t used_ = 0;
};

std::string text_of(std::string_view view) { return std::string{view}; }

bool is_real_resource_action(const PlanAction& action) { return action.resource.valid() && !action.pseudo; }

// ---------------------------------------------------------------- settings of the operation

const std::string* find(const std::vector<NameValue>& parameters, std::string_view name) {
  for (const NameValue& one : parameters)
    if (one.name == name) return &one.value;
  return nullptr;
}

// A fence device's own parameter says how long its start and probe may take.
const std::string* monitor_timeout_parameter(const Draft& d, const PlanAction& action,
                                             const std::vector<NameValue>& parameters) {
  if (!d[action.resource].def->fence_device) return nullptr;
  if (action.key != kStart && action.key != kProbe) return nullptr;
  return find(parameters, "pcmk_monitor_timeout");
}

std::int64_t start_delay(const Draft& d, const cib::NvTable& settings, std::int64_t interval_ms) {
  if (const std::string* text = settings.find("start-delay")) {
    return cib::parse_interval(*text).value_or(cib::Milliseconds{0}).count();
  }
  const std::string* origin = settings.find("interval-origin");
  if (origin == nullptr || interval_ms < 1000) return 0;
  const auto date = cib::parse_date(*origin, d.now);
  if (!date) return 0;
  const std::int64_t interval = interval_ms / 1000;
  const std::int64_t since = (d.now.since_epoch - date->since_epoch) % interval;
  return 1000 * (since <= 0 ? -since : interval - since);
}

void add_settings(const Draft& d, const PlanAction& action, const std::vector<NameValue>& parameters,
                  Attributes& attributes) {
  const Definition& def = *d[action.resource].def;
  const std::string_view name = action.op != nullptr ? action.op->name : task_text(d, action);
  const std::int64_t interval = action.key.interval_ms;
  const auto settings = operation_settings(*d.config, def, action.op, name, action.key.interval_ms, d.now);
  const std::string* timeout = monitor_timeout_parameter(d, action, parameters);
  if (timeout == nullptr) timeout = settings.find("timeout");
  const std::int64_t timeout_ms =
      timeout == nullptr ? kDefaultTimeout
                         : cib::parse_timeout(*timeout).value_or(cib::Milliseconds{kDefaultTimeout}).count();
  attributes.add("CRM_meta_timeout", timeout_ms);
  if (interval > 0) attributes.add("CRM_meta_interval", interval);
  const bool delayed = settings.find("start-delay") != nullptr || settings.find("interval-origin") != nullptr;
  if (delayed) attributes.add("CRM_meta_start_delay", start_delay(d, settings, interval));
  for (const auto& one : settings)
    if (one.name != "timeout" && one.name != "interval") attributes.add_meta(one.name, *one.value);
  // Of what a demote takes over from the promoted role's monitor, only this is told to those who carry it
  // out.
  if (action.key == kDemote && settings.find("on-fail") == nullptr) {
    const std::string* on_fail = promoted_monitor_on_fail(def);
    if (on_fail != nullptr && *on_fail == "block") attributes.add_meta("on-fail", *on_fail);
  }
  // A migration in progress must be known to whoever decides next.
  if (action.task == Task::migrate_to && !def.remote_connection)
    attributes.add("CRM_meta_record_pending", "true");
}

// ---------------------------------------------------------------- parameters

void add_operation_parameters(const Draft& d, const PlanAction& action, Attributes& attributes) {
  if (action.op == nullptr) return;
  cib::RuleContext context{.now = d.now};
  context.node_attributes = action.node.valid() ? &d[action.node].attributes : nullptr;
  cib::NvTable table;
  cib::merge(table, action.op->op->parameters, context);
  for (const auto& entry : table) attributes.add(entry.name, *entry.value);
}

// Where a guest's container is as something is done on the guest: only what takes a resource up or down asks.
NodeId host_for(const Draft& d, ResourceId container, Task task) {
  switch (task) {
    case Task::start:
    case Task::monitor:
    case Task::promote:
      return d[container].assigned;
    case Task::stop:
    case Task::demote:
      return current_node(d, container);
    default:
      return {};
  }
}

// A bundle's connection goes to wherever its container is.
void add_parameters(const Draft& d, const PlanAction& action, const std::vector<NameValue>& parameters,
                    Attributes& attributes) {
  for (const NameValue& one : parameters) {
    std::string_view value = one.value;
    if (one.name == "addr" && value == "#uname" && is_bundle_connection(d, action.resource)) {
      const BundlePart* part = part_with_connection(d, action.resource);
      NodeId host = d[part->spec->container].assigned;
      if (!host.valid()) host = current_node(d, part->spec->container);
      if (host.valid()) value = d[host].name();
    }
    attributes.add(one.name, value);
  }
}

// ---------------------------------------------------------------- the resource's place

void add_clone_settings(const Draft& d, const PlanAction& action, Attributes& attributes) {
  const Resource& r = d[action.resource];
  const ResourceId clone = r.is_clone() ? action.resource : clone_of(d, action.resource);
  if (r.is_primitive() && r.spec->instance >= 0) attributes.add("CRM_meta_clone", r.spec->instance);
  if (!clone.valid()) return;
  const CloneSettings& settings = d[clone].clone();
  attributes.add("CRM_meta_clone_max", settings.max);
  attributes.add("CRM_meta_clone_node_max", settings.node_max);
  attributes.add("CRM_meta_globally_unique", settings.unique ? "true" : "false");
  attributes.add("CRM_meta_notify", settings.notify ? "true" : "false");
  if (!settings.promotable) return;
  for (const char* name : {"CRM_meta_promoted_max", "CRM_meta_master_max"})
    attributes.add(name, settings.promoted_max);
  for (const char* name : {"CRM_meta_promoted_node_max", "CRM_meta_master_node_max"})
    attributes.add(name, settings.promoted_node_max);
}

void add_guest_settings(const Draft& d, const PlanAction& action, Attributes& attributes) {
  const Resource& r = d[action.resource];
  if (r.container.valid()) attributes.add("CRM_meta_container", d[r.container].spec->id);
  if (!r.def->guest_node.empty()) attributes.add("CRM_meta_remote_node", r.def->guest_node);
  const ResourceId bundle = bundle_of(d, action.resource);
  if (bundle.valid()) {
    for (const BundlePart& part : bundle_data(d, bundle)->parts)
      if (part.spec->inner == action.resource && !part.spec->ip_address.empty())
        attributes.add("pcmk_external_ip", part.spec->ip_address);
  }
  if (action.cancel || !action.node.valid() || d[action.node].kind != NodeKind::guest) return;
  const ResourceId container = guest_container(d, action.node);
  if (!container.valid()) return;
  Task task = action.key.task;
  if (action.key.notify != Notify::no) task = atomic(task);
  const NodeId host = host_for(d, container, task);
  if (!host.valid()) return;
  attributes.add("CRM_meta_physical_host", d[host].name());
  const std::string* target = r.def->find_meta("container-attribute-target");
  if (target != nullptr) attributes.add("CRM_meta_container_attribute_target", *target);
}

// ---------------------------------------------------------------- what follows

// With which parameters the devices that unfence were known: the node remembers them.
void add_device_digests(const Draft& d, NodeId target, Attributes& attributes) {
  std::string all, secure;
  for (std::size_t i = d.resources.size(); i-- > 0;) {
    const Resource& device = d.resources[i];
    if (!device.is_primitive() || !device.def->unfencing_device) continue;
    const DeviceDigests digests = digest_device(d, device.id, target);
    const std::string name = device.spec->id + ":" + device.def->xml->agent.type + ":";
    all += name + digests.all + ",";
    secure += name + digests.secure + ",";
  }
  attributes.add("CRM_meta_digests_all", attributes.keep(std::move(all)));
  attributes.add("CRM_meta_digests_secure", attributes.keep(std::move(secure)));
}

std::vector<std::string> downed_by(const Draft& d, const PlanAction& action) {
  if (!action.node.valid()) return {};
  const std::string node_id{d[action.node].spec->id};
  if (action.task == Task::shutdown) return {node_id};
  if (action.task == Task::stonith) {
    const std::string* how = action.find_meta("stonith_action");
    if (how == nullptr || (*how != "off" && *how != "reboot" && *how != "poweroff")) return {};
    // The guests that are reached through it, in the order in which their connections were found there.
    std::vector<std::string> downed{node_id};
    for (ResourceId active : d[action.node].active) {
      if (!d[active].container.valid()) continue;
      for (const Node& guest : d.nodes)
        if (guest.connection == active) downed.push_back(guest.spec->id);
    }
    return downed;
  }
  const bool connection_stop =
      action.resource.valid() && action.key == kStop && is_remote_connection(d, action.resource);
  if (!connection_stop || action.pseudo) return {};
  bool handed_over = false;
  for_each_before(d, action.id, [&](LinkId id) {
    const PlanAction& first = d[d[id].first];
    if (first.resource == action.resource && first.key == kMigrateFrom) handed_over = true;
  });
  if (handed_over) return {};
  for (const Node& node : d.nodes)
    if (node.is_remote() && node.connection == action.resource) return {node.spec->id};
  return {};
}

ActionResource resource_of(const Draft& d, const PlanAction& action) {
  const Resource& r = d[action.resource];
  ActionResource resource;
  resource.agent_class = r.def->xml->agent.standard;
  resource.provider = r.def->xml->agent.provider;
  resource.type = r.def->xml->agent.type;
  resource.id = r.spec->id;
  if (r.orphan && !r.history_name.empty()) {
    resource.id = r.history_name;
    if (r.history_name != r.spec->id) resource.long_id = r.spec->id;
  } else if (is_anonymous_instance(d, action.resource)) {
    resource.id = r.spec->name;
    const bool other_name = !r.history_name.empty() && r.history_name != r.spec->name;
    resource.long_id = other_name ? r.history_name : r.spec->id;
  }
  return resource;
}

ActionKind kind_of(const PlanAction& action) {
  if (action.pseudo) return ActionKind::pseudo;
  switch (action.task) {
    case Task::stonith:
    case Task::shutdown:
    case Task::clear_failcount:
    case Task::lrm_delete:
    case Task::probe_again:
      return ActionKind::cluster;
    default:
      return ActionKind::resource_op;
  }
}

void fill_facts(Action& described) {
  for (const NameValues::Pair one : described.attributes) {
    if (!one.name.starts_with(kPrefix)) continue;
    const std::string_view name = one.name.substr(kPrefix.size());
    const auto number = [&one] { return cib::parse_integer(one.value).value_or(0); };
    if (name == "interval") described.interval_ms = number();
    if (name == "timeout") described.timeout_ms = number();
    if (name == "start_delay") described.start_delay_ms = number();
    if (name == "op_target_rc") described.target_rc = static_cast<int>(number());
    if (name == "op_no_wait") described.no_wait = cib::is_true(one.value);
    if (name == "stonith_action") described.stonith_action = one.value;
  }
}

}  // namespace

std::string_view task_text(const Draft& d, const PlanAction& action) {
  if (!action.word.empty() && action.task >= Task::custom) return action.word;
  if (action.resource.valid() || action.name.empty()) return word(action.task);
  static_cast<void>(d);
  const bool by_word =
      action.task == Task::stonith || action.task == Task::shutdown || action.task == Task::probe_again;
  return by_word ? word(action.task) : std::string_view{action.name};
}

std::string history_key(const Draft& d, const PlanAction& action) {
  const std::string& name = d[action.resource].history_name;
  if (name.empty()) return key_text(d, action);
  if (action.key.notify == Notify::no) return key_text(name, action.key, action.word);
  if (action.task == Task::notified) return name + "_notified_0";
  const std::string* type = action.find_meta("notify_type");
  const std::string* operation = action.find_meta("notify_operation");
  if (type == nullptr || operation == nullptr) return key_text(name, action.key, action.word);
  return name + "_" + *type + "_notify_" + *operation + "_0";
}

std::string_view router_of(const Draft& d, const PlanAction& action) {
  if (action.task == Task::stonith || !action.node.valid() || !d[action.node].is_remote()) return {};
  const ResourceId connection = d[action.node].connection;
  if (!connection.valid()) return {};
  const NodeId begins = current_node(d, connection);
  const NodeId ends = d[connection].assigned;
  const auto name = [&d](NodeId node) { return node.valid() ? d[node].name() : std::string_view{}; };
  if (!begins.valid()) return name(ends);
  if (!ends.valid() || begins == ends) return name(begins);
  if (d[connection].partial_target.valid() && d[action.node].kind == NodeKind::remote) return name(ends);
  const Task task = action.cancel ? Task::cancel : atomic(action.key.task);
  const bool before = task == Task::cancel || task == Task::stop || task == Task::demote ||
                      task == Task::migrate_to || task == Task::migrate_from;
  return name(before ? begins : ends);
}

namespace {

void add_news(const Draft& d, const CloneNews& news, Attributes& attributes) {
  for (const Setting& one : news.words) attributes.add_meta(one.name, one.value);
  if (!news.words.empty()) return;
  for (Setting& one : in_words(d, news)) attributes.add_meta(one.name, attributes.keep(std::move(one.value)));
}

}  // namespace

NameValues action_attributes(const Draft& d, const PlanAction& action) {
  std::vector<NameValue> made;
  Attributes attributes;
  attributes.add("crm_feature_set", kFeatureSet);
  const bool bare = !action.resource.valid() && action.pseudo && action.task != Task::stonith;
  for (const Setting& one : action.meta) attributes.add_meta(one.name, one.value);
  if (action.news != nullptr) add_news(d, *action.news, attributes);
  if (action.resource.valid()) {
    const bool primitive = d[action.resource].is_primitive();
    const auto& parameters = primitive ? parameters_on(d, action.resource, action.node, made) : made;
    add_operation_parameters(d, action, attributes);
    add_settings(d, action, parameters, attributes);
    if (primitive) add_parameters(d, action, parameters, attributes);
    add_clone_settings(d, action, attributes);
    if (primitive) add_guest_settings(d, action, attributes);
  }
  const bool placed = action.node.valid() && !bare && (!action.pseudo || action.task == Task::stonith);
  if (placed) {
    attributes.add("CRM_meta_on_node", d[action.node].name());
    attributes.add("CRM_meta_on_node_uuid", d[action.node].spec->id);
  }
  if (action.task == Task::stonith && action.node.valid()) {
    if (d.config->unfencing_in_use) add_device_digests(d, action.node, attributes);
    for (const auto& entry : d[action.node].attributes) attributes.add_meta(entry.name, *entry.value);
  }
  return attributes.take();
}

namespace {

void describe_in_full(const Draft& d, const PlanAction& action, Action& described) {
  described.key = action.resource.valid() ? history_key(d, action) : action.name;
  if (action.resource.valid() && !d[action.resource].history_name.empty())
    described.internal_key = key_text(d, action);
  if (!described.node.empty()) described.node_uuid = d[action.node].spec->id;
  if (is_real_resource_action(action)) {
    described.resource = resource_of(d, action);
    const Resource& r = d[action.resource];
    const bool locked = r.lock_node.valid() && r.lock_node == action.node;
    if (locked && (!d[action.node].shutting_down || action.key == kStop)) {
      described.shutdown_lock = std::to_string(r.lock_time);
    }
  }
  described.downed = downed_by(d, action);
  described.attributes = action_attributes(d, action);
  fill_facts(described);
}

}  // namespace

void describe_action(const Draft& d, ActionId id, bool in_full, Action& described) {
  const PlanAction& action = d[id];
  described.id = static_cast<std::uint32_t>(id.index() + 1);
  described.kind = kind_of(action);
  described.by_dc = action.task == Task::lrm_delete;
  described.task = text_of(task_text(d, action));
  if (action.node.valid() && (!action.pseudo || action.task == Task::stonith)) {
    described.node = text_of(d[action.node].name());
    described.router_node = text_of(router_of(d, action));
  }
  if (in_full) return describe_in_full(d, action, described);
  const std::string* no_wait = action.find_meta("op_no_wait");
  described.no_wait = no_wait != nullptr && cib::is_true(*no_wait);
}

}  // namespace fencepost::policy
