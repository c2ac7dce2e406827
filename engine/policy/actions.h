// Asking for actions: an action is made once for its resource, key and node, and asked for as often as
// anybody wants.
#pragma once

#include "engine/policy/draft.h"

namespace fencepost::policy {

enum class Demand : std::uint8_t { optional, required };

// Finds or makes the action and brings its flags up to date (§5.1).
ActionId request(Draft& d, ResourceId resource, Key key, NodeId node, Demand demand);
// The same for operations that only a configuration or a history names.
ActionId request_named(Draft& d, ResourceId resource, Key key, std::string_view word, NodeId node,
                       Demand demand);
// An action of no resource, known by its whole key.
ActionId request_cluster(Draft& d, const std::string& name, Task task, NodeId node, Demand demand);
// A pseudo-action of a collective resource: optional and runnable until something says otherwise.
ActionId request_pseudo(Draft& d, ResourceId resource, Key key, bool optional, bool runnable);
// One to mark progress by, of no resource; optional until something says otherwise.
ActionId milestone(Draft& d, const std::string& name, Task task);

// Key of an operation by its name; names without a Task get one for this decision.
Key operation_key(Draft& d, std::string_view name, std::uint32_t interval_ms);
std::string_view operation_word(const Draft& d, Key key);

// Looking without asking. With a node: actions there, where an action without a node is taken to be meant for
// it.
ActionId find_action(const Draft& d, ResourceId resource, Key key, NodeId node);  // newest; no node: any
ActionId find_oldest(Draft& d, ResourceId resource, Key key, NodeId node);  // takes the node if it has none
std::vector<ActionId> find_actions(Draft& d, ResourceId resource, Key key, NodeId node);  // oldest first
std::vector<ActionId> find_exact(const Draft& d, ResourceId resource, Key key, NodeId node);

// Calls visit for each action of that key on any node, oldest first; those made meanwhile are not seen.
template <class Visit>
void for_each_action(const Draft& d, ResourceId resource, Key key, Visit&& visit) {
  const std::size_t count = d[resource].marks.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (d[resource].marks[i].key == key) visit(d[resource].actions[i]);
  }
}

// Reasons: the first one stays unless `overwrite`.
void set_reason(PlanAction& action, std::string reason, bool overwrite = false);
void require(PlanAction& action, std::string reason = {}, bool overwrite = false);

// The configured operation that an action takes its settings from.
const OpSpec* find_op(const Draft& d, ResourceId resource, Key key, std::string_view word = {});

// Links and orderings.
bool link(Draft& d, ActionId first, ActionId then, Kinds kinds);
void order(Draft& d, ResourceId first, Key first_key, ResourceId then, Key then_key, Kinds kinds);
void order(Draft& d, Ordering ordering);
void order_key_then(Draft& d, ResourceId first, Key first_key, ActionId then, Kinds kinds);
void order_then_key(Draft& d, ActionId first, ResourceId then, Key then_key, Kinds kinds);
void order_actions(Draft& d, ActionId first, ActionId then, Kinds kinds);

}  // namespace fencepost::policy
