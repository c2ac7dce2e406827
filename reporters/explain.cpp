#include "reporters/explain.h"

#include <fmt/format.h>

#include <algorithm>

namespace fencepost::reporters {
namespace {

using policy::Change;
using policy::ClusterState;
using policy::Decision;
using policy::NodeId;
using policy::Placement;
using policy::ResourceId;
using policy::ResourceState;
using policy::ScoreReason;

std::string signed_text(Score score) { return (score.value() > 0 ? "+" : "") + to_string(score); }

class Explanation {
 public:
  Explanation(const Decision& decision, const ExplainOptions& options)
      : decision_(decision), state_(decision.state), options_(options) {}

  std::string text() {
    notices();
    for (const Change& change : decision_.changes) explain(change);
    for (const Placement& placement : decision_.placement) explain_unchanged(placement);
    if (out_.empty()) out_ = "Nothing changes: every resource is where and as it should be.\n";
    return std::move(out_);
  }

 private:
  void notices() {
    for (const policy::Notice& notice : decision_.notices)
      if (notice.severity != policy::Notice::Severity::info) line("note: {}", notice.text);
    if (!out_.empty()) out_ += '\n';
  }

  bool asked_for(ResourceId id) const {
    for (ResourceId at = id; at.valid(); at = state_[at].parent) {
      const auto is_named = [&](const std::string& name) {
        return name == state_[at].id || name == state_[at].name;
      };
      if (std::ranges::any_of(options_.resources, is_named)) return true;
    }
    return false;
  }

  void explain(const Change& change) {
    if (!change.resource_id.valid()) {
      if (!options_.resources.empty()) return;
      const std::string task = change.task.empty() ? "" : " (" + change.task + ")";
      line("{}{} {}", verb(change), task, state_[change.origin].name);
      return because(change);
    }
    if (!options_.resources.empty() && !asked_for(change.resource_id)) return;
    line("{} {}: {}{}", verb(change), change.resource, details(change, state_),
         change.blocked ? ", but it is blocked" : "");
    because(change);
    scores(change.resource_id, change.destination);
  }

  void because(const Change& change) {
    if (!change.reason.empty()) line("  because: {}", change.reason);
    if (!change.resource_id.valid()) out_ += '\n';
  }

  // A resource that stays as it is, if somebody asks for it.
  void explain_unchanged(const Placement& placement) {
    const auto changes = [&](const Change& change) { return change.resource_id == placement.resource; };
    if (!asked_for(placement.resource) || std::ranges::any_of(decision_.changes, changes)) return;
    const ResourceState& resource = state_[placement.resource];
    if (placement.to.valid())
      line("Leave {}: {} {}", resource.name, to_string(placement.next_role), state_[placement.to].name);
    else
      line("Leave {}: stopped", resource.name);
    scores(placement.resource, placement.to);
  }

  // A table: node, final score, and below each part of it with where it comes from.
  void scores(ResourceId id, NodeId chosen) {
    for (std::size_t n = 0; n < state_.nodes.size(); ++n) {
      const NodeId node{static_cast<std::uint32_t>(n)};
      const std::vector<const ScoreReason*> parts = parts_of(id, node);
      const std::string mark = node == chosen ? "->" : "  ";
      const std::string health = why_not(node);
      if (parts.empty()) {
        line("  {} {:<12} {:>10}  {}", mark, state_[node].name, allowed(id, node) ? "0" : "-", health);
        continue;
      }
      line("  {} {:<12} {:>10}  {}", mark, state_[node].name, to_string(parts.back()->result), health);
      for (const ScoreReason* part : parts)
        line("     {:<12} {:>10}  {}: {}", "", signed_text(part->change), to_string(part->cause),
             part->because);
    }
    out_ += '\n';
  }

  std::vector<const ScoreReason*> parts_of(ResourceId id, NodeId node) const {
    std::vector<const ScoreReason*> parts;
    for (const ScoreReason& reason : decision_.score_reasons)
      if (reason.resource == id && reason.node == node) parts.push_back(&reason);
    return parts;
  }

  static std::string source(const ScoreReason& part) {
    const std::string cause = to_string(part.cause);
    return part.because.empty() || part.because == cause ? cause : cause + ": " + part.because;
  }

  bool allowed(ResourceId id, NodeId node) const {
    return std::ranges::find(state_[id].allowed_on, node) != state_[id].allowed_on.end();
  }

  // What keeps everything away from a node, whatever the score.
  std::string why_not(NodeId id) const {
    const policy::NodeState& node = state_[id];
    if (node.unclean) return "(unclean)";
    if (!node.online) return "(offline)";
    if (node.standby) return "(standby)";
    if (node.maintenance) return "(maintenance)";
    return node.shutdown ? "(shutting down)" : "";
  }

  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    std::string text = fmt::format(format, std::forward<Args>(args)...);
    text.erase(text.find_last_not_of(' ') + 1);
    out_ += text + '\n';
  }

  const Decision& decision_;
  const ClusterState& state_;
  const ExplainOptions& options_;
  std::string out_;
};

}  // namespace

std::string explain(const Decision& decision, const ExplainOptions& options) {
  return Explanation(decision, options).text();
}

std::vector<std::string> explainable(const ClusterState& state) {
  std::vector<std::string> names;
  for (const ResourceState& resource : state.resources)
    if (!resource.internal) names.push_back(resource.id);
  return names;
}

}  // namespace fencepost::reporters
