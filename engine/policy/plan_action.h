// An action in the making, and how it bears on others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/policy/configuration.h"
#include "engine/policy/decision.h"
#include "engine/policy/key.h"

namespace fencepost::policy {

using ActionId = Id<struct ActionTag>;  // printed as index + 1
using LinkId = Id<struct LinkTag>;

// How one action bears on another (reference part 2, §6.1).
enum Kind : std::uint32_t {
  kNoKind = 0,
  kOrder = 0x1,
  kNotIfMigratable = 0x2,  // ignored in the graph if first is migratable
  kImpliesFirst = 0x10,
  kImpliesThen = 0x20,
  kPromotedImpliesFirst = 0x40,
  kImpliesFirstMigratable = 0x80,
  kRunnableLeft = 0x100,  // first unrunnable: then unrunnable
  kPseudoLeft = 0x200,
  kImpliesThenOnNode = 0x400,
  kProbe_ = 0x800,  // as kRunnableLeft, unless the resource is active anyway
  kRestart = 0x1000,
  kSerialize = 0x4000,
  kSameNode = 0x8000,
  kFirstShown = 0x10000,  // then required: first is shown
  kThenShown = 0x20000,   // first required and runnable: then is shown
  kAsymmetrical = 0x100000,
  kLoad = 0x200000,
  kOneOrMore = 0x400000,
  kAntiColocation = 0x800000,
  kPreserve = 0x1000000,  // exempt from the guest-container check
  kThenCancelsFirst = 0x2000000,
};
using Kinds = std::uint32_t;

enum class Needs : std::uint8_t { nothing, quorum, fencing };

// The part of an action's state that others look at. For collective resources it follows from their parts.
struct Flags {
  bool optional = true;
  bool runnable = true;
  bool pseudo = false;
  bool migratable = false;
  constexpr bool operator==(const Flags&) const = default;
};

// What flags came to when last looked at, and whether that can still be so.
struct KnownFlags {
  std::uint32_t as_of = 0;  // Draft::flags_changed then
  NodeId node;
  Flags flags;
};

// How many of a clone's instances have to do a task, and how many can: anywhere, and on each node. Of several
// actions of an instance only the newest counts, on a node the newest there. Counted once, then kept as the
// counted actions change (set_optional, set_runnable).
struct InstanceCounts {
  struct Count {
    std::int32_t required = 0;
    std::int32_t runnable = 0;
  };
  Task task = Task::none;
  Count anywhere;
  std::vector<Count> on_nodes;
};

// A setting of an action. Its name is a literal or lives in the configuration.
struct Setting {
  std::string_view name;
  std::string value;
};

// What a clone's instances are told about all of them when something happens to one.
struct CloneNews {
  using Listed = std::vector<std::pair<ResourceId, NodeId>>;
  ResourceId clone;
  Listed start, stop, promote, demote;
  Listed active, inactive, unpromoted, promoted;
  std::vector<Setting> words;  // if all actions are described; else they are made for the few that are
};

struct PlanAction {
  ActionId id;
  ResourceId resource;
  NodeId node;
  Key key;
  Task task = Task::none;
  std::string name;       // of the whole key, for actions that are not named after a resource
  std::string_view word;  // operation as written, for custom tasks

  bool runnable = true;
  bool optional = true;
  bool pseudo = false;
  bool shown = false;
  bool implied_by_fencing = false;
  bool migratable = false;
  bool in_graph = false;
  bool dangling = false;
  bool one_or_more = false;
  bool reschedule = false;
  bool by_dc = false;
  bool processed = false;
  bool in_walk = false;
  bool cancel = false;

  Needs needs = Needs::nothing;
  std::int32_t priority = 0;
  std::int32_t needed = 0;  // one-or-more
  std::int32_t counted = 0;
  std::string reason;
  const OpSpec* op = nullptr;
  Key cancelled;                    // cancel, notify: the task it is about
  std::vector<Setting> meta;        // beyond the configured settings, in the order they were set
  const CloneNews* news = nullptr;  // and what comes with it
  KnownFlags known_anywhere, known_somewhere;
  InstanceCounts* counted_by = nullptr;  // of a clone's instance
  bool counts_anywhere = false;
  bool counts_on_node = false;
  LinkId newest_before, newest_after;  // of the links to and from it; Link says which comes next
  std::uint32_t befores = 0;
  std::uint32_t afters = 0;

  const std::string* find_meta(std::string_view name) const;
  void set_meta(std::string_view name, std::string value);  // replaces
  void set_meta_if_absent(std::string_view name, std::string_view value);
};

struct Link {
  ActionId first, then;
  Kinds kinds = kNoKind;             // what still holds
  Kinds original = kNoKind;          // as made; what comes after looks at these
  LinkId older_before, older_after;  // of the same then, of the same first
  bool accepted = false;             // an input in the graph
};

}  // namespace fencepost::policy
