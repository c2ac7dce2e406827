// The group of a real cluster: Corosync's libcpg for messages in one order, libquorum for the verdict on each
// membership, libcmap for names and ids.
//
// libquorum's second model is votequorum's verdict together with the ring that it is about, which
// libvotequorum does not tell.
//
// When Corosync goes away, nothing is known of the others any more, and they will fence this node if it runs
// anything: the process ends at once with a code that lets systemd start it again (`lost`).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "engine/backend/backend.h"
#include "engine/base/result.h"
#include "engine/live/event_loop.h"
#include "engine/live/group_sequencer.h"

namespace fencepost::live {

// Who this node is, as Corosync has it; nodes in the order of their corosync ids.
struct Identity {
  node::Nodelist nodelist;
  node::NodeId self;
  std::string cluster_name;
};
// An Error while Corosync does not answer, or when its configuration cannot be used.
Result<Identity> corosync_identity();

class CorosyncGroup final : public backend::Group {
 public:
  struct Callbacks {
    GroupSequencer::Take take;
    GroupSequencer::Complain complain;
    std::function<void(const std::string& why)> lost;
  };

  // `nodelist` outlives the group.
  static Result<std::unique_ptr<CorosyncGroup>> connect(EventLoop& loop, const node::Nodelist& nodelist,
                                                        Callbacks callbacks);
  ~CorosyncGroup() override;
  CorosyncGroup(const CorosyncGroup&) = delete;
  CorosyncGroup& operator=(const CorosyncGroup&) = delete;

  void join() override;
  void leave() override;
  void send(node::MessagePtr message) override;

 private:
  struct Library;  // the callbacks that Corosync's libraries call

  CorosyncGroup(EventLoop& loop, const node::Nodelist& nodelist, Callbacks callbacks);
  Result<void> open();
  void dispatch_cpg();
  void dispatch_quorum();
  void deliver_soon();
  void try_join();
  void send_pieces();
  void lose(const std::string& why);

  EventLoop& loop_;
  const node::Nodelist& nodelist_;
  Callbacks callbacks_;
  GroupSequencer sequencer_;
  std::uint64_t cpg_ = 0, quorum_ = 0;  // handles of the libraries
  int cpg_fd_ = -1, quorum_fd_ = -1;
  std::uint32_t own_id_ = 0;
  std::size_t piece_max_ = 0;
  bool wants_in_ = false;
  bool joined_ = false;      // the group has told us so: from then on we may send
  bool sending_ = false;     // a retry is waiting
  bool delivering_ = false;  // asked the loop to
  bool lost_ = false;
  std::deque<std::string> outgoing_;
};

}  // namespace fencepost::live
