#include "tools/crm_simulate/xml_output.h"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace fencepost::crm_simulate {

using policy::Change;
using policy::ClusterState;
using policy::Role;
using policy::ScoreLine;

namespace {

void write_attribute(XmlList& xml, const Step& step) {
  xml.empty(
      "inject_attr",
      {{"name", step.subject}, {"value", step.value}, {"node_path", "/node_state"}, {"cib_node", step.node}});
}

}  // namespace

void write_modifications(XmlList& xml, const Steps& steps) {
  using Kind = Step::Kind;
  XmlAttributes whole;
  for (const Step& step : steps) {
    if (step.kind == Kind::quorum) whole.emplace_back("quorum", step.value);
    if (step.kind == Kind::watchdog) whole.emplace_back("watchdog", step.value);
  }
  xml.begin("modifications", whole);
  for (const Step& step : steps) {
    switch (step.kind) {
      case Kind::node:
        xml.empty("modify_node", {{"action", step.task}, {"node", step.subject}});
        break;
      case Kind::ticket:
        xml.empty("modify_ticket", {{"action", step.task}, {"ticket", step.subject}});
        break;
      case Kind::spec:
        xml.empty("inject_spec", {{"spec", step.subject}});
        break;
      case Kind::attribute:
        write_attribute(xml, step);
        break;
      default:
        break;
    }
  }
  xml.end();
}

void write_transition(XmlList& xml, const Steps& steps) {
  using Kind = Step::Kind;
  xml.begin("transition");
  for (const Step& step : steps) {
    XmlAttributes attributes;
    const auto maybe = [&](const char* name, const std::string& value) {
      if (!value.empty()) attributes.emplace_back(name, value);
    };
    switch (step.kind) {
      case Kind::pseudo:
        attributes.emplace_back("task", step.subject);
        maybe("node", step.node);
        xml.empty("pseudo_action", attributes);
        break;
      case Kind::resource:
        attributes = {{"resource", step.subject}, {"op", step.task}, {"node", step.node}};
        maybe("interval", step.value);
        xml.empty("rsc_action", attributes);
        break;
      case Kind::cluster:
        attributes = {{"task", step.task}, {"node", step.node}};
        maybe("id", step.subject);
        xml.empty("cluster_action", attributes);
        break;
      case Kind::fencing:
        xml.empty("fencing_action", {{"target", step.node}, {"op", step.task}});
        break;
      case Kind::attribute:
        write_attribute(xml, step);
        break;
      default:
        break;
    }
  }
  xml.end();
}

// ---------------------------------------------------------------- scores

namespace {

const char* function_name(ScoreLine::Kind kind) {
  switch (kind) {
    case ScoreLine::Kind::group:
      return "pcmk__group_assign";
    case ScoreLine::Kind::clone:
      return "pcmk__clone_allocate";
    case ScoreLine::Kind::bundle:
      return "pcmk__bundle_allocate";
    case ScoreLine::Kind::utilization:
      return "pcmk__finalize_assignment";
    default:
      return "pcmk__primitive_assign";
  }
}

// " cpu=4 ram=2" as elements of their own.
void write_values(XmlList& xml, const std::string& tag, const XmlAttributes& attributes,
                  const std::string& values) {
  std::vector<std::pair<std::string, std::string>> found;
  std::istringstream words(values);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos) found.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  xml.begin(tag, attributes);
  for (const auto& [name, value] : found) xml.text(name, value);
  xml.end();
}

}  // namespace

void write_scores(XmlList& xml, const policy::Decision& decision, const Options& options) {
  const std::string scores = options.show_scores ? "allocations" : "";
  const std::string utilization = options.show_utilization ? "utilizations" : "";
  xml.begin(scores + (scores.empty() || utilization.empty() ? "" : "_") + utilization);
  for (const ScoreLine& line : decision.scores) {
    const std::string node = line.node.valid() ? decision.state[line.node].name : "none";
    switch (line.kind) {
      case ScoreLine::Kind::capacity_original:
      case ScoreLine::Kind::capacity_remaining: {
        const bool before = line.kind == ScoreLine::Kind::capacity_original;
        write_values(xml, "capacity", {{"node", node}, {"comment", before ? "Original" : "Remaining"}},
                     line.values);
        break;
      }
      case ScoreLine::Kind::utilization:
        write_values(xml, "utilization",
                     {{"resource", line.resource}, {"node", node}, {"function", function_name(line.kind)}},
                     line.values);
        break;
      case ScoreLine::Kind::promotion: {
        XmlAttributes attributes{{"id", line.resource}, {"score", to_string(line.score)}};
        if (line.node.valid()) attributes.emplace_back("node", node);
        xml.empty("promotion_score", attributes);
        break;
      }
      default:
        xml.empty("node_weight", {{"function", function_name(line.kind)},
                                  {"node", node},
                                  {"score", to_string(line.score)},
                                  {"id", line.resource}});
    }
  }
  xml.end();
}

// ---------------------------------------------------------------- changes

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void write_change(XmlList& xml, const Change& change, const ClusterState& state) {
  XmlAttributes attributes{{"action", lower(verb(change))}, {"resource", change.resource}};
  const bool roles = change.role > Role::started || change.next_role > Role::unpromoted;
  const auto name = [&state](policy::NodeId node) { return state[node].name; };
  const std::string role = to_string(change.role);
  const std::string next_role = to_string(change.next_role);
  const auto put = [&](const char* key, const std::string& value) { attributes.emplace_back(key, value); };
  const bool same_role = change.role == change.next_role;
  if (!change.origin.valid()) {
    if (roles) {
      put("role", role);
      put("next-role", next_role);
      put("dest", name(change.destination));
    } else {
      put("node", name(change.destination));
    }
  } else if (!change.destination.valid()) {
    if (roles) put("role", role);
    put("node", name(change.origin));
  } else if (same_role && change.origin == change.destination) {
    if (roles) put("role", role);
    put("source", name(change.origin));
  } else if (same_role) {
    put("source", name(change.origin));
    put("dest", name(change.destination));
    if (roles) put("role", role);
  } else if (change.origin == change.destination) {
    if (roles) {
      put("role", role);
      put("next-role", next_role);
    }
    put("source", name(change.origin));
  } else {
    if (roles) put("role", role);
    put("source", name(change.origin));
    if (roles) put("next-role", next_role);
    put("dest", name(change.destination));
  }
  if (!change.reason.empty()) put("reason", change.reason);
  if (change.blocked) put("blocked", "true");
  xml.empty("rsc_action", attributes);
}

}  // namespace

void write_changes(XmlList& xml, const policy::Decision& decision) {
  xml.begin("actions");
  for (const Change& change : decision.changes) {
    if (change.kind == Change::Kind::fence) {
      XmlAttributes attributes{{"task", "Fence (" + change.task + ")"},
                               {"node", decision.state[change.origin].name}};
      if (!change.resource.empty()) attributes.back().second += " (resource: " + change.resource + ")";
      attributes.emplace_back("reason", change.reason);
      xml.empty("node_action", attributes);
    } else if (change.kind != Change::Kind::shutdown) {
      write_change(xml, change, decision.state);
    }
  }
  xml.end();
}

}  // namespace fencepost::crm_simulate
