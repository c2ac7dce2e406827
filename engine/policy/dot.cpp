// Everything that was thought of, drawn: what happens in green, what cannot in red (§8.4).
#include <set>
#include <string>

#include "engine/policy/decision.h"

namespace fencepost::policy {
namespace {

constexpr const char* kHappens = "style=bold color=\"green\"";
constexpr const char* kUnmanaged = "style=dashed color=\"red\"";
constexpr const char* kOptional = "style=dashed color=\"blue\"";
constexpr const char* kCannot = "style=dashed color=\"red\"";

class Drawing {
 public:
  Drawing(const Decision& decision, bool all, bool ids) : decision_(decision), all_(all), ids_(ids) {}

  std::string draw() {
    out_ = " digraph \"g\" {\n";
    for (auto it = decision_.actions.rbegin(); it != decision_.actions.rend(); ++it) node(*it);
    for (const PlannedOrdering& ordering : decision_.orderings) edge(ordering);
    return out_ + "}\n";
  }

 private:
  std::string name(const PlannedAction& action) const {
    return "\"" + action.label + (ids_ ? " (" + std::to_string(action.id) + ")" : "") + "\"";
  }

  void node(const PlannedAction& action) {
    const char* style = kCannot;
    const char* font = action.pseudo ? "orange" : "black";
    bool drawn = true;
    if (action.in_graph) {
      style = kHappens;
    } else if (action.unmanaged) {
      style = kUnmanaged;
      font = "purple";
      drawn = all_;
    } else if (action.optional) {
      style = kOptional;
      drawn = all_;
    }
    if (!drawn) return;
    drawn_.insert(action.id);
    out_ += name(action) + " [ " + style + " fontcolor=\"" + font + "\"]\n";
  }

  void edge(const PlannedOrdering& ordering) {
    const bool both = drawn_.count(ordering.first) > 0 && drawn_.count(ordering.then) > 0;
    const bool seen = ordering.in_graph || (!ordering.disabled && (all_ || (both && !ordering.load_only)));
    if (!seen) return;
    const char* style = ordering.in_graph ? "style = bold" : "style = dashed";
    out_ += name(decision_.actions[ordering.first - 1]) + " -> " +
            name(decision_.actions[ordering.then - 1]) + " [ " + style + "]\n";
  }

  const Decision& decision_;
  bool all_;
  bool ids_;
  std::set<std::uint32_t> drawn_;
  std::string out_;
};

}  // namespace

std::string to_dot(const Decision& decision, bool all, bool ids) {
  return Drawing(decision, all, ids).draw();
}

}  // namespace fencepost::policy
