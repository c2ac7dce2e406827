// What crm_verify would complain about, with a place and what to do. Errors are what real Pacemaker's schema
// refuses or its scheduler logs as errors; warnings are what it silently works around.
#include <algorithm>
#include <initializer_list>
#include <map>
#include <set>

#include "engine/cib/date.h"
#include "engine/cib/read.h"

namespace fencepost::cib {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> choices) {
  return std::ranges::find(choices, text) != choices.end();
}

std::string joined(std::initializer_list<std::string_view> choices) {
  std::string text;
  for (const std::string_view choice : choices) text.append(text.empty() ? "" : ", ").append(choice);
  return text;
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

class Checker {
 public:
  Checker(const Cib& cib, const std::string& file) : configuration_(*cib.configuration), file_(file) {}

  std::vector<Problem> run() {
    learn_names();
    check_options();
    for (const Node& node : configuration_.nodes) check_node(node);
    for (const Resource& resource : configuration_.templates) check_resource(resource);
    for (const Resource& resource : configuration_.resources) check_resource(resource);
    for (const Constraint& constraint : configuration_.constraints) {
      std::visit([this](const auto& c) { check_constraint(c); }, constraint);
    }
    check_blocks(configuration_.resource_defaults);
    check_blocks(configuration_.operation_defaults);
    for (const Tag& tag : configuration_.tags) check_tag(tag);
    for (const FencingLevel& level : configuration_.fencing_levels) check_level(level);
    check_fencing_is_possible();
    std::ranges::stable_sort(problems_, {}, [](const Problem& problem) { return problem.where.line; });
    return std::move(problems_);
  }

 private:
  // --- Saying so

  void error(Line line, std::string message) {
    problems_.push_back({Severity::error, {file_, line.number, 0}, std::move(message)});
  }
  void warning(Line line, std::string message) {
    problems_.push_back({Severity::warning, {file_, line.number, 0}, std::move(message)});
  }

  void unique_id(const std::string& id, Line line, std::string_view element) {
    if (id.empty()) {
      error(line, "this " + std::string(element) + " has no id: give it one that nothing else has");
      return;
    }
    const auto [first, is_new] = ids_.try_emplace(id, line);
    if (is_new) return;
    error(line, "the id " + quoted(id) + " is used already in line " + std::to_string(first->second.number) +
                    ": give this " + std::string(element) + " another one");
  }

  void one_of(const std::string& text, Line line, const char* what,
              std::initializer_list<std::string_view> choices) {
    if (text.empty() || is_one_of(text, choices)) return;
    error(line, quoted(text) + " is no " + what + ": use one of " + joined(choices));
  }

  void boolean(const std::string& text, Line line, const char* what) {
    if (text.empty() || parse_boolean(text)) return;
    error(line, quoted(text) + " is no value for " + what + ": use true or false");
  }

  void score(const std::string& text, Line line) {
    if (text.empty() || is_score(text)) return;
    error(line, quoted(text) + " is no score: use a whole number, INFINITY or -INFINITY");
  }

  void role(const std::string& text, Line line) {
    if (text.empty() || parse_role(text)) return;
    error(line, quoted(text) + " is no role: use Started, Stopped, Promoted or Unpromoted");
  }

  void interval(const std::string& text, Line line, const char* what) {
    if (text.empty() || parse_interval(text)) return;
    warning(line,
            quoted(text) + " is no " + what + ", so it counts as 0: write a number and a unit, such as 20s");
  }

  // --- What there is

  void learn_names() {
    for_each_resource(configuration_.resources, [this](const Resource& resource, const Resource*) {
      referable_.insert(resource.id);
      has_fence_device_ |= resource.agent.standard == "stonith";
      learn_guest(resource);
    });
    for (const Resource& resource : configuration_.templates) referable_.insert(resource.id);
    for (const Tag& tag : configuration_.tags) referable_.insert(tag.id);
    for (const Node& node : configuration_.nodes) node_names_.insert(node.uname);
  }

  // Nodes that resources stand for.
  void learn_guest(const Resource& resource) {
    if (resource.agent == Agent{"ocf", "pacemaker", "remote"}) node_names_.insert(resource.id);
    for (const NvpairBlock& block : resource.meta) {
      if (const std::string* name = block.find("remote-node")) node_names_.insert(*name);
    }
    if (resource.kind == ResourceKind::bundle) bundles_.push_back(resource.id);
  }

  bool is_node(const std::string& name) const {
    const bool is_replica = std::ranges::any_of(bundles_, [&name](const std::string& id) {
      return name.size() > id.size() + 1 && name.starts_with(id) && name[id.size()] == '-';
    });
    return is_replica || std::ranges::any_of(node_names_, [&name](const std::string& n) {
             return equal_ignoring_case(n, name);
           });
  }

  void reference(const std::string& id, Line line, std::string_view from) {
    if (id.empty() || referable_.contains(id)) return;
    error(line,
          std::string(from) + " refers to " + quoted(id) +
              ", but there is no resource, template or tag of that name: define it or correct the name");
  }

  void node_reference(const std::string& name, Line line, std::string_view from) {
    // Nodes come into an empty list when they first join, as in every new cluster.
    if (name.empty() || configuration_.nodes.empty() || is_node(name)) return;
    warning(line, std::string(from) + " refers to the node " + quoted(name) +
                      ", which is not configured: correct the name");
  }

  // --- Pieces

  void check_rule(const Rule& rule) {
    if (!rule.id_ref.empty()) return;
    unique_id(rule.id, rule.line, "rule");
    if (!rule.score.empty() || rule.score_attribute.empty()) score(rule.score, rule.line);
    one_of(rule.boolean_op, rule.line, "boolean-op", {"and", "or"});
    role(rule.role, rule.line);
    for (const Expression& part : rule.parts) {
      std::visit([this](const auto& expression) { check_expression(expression); }, part.is);
    }
  }

  void check_expression(const Rule& rule) { check_rule(rule); }
  void check_expression(const AttributeExpression& e) {
    unique_id(e.id, e.line, "expression");
    if (e.attribute.empty()) error(e.line, "this expression names no attribute: say which one it is about");
    if (e.operation.empty()) error(e.line, "this expression has no operation: say eq, ne, lt, defined, …");
    one_of(e.operation, e.line, "operation",
           {"lt", "gt", "lte", "gte", "eq", "ne", "defined", "not_defined"});
    one_of(e.type, e.line, "type of comparison", {"string", "integer", "number", "version"});
  }
  void check_expression(const ResourceExpression& e) { unique_id(e.id, e.line, "expression"); }
  void check_expression(const OperationExpression& e) { unique_id(e.id, e.line, "expression"); }
  void check_expression(const DateExpression& e) {
    unique_id(e.id, e.line, "date expression");
    one_of(e.operation, e.line, "operation", {"in_range", "gt", "lt", "date_spec"});
    for (const std::string& date : {e.start, e.end}) {
      if (!date.empty() && !parse_date(date, {})) {
        error(e.line, quoted(date) + " is no date: write it as 2026-11-22 or 2026-11-22 14:00:00 +01:00");
      }
    }
  }

  void check_block(const NvpairBlock& block) {
    if (!block.id_ref.empty()) return;
    unique_id(block.id, block.line, "block");
    score(block.score_text, block.line);
    for (const Rule& rule : block.rules) check_rule(rule);
    for (const Nvpair& pair : block.pairs) {
      if (pair.id_ref.empty()) unique_id(pair.id, pair.line, "nvpair");
      if (pair.name.empty()) error(pair.line, "this nvpair has no name: say what it sets");
    }
  }
  void check_blocks(const NvpairBlocks& blocks) {
    for (const NvpairBlock& block : blocks) check_block(block);
  }

  // --- Sections

  void check_options() {
    check_blocks(configuration_.cluster_properties);
    for (const NvpairBlock& block : configuration_.cluster_properties) {
      for (const Nvpair& pair : block.pairs) check_option(pair, pair.value.value_or(""));
    }
  }

  void check_option(const Nvpair& pair, const std::string& value) {
    static const std::set<std::string_view> kBooleans = {
        "symmetric-cluster",  "maintenance-mode",      "start-failure-is-fatal", "enable-startup-probes",
        "shutdown-lock",      "stonith-enabled",       "concurrent-fencing",     "startup-fencing",
        "stop-all-resources", "stop-orphan-resources", "stop-orphan-actions",    "remove-after-stop"};
    static const std::set<std::string_view> kTimes = {
        "stonith-timeout",     "cluster-delay",          "dc-deadtime",     "cluster-recheck-interval",
        "shutdown-lock-limit", "priority-fencing-delay", "election-timeout"};
    if (kBooleans.contains(pair.name)) boolean(value, pair.line, pair.name.c_str());
    if (kTimes.contains(pair.name)) interval(value, pair.line, "time");
    if (pair.name == "no-quorum-policy") {
      one_of(value, pair.line, "no-quorum-policy", {"stop", "freeze", "ignore", "demote", "suicide"});
    }
    if (pair.name == "stonith-action")
      one_of(value, pair.line, "stonith-action", {"reboot", "off", "poweroff"});
    std::string with_hyphens = pair.name;
    std::ranges::replace(with_hyphens, '_', '-');
    if (with_hyphens != pair.name && (kBooleans.contains(with_hyphens) || kTimes.contains(with_hyphens))) {
      warning(pair.line,
              quoted(pair.name) + " is no cluster option: did you mean " + quoted(with_hyphens) + "?");
    }
  }

  void check_node(const Node& node) {
    if (node.id.empty()) error(node.line, "this node has no id: give it the one Corosync knows it by");
    if (node.uname.empty()) error(node.line, "this node has no uname: give it its name");
    if (!node.id.empty() && !node_ids_.insert(node.id).second) {
      error(node.line, "another node has the id " + quoted(node.id) + " already: every node has its own");
    }
    if (!unames_.insert(node.uname).second) {
      warning(node.line,
              "another node is called " + quoted(node.uname) + " already: rename one, or take it out");
    }
    check_blocks(node.attributes);
    check_blocks(node.utilization);
  }

  void check_resource(const Resource& resource) {
    unique_id(resource.id, resource.line, element_name(resource));
    check_kind(resource);
    check_blocks(resource.meta);
    check_blocks(resource.parameters);
    check_blocks(resource.utilization);
    check_meta(resource);
    if (resource.operations_id_ref.empty()) check_operations(resource);
    for (const Resource& child : resource.children) check_resource(child);
  }

  void check_kind(const Resource& resource) {
    const bool collective = resource.kind == ResourceKind::group || resource.kind == ResourceKind::clone;
    if (collective && resource.children.empty()) {
      error(resource.line, std::string(element_name(resource)) + " " + quoted(resource.id) +
                               " holds no resource: put one in, or take it out");
    }
    if (resource.kind != ResourceKind::primitive && resource.kind != ResourceKind::template_) return;
    if (!resource.template_id.empty()) {
      if (find_template(configuration_, resource.template_id)) return;
      error(resource.line, "resource " + quoted(resource.id) + " follows the template " +
                               quoted(resource.template_id) +
                               ", which does not exist: define it or correct the name");
    } else if (resource.agent.standard.empty() || resource.agent.type.empty()) {
      error(resource.line, "resource " + quoted(resource.id) + " names no agent: give it a class and a type");
    } else if (resource.agent.standard == "ocf" && resource.agent.provider.empty()) {
      error(resource.line, "resource " + quoted(resource.id) +
                               " has an OCF agent of no provider: add provider, such as \"heartbeat\"");
    }
  }

  void check_meta(const Resource& resource) {
    for (const NvpairBlock& block : resource.meta) {
      for (const Nvpair& pair : block.pairs) {
        if (pair.name != "target-role" || !pair.value || equal_ignoring_case(*pair.value, "#default"))
          continue;
        if (!equal_ignoring_case(*pair.value, "default")) role(*pair.value, pair.line);
      }
    }
  }

  void check_operations(const Resource& resource) {
    std::map<std::pair<std::string, std::int64_t>, std::string> seen;
    for (const Operation& operation : resource.operations) {
      if (!operation.id_ref.empty()) continue;
      unique_id(operation.id, operation.line, "operation");
      interval(operation.interval_text, operation.line, "interval");
      const std::string* timeout = operation.setting("timeout");
      if (timeout && !parse_timeout(*timeout)) {
        warning(
            operation.line,
            quoted(*timeout) + " is no timeout, so it counts as 20s: write a number and a unit, such as 30s");
      }
      const std::string* on_fail = operation.setting("on-fail");
      one_of(on_fail ? *on_fail : "", operation.line, "value for on-fail",
             {"ignore", "block", "stop", "restart", "standby", "fence", "restart-container", "demote"});
      const std::string* op_role = operation.setting("role");
      if (op_role) role(*op_role, operation.line);
      check_blocks(operation.meta);
      check_blocks(operation.parameters);
      const auto [first, is_new] =
          seen.try_emplace({operation.name, operation.interval.count()}, operation.id);
      if (is_new) continue;
      const std::string same =
          "operation " + quoted(operation.id) + " has the name and interval of " + quoted(first->second);
      if (operation.interval.count() > 0) {
        error(operation.line, same + ", and Pacemaker then runs neither: give one of them another interval");
      } else {
        error(operation.line, same + ", and Pacemaker then takes the first: take one of them out");
      }
    }
  }

  // --- Constraints

  void check_base(const ConstraintBase& c) {
    unique_id(c.id, c.line, "constraint");
    for (const Rule& rule : c.lifetime) check_rule(rule);
    for (const ResourceSet& set : c.sets) {
      if (!set.id_ref.empty()) continue;
      unique_id(set.id, set.line, "resource set");
      score(set.score, set.line);
      boolean(set.sequential, set.line, "sequential");
      boolean(set.require_all, set.line, "require-all");
      role(set.role, set.line);
      for (const std::string& id : set.resources) reference(id, set.line, "set " + quoted(set.id));
    }
  }
  static std::string name_of(const ConstraintBase& c) { return "constraint " + quoted(c.id); }

  void check_constraint(const LocationConstraint& c) {
    check_base(c);
    reference(c.resource, c.line, name_of(c));
    node_reference(c.node, c.line, name_of(c));
    score(c.score, c.line);
    role(c.role, c.line);
    one_of(c.resource_discovery, c.line, "resource-discovery", {"always", "never", "exclusive"});
    for (const Rule& rule : c.rules) check_rule(rule);
    if (c.rules.empty() && (c.node.empty() || c.score.empty())) {
      error(c.line,
            name_of(c) + " says neither a node with a score nor a rule, so it does nothing: add them");
    }
  }

  void check_constraint(const ColocationConstraint& c) {
    check_base(c);
    reference(c.dependent, c.line, name_of(c));
    reference(c.primary, c.line, name_of(c));
    score(c.score, c.line);
    role(c.dependent_role, c.line);
    role(c.primary_role, c.line);
    boolean(c.influence, c.line, "influence");
  }

  void check_constraint(const OrderConstraint& c) {
    check_base(c);
    reference(c.first, c.line, name_of(c));
    reference(c.then, c.line, name_of(c));
    score(c.score, c.line);
    one_of(c.kind, c.line, "kind of order", {"Mandatory", "Optional", "Serialize"});
    one_of(c.first_action, c.line, "action", {"start", "stop", "promote", "demote"});
    one_of(c.then_action, c.line, "action", {"start", "stop", "promote", "demote"});
    boolean(c.symmetrical, c.line, "symmetrical");
    boolean(c.require_all, c.line, "require-all");
  }

  void check_constraint(const TicketConstraint& c) {
    check_base(c);
    reference(c.resource, c.line, name_of(c));
    role(c.role, c.line);
    if (c.ticket.empty()) error(c.line, name_of(c) + " names no ticket: say which one it waits for");
    one_of(c.loss_policy, c.line, "loss-policy", {"stop", "demote", "fence", "freeze"});
  }

  // --- The rest

  void check_tag(const Tag& tag) {
    unique_id(tag.id, tag.line, "tag");
    for (const std::string& id : tag.references) {
      if (referable_.contains(id) || is_node(id) || ids_.contains(id)) continue;
      error(tag.line, "tag " + quoted(tag.id) + " refers to " + quoted(id) +
                          ", which does not exist: correct the name");
    }
  }

  void check_level(const FencingLevel& level) {
    unique_id(level.id, level.line, "fencing level");
    node_reference(level.target, level.line, "fencing level " + quoted(level.id));
    for (const std::string& device : level.devices) {
      if (referable_.contains(device)) continue;
      warning(level.line, "fencing level " + quoted(level.id) + " uses the device " + quoted(device) +
                              ", which does not exist: define it or correct the name");
    }
  }

  void check_fencing_is_possible() {
    const std::string* enabled = find_property(configuration_, "stonith-enabled");
    const std::string* watchdog = find_property(configuration_, "have-watchdog");
    const bool wanted = !enabled || parse_boolean(*enabled).value_or(true);
    if (!wanted || has_fence_device_ || (watchdog && is_true(*watchdog)) || configuration_.resources.empty())
      return;
    warning({},
            "fencing is on but there is no fence device, so Pacemaker starts nothing: configure a device of "
            "class "
            "stonith, or set stonith-enabled to false");
  }

  const Configuration& configuration_;
  const std::string& file_;
  std::vector<Problem> problems_;
  std::map<std::string, Line, std::less<>> ids_;
  std::set<std::string, std::less<>> referable_;
  std::set<std::string, std::less<>> node_names_;
  std::vector<std::string> bundles_;
  std::set<std::string> node_ids_;
  std::set<std::string> unames_;
  bool has_fence_device_ = false;
};

}  // namespace

std::vector<Problem> check(const Cib& cib, const std::string& file_name) {
  return Checker(cib, file_name).run();
}

}  // namespace fencepost::cib
