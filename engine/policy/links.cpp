// Orderings between tasks become links between the actions that there are (§6.4, §6.7).
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/colocations.h"
#include "engine/policy/graph_parts.h"
#include "engine/policy/propagate.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

// Calls visit for each action that an ordering means: the one it names, or those of the resource's task.
template <class Visit>
void for_each_meant(const Draft& d, ActionId named, ResourceId resource, Key key, Visit&& visit) {
  if (named.valid()) {
    visit(named);
  } else {
    for_each_action(d, resource, key, visit);
  }
}

void link_then(Draft& d, ActionId first, const Ordering& o) {
  Kinds kinds = o.kinds;
  if (first.valid() && d[first].resource == o.then_resource && d[first].dangling)
    kinds &= ~static_cast<Kinds>(kImpliesThen);
  for_each_meant(d, o.then_action, o.then_resource, o.then_key, [&](ActionId then) {
    if (first.valid()) {
      link(d, first, then, kinds);
    } else if ((kinds & kImpliesThen) != 0) {
      d[then].runnable = false;
    }
  });
}

// The first action of an ordering, if nobody made it: it then says that the resource does no such thing.
void make_first(Draft& d, const Ordering& o) {
  if (o.first_action.valid() || o.first_resource == o.then_resource) return;
  if (find_action(d, o.first_resource, o.first_key, NodeId{}).valid()) return;
  const Role role = role_of(d, o.first_resource, true);
  if (o.first_key.task == Task::stop && role == Role::stopped) return;
  if (o.first_key.task == Task::demote && role == Role::unpromoted) return;
  const ActionId made = request(d, o.first_resource, o.first_key, NodeId{}, Demand::optional);
  if (d[o.first_resource].is_collective()) d[made].pseudo = false;
}

}  // namespace

void make_links(Draft& d) {
  for (std::size_t i = 0; i < d.orderings.size(); ++i) {
    const Ordering o = d.orderings[i];
    if (o.first_resource.valid()) {
      make_first(d, o);
      for_each_meant(d, o.first_action, o.first_resource, o.first_key, [&](ActionId first) {
        if (o.then_resource.valid()) {
          link_then(d, first, o);
        } else {
          link(d, first, o.then_action, o.kinds);
        }
      });
    } else if (o.then_resource.valid()) {
      link_then(d, o.first_action, o);
    } else {
      link(d, o.first_action, o.then_action, o.kinds);
    }
  }
}

// ---------------------------------------------------------------- probes before what depends on them

namespace {

class ProbeOrder {
 public:
  explicit ProbeOrder(Draft& d) : d_(d) {}

  void probes_before_restarts() {
    const std::vector<ResourceId> all = d_.top_level;
    for (ResourceId top : all) {
      for_each_leaf(d_, top, [this](ResourceId id) {
        for_each_probe(id, [this](ActionId probe) {
          for_each_after(d_, probe, [&](LinkId after) { walk(probe, d_[after].then); });
          for (ActionId seen : walked_) d_[seen].in_walk = false;
          walked_.clear();
        });
      });
    }
  }

  // Whatever waits for a stop waits also to learn whether there is anything to stop.
  void probes_before_stops() {
    const std::size_t count = d_.orderings.size();
    for (std::size_t i = 0; i < count; ++i) {
      const Ordering o = d_.orderings[i];
      Kinds kinds = 0;
      if (!stop_first(o, kinds)) continue;
      if (!o.then_action.valid() && !o.then_resource.valid()) continue;
      for_each_probe(o.first_resource, [&](ActionId probe) {
        for_each_meant(d_, o.then_action, o.then_resource, o.then_key, [&](ActionId then) {
          if (!pointless(probe, then)) link(d_, probe, then, kinds);
        });
      });
    }
  }

 private:
  template <class Visit>
  void for_each_probe(ResourceId id, Visit&& visit) {
    for_each_action(d_, id, kProbe, [&](ActionId action) {
      if (!d_[action].cancel) visit(action);
    });
  }

  bool stop_first(const Ordering& o, Kinds& kinds) {
    if (!o.first_resource.valid() || o.first_key != kStop) return false;
    if (o.first_resource == o.then_resource) return false;
    if (o.kinds == kAntiColocation || o.kinds == kLoad) {
      kinds = o.kinds;
    } else {
      kinds = kOrder | (o.kinds & (kNotIfMigratable | kSameNode));
    }
    if (!o.then_resource.valid()) return true;
    // Contents and container: the container's probe tells.
    return !(d_[o.first_resource].container == o.then_resource && o.then_key == kStop);
  }

  bool pointless(ActionId probe, ActionId then) const {
    const PlanAction& p = d_[probe];
    const PlanAction& t = d_[then];
    if (t.task == Task::stonith && t.node == p.node) {
      const std::string* operation = t.find_meta("stonith_action");
      if (operation != nullptr && *operation == "on") return true;
    }
    return t.task == Task::shutdown && t.node != p.node;
  }

  void walk(ActionId probe, ActionId at) {
    PlanAction& action = d_[at];
    if (action.in_walk) return;
    action.in_walk = true;
    walked_.push_back(at);
    const ResourceId owner = d_[probe].resource;
    const bool other_primitive =
        action.resource.valid() && d_[action.resource].is_primitive() && action.resource != owner;
    if (other_primitive) {
      Key undo{};
      if (action.key == kStart) undo = kStop;
      if (action.key == kPromote) undo = kDemote;
      if (undo.task != Task::none) {
        for_each_action(d_, action.resource, undo, [&](ActionId stop) {
          if (!d_[stop].pseudo) link(d_, probe, stop, kOrder);
        });
      }
    }
    const ResourceId collective = action.resource;
    const bool descend =
        collective.valid() && d_[collective].is_collective() && d_[owner].parent != collective;
    const bool interleaved = descend && d_[collective].is_clone() && d_[collective].clone().interleave;
    ResourceId partner;
    if (interleaved) partner = partner_of(d_, owner, collective, Role::unknown, false);
    for_each_after(d_, at, [&](LinkId id) {
      const Link l = d_[id];
      if ((l.original & kImpliesThen) == 0) {
        if (!descend) return;
        const ResourceId child = d_[l.then].resource;
        if (!child.valid() || d_[child].parent != collective) return;
        if (interleaved && partner != child) return;  // nor is there anybody to wait without a partner
      }
      walk(probe, l.then);
    });
  }

  Draft& d_;
  std::vector<ActionId> walked_;
};

}  // namespace

void order_probes(Draft& d) {
  ProbeOrder order{d};
  order.probes_before_restarts();
  order.probes_before_stops();
}

// ---------------------------------------------------------------- links that cannot be

namespace {

// Whether `then` would wait for `first`, looking at what will really be waited for.
bool waits_for(Draft& d, ActionId then, ActionId first, std::vector<bool>& seen) {
  if (then == first) return true;
  if (seen[then.index()]) return false;
  seen[then.index()] = true;
  for (LinkId at = d[then].newest_before; at.valid(); at = d[at].older_before) {
    if (accept_input(d, at) && waits_for(d, d[at].first, first, seen)) return true;
  }
  return false;
}

// What runs inside a guest cannot hold up its own container.
bool inside_its_then(const Draft& d, const Link& l) {
  const PlanAction& first = d[l.first];
  const ResourceId then = d[l.then].resource;
  if ((l.kinds & kPreserve) != 0 || !first.resource.valid() || !first.node.valid() || !then.valid())
    return false;
  return guest_container(d, first.node) == then;
}

bool load_closes_a_loop(Draft& d, LinkId id) {
  const ActionId first = d[id].first;
  const ActionId then = d[id].then;
  if (d[first].task != Task::load_stopped || d[then].key != kMigrateTo) return false;
  if (!d[then].runnable || !accept_input(d, id)) return false;
  std::vector<bool> seen(d.actions.size(), false);
  return waits_for(d, first, then, seen);
}

}  // namespace

void disable_invalid_links(Draft& d) {
  for (std::size_t i = d.actions.size(); i-- > 0;) {
    for_each_before(d, ActionId{i}, [&d](LinkId id) {
      if (!inside_its_then(d, d[id]) && !load_closes_a_loop(d, id)) return;
      d[id].kinds = kNoKind;
      d[id].accepted = false;
    });
  }
}

}  // namespace fencepost::policy
