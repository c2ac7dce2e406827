// Capacities of nodes and needs of resources (§4.6).
#include <algorithm>
#include <optional>
#include <utility>

#include "engine/policy/assign.h"
#include "engine/policy/colocations.h"

namespace fencepost::policy {
namespace {

std::int64_t value_of(const std::vector<Utilization>& values, std::string_view name) {
  for (const Utilization& value : values) {
    if (value.name == name) return value.value;
  }
  return 0;
}

bool holds(const Draft& d, NodeId node, const std::vector<Utilization>& need) {
  return std::all_of(need.begin(), need.end(), [&](const Utilization& wanted) {
    return wanted.value <= value_of(d[node].capacity, wanted.name);
  });
}

void add_need(std::vector<Utilization>& to, const std::vector<Utilization>& need) {
  for (const Utilization& wanted : need) {
    const auto known =
        std::find_if(to.begin(), to.end(), [&](const Utilization& u) { return u.name == wanted.name; });
    if (known == to.end()) {
      to.push_back(wanted);
    } else {
      known->value += wanted.value;
    }
  }
}

// Everything that has to be on the node with a resource.
class Family {
 public:
  Family(Draft& d, ResourceId origin) : d_(d), origin_(origin) { collect(origin); }
  const std::vector<ResourceId>& members() const { return members_; }

 private:
  bool has(ResourceId id) const { return std::find(members_.begin(), members_.end(), id) != members_.end(); }

  void collect(ResourceId id) {
    if (has(id)) return;
    members_.push_back(id);
    const Resource& r = d_[id];
    if (r.is_group()) {
      const bool all = r.spec->group_colocated || clone_of(d_, id).valid();
      for (ResourceId member : r.children) {
        collect(member);
        if (!all) break;
      }
    }
    const std::vector<std::uint32_t> this_with = r.this_with;
    for (std::uint32_t index : this_with) {
      const Colocation& c = d_.colocations[index];
      if (c.primary == origin_ || c.score < Score::kInfinity) continue;
      if (applies(d_, id, c.primary, c, true) == Applies::scores) collect(c.primary);
    }
    const std::vector<std::uint32_t> with_this = r.with_this;
    for (std::uint32_t index : with_this) {
      const Colocation& c = d_.colocations[index];
      if (c.dependent == origin_ || c.score < Score::kInfinity) continue;
      if (r.is_clone() && !d_[c.dependent].is_clone()) continue;
      if (applies(d_, c.dependent, id, c, true) == Applies::scores) collect(c.dependent);
    }
  }

  Draft& d_;
  ResourceId origin_;
  std::vector<ResourceId> members_;
};

void add_need_of(const Draft& d, ResourceId id, const std::vector<ResourceId>& family,
                 std::vector<Utilization>& need) {
  const Resource& r = d[id];
  if (r.is_primitive()) {
    if (r.unassigned) add_need(need, r.utilization);
    return;
  }
  if (r.is_group()) {
    for (ResourceId member : r.children) {
      if (std::find(family.begin(), family.end(), member) == family.end())
        add_need_of(d, member, family, need);
    }
    return;
  }
  const std::vector<ResourceId> children = paired_children(d, id);
  if (children.empty()) return;
  bool any = false;
  for (ResourceId child : children)
    any = any || std::find(family.begin(), family.end(), child) != family.end();
  if (!any && r.unassigned) add_need_of(d, children.front(), family, need);
}

void ban(Draft& d, ResourceId id, NodeId node) {
  ban_or_prefer(d, id, node, -Score::kInfinity, {ScoreReason::Cause::utilization, "utilization"});
}

}  // namespace

// Better is what has more left, attribute by attribute.
int compare_capacity(const Draft& d, NodeId a, NodeId b) {
  int result = 0;
  for (const Utilization& u : d[a].capacity) {
    const std::int64_t other = value_of(d[b].capacity, u.name);
    result += u.value > other ? -1 : u.value < other ? 1 : 0;
  }
  for (const Utilization& u : d[b].capacity) {
    const bool known = std::any_of(d[a].capacity.begin(), d[a].capacity.end(),
                                   [&u](const Utilization& v) { return v.name == u.name; });
    if (!known) result += 0 > u.value ? -1 : 0 < u.value ? 1 : 0;
  }
  return result;
}

void consume(Draft& d, ResourceId id, NodeId node, int sign) {
  for (const Utilization& need : d[id].utilization) {
    auto& capacity = d[node].capacity;
    auto left = std::find_if(capacity.begin(), capacity.end(),
                             [&need](const Utilization& one) { return one.name == need.name; });
    if (left != capacity.end()) {
      left->value += sign * need.value;
    } else {
      // What it never said it has: the first use only makes it known.
      capacity.push_back({need.name, 0});
    }
  }
}

void fit_by_utilization(Draft& d, ResourceId id, NodeId& preferred) {
  if (d.options.placement == PlacementStrategy::standard) return;
  NodeId most_free;
  std::vector<NodeId> usable;
  std::vector<NodeId> existing;
  for (NodeId node : hash_order(d, d[id].scores)) {
    existing.push_back(node);
    if (available(d, node)) usable.push_back(node);
  }
  const Family family{d, id};
  bool whole_family_fits = false;
  std::vector<Utilization> need;
  for (ResourceId member : family.members()) add_need_of(d, member, family.members(), need);
  for (NodeId node : usable) {
    if (d[id].scores[node].score >= 0 && holds(d, node, need)) whole_family_fits = true;
  }
  if (whole_family_fits) {
    for (NodeId node : usable) {
      if (!holds(d, node, need)) ban(d, id, node);
    }
    return;
  }
  std::vector<NodeId> unfit;
  for (NodeId node : existing) {
    if (available(d, node) && !holds(d, node, d[id].utilization)) {
      unfit.push_back(node);
      continue;
    }
    if (!available(d, node, d[id].scores[node].score)) continue;
    if (!most_free.valid() || compare_capacity(d, node, most_free) < 0) most_free = node;
  }
  for (NodeId node : unfit) ban(d, id, node);
  if (!preferred.valid()) preferred = most_free;
}

// ---------------------------------------------------------------- an order that shows

namespace {

std::uint32_t hash_of(std::string_view text) {
  std::uint32_t h = 0;
  for (char c : text)
    h = 31 * h + static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<signed char>(c)));
  return h < 2 ? 2 : h;
}

std::uint32_t prime_for(std::size_t slots) {
  switch (slots) {
    case 8:
      return 7;
    case 16:
      return 13;
    case 32:
      return 31;
    case 64:
      return 61;
    case 128:
      return 127;
    case 256:
      return 251;
    case 512:
      return 509;
    case 1024:
      return 1021;
    default:
      return 2039;
  }
}

std::size_t first_slot(std::uint32_t hash, std::size_t slots) {
  return static_cast<std::uint32_t>(11U * hash) % prime_for(slots);
}

// Slots of a hash table of names, as g_hash_table fills and grows them (reference part 2, §0.2).
using Slots = std::vector<std::optional<std::size_t>>;

Slots grown(const std::vector<std::string_view>& names, const Slots& old, std::size_t count) {
  std::size_t size = 8;
  while (size <= static_cast<std::size_t>(static_cast<double>(count) * 1.333)) size *= 2;
  Slots next(size);
  Slots rest = old;
  rest.resize(std::max(size, old.size()));
  for (std::size_t i = 0; i < old.size(); ++i) {
    std::optional<std::size_t> moving = std::exchange(rest[i], std::nullopt);
    while (moving) {
      std::size_t slot = first_slot(hash_of(names[*moving]), size);
      for (std::size_t step = 1; next[slot]; ++step) slot = (slot + step) % size;
      next[slot] = moving;
      moving = slot < rest.size() ? std::exchange(rest[slot], std::nullopt) : std::nullopt;
    }
  }
  return next;
}

// Indices of names, put into a table one after the other, in the order in which the table is walked.
std::vector<std::size_t> hash_order(const std::vector<std::string_view>& names) {
  Slots slots(8);
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::size_t slot = first_slot(hash_of(names[i]), slots.size());
    for (std::size_t step = 1; slots[slot]; ++step) slot = (slot + step) % slots.size();
    slots[slot] = i;
    const std::size_t count = i + 1;
    if (slots.size() <= count + count / 16) slots = grown(names, slots, count);
  }
  std::vector<std::size_t> order;
  for (const auto& slot : slots)
    if (slot) order.push_back(*slot);
  return order;
}

}  // namespace

std::vector<NodeId> hash_order(const Draft& d, const ScoreTable& table) {
  std::vector<NodeId> nodes;
  std::vector<std::string_view> names;
  for (const Node& node : d.nodes) {
    if (!table.has(node.id)) continue;
    nodes.push_back(node.id);
    names.emplace_back(node.spec->id);
  }
  std::vector<NodeId> order;
  for (std::size_t i : hash_order(names)) order.push_back(nodes[i]);
  return order;
}

// ---------------------------------------------------------------- in words

namespace {

std::string text_of(const std::vector<Utilization>& values) {
  std::vector<std::string_view> names;
  for (const Utilization& u : values) names.push_back(u.name);
  std::string text;
  for (std::size_t i : hash_order(names))
    text += " " + std::string{values[i].name} + "=" + std::to_string(values[i].value);
  return text;
}

}  // namespace

void dump_capacities(Draft& d, ScoreLine::Kind kind) {
  if (!d.want.utilization) return;
  for (const Node& node : d.nodes) {
    d.scores.push_back(
        {.kind = kind, .resource = {}, .node = node.id, .score = {}, .values = text_of(node.capacity)});
  }
}

void dump_need(Draft& d, ResourceId id) {
  if (!d.want.utilization) return;
  d.scores.push_back({.kind = ScoreLine::Kind::utilization,
                      .resource = d[id].spec->id,
                      .node = d[id].assigned,
                      .score = {},
                      .values = text_of(d[id].utilization)});
}

}  // namespace fencepost::policy
