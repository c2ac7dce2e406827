// What the engine of a node writes down about itself, for the record, traces, timelines and tests. Nobody
// reads a journal to make a decision.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/time.h"
#include "engine/cib/outcome.h"
#include "engine/node/ids.h"

namespace fencepost::cib {
struct Cib;
}
namespace fencepost::policy {
struct Decision;
}

namespace fencepost::node {

using cib::OpStatus;

struct ActionName {
  std::string node;
  std::string resource;
  std::string operation;
  Duration interval{};
};

// The DC asked policy for a plan.
struct TransitionCalculated {
  int id = 0;
  std::shared_ptr<const policy::Decision> decision;
  std::shared_ptr<const cib::Cib> input;
  std::string reason;  // what asked for it
};
struct TransitionStarted {
  int id = 0;
  int actions = 0;  // that are to be done
};
struct TransitionAborted {
  int id = 0;
  std::string reason;
};
struct TransitionEnded {
  int id = 0;
  enum class Status : std::uint8_t { complete, stopped, terminated } status = Status::complete;
  int completed = 0, skipped = 0, incomplete = 0;
};

// The DC sent an action out.
struct ActionInitiated {
  int transition = 0;
  int action = 0;
  ActionName name;
};
// The executor of the action's node began to run it, and what came of it.
struct ActionStarted {
  int transition = 0;
  int action = 0;
  ActionName name;
  int expected_rc = 0;
  std::string notify;   // "pre-promote" …; empty unless a notification
  bool repeat = false;  // a later run of a recurring action; journaled only if asked for
  CallId call;
};
struct ActionFinished {
  int transition = 0;
  int action = 0;
  ActionName name;
  std::optional<int> rc;
  OpStatus status = OpStatus::done;
  std::string exit_reason;
  std::string notify;
  bool repeat = false;  // a later run of a recurring action
  bool news = true;     // false: same result as the run before
  SimTime started{};    // this run; the time of the answer if it never ran
  CallId call;
};
// An executor saw a process survive SIGKILL.
struct ProcessWillNotDie {
  ActionName name;
  CallId call;
};

struct FenceRequested {
  std::string target;
  std::string action;  // reboot, off, on
  std::string reason;  // why: "db stop failed on db1 …", "peer is no longer part of the cluster"
  int transition = -1;
};
// The fencer that leads the operation takes it up: it asks who can do it.
struct FenceBegun {
  std::string target, action;
};
struct FenceDeviceStarted {
  std::string target, action, device, agent;
  CallId call;
};
struct FenceDeviceFinished {
  std::string target, action, device, agent;
  CallId call;
  std::optional<int> rc;
  bool timed_out = false;
};
struct FenceFinished {
  std::string target, action, delegate, device;
  bool success = false;
  std::string why;         // of a failure
  std::string originator;  // that led it
};

struct DcChanged {
  std::string dc;  // empty: none
};
struct PeerChanged {
  std::string peer;
  enum class State : std::uint8_t {
    lost,
    member,
    process_gone,
    process_up,
    join_done,
    leaving
  } state = State::member;
};
struct QuorumSeen {
  bool quorate = false;
};
struct ControllerState {
  std::string
      state;  // starting, pending, election, integration, policy-engine, transition-engine, idle, not-dc, …
  std::string cause;
};
struct FailCountChanged {
  std::string node, resource, operation;
  Duration interval{};
  std::string value;  // empty: cleared
};
struct AttributeWritten {
  std::string node, name, value;
};
struct CommandTaken {
  std::string text;  // as crm_resource would be called
};
struct LogLine {
  std::string text;
};

using JournalEntry =
    std::variant<TransitionCalculated, TransitionStarted, TransitionAborted, TransitionEnded, ActionInitiated,
                 ActionStarted, ActionFinished, ProcessWillNotDie, FenceRequested, FenceBegun,
                 FenceDeviceStarted, FenceDeviceFinished, FenceFinished, DcChanged, PeerChanged, QuorumSeen,
                 ControllerState, FailCountChanged, AttributeWritten, CommandTaken, LogLine>;

}  // namespace fencepost::node
