#include "tools/ctl/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "engine/cib/cib.h"
#include "engine/policy/decision.h"
#include "tools/crm_simulate/clone_view.h"
#include "tools/crm_simulate/names.h"

namespace fencepost::ctl {
namespace {

using Labels = std::vector<std::pair<const char*, std::string>>;

// Prometheus: backslash, quote and line feed in a label's value are escaped.
std::string escaped(const std::string& value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    text += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return text;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

class Exposition {
 public:
  void metric(const char* name, const char* help) {
    name_ = name;
    text_ += fmt::format("# HELP fencepost_{} {}\n# TYPE fencepost_{} gauge\n", name, help, name);
  }
  void value(const Labels& labels, std::int64_t number) {
    text_ += "fencepost_" + name_;
    const char* separator = "{";
    for (const auto& [label, value] : labels) {
      text_ += fmt::format("{}{}=\"{}\"", separator, label, escaped(value));
      separator = ",";
    }
    text_ += fmt::format("{} {}\n", labels.empty() ? "" : "}", number);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string name_, text_;
};

void nodes(Exposition& out, const policy::ClusterState& state) {
  out.metric("node", "1 for what a node is: online, standby, maintenance, unclean, dc.");
  for (const policy::NodeState& node : state.nodes) {
    const auto is = [&](const char* status, bool so) {
      out.value({{"node", node.name}, {"status", status}}, so ? 1 : 0);
    };
    is("online", node.online);
    is("standby", node.standby || node.standby_on_fail);
    is("maintenance", node.maintenance);
    is("unclean", node.unclean);
    is("dc", node.is_dc);
  }
}

void resources(Exposition& out, const policy::ClusterState& state) {
  out.metric("resource", "1 where a resource is active, by role; 0 with no node where it is not.");
  std::vector<std::pair<Labels, int>> rows;
  for (const policy::ResourceState& each : state.resources) {
    if (each.variant != policy::Variant::primitive || each.internal) continue;
    const std::string agent = crm_simulate::agent_name(each);
    const std::string role = lower(to_string(crm_simulate::shown_role(state, each)));
    for (const policy::NodeId node : each.active_on)
      out.value({{"resource", each.id}, {"agent", agent}, {"node", state[node].name}, {"role", role}}, 1);
    if (each.active_on.empty() && !each.orphan)
      out.value({{"resource", each.id}, {"agent", agent}, {"node", ""}, {"role", "stopped"}}, 0);
  }
  out.metric("resource_failed", "1 if the last thing known of a resource is a failure.");
  for (const policy::ResourceState& each : state.resources) {
    if (each.variant == policy::Variant::primitive && !each.internal)
      out.value({{"resource", each.id}}, each.failed ? 1 : 0);
  }
  out.metric("fail_count", "Failures of a resource on a node; 1000000 is INFINITY.");
  for (const policy::FailCount& each : state.fail_counts)
    out.value({{"resource", each.resource}, {"node", state[each.node].name}}, each.count.value());
}

}  // namespace

std::string metrics(const cib::Cib& cib, const std::string& node, bool is_dc, WallSeconds now) {
  policy::Snapshot snapshot;
  snapshot.cib = &cib;
  snapshot.now = now;
  const policy::ClusterState state = policy::read_state(snapshot);
  Exposition out;
  const auto one = [&](const char* name, const char* help, std::int64_t value) {
    out.metric(name, help);
    out.value({}, value);
  };
  out.metric("info", "Who answered.");
  out.value({{"node", node}}, 1);
  one("is_dc", "1 if this node is the DC.", is_dc ? 1 : 0);
  one("quorate", "1 if this partition has quorum.", state.have_quorum ? 1 : 0);
  one("stonith_enabled", "1 if nodes are fenced.", state.stonith_enabled ? 1 : 0);
  one("maintenance_mode", "1 if the whole cluster is in maintenance.", state.maintenance_mode ? 1 : 0);
  one("configuration_epoch", "Counts changes of the configuration.", cib.version.epoch);
  one("resources_configured", "Resource instances.", state.total_resources);
  one("resources_disabled", "Resource instances that may not run.", state.disabled_resources);
  one("resources_blocked", "Resource instances left alone because of a failure.", state.blocked_resources);
  one("failed_operations", "Entries of Failed Resource Actions.",
      static_cast<std::int64_t>(state.failed_operations.size()));
  nodes(out, state);
  resources(out, state);
  return out.take();
}

}  // namespace fencepost::ctl
