// The graph as Pacemaker writes it.
#include <array>
#include <cctype>
#include <utility>

#include "engine/base/xml_text.h"
#include "engine/policy/transition_graph.h"

namespace fencepost::policy {
namespace {

class Writer {
 public:
  explicit Writer(const TransitionGraph& graph) : graph_(graph) {}

  std::string write() {
    root();
    for (std::size_t i = 0; i < graph_.synapses.size(); ++i) synapse(i, graph_.synapses[i]);
    out_ += graph_.synapses.empty() ? "" : "</transition_graph>\n";
    return std::move(out_);
  }

 private:
  void line(int depth, const std::string& text) {
    out_ += std::string(static_cast<std::size_t>(depth) * 2, ' ') + text + "\n";
  }

  static std::string attribute(std::string_view name, std::string_view value) {
    std::string text;
    append_xml_attribute(text, name, value);
    return text;
  }
  static std::string if_set(std::string_view name, std::string_view value) {
    return value.empty() ? "" : attribute(name, value);
  }

  void root() {
    std::string text = "<transition_graph" + attribute("cluster-delay", graph_.cluster_delay) +
                       attribute("stonith-timeout", graph_.stonith_timeout) +
                       attribute("failed-stop-offset", graph_.failed_stop_offset) +
                       attribute("failed-start-offset", graph_.failed_start_offset) +
                       attribute("batch-limit", graph_.batch_limit) +
                       attribute("transition_id", std::to_string(graph_.transition_id));
    text += if_set("migration-limit", graph_.migration_limit);
    if (graph_.recheck_by) text += attribute("recheck-by", std::to_string(*graph_.recheck_by));
    out_ += text + (graph_.synapses.empty() ? "/>\n" : ">\n");
  }

  void synapse(std::size_t id, const Synapse& synapse) {
    std::string text = "<synapse" + attribute("id", std::to_string(id));
    if (synapse.priority > 0) text += attribute("priority", std::to_string(synapse.priority));
    line(1, text + ">");
    line(2, "<action_set>");
    action(graph_.actions[synapse.action]);
    line(2, "</action_set>");
    inputs(synapse);
    line(1, "</synapse>");
  }

  void inputs(const Synapse& synapse) {
    if (synapse.inputs.empty()) return line(2, "<inputs/>");
    line(2, "<inputs>");
    for (const std::size_t input : synapse.inputs) {
      line(3, "<trigger>");
      line(4, "<" + element(graph_.actions[input]) + head(graph_.actions[input]) + "/>");
      line(3, "</trigger>");
    }
    line(2, "</inputs>");
  }

  static std::string element(const Action& action) {
    switch (action.kind) {
      case ActionKind::pseudo:
        return "pseudo_event";
      case ActionKind::cluster:
        return "crm_event";
      case ActionKind::resource_op:
        break;
    }
    return "rsc_op";
  }

  static std::string head(const Action& action) {
    std::string text = action.by_dc ? attribute("mode", "cib") : "";
    text += attribute("id", std::to_string(action.id)) + attribute("operation", action.task) +
            attribute("operation_key", action.key);
    text += if_set("internal_operation_key", action.internal_key) + if_set("on_node", action.node) +
            if_set("on_node_uuid", action.node_uuid) + if_set("router_node", action.router_node);
    return text;
  }

  void action(const Action& action) {
    line(3, "<" + element(action) + head(action) + if_set("shutdown-lock", action.shutdown_lock) + ">");
    const ActionResource& resource = action.resource;
    if (!resource.id.empty()) {
      line(4, "<primitive" + attribute("id", resource.id) + if_set("long-id", resource.long_id) +
                  attribute("class", resource.agent_class) + if_set("provider", resource.provider) +
                  attribute("type", resource.type) + "/>");
    }
    attributes(action.attributes);
    downed(action.downed);
    maintenance(action.maintenance);
    line(3, "</" + element(action) + ">");
  }

  // What is no XML name becomes a child.
  static bool is_child(const NameValues::Pair& one) {
    return !one.name.empty() && std::isdigit(static_cast<unsigned char>(one.name.front())) != 0;
  }

  void attributes(const NameValues& all) {
    std::string text = "<attributes";
    bool children = false;
    for (const NameValues::Pair one : all) {
      if (is_child(one)) {
        children = true;
      } else {
        text += attribute(one.name, one.value);
      }
    }
    if (!children) return line(4, text + "/>");
    line(4, text + ">");
    for (const NameValues::Pair one : all)
      if (is_child(one))
        line(5, "<param" + attribute("name", one.name) + attribute("value", one.value) + "/>");
    line(4, "</attributes>");
  }

  void downed(const std::vector<std::string>& nodes) {
    if (nodes.empty()) return;
    line(4, "<downed>");
    for (const std::string& id : nodes) line(5, "<node" + attribute("id", id) + "/>");
    line(4, "</downed>");
  }

  void maintenance(const std::vector<NodeMaintenance>& nodes) {
    if (nodes.empty()) return;
    line(4, "<maintenance>");
    for (const NodeMaintenance& one : nodes) {
      line(5, "<node" + attribute("id", one.node) +
                  attribute("node_in_maintenance", one.in_maintenance ? "1" : "0") + "/>");
    }
    line(4, "</maintenance>");
  }

  const TransitionGraph& graph_;
  std::string out_;
};

}  // namespace

std::string to_xml(const TransitionGraph& graph) { return Writer(graph).write(); }

}  // namespace fencepost::policy
