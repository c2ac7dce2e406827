// The fencer of this node. It knows which devices the node may use, carries out what others ask of them, and
// leads the operations that were asked for here: who can do it, in which order, and what came of it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/node/executor.h"
#include "engine/node/fence_devices.h"
#include "engine/node/message.h"
#include "engine/node/step.h"

namespace fencepost::node {

class Fencer {
 public:
  // Somebody here wants a node fenced. Everybody learns the outcome as a FenceResult.
  void request(Step& step, FenceOrder order, const cib::Cib& cib);
  void members_changed(Step& step, const std::vector<NodeId>& members, const cib::Cib& cib);
  bool under_way(const std::string& target) const;

  void received(Step& step, NodeId from, const FenceRelay& message, const cib::Cib& cib);
  void received(Step& step, NodeId from, const FenceQuery& message, const cib::Cib& cib, Executor& executor);
  void received(Step& step, NodeId from, const FenceOffer& message, const cib::Cib& cib);
  void received(Step& step, NodeId from, const FenceExecute& message, const cib::Cib& cib, Executor& runs);
  void received(Step& step, NodeId from, const FenceExecuted& message, const cib::Cib& cib);
  void received(Step& step, NodeId from, const FenceResult& message, const cib::Cib& cib);

  bool knows_run(CallId call) const { return runs_.count(call) != 0 || checks_.count(call) != 0; }
  void exited(Step& step, CallId call, const AgentExit& exit, Executor& executor);
  void overdue(Step& step, CallId call);
  void fired(Step& step, TimerKind kind, std::uint64_t which, const cib::Cib& cib, Executor& executor);

 private:
  // An operation led here.
  struct Offer {
    NodeId by;
    std::vector<FenceAble> devices;
  };
  struct Operation {
    FenceId id;
    FenceOrder order;
    std::set<NodeId> awaited;
    std::vector<Offer> offers;
    std::vector<std::vector<std::string>> levels;  // what to try: all devices of a level must succeed
    std::size_t level = 0, device = 0;
    std::string action;  // of this phase: a reboot by several devices is off by all, then on by all
    bool switching_on = false;
    bool trusts_watchdog = false;  // no device has done it: the target is given time to do it itself
    bool chosen = false;
    NodeId delegate;
    std::set<std::pair<std::string, NodeId>> tried;  // devices by whom
    std::string why;                                 // the last failure
    Duration watchdog{};                             // see self_fencing_time
  };
  // What a device was asked to do by this node.
  struct Execution {
    FenceExecute order;
    NodeId asked_by;
    FenceDevice device;
    int tries_left = 0;
    SimTime deadline{};
    bool begun = false;
    bool waiting = false;  // for the device
    bool timed_out = false;
    CallId run;
  };
  // A device is asked whether it can fence a target.
  struct Check {
    std::string device;
    std::string target;
    HostCheck how = HostCheck::dynamic_list;
  };
  struct Question {
    NodeId asked_by;
    FenceQuery query;
    int checks = 0;
  };

  const std::vector<FenceDevice>& devices(const Step& step, const cib::Cib& cib);
  void begin(Step& step, FenceOrder order, const cib::Cib& cib);
  void choose(Step& step, Operation& operation, const cib::Cib& cib);
  void next(Step& step, Operation& operation);
  void ask(Step& step, Operation& operation);
  bool trust_watchdog(Step& step, Operation& operation);
  void conclude(Step& step, Operation& operation, bool success, const std::string& device);
  std::optional<NodeId> delegate_for(const Step& step, const Operation& operation,
                                     const std::string& device) const;
  void answer(Step& step, const Question& question, Executor& executor);
  std::optional<bool> can_fence(const FenceDevice& device, const std::string& target) const;
  void run(Step& step, std::uint64_t which, Executor& executor);
  void executed(Step& step, std::uint64_t which, bool success, const std::string& why, Executor& executor);
  bool device_busy(const std::string& device, std::uint64_t except) const;

  std::vector<NodeId> members_;
  std::vector<FenceDevice> devices_;
  std::shared_ptr<const cib::Configuration> read_from_;

  std::map<std::uint64_t, Operation> operations_;
  std::map<FenceId, FenceOrder> under_way_;  // everybody's
  std::uint64_t last_operation_ = 0;

  std::map<std::uint64_t, Execution> executions_;
  std::map<CallId, std::uint64_t> runs_;
  std::uint64_t last_execution_ = 0;

  std::map<CallId, Check> checks_;
  std::map<std::pair<std::string, std::string>, bool> checked_;  // device and target
  std::vector<Question> questions_;
};

}  // namespace fencepost::node
