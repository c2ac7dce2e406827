// Orderings between tasks of resources, from rsc_order and from everything else that implies one (§6.2).
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/constraints.h"

namespace fencepost::policy {

// ---------------------------------------------------------------- making orderings

namespace {

bool related(const Draft& d, ResourceId a, ResourceId b) {
  return a == b || is_ancestor(d, a, b) || is_ancestor(d, b, a);
}

Key key_of(const Draft& d, Key given, ActionId action) { return action.valid() ? d[action].key : given; }

void push(Draft& d, ResourceId first, Key first_key, ResourceId then, Key then_key, Kinds kinds) {
  d.orderings.push_back({.first_resource = first,
                         .then_resource = then,
                         .first_key = first_key,
                         .then_key = then_key,
                         .first_action = {},
                         .then_action = {},
                         .kinds = kinds});
}

// A start or stop that turns into a live migration takes its orderings along.
void order_migrations(Draft& d, const Ordering& o) {
  if (!o.first_resource.valid() || !o.then_resource.valid()) return;
  const Resource& first = d[o.first_resource];
  const Resource& then = d[o.then_resource];
  if (!first.allow_migrate && !then.allow_migrate) return;
  if (related(d, o.first_resource, o.then_resource)) return;
  const Key a = key_of(d, o.first_key, o.first_action);
  const Key b = key_of(d, o.then_key, o.then_action);
  const bool partial = then.partial_target.valid();
  const auto add = [&](Key first_key, Key then_key, Kinds kinds) {
    push(d, o.first_resource, first_key, o.then_resource, then_key, kinds);
  };
  if (a == kStart && b == kStart) {
    const Kinds kinds = first.allow_migrate ? kOrder | kNotIfMigratable : Kinds{kOrder};
    if (first.allow_migrate && then.allow_migrate) add(kMigrateFrom, kMigrateTo, kOrder);
    if (then.allow_migrate) add(kStart, kMigrateTo, kinds);
  } else if (then.allow_migrate && a == kStop && b == kStop) {
    const Kinds kinds = first.allow_migrate ? kOrder | kNotIfMigratable : Kinds{kOrder};
    add(kStop, kMigrateTo, kinds);
    if (partial) add(kStop, kMigrateFrom, kinds);
  } else if (then.allow_migrate && a == kPromote && b == kStart) {
    add(kPromote, kMigrateTo, kOrder);
  } else if (then.allow_migrate && a == kDemote && b == kStop) {
    add(kDemote, kMigrateTo, kOrder);
    if (partial) add(kDemote, kMigrateFrom, kOrder);
  }
}

}  // namespace

void order(Draft& d, Ordering o) {
  if (!o.first_resource.valid() && !o.first_action.valid()) return;
  if (!o.then_resource.valid() && !o.then_action.valid()) return;
  if (o.first_action.valid()) {
    if (!o.first_resource.valid()) o.first_resource = d[o.first_action].resource;
    o.first_key = d[o.first_action].key;
  }
  if (o.then_action.valid()) {
    if (!o.then_resource.valid()) o.then_resource = d[o.then_action].resource;
    o.then_key = d[o.then_action].key;
  }
  order_migrations(d, o);
  d.orderings.push_back(o);
}

void order(Draft& d, ResourceId first, Key first_key, ResourceId then, Key then_key, Kinds kinds) {
  order(d, {.first_resource = first,
            .then_resource = then,
            .first_key = first_key,
            .then_key = then_key,
            .first_action = {},
            .then_action = {},
            .kinds = kinds});
}

void order_key_then(Draft& d, ResourceId first, Key first_key, ActionId then, Kinds kinds) {
  order(d, {.first_resource = first,
            .then_resource = {},
            .first_key = first_key,
            .then_key = {},
            .first_action = {},
            .then_action = then,
            .kinds = kinds});
}

void order_then_key(Draft& d, ActionId first, ResourceId then, Key then_key, Kinds kinds) {
  order(d, {.first_resource = {},
            .then_resource = then,
            .first_key = {},
            .then_key = then_key,
            .first_action = first,
            .then_action = {},
            .kinds = kinds});
}

void order_actions(Draft& d, ActionId first, ActionId then, Kinds kinds) {
  order(d, {.first_resource = {},
            .then_resource = {},
            .first_key = {},
            .then_key = {},
            .first_action = first,
            .then_action = then,
            .kinds = kinds});
}

// ---------------------------------------------------------------- rsc_order

namespace {

enum class OrderKind : std::uint8_t { mandatory, optional, serialize };
enum class Symmetry : std::uint8_t { asymmetric, symmetric, inverse };

OrderKind order_kind(const std::string& kind, const std::string& score) {
  if (kind.empty()) {
    if (score.empty()) return OrderKind::mandatory;
    return cib::parse_score(score).value() == 0 ? OrderKind::optional : OrderKind::mandatory;
  }
  if (cib::equal_ignoring_case(kind, "Optional")) return OrderKind::optional;
  if (cib::equal_ignoring_case(kind, "Serialize")) return OrderKind::serialize;
  return OrderKind::mandatory;
}

Symmetry symmetry_of(const std::string& text, OrderKind kind) {
  if (kind == OrderKind::serialize) return Symmetry::asymmetric;
  if (text.empty()) return Symmetry::symmetric;
  return cib::is_true(text) ? Symmetry::symmetric : Symmetry::asymmetric;
}

Kinds kinds_for(OrderKind kind, Task first, Symmetry symmetry) {
  switch (kind) {
    case OrderKind::optional:
      return kOrder;
    case OrderKind::serialize:
      return kOrder | kSerialize;
    case OrderKind::mandatory:
      break;
  }
  switch (symmetry) {
    case Symmetry::asymmetric:
      return kOrder | kAsymmetrical;
    case Symmetry::inverse:
      return kOrder | kImpliesFirst;
    case Symmetry::symmetric:
      return kOrder | kImpliesThen |
             (first == Task::start || first == Task::promote ? kRunnableLeft : kNoKind);
  }
  return kOrder;
}

Key task_key(Draft& d, const std::string& text, Key fallback) {
  return text.empty() ? fallback : operation_key(d, text, 0);
}

ResourceId instance_of(const Draft& d, ResourceId clone, const std::string& number) {
  if (number.empty() || !clone.valid() || !d[clone].is_clone()) return clone;
  for (ResourceId child : d[clone].children) {
    if (std::to_string(d[child].spec->instance) == number) return child;
  }
  return {};
}

int required_instances(const Draft& d, ResourceId first, const cib::OrderConstraint& c) {
  if (!d[first].is_clone()) return 0;
  if (const std::string* minimum = d[first].def->find_meta("clone-min")) {
    const std::int64_t count = cib::parse_integer(*minimum).value_or(0);
    if (count > 0) return static_cast<int>(count);
    return 0;
  }
  if (!c.require_all.empty() && !cib::is_true(c.require_all)) return 1;
  return 0;
}

// So many instances are enough for the then-action.
void order_after_some(Draft& d, const cib::OrderConstraint& c, ResourceId first, Key first_key,
                      ResourceId then, Key then_key, Kinds kinds, int needed) {
  const ActionId gate = milestone(d, "clone-one-or-more:" + c.id, Task::one_or_more);
  d[gate].optional = true;  // it happens when what it counts does
  d[gate].one_or_more = true;
  d[gate].needed = needed;
  for (ResourceId instance : d[first].children) {
    order(d, {.first_resource = instance,
              .then_resource = {},
              .first_key = first_key,
              .then_key = {},
              .first_action = {},
              .then_action = gate,
              .kinds = kOneOrMore | kThenShown});
  }
  order(d, {.first_resource = {},
            .then_resource = then,
            .first_key = {},
            .then_key = then_key,
            .first_action = gate,
            .then_action = {},
            .kinds = kinds | kRunnableLeft});
}

void read_simple(Draft& d, const cib::OrderConstraint& c) {
  const ResourceId first = instance_of(d, find_resource(d, c.first), c.first_instance);
  const ResourceId then = instance_of(d, find_resource(d, c.then), c.then_instance);
  if (!first.valid() || !then.valid()) {
    d.notices.push_back({Notice::Severity::error, "order '" + c.id +
                                                      "' names a resource that does not exist: "
                                                      "constraint ignored"});
    return;
  }
  const Key first_key = task_key(d, c.first_action, kStart);
  const Key then_key = task_key(d, c.then_action, first_key);
  const OrderKind kind = order_kind(c.kind, c.score);
  const Symmetry symmetry = symmetry_of(c.symmetrical, kind);
  Kinds kinds = kinds_for(kind, first_key.task, symmetry);
  if (kind == OrderKind::optional && d[then].def->restart_type_restart) kinds |= kImpliesThen;
  const int needed = required_instances(d, first, c);
  if (needed > 0) {
    order_after_some(d, c, first, first_key, then, then_key, kinds, needed);
  } else {
    order(d, first, first_key, then, then_key, kinds);
  }
  if (symmetry == Symmetry::asymmetric) return;
  const Key undo_then = key(inverse(then_key.task));
  const Key undo_first = key(inverse(first_key.task));
  if (undo_then.task == Task::none || undo_first.task == Task::none) return;
  Kinds back = kinds_for(kind, undo_then.task, Symmetry::inverse);
  if (kind == OrderKind::optional && d[then].def->restart_type_restart) back |= kImpliesFirst;
  order(d, then, undo_then, first, undo_first, back);
}

// ---------------------------------------------------------------- sets

bool is_true_or(const std::string& text, bool fallback) {
  return text.empty() ? fallback : cib::is_true(text);
}

struct OrderedSet {
  const cib::ResourceSet* xml;
  std::vector<ResourceId> members;
  Key task;
  bool sequential_explicit = false;
  bool require_all = true;
};

OrderedSet open_set(Draft& d, const cib::ResourceSet& set) {
  OrderedSet opened;
  opened.xml = &set;
  opened.members = resources_of(d, set);
  opened.task = task_key(d, set.action, kStart);
  opened.sequential_explicit = !set.sequential.empty() && cib::is_true(set.sequential);
  opened.require_all = is_true_or(set.require_all, true);
  return opened;
}

void within_set(Draft& d, const OrderedSet& set, const cib::OrderConstraint& c, OrderKind parent_kind,
                bool symmetric) {
  const OrderKind kind = set.xml->kind.empty() ? parent_kind : order_kind(set.xml->kind, "");
  const Symmetry symmetry = symmetric ? Symmetry::symmetric : Symmetry::asymmetric;
  const Kinds kinds = kinds_for(kind, set.task.task, symmetry);
  const bool sequential = is_true_or(set.xml->sequential, true);
  const auto& m = set.members;
  for (std::size_t i = 0; i < m.size(); ++i) {
    if (kind == OrderKind::serialize) {
      for (std::size_t k = i + 1; k < m.size(); ++k) order(d, m[i], set.task, m[k], set.task, kinds);
    } else if (sequential && i > 0) {
      order(d, m[i - 1], set.task, m[i], set.task, kinds);
    }
  }
  (void)c;
  const Key undo = key(inverse(set.task.task));
  if (!symmetric || !sequential || undo.task == Task::none) return;
  const Kinds back = kinds_for(kind, undo.task, Symmetry::inverse);
  for (std::size_t i = 1; i < m.size(); ++i) order(d, m[i], undo, m[i - 1], undo, back);
}

void between_sets(Draft& d, const OrderedSet& a, const OrderedSet& b, Key a_task, Key b_task, OrderKind kind,
                  Symmetry symmetry) {
  const Kinds kinds = kinds_for(kind, b_task.task, symmetry);
  if (!a.require_all && a_task.task != Task::stop && a_task.task != Task::demote) {
    const ActionId gate = milestone(d, "one-or-more:" + a.xml->id, Task::one_or_more);
    d[gate].optional = true;  // it happens when what it counts does
    d[gate].one_or_more = true;
    for (ResourceId member : a.members) {
      order(d, {.first_resource = member,
                .then_resource = {},
                .first_key = a_task,
                .then_key = {},
                .first_action = {},
                .then_action = gate,
                .kinds = kOneOrMore | kThenShown});
    }
    for (ResourceId member : b.members) {
      order(d, {.first_resource = {},
                .then_resource = member,
                .first_key = {},
                .then_key = b_task,
                .first_action = gate,
                .then_action = {},
                .kinds = kinds | kRunnableLeft});
    }
    return;
  }
  std::vector<ResourceId> firsts = a.members;
  std::vector<ResourceId> thens = b.members;
  if (firsts.empty() || thens.empty()) return;
  const bool inverse_direction = symmetry == Symmetry::inverse;
  if (a.sequential_explicit) firsts = {inverse_direction ? firsts.front() : firsts.back()};
  if (b.sequential_explicit) thens = {inverse_direction ? thens.back() : thens.front()};
  for (ResourceId first : firsts) {
    for (ResourceId then : thens) order(d, first, a_task, then, b_task, kinds);
  }
}

void read_sets(Draft& d, const cib::OrderConstraint& c, const std::vector<cib::ResourceSet>& sets) {
  const OrderKind kind = order_kind(c.kind, c.score);
  const Symmetry symmetry = symmetry_of(c.symmetrical, kind);
  std::optional<OrderedSet> last;
  for (const cib::ResourceSet& xml : sets) {
    OrderedSet set = open_set(d, xml);
    const OrderKind own = xml.kind.empty() ? kind : order_kind(xml.kind, "");
    const bool symmetric = xml.symmetrical.empty() ? symmetry == Symmetry::symmetric
                                                   : symmetry_of(xml.symmetrical, own) == Symmetry::symmetric;
    within_set(d, set, c, kind, symmetric);
    if (last) {
      const Symmetry forward = symmetry;
      between_sets(d, *last, set, last->task, set.task, kind, forward);
      if (symmetry == Symmetry::symmetric) {
        const Key undo_last = key(inverse(last->task.task));
        const Key undo_this = key(inverse(set.task.task));
        if (undo_last.task != Task::none && undo_this.task != Task::none) {
          between_sets(d, set, *last, undo_this, undo_last, kind, Symmetry::inverse);
        }
      }
    }
    last = std::move(set);
  }
}

}  // namespace

void read_order(Draft& d, const cib::OrderConstraint& c) {
  if (!c.sets.empty() && c.first.empty()) return read_sets(d, c, c.sets);
  const bool firsts = is_collection(d, c.first);
  const bool thens = is_collection(d, c.then);
  if (!firsts && !thens) return read_simple(d, c);
  std::vector<cib::ResourceSet> sets{set_of(d, c.first), set_of(d, c.then)};
  sets[0].action = c.first_action;
  sets[1].action = c.then_action.empty() ? c.first_action : c.then_action;
  // Who reads it keeps pointers to the sets only while doing so.
  read_sets(d, c, sets);
}

}  // namespace fencepost::policy
