#include "engine/policy/notifications.h"

#include <algorithm>
#include <array>

namespace fencepost::policy {
namespace {

constexpr std::int32_t kDoneComesFirst = Score::kInfinity;

Key notify_key(Task task, Notify notify) { return Key{task, notify, 0}; }

bool notifies(const Draft& d, ResourceId id) {
  return id.valid() && d[id].is_clone() && d[id].clone().notify;
}

// How a notification introduces itself: when it comes, about what, and by which key it is known.
struct Introduction {
  std::string_view type;      // pre, post
  std::string_view key_type;  // pre, confirmed-pre, post, confirmed-post
  std::string_view operation;
  std::string_view key_operation;
};

void introduce(PlanAction& action, const Introduction& introduction) {
  action.meta.reserve(4);
  action.set_meta_if_absent("notify_type", introduction.type);
  action.set_meta_if_absent("notify_operation", introduction.operation);
  action.set_meta_if_absent("notify_key_type", introduction.key_type);
  action.set_meta_if_absent("notify_key_operation", introduction.key_operation);
}

ActionId request_notification(Draft& d, ResourceId id, Key key, const PlanAction& like,
                              const Introduction& about) {
  const bool runnable = like.runnable;
  const ActionId action = request_pseudo(d, id, key, like.optional, runnable);
  d[action].runnable = runnable;
  introduce(d[action], about);
  return action;
}

}  // namespace

void create_notifications(Draft& d, ResourceId clone, ActionId begin, ActionId end) {
  if (!notifies(d, clone)) return;
  const Task task = d[begin].key.task;
  const std::string_view name = word(task);
  const std::string_view done_name = word(done(task));
  const ActionId pre =
      request_notification(d, clone, notify_key(task, Notify::pre), d[begin], {"pre", "pre", name, name});
  const ActionId told = request_notification(d, clone, notify_key(task, Notify::confirmed_pre), d[begin],
                                             {"pre", "confirmed-pre", name, name});
  link(d, pre, told, kOrder);
  link(d, told, begin, kOrder);
  const ActionId post = request_notification(d, clone, notify_key(done(task), Notify::post), d[end],
                                             {"post", "post", name, done_name});
  const ActionId known = request_notification(d, clone, notify_key(done(task), Notify::confirmed_post),
                                              d[end], {"post", "confirmed-post", name, done_name});
  d[post].priority = kDoneComesFirst;
  d[known].priority = kDoneComesFirst;
  link(d, end, post, kImpliesThen);
  link(d, post, known, kImpliesThen);
  link(d, told, post, kOrder);
}

void order_notifications(Draft& d, ResourceId clone) {
  if (!notifies(d, clone)) return;
  const auto after = [&](Task first, Task then) {
    const ActionId a = find_action(d, clone, notify_key(done(first), Notify::confirmed_post), NodeId{});
    const ActionId b = find_action(d, clone, notify_key(then, Notify::pre), NodeId{});
    if (a.valid() && b.valid()) link(d, a, b, kOrder);
  };
  after(Task::stop, Task::start);
  if (!d[clone].clone().promotable) return;
  after(Task::stop, Task::promote);
  after(Task::start, Task::promote);
  after(Task::demote, Task::promote);
  after(Task::demote, Task::start);
  after(Task::demote, Task::stop);
}

// ---------------------------------------------------------------- who does what

namespace {

using Listed = CloneNews::Listed;

void list_state(const Draft& d, ResourceId leaf, CloneNews& news) {
  const Resource& r = d[leaf];
  const NodeId node = r.active_on.empty() ? NodeId{} : r.active_on.front();
  switch (r.role) {
    case Role::unknown:
    case Role::stopped:
      news.inactive.emplace_back(leaf, node);
      return;
    case Role::started:
      break;
    case Role::unpromoted:
      news.unpromoted.emplace_back(leaf, node);
      break;
    case Role::promoted:
      news.promoted.emplace_back(leaf, node);
      break;
  }
  news.active.emplace_back(leaf, node);
}

void list_actions(const Draft& d, ResourceId leaf, CloneNews& news) {
  for (const ActionId id : d[leaf].actions) {
    const PlanAction& a = d[id];
    if (a.optional || !a.node.valid() || a.cancel) continue;
    const bool stops = a.key == kStop && d[a.node].unclean;
    if (!a.runnable && !stops) continue;
    if (a.key == kStart) news.start.emplace_back(leaf, a.node);
    if (a.key == kStop) news.stop.emplace_back(leaf, a.node);
    if (a.key == kPromote) news.promote.emplace_back(leaf, a.node);
    if (a.key == kDemote) news.demote.emplace_back(leaf, a.node);
  }
}

CloneNews collect(const Draft& d, ResourceId clone) {
  CloneNews news;
  news.clone = clone;
  for_each_leaf(d, clone, [&](ResourceId leaf) {
    list_state(d, leaf, news);
    list_actions(d, leaf, news);
  });
  return news;
}

// ---------------------------------------------------------------- how it is told

struct Words {
  std::string resources, nodes;
};

Words words_of(const Draft& d, Listed list) {
  std::stable_sort(list.begin(), list.end(), [&d](const auto& a, const auto& b) {
    const int order = d[a.first].spec->id.compare(d[b.first].spec->id);
    if (order != 0) return order < 0;
    const std::string none;
    const std::string& left = a.second.valid() ? d[a.second].spec->id : none;
    const std::string& right = b.second.valid() ? d[b.second].spec->id : none;
    return left < right;
  });
  Words words;
  ResourceId last;
  for (const auto& [resource, node] : list) {
    if (resource == last) continue;
    last = resource;
    words.resources += (words.resources.empty() ? "" : " ") + d[resource].spec->id;
    if (node.valid()) words.nodes += (words.nodes.empty() ? "" : " ") + std::string{d[node].name()};
  }
  if (words.resources.empty()) words.resources = " ";
  if (words.nodes.empty()) words.nodes = " ";
  return words;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text.empty() ? " " : text;
}

// Guests go by the node they run on.
std::string host_name(const Draft& d, NodeId node) {
  if (d[node].kind == NodeKind::guest) {
    const ResourceId container = guest_container(d, node);
    if (container.valid() && !d[container].active_on.empty()) {
      return std::string{d[d[container].active_on.front()].name()};
    }
  }
  return std::string{d[node].name()};
}

}  // namespace

std::vector<Setting> in_words(const Draft& d, const CloneNews& news) {
  const ResourceId clone = news.clone;
  std::vector<Setting> told;
  told.reserve(22);
  const auto add = [&](std::string_view resources, std::string_view nodes, const Listed& list) {
    Words words = words_of(d, list);
    told.push_back({resources, std::move(words.resources)});
    told.push_back({nodes, std::move(words.nodes)});
  };
  add("notify_stop_resource", "notify_stop_uname", news.stop);
  add("notify_start_resource", "notify_start_uname", news.start);
  add("notify_demote_resource", "notify_demote_uname", news.demote);
  add("notify_promote_resource", "notify_promote_uname", news.promote);
  add("notify_active_resource", "notify_active_uname", news.active);
  add("notify_unpromoted_resource", "notify_unpromoted_uname", news.unpromoted);
  add("notify_slave_resource", "notify_slave_uname", news.unpromoted);
  add("notify_promoted_resource", "notify_promoted_uname", news.promoted);
  add("notify_master_resource", "notify_master_uname", news.promoted);
  told.push_back({"notify_inactive_resource", words_of(d, news.inactive).resources});

  std::vector<std::string> available, all, hosts;
  for (std::size_t i = 0; i < d.nodes.size(); ++i) {
    const NodeId node{i};
    if (d[clone].scores.has(node)) available.push_back(std::string{d[node].name()});
    all.push_back(std::string{d[node].name()});
    hosts.push_back(host_name(d, node));
  }
  told.push_back({"notify_available_uname", joined(available)});
  told.push_back({"notify_all_uname", joined(all)});
  // A bundle's clone takes this from what it holds.
  const ResourceId decides = in_bundle(d, clone) ? d[clone].children.front() : clone;
  if (d[decides].def->container_attribute_target_host) {
    told.push_back({"notify_all_hosts", joined(hosts)});
  }
  return told;
}

// ---------------------------------------------------------------- one family of notifications

namespace {

struct Family {
  Task task;
  ActionId pre, confirmed_pre, post, confirmed_post;
};

Family family_of(const Draft& d, ResourceId clone, Task task) {
  const auto find = [&](Task of, Notify notify) {
    return find_action(d, clone, notify_key(of, notify), NodeId{});
  };
  return {.task = task,
          .pre = find(task, Notify::pre),
          .confirmed_pre = find(task, Notify::confirmed_pre),
          .post = find(done(task), Notify::post),
          .confirmed_post = find(done(task), Notify::confirmed_post)};
}

const Listed& own_list(const CloneNews& news, Task task) {
  switch (task) {
    case Task::start:
      return news.start;
    case Task::stop:
      return news.stop;
    case Task::promote:
      return news.promote;
    default:
      return news.demote;
  }
}

// What is looked at regularly is looked at once everybody was told.
void look_again_after(Draft& d, ResourceId leaf, ActionId told) {
  for (const ActionId id : std::vector<ActionId>(d[leaf].actions))
    if (d[id].key.interval_ms > 0 && !d[id].cancel) link(d, told, id, kOrder);
}

class Teller {
 public:
  Teller(Draft& d, ResourceId clone, Task task, const CloneNews& news)
      : d_(d), family_(family_of(d, clone, task)), empty_(own_list(news, task).empty()), news_(news) {}

  void run(ResourceId clone) {
    if (!family_.pre.valid() || !family_.post.valid()) return;
    if (!empty_) {
      for (const ActionId id : {family_.pre, family_.confirmed_pre, family_.post, family_.confirmed_post})
        d_[id].optional = false;
    }
    for_each_leaf(d_, clone, [&](ResourceId leaf) { tell_leaf(leaf); });
  }

 private:
  void tell_leaf(ResourceId leaf);
  void tell_before_stop(ResourceId leaf);
  void tell_after_start(ResourceId leaf);
  void before(ResourceId leaf, NodeId node) {
    create(leaf, node, family_.pre, family_.confirmed_pre, Notify::pre);
  }
  void after(ResourceId leaf, NodeId node) {
    create(leaf, node, family_.post, family_.confirmed_post, Notify::post);
  }
  void create(ResourceId leaf, NodeId node, ActionId begin, ActionId end, Notify notify);
  bool connection_cannot_start(NodeId node) const;

  Draft& d_;
  Family family_;
  bool empty_;
  const CloneNews& news_;
};

bool changes_state(const PlanAction& action) {
  return action.key == kStart || action.key == kStop || action.key == kPromote || action.key == kDemote;
}

void Teller::tell_leaf(ResourceId leaf) {
  for (const ActionId id : std::vector<ActionId>(d_[leaf].actions)) {
    PlanAction& a = d_[id];
    if (!changes_state(a) || a.optional || !a.node.valid()) continue;
    a.news = &news_;
  }
  if (empty_ && family_.task != Task::stop) return;
  const bool down = family_.task == Task::stop || family_.task == Task::demote;
  if (down) {
    if (d_[leaf].role > Role::stopped) tell_before_stop(leaf);
  } else if (d_[leaf].next_role > Role::stopped) {
    tell_after_start(leaf);
  }
}

void Teller::tell_before_stop(ResourceId leaf) {
  for (const NodeId node : std::vector<NodeId>(d_[leaf].active_on)) {
    const ActionId stop = find_action(d_, leaf, kStop, NodeId{});  // of several the newest, wherever it is
    const bool gone = d_[node].unclean || d_[node].needs_reset;
    if (stop.valid() && d_[stop].pseudo && gone) continue;
    before(leaf, node);
    if (family_.task == Task::demote || !stop.valid() || d_[stop].optional) after(leaf, node);
  }
}

bool Teller::connection_cannot_start(NodeId node) const {
  if (!d_[node].is_remote() || !d_[node].connection.valid()) return false;
  const ActionId start = find_action(d_, d_[node].connection, kStart, NodeId{});
  return start.valid() && !d_[start].runnable;
}

void Teller::tell_after_start(ResourceId leaf) {
  const NodeId node = d_[leaf].assigned;
  if (!node.valid() || connection_cannot_start(node)) return;
  const ActionId start = find_action(d_, leaf, kStart, NodeId{});
  const bool starts = family_.task == Task::start && start.valid() && !d_[start].optional;
  if (!starts) before(leaf, node);
  after(leaf, node);
}

void Teller::create(ResourceId leaf, NodeId node, ActionId begin, ActionId end, Notify notify) {
  if (!begin.valid() || !end.valid()) return;
  if (notify == Notify::post) look_again_after(d_, leaf, end);  // whether or not the instance can be told
  if (!d_[begin].runnable || !d_[node].online) return;
  const ActionId id = request(d_, leaf, notify_key(family_.task, notify), node,
                              d_[begin].optional ? Demand::optional : Demand::required);
  if (!d_[id].optional) {
    for (const Setting& one : d_[begin].meta) d_[id].set_meta_if_absent(one.name, one.value);
    d_[id].news = &news_;
  }
  if (notify == Notify::post) d_[id].priority = kDoneComesFirst;
  link(d_, begin, id, kOrder);
  link(d_, id, end, kOrder);
}

}  // namespace

void notify_instances(Draft& d, ResourceId clone) {
  if (!notifies(d, clone)) return;
  CloneNews& news = d.news.emplace_back(collect(d, clone));  // telling makes notifications: no news
  if (d.want.attributes) news.words = in_words(d, news);
  for (const Task task : {Task::start, Task::stop, Task::promote, Task::demote}) {
    const bool promotion = task == Task::promote || task == Task::demote;
    if (promotion && !d[clone].clone().promotable) continue;
    Teller(d, clone, task, news).run(clone);
  }
}

void notify_of_fencing(Draft& d, ResourceId resource, ActionId stop, ActionId fencing) {
  // All that is said now is who stops; what is told later does not change that.
  const std::string stopped = d[resource].spec->id;
  const std::string node_left{d[d[stop].node].name()};
  const auto inform = [&](ActionId id) {
    d[id].set_meta_if_absent("notify_stop_resource", stopped);
    d[id].set_meta_if_absent("notify_stop_uname", node_left);
  };
  const auto make = [&](Notify notify, const char* key_type) {
    const ActionId id = request_pseudo(d, resource, notify_key(Task::stonith, notify), false, true);
    introduce(d[id], {"post", key_type, "stop", "stonith"});
    d[id].priority = kDoneComesFirst;
    return id;
  };
  const ActionId post = make(Notify::post, "post");
  const ActionId known = make(Notify::confirmed_post, "confirmed-post");
  link(d, fencing, post, kImpliesThen);
  link(d, post, known, kImpliesThen);
  for_each_leaf(d, top_of(d, resource), [&](ResourceId leaf) {
    for (const ActionId id : d[leaf].actions)
      if (changes_state(d[id]) && !d[id].optional && d[id].node.valid()) inform(id);
    if (d[leaf].active_on.empty()) return;
    const NodeId node = d[leaf].active_on.front();
    const ActionId own_stop = find_action(d, leaf, kStop, NodeId{});
    if ((own_stop.valid() && !d[own_stop].optional) || !d[node].online) return;
    const ActionId told = request(d, leaf, notify_key(Task::stop, Notify::post), node, Demand::required);
    introduce(d[told], {"post", "post", "stop", "stonith"});
    inform(told);
    d[told].priority = kDoneComesFirst;
    link(d, post, told, kOrder);
    link(d, told, known, kOrder);
    look_again_after(d, leaf, known);
  });
}

}  // namespace fencepost::policy
