// The record of a run: what each engine wrote in its journal, and what really happened in the world.
// Reporters, traces, invariants of the log and the fingerprint all observe this one stream; nobody steers by
// it.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/time.h"
#include "engine/node/journal.h"

namespace fencepost::backend {

// --- What really happened, as no node could know it ---

struct FaultInjected {
  int fault = 0;       // its place in the scenario, from 0
  std::string verb;    // nfs_hang
  std::string target;  // filer, node1, fs on node1 …
  std::string text;    // the fault in one line, as the scenario has it
};
struct FaultEnded {
  int fault = 0;
  std::string verb;
  std::string target;
};
struct PowerChanged {
  std::string node;
  bool on = false;
  std::string why;
};
// The cluster stack of a node.
struct StackChanged {
  std::string node;
  bool up = false;
  std::string why;
};
struct TokenLost {
  std::string node;
};
struct MembershipSeen {
  std::string node;
  std::uint64_t ring = 0;
  std::vector<std::string> members;
  bool quorate = false;
};
// The true role of a resource on a node: "Stopped", "Started", "Unpromoted", "Promoted".
struct RoleChanged {
  std::string node, resource, role;
};
// A client of the resource would be served, or not, from now on.
struct ServiceChanged {
  std::string resource;
  bool available = false;
  std::string node;  // that serves it, when available
};
// A process waits in the kernel: which call, on what, for whom. killable: SIGKILL would end it.
struct ProcessBlocked {
  std::string node;
  std::uint64_t pid = 0;
  std::string command;  // "df", "fuser -Mm /srv/db"
  std::string call;     // "statfs", "stat", "umount", "read"
  std::string object;   // "/home (nfs filer:/home)", "drbd0"
  bool killable = true;
  node::CallId for_call;  // the agent run it belongs to
  std::string resource, operation;
};
struct ProcessUnblocked {
  std::string node;
  std::uint64_t pid = 0;
  bool killed = false;
  std::string object;
};
// Something changed state: a DRBD disk, a connection, a mount, an NFS server, a link, a database.
struct StateChanged {
  std::string node;  // empty: not of a node
  std::string
      kind;  // "drbd-role", "drbd-disk", "drbd-connection", "mount", "nfs-server", "link", "postgres" …
  std::string object;  // "r0", "/srv/db", "filer"
  std::string from, to;
};
struct FenceDeviceActed {
  std::string device, target, action;
  bool success = false;
};
struct InvariantBroken {
  std::string invariant;  // two_primaries, data_loss …
  std::string text;       // what was seen, in a sentence
};
struct Noted {
  std::string text;
};

using Observation = std::variant<FaultInjected, FaultEnded, PowerChanged, StackChanged, TokenLost,
                                 MembershipSeen, RoleChanged, ServiceChanged, ProcessBlocked,
                                 ProcessUnblocked, StateChanged, FenceDeviceActed, InvariantBroken, Noted>;

struct Record {
  std::uint64_t sequence = 0;  // from 0, no gaps
  SimTime time;
  node::NodeId node;  // whose journal; not valid for the world's observations
  std::variant<node::JournalEntry, Observation> what;
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void observe(const Record& record) = 0;
};

}  // namespace fencepost::backend
