// What a resource's meta-attributes, parameters and operations come to, once all who have a say were heard.
#include <algorithm>

#include "engine/policy/compile.h"

namespace fencepost::policy {
namespace {

bool is_remote_agent(const cib::Agent& agent) {
  return agent.standard == "ocf" && agent.provider == "pacemaker" && agent.type == "remote";
}

void set_xml_attributes(cib::NvTable& table, const cib::Resource& xml) {
  const auto set = [&table](std::string_view name, const std::string& value) {
    if (!value.empty()) table.set_if_absent(name, &value);
  };
  set("id", xml.id);
  set("class", xml.agent.standard);
  set("provider", xml.agent.provider);
  set("type", xml.agent.type);
  set("description", xml.description);
  set("template", xml.template_id);
  for (const cib::Attribute& attribute : xml.extras.attributes)
    table.set_if_absent(attribute.name, &attribute.value);
}

// The element's own attributes, its own blocks, those of what contains it, the defaults, and last what the
// parent's table holds besides.
std::vector<NameValue> merge_meta(const Configuration& c, const cib::Resource& xml, const Definition* parent,
                                  const std::vector<const cib::Resource*>& ancestors,
                                  cib::RuleContext context) {
  context.agent = &xml.agent;
  cib::NvTable table;
  set_xml_attributes(table, xml);
  cib::merge(table, xml.meta, context);
  for (const cib::Resource* ancestor : ancestors) cib::merge(table, ancestor->meta, context);
  cib::merge(table, c.source->resource_defaults, context);
  if (parent != nullptr) {
    for (const NameValue& pair : parent->meta) table.set_if_absent(pair.name, &pair.value);
  }
  std::vector<NameValue> meta;
  for (const auto& entry : table) meta.push_back({std::string{entry.name}, *entry.value});
  return meta;
}

void set_meta(Definition& definition, std::string name, std::string value) {
  const auto it = std::lower_bound(definition.meta.begin(), definition.meta.end(), name,
                                   [](const NameValue& pair, const std::string& n) { return pair.name < n; });
  definition.meta.insert(it, NameValue{std::move(name), std::move(value)});
}

int score_of(const std::string* text, int fallback) {
  return text == nullptr ? fallback : cib::parse_score(*text).value();
}

bool truth_of(const std::string* text, bool fallback) {
  return text == nullptr ? fallback : cib::is_true(*text);
}

std::int64_t seconds_of(const std::string* text) {
  return text == nullptr ? 0 : cib::parse_interval(*text).value_or(cib::Milliseconds{0}).count() / 1000;
}

MultipleActive multiple_active(const std::string* text) {
  if (text == nullptr) return MultipleActive::stop_start;
  if (cib::equal_ignoring_case(*text, "stop_only")) return MultipleActive::stop_only;
  if (cib::equal_ignoring_case(*text, "block")) return MultipleActive::block;
  if (cib::equal_ignoring_case(*text, "stop_unexpected")) return MultipleActive::stop_unexpected;
  return MultipleActive::stop_start;
}

Requires default_needs(const Configuration& c, const Definition& definition) {
  if (definition.fence_device || definition.remote_connection) return Requires::quorum;
  if (c.unfencing_in_use) return c.options.stonith ? Requires::unfencing : Requires::quorum;
  if (c.options.stonith) return Requires::fencing;
  return c.options.no_quorum == QuorumPolicy::ignore ? Requires::nothing : Requires::quorum;
}

Requires needs(const Configuration& c, const Definition& definition) {
  const std::string* text = definition.find_meta("requires");
  if (text != nullptr) {
    if (cib::equal_ignoring_case(*text, "nothing")) return Requires::nothing;
    if (cib::equal_ignoring_case(*text, "quorum")) return Requires::quorum;
    if (cib::equal_ignoring_case(*text, "fencing")) return Requires::fencing;
    if (cib::equal_ignoring_case(*text, "unfencing")) {
      if (definition.fence_device || !c.options.stonith) return Requires::quorum;
      return c.unfencing_in_use ? Requires::unfencing : Requires::fencing;
    }
  }
  return default_needs(c, definition);
}

bool have_rules(const cib::NvpairBlocks& blocks) {
  return std::any_of(blocks.begin(), blocks.end(),
                     [](const cib::NvpairBlock& b) { return !b.rules.empty(); });
}

std::vector<OpSpec> operations(const cib::Resource& xml) {
  std::vector<OpSpec> ops;
  for (const cib::Operation& op : xml.operations) {
    OpSpec spec;
    spec.op = &op;
    spec.name = op.name;
    spec.task = task_from_word(op.name);
    spec.interval_ms = static_cast<std::uint32_t>(op.interval.count());
    const std::string* enabled = op.setting("enabled");
    spec.enabled = enabled == nullptr || cib::is_true(*enabled);
    spec.parameters_have_rules = have_rules(op.parameters);
    ops.push_back(std::move(spec));
  }
  return ops;
}

void merge_parameters(const Configuration& c, Definition& definition, const cib::RuleContext& context) {
  definition.parameters_have_rules =
      have_rules(definition.xml->parameters) || have_rules(c.source->resource_default_parameters);
  cib::NvTable table;
  cib::merge(table, definition.xml->parameters, context);
  for (const cib::Resource* ancestor : definition.ancestors) {
    definition.parameters_have_rules = definition.parameters_have_rules || have_rules(ancestor->parameters);
    cib::merge(table, ancestor->parameters, context);
  }
  cib::merge(table, c.source->resource_default_parameters, context);
  for (const auto& entry : table) definition.parameters.push_back({std::string{entry.name}, *entry.value});
  const std::string* reconnect = table.find("reconnect_interval");
  if (definition.remote_connection) definition.reconnect_interval_s = seconds_of(reconnect);
  // A connection's failures count until it is tried again.
  if (definition.reconnect_interval_s > 0) definition.failure_timeout_s = definition.reconnect_interval_s;
}

void read_meta(const Configuration& c, Definition& d) {
  d.priority = score_of(d.find_meta("priority"), 0);
  d.stickiness = score_of(d.find_meta("resource-stickiness"), 0);
  d.migration_threshold = score_of(d.find_meta("migration-threshold"), Score::kInfinity);
  if (d.migration_threshold < 0) d.migration_threshold = 1;
  d.failure_timeout_s = seconds_of(d.find_meta("failure-timeout"));
  d.multiple_active = multiple_active(d.find_meta("multiple-active"));
  d.critical = truth_of(d.find_meta("critical"), true);
  d.allow_unhealthy_nodes = truth_of(d.find_meta("allow-unhealthy-nodes"), false);
  d.internal = truth_of(d.find_meta("internal_rsc"), false);
  if (const std::string* container = d.find_meta("container")) d.container = *container;
  if (const std::string* guest = d.find_meta("remote-node")) d.guest_node = *guest;
  d.allow_migrate = truth_of(d.find_meta("allow-migrate"), d.remote_connection && d.container.empty());
  if (const std::string* target = d.find_meta("container-attribute-target")) {
    d.container_attribute_target_host = cib::equal_ignoring_case(*target, "host");
  }
  if (const std::string* type = d.find_meta("restart-type")) {
    d.restart_type_restart = cib::equal_ignoring_case(*type, "restart");
  }
  const std::string* provides = d.find_meta("provides");
  const std::string* wants = d.find_meta("requires");
  d.unfencing_device =
      d.fence_device && ((provides != nullptr && *provides == "unfencing") ||
                         (wants != nullptr && cib::equal_ignoring_case(*wants, "unfencing")));
  if (const std::string* role = d.find_meta("target-role")) d.target_role_text = *role;
  const std::string* managed = d.find_meta("is-managed");
  if (managed != nullptr && !cib::equal_ignoring_case(*managed, "default"))
    d.managed = cib::is_true(*managed);
  if (truth_of(d.find_meta("maintenance"), false) || c.options.maintenance_mode) {
    d.maintenance = true;
    d.managed = false;
  }
  d.needs = needs(c, d);
}

}  // namespace

std::shared_ptr<const Definition> define(const Configuration& c, const cib::Resource& xml,
                                         const Definition* above, const cib::RuleContext& context) {
  auto d = std::make_shared<Definition>();
  d->xml = &xml;
  if (above != nullptr) {
    d->ancestors.push_back(above->xml);
    d->ancestors.insert(d->ancestors.end(), above->ancestors.begin(), above->ancestors.end());
  }
  d->remote_connection = xml.kind == cib::ResourceKind::primitive && is_remote_agent(xml.agent);
  d->fence_device = xml.agent.standard == "stonith";
  d->meta = merge_meta(c, xml, above, d->ancestors, context);
  if (xml.kind == cib::ResourceKind::clone && d->find_meta("resource-stickiness") == nullptr) {
    set_meta(*d, "resource-stickiness", "1");
  }
  read_meta(c, *d);
  d->ops = operations(xml);
  merge_parameters(c, *d, context);
  return d;
}

namespace {

void merge_op_meta(cib::NvTable& table, const cib::Operation& op, const cib::RuleContext& context) {
  const auto set = [&table](std::string_view name, const std::string& value) {
    if (!value.empty()) table.set_if_absent(name, &value);
  };
  set("name", op.name);
  set("interval", op.interval_text);
  for (const cib::Attribute& setting : op.settings) table.set_if_absent(setting.name, &setting.value);
  for (const cib::Attribute& extra : op.extras.attributes) table.set_if_absent(extra.name, &extra.value);
  cib::merge(table, op.meta, context);
}

// A probe without a timeout of its own takes that of the most frequent monitor.
const std::string* probe_timeout(const Definition& definition) {
  const OpSpec* most_frequent = nullptr;
  for (const OpSpec& spec : definition.ops) {
    if (!spec.enabled || spec.task != Task::monitor || spec.interval_ms == 0) continue;
    if (most_frequent == nullptr || spec.interval_ms < most_frequent->interval_ms) most_frequent = &spec;
  }
  return most_frequent == nullptr ? nullptr : most_frequent->op->setting("timeout");
}

}  // namespace

cib::NvTable operation_settings(const Configuration& configuration, const Definition& definition,
                                const OpSpec* op, std::string_view name, std::uint32_t interval_ms,
                                WallSeconds now) {
  const std::string op_name{name};
  cib::RuleContext context{.now = now, .agent = &definition.xml->agent, .op_name = &op_name};
  context.op_interval = cib::Milliseconds{interval_ms};
  cib::NvTable table;
  if (op != nullptr) merge_op_meta(table, *op->op, context);
  if (interval_ms == 0 && name == "monitor") {
    if (const std::string* timeout = probe_timeout(definition)) table.set_if_absent("timeout", timeout);
  }
  cib::merge(table, configuration.source->operation_defaults, context);
  table.erase("id");
  return table;
}

int parse_count(const std::string* text, int fallback) {
  if (text == nullptr) return fallback;
  const std::int64_t count = cib::parse_integer(*text).value_or(0);
  return static_cast<int>(std::clamp<std::int64_t>(count, 0, 1'000'000));
}

}  // namespace fencepost::policy
