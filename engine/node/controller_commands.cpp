// What people ask for: crm_resource, crm_standby, crm_attribute, cibadmin, stonith_admin.
#include <algorithm>

#include "engine/base/assert.h"
#include "engine/cib/date.h"
#include "engine/node/controller.h"

namespace fencepost::node {
namespace {

constexpr Duration kAdminFencing = 120s;  // stonith_admin's default timeout

// All primitives that go with a resource: those of the outermost group or clone around it.
void collect(const cib::Resource& resource, std::vector<std::string>& into) {
  if (resource.kind == cib::ResourceKind::primitive) into.push_back(resource.id);
  for (const cib::Resource& child : resource.children) collect(child, into);
}

bool contains(const cib::Resource& resource, const std::string& id) {
  return resource.id == id || std::any_of(resource.children.begin(), resource.children.end(),
                                          [&](const cib::Resource& child) { return contains(child, id); });
}

std::vector<std::string> primitives_with(const cib::Configuration& configuration, const std::string& id) {
  std::vector<std::string> result;
  for (const cib::Resource& each : configuration.resources) {
    if (id.empty() || contains(each, id)) collect(each, result);
  }
  return result;
}

bool failed(const cib::OpHistory& op) {
  if (op.status == cib::OpStatus::pending) return false;
  const auto key = cib::parse_transition_key(op.transition_key);
  const bool probe = op.operation == "monitor" && op.interval.count() == 0;
  if (probe && (op.rc == cib::AgentRc::ok || op.rc == cib::AgentRc::not_running)) return false;
  return op.status != cib::OpStatus::done || (key && static_cast<int>(op.rc) != key->target_rc);
}

bool is_fail_count_of(const std::string& attribute, const std::string& resource) {
  for (const std::string prefix : {"fail-count-", "last-failure-"}) {
    const std::string mine = prefix + resource;
    if (attribute == mine || attribute.rfind(mine + "#", 0) == 0) return true;
  }
  return false;
}

std::vector<CibChange> counts_of(const cib::NodeState& state, const std::string& resource) {
  std::vector<CibChange> counts;
  for (const cib::NvpairBlock& block : state.transient_attributes) {
    for (const cib::Nvpair& pair : block.pairs) {
      if (is_fail_count_of(pair.name, resource))
        counts.push_back(PutTransient{state.id, state.uname, pair.name, std::nullopt, false});
    }
  }
  return counts;
}

bool has_failed(const cib::NodeState& state, const std::string& resource) {
  for (const cib::NvpairBlock& block : state.transient_attributes) {
    for (const cib::Nvpair& pair : block.pairs) {
      if (is_fail_count_of(pair.name, resource)) return true;
    }
  }
  const cib::ResourceHistory* history = cib::find_history(state, resource);
  return history != nullptr && std::any_of(history->ops.begin(), history->ops.end(), failed);
}

cib::Expression uname_is(const std::string& id, const std::string& node) {
  cib::AttributeExpression expression;
  expression.id = id;
  expression.attribute = "#uname";
  expression.operation = "eq";
  expression.value = node;
  expression.type = "string";
  return {expression};
}

cib::Expression until(const std::string& id, WallSeconds end) {
  cib::DateExpression expression;
  expression.id = id;
  expression.operation = "lt";
  expression.end = cib::to_iso8601(end);
  return {expression};
}

// What crm_resource writes: a plain constraint, or one with a rule when it is not to last.
cib::LocationConstraint location(const std::string& id, const std::string& resource, const std::string& node,
                                 const char* score, bool promoted, std::optional<WallSeconds> end) {
  cib::LocationConstraint constraint;
  constraint.id = id;
  constraint.resource = resource;
  if (promoted) constraint.role = "Promoted";
  if (!end) {
    constraint.node = node;
    constraint.score = score;
    return constraint;
  }
  cib::Rule rule;
  rule.id = id + "-rule";
  rule.boolean_op = "and";
  rule.score = score;
  rule.parts = {uname_is(id + "-expr", node), until(id + "-lifetime-end", *end)};
  constraint.rules.push_back(std::move(rule));
  return constraint;
}

std::optional<WallSeconds> end_of(const Step& step, const std::optional<Duration>& lifetime) {
  if (!lifetime) return std::nullopt;
  return WallSeconds{step.now.wall.since_epoch +
                     std::chrono::duration_cast<std::chrono::seconds>(*lifetime).count()};
}

std::string prefer_id(const std::string& resource) { return "cli-prefer-" + resource; }
std::string ban_id(const std::string& resource, const std::string& node) {
  return "cli-ban-" + resource + "-on-" + node;
}

// Where a resource is active as far as its histories tell: the last thing that succeeded was no stop.
std::string active_on(const cib::Cib& cib, const std::string& resource, bool promoted) {
  for (const std::string& primitive : [&] {
         std::vector<std::string> all;
         if (const cib::Resource* found = cib::find_resource(*cib.configuration, resource))
           collect(*found, all);
         return all;
       }()) {
    for (const auto& state : cib.status.nodes) {
      const cib::ResourceHistory* history = cib::find_history(*state, primitive);
      if (history == nullptr) continue;
      int last = -1;
      bool active = false, leads = false;
      for (const cib::OpHistory& op : history->ops) {
        if (op.status != cib::OpStatus::done || op.call_id <= last) continue;
        const bool probe = op.operation == "monitor";
        last = op.call_id;
        active = probe ? op.rc == cib::AgentRc::ok || op.rc == cib::AgentRc::promoted
                       : op.operation != "stop" && op.operation != "migrate_to";
        leads = probe ? op.rc == cib::AgentRc::promoted : op.operation == "promote" || (leads && active);
        if (op.operation == "demote") leads = false;
      }
      if (active && (!promoted || leads)) return state->uname;
    }
  }
  return {};
}

std::string lifetime_text(const std::optional<Duration>& lifetime) {
  if (!lifetime) return {};
  return " --lifetime PT" +
         std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*lifetime).count()) + "S";
}

}  // namespace

void Controller::command(Step& step, const Command& command) {
  struct Do {
    Controller& c;
    Step& step;

    void taken(std::string text) const { step.journal(CommandTaken{std::move(text)}); }
    void change(CibChange change) const { step.change_cib(std::move(change)); }
    std::string uuid(const std::string& node) const {
      const cib::Node* found = cib::find_node(*c.cib().configuration, node);
      return found != nullptr               ? found->id
             : step.self.find(node).valid() ? step.self.uuid(step.self.find(node))
                                            : node;
    }

    void operator()(const SetStandby& x) const {
      taken("crm_standby -N " + x.node + (x.on ? " -v on" : " -D") + (x.until_reboot ? " -l reboot" : ""));
      const auto value = x.on ? std::optional<std::string>("on") : std::nullopt;
      if (x.until_reboot) {
        change(PutTransient{uuid(x.node), x.node, "standby", value, false});
      } else {
        change(PutNodeAttribute{x.node, "standby", value});
      }
    }

    void operator()(const MoveResource& x) const {
      taken("crm_resource --move -r " + x.resource + (x.node.empty() ? "" : " -N " + x.node) +
            (x.promoted ? " --promoted" : "") + lifetime_text(x.lifetime));
      if (x.node.empty()) {  // away from where it is
        (*this)(BanResource{x.resource, "", x.promoted, x.lifetime});
        return;
      }
      std::vector<CibChange> changes;
      changes.push_back(RemoveConstraint{ban_id(x.resource, x.node)});
      changes.push_back(PutConstraint{location(prefer_id(x.resource), x.resource, x.node, "INFINITY",
                                               x.promoted, end_of(step, x.lifetime))});
      step.change_cib(std::move(changes));
    }

    void operator()(const BanResource& x) const {
      const std::string node = x.node.empty() ? active_on(c.cib(), x.resource, x.promoted) : x.node;
      taken("crm_resource --ban -r " + x.resource + " -N " + node + (x.promoted ? " --promoted" : "") +
            lifetime_text(x.lifetime));
      if (node.empty()) {
        step.journal(LogLine{"Resource " + x.resource + " is not running: nothing to ban it from"});
        return;
      }
      change(PutConstraint{location(ban_id(x.resource, node), x.resource, node, "-INFINITY", x.promoted,
                                    end_of(step, x.lifetime))});
    }

    void operator()(const ClearResource& x) const {
      taken("crm_resource --clear -r " + x.resource + (x.node.empty() ? "" : " -N " + x.node));
      std::vector<CibChange> changes;
      for (const cib::Constraint& each : c.cib().configuration->constraints) {
        const auto* constraint = std::get_if<cib::LocationConstraint>(&each);
        if (constraint == nullptr || constraint->resource != x.resource) continue;
        const bool ours = constraint->id == prefer_id(x.resource)
                              ? x.node.empty() || constraint->node == x.node
                              : constraint->id.rfind("cli-ban-" + x.resource + "-on-", 0) == 0 &&
                                    (x.node.empty() || constraint->id == ban_id(x.resource, x.node));
        if (ours) changes.push_back(RemoveConstraint{constraint->id});
      }
      step.change_cib(std::move(changes));
    }

    void operator()(const CleanupResource& x) const {
      taken("crm_resource --cleanup" + (x.resource.empty() ? "" : " -r " + x.resource) +
            (x.node.empty() ? "" : " -N " + x.node));
      forget(x.resource, x.node, true);
    }
    void operator()(const RefreshResource& x) const {
      taken("crm_resource --refresh" + (x.resource.empty() ? "" : " -r " + x.resource) +
            (x.node.empty() ? "" : " -N " + x.node));
      forget(x.resource, x.node, false);
    }

    void operator()(const SetProperty& x) const {
      taken("crm_attribute -t crm_config -n " + x.name + (x.value ? " -v " + *x.value : " -D"));
      change(PutProperty{x.name, x.value});
    }
    void operator()(const SetResourceMeta& x) const {
      taken("crm_resource -r " + x.resource + " --meta " +
            (x.value ? "--set-parameter " + x.name + " -v " + *x.value : "--delete-parameter " + x.name));
      change(PutResourceMeta{x.resource, x.name, x.value});
    }
    void operator()(const SetNodeAttribute& x) const {
      taken("crm_attribute -N " + x.node + " -n " + x.name + (x.value ? " -v " + *x.value : " -D") +
            (x.transient ? " -l reboot" : ""));
      if (x.transient) {
        change(PutTransient{uuid(x.node), x.node, x.name, x.value, false});
      } else {
        change(PutNodeAttribute{x.node, x.name, x.value});
      }
    }
    void operator()(const EditCib& x) const {
      HA_ASSERT(x.edit != nullptr);
      taken("cibadmin" + (x.edit->scope.empty() ? "" : " -o " + x.edit->scope));
      change(ApplyEdit{x.edit});
    }
    void operator()(const FenceNode& x) const {
      taken("stonith_admin --" + (x.action == "off" ? std::string("fence ") : x.action + " ") + x.node);
      step.journal(FenceRequested{x.node, x.action, "asked for by hand", -1});
      c.on_.fencer->request(step, {x.node, x.action, kAdminFencing, {}}, c.cib());
    }
    void operator()(const Shutdown&) const {
      taken("shutdown");
      c.shut_down(step);
    }

    // One resource after the other, on each node: its fail counts and what is remembered of it. A mark for
    // each resource makes everybody look again; it is seen when the request after next is, or after the last
    // one. A mark of the same second is no news: one run in ten comes into a second one and makes the DC look
    // twice.
    void forget(const std::string& resource, const std::string& node, bool only_failed) const {
      // Nobody asks for it when everything is forgotten (threshold-and-cleanup).
      const bool marked = only_failed || !resource.empty();
      std::vector<std::size_t> marks;
      for (const std::string& primitive : primitives_with(*c.cib().configuration, resource)) {
        for (const auto& state : c.cib().status.nodes) {
          if (!node.empty() && state->uname != node) continue;
          if (only_failed && !has_failed(*state, primitive)) continue;
          ToForget next{.counts = counts_of(*state, primitive), .resource = primitive};
          if (!next.counts.empty()) step.journal(FailCountChanged{state->uname, primitive, "", {}, ""});
          const NodeId id = step.self.find(state->uname);
          if (id.valid() && c.peer(id).active()) next.on = id;
          c.to_forget_.push_back(std::move(next));
        }
        marks.push_back(c.to_forget_.size() + 1);
      }
      if (marked) c.to_forget_.push_back({.marked = true});
      for (const std::size_t mark : marks) {
        if (marked && mark < c.to_forget_.size()) c.to_forget_[mark].marked = true;
      }
      c.forget_next(step);
    }
  };
  std::visit(Do{*this, step}, command);
}

void Controller::forget_next(Step& step) {
  if (to_forget_.empty()) return;
  ToForget next = std::move(to_forget_.front());
  to_forget_.pop_front();
  if (!next.counts.empty()) step.change_cib(std::move(next.counts));
  if (next.on.valid()) step.send({ForgetResource{next.on, std::move(next.resource)}});
  if (next.marked) mark_to_look_again(step);
  if (!to_forget_.empty()) step.arm(TimerKind::tool_request, step.sample(step.profile.tool_request));
}

// A DC waits for the CIB's answer before it plans; others have no plans.
void Controller::forget(Step& step, const std::string& resource) {
  const bool runs = on_.executor->has_recurring(resource);
  local_.forget(step, resource, *on_.executor);
  if (!waking_)
    own_call(step, runs ? step.profile.cib_answer_after_forget : step.profile.cib_answer_after_forget_idle);
}

void Controller::mark_to_look_again(Step& step) {
  step.change_cib(PutProperty{kLookAgain, std::to_string(step.now.wall.since_epoch)});
}

void Controller::shutdown_wanted(Step& step, NodeId node) {
  if (!is_dc_) return;
  on_.attributes->write(step, {PutTransient{step.self.uuid(node), step.self.name(node), "shutdown",
                                            std::to_string(step.now.wall.since_epoch), false}});
}

}  // namespace fencepost::node
