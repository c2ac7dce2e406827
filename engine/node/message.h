// What the engines of a cluster say to each other. Every message goes to the whole group in one order; those
// for one peer name it. All plain values: the live backend writes them as CBOR.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "engine/cib/cib.h"
#include "engine/node/cib_change.h"
#include "engine/node/ids.h"
#include "engine/node/journal.h"
#include "engine/policy/transition_graph.h"

namespace fencepost::node {

// --- CIB ---

struct ChangeCib {
  std::vector<CibChange> changes;
};
// From here on, remember changes: `source` will send its CIB as it was at this point.
struct MarkCib {
  std::uint64_t round = 0;
  NodeId source;
};
struct WholeCib {
  std::uint64_t round = 0;
  std::shared_ptr<const cib::Cib> cib;
};

// --- Election of the DC ---

struct Vote {
  std::uint64_t election = 0;
  Duration cpu_time{};  // more wins; among equals the first name
};
struct NoVote {
  NodeId to;
  std::uint64_t election = 0;
};

// --- Join ---

struct JoinAnnounce {};  // a node that looks for its DC
struct JoinOffer {
  std::optional<NodeId> to;  // nothing: everybody
  std::uint64_t round = 0;
};
struct JoinRequest {
  NodeId to;
  std::uint64_t round = 0;
  cib::Version version;
  int job_limit = 0;
};
struct JoinAck {
  NodeId to;
  std::uint64_t round = 0;
};
struct JoinConfirm {
  NodeId to;
  std::uint64_t round = 0;
  std::vector<cib::SharedValue<cib::ResourceHistory>> history;  // what its executor knows
};
struct JobLimit {  // a node's load has been looked at
  int jobs = 0;
};

// --- Actions of a transition ---

struct ActionId {
  std::string uuid;  // of the DC's reign
  int transition = -1;
  int action = -1;
  bool operator==(const ActionId&) const = default;
};
struct Order {
  NodeId to;
  ActionId id;
  std::shared_ptr<const policy::Action> action;
};
// For actions that leave no trace in the CIB: notifications, cancellations, deletions.
struct OrderDone {
  NodeId to;
  ActionId id;
  bool success = true;
  OpStatus status = OpStatus::done;
  int rc = 0;
};
struct ShutdownRequest {};  // the sender wants to stop in good order
// crm_resource --cleanup/--refresh: forget what is known of a resource on `to`.
struct ForgetResource {
  NodeId to;
  std::string resource;
};

// --- Fencing ---

struct FenceId {
  NodeId origin;
  std::uint64_t number = 0;
  auto operator<=>(const FenceId&) const = default;
};
struct FenceOrder {
  std::string target;
  std::string action;  // reboot, off, on
  Duration timeout{};  // stonith-timeout: for one action of one device
  Duration delay{};    // priority-fencing-delay
  bool operator==(const FenceOrder&) const = default;
};
// Somebody else please see to it: the sender is the target itself.
struct FenceRelay {
  NodeId to;
  FenceOrder order;
};
struct FenceQuery {
  FenceId id;
  FenceOrder order;
};
struct FenceAble {
  std::string device;
  bool verified = false;  // runs here, so its monitor has proved it
  Duration timeout{};     // of the action, as configured on the device
};
struct FenceOffer {
  FenceId id;
  std::vector<FenceAble> devices;
};
struct FenceExecute {
  FenceId id;
  NodeId by;
  std::string device;
  std::string target;
  std::string action;
  Duration timeout{};
  Duration delay{};  // on top of the device's own
};
struct FenceExecuted {
  FenceId id;
  std::string device;
  bool success = false;
  std::string why;
};
struct FenceResult {
  FenceId id;
  FenceOrder order;
  std::string delegate;
  std::string device;
  bool success = false;
  bool no_device = false;  // nobody has one that can do it: nothing was tried
  std::string why;
};

struct Message {
  std::variant<ChangeCib, MarkCib, WholeCib, Vote, NoVote, JoinAnnounce, JoinOffer, JoinRequest, JoinAck,
               JoinConfirm, JobLimit, Order, OrderDone, ShutdownRequest, ForgetResource, FenceRelay,
               FenceQuery, FenceOffer, FenceExecute, FenceExecuted, FenceResult>
      body;
};

// The daemon whose queue it goes through: messages of one daemon of a node do not overtake each other.
enum class Lane : std::uint8_t { cib, controller, fencer };
inline Lane lane_of(const Message& message) {
  using Body = decltype(Message::body);
  static_assert(std::variant_size_v<Body> == 21, "a new message has a daemon, too");
  constexpr std::size_t kFirstOfController = 3, kFirstOfFencer = 15;
  static_assert(std::is_same_v<std::variant_alternative_t<kFirstOfController, Body>, Vote>);
  static_assert(std::is_same_v<std::variant_alternative_t<kFirstOfFencer, Body>, FenceRelay>);
  const std::size_t index = message.body.index();
  if (index < kFirstOfController) return Lane::cib;
  return index < kFirstOfFencer ? Lane::controller : Lane::fencer;
}

}  // namespace fencepost::node
