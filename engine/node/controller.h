// The controller: knows its peers, finds or becomes the DC, and as DC keeps the cluster as it should be.
//
//   controller.cpp          main loop: what happened, and what follows from it
//   controller_peers.cpp    membership, election, the DC found and lost
//   controller_join.cpp     join rounds
//   controller_plan.cpp     asking for a plan, carrying it out
//   controller_results.cpp  what changes in the CIB mean to the plan; fail counts; fencing
//   controller_commands.cpp what people ask for
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/node/attributes.h"
#include "engine/node/election.h"
#include "engine/node/executor.h"
#include "engine/node/fencer.h"
#include "engine/node/inbox.h"
#include "engine/node/local_resources.h"
#include "engine/node/peer.h"
#include "engine/node/replica.h"
#include "engine/node/transition.h"

namespace fencepost::node {

// The other daemons of the node.
struct Daemons {
  Replica* replica = nullptr;
  Attributes* attributes = nullptr;
  Executor* executor = nullptr;
  Fencer* fencer = nullptr;
};

class Controller {
 public:
  explicit Controller(Daemons daemons) : on_(daemons) {}

  void boot(Step& step);
  // It was killed: its supervisor starts it again.
  void killed(Step& step);
  // Somebody writes down what has run here; not yet in this node's CIB.
  void history_written(Step& step, const PutHistory& written);
  // The DC's scheduler was killed: that is found out when it is next asked for a plan.
  void scheduler_killed() { scheduler_gone_ = is_dc_; }
  bool is_dc() const { return is_dc_; }

  // What happened is put into the inbox; turn() takes out what is ready.
  void put(Step& step, Notice notice);
  // What people ask for with a tool, which talks to the CIB and needs no turn of the controller.
  void command(Step& step, const Command& command);
  void fired(Step& step, TimerId timer);
  void turn(Step& step);

 private:
  struct Hear;  // one overload for each kind of notice
  enum class State : std::uint8_t {
    starting,
    pending,
    election,
    integration,
    finalize_join,
    policy_engine,
    transition_engine,
    idle,
    not_dc,
    stopping,
    stopped,
  };
  static const char* to_string(State state);

  // --- controller.cpp ---
  void enter(Step& step, State state, const char* cause);
  void handle(Step& step, const Notice& notice);
  void timer(Step& step, TimerId timer);
  void act(Step& step);
  void sleep(Step& step, Duration duration);
  void stop(Step& step);
  Peer& peer(NodeId node) { return peers_[node.index()]; }
  const cib::Cib& cib() const { return on_.replica->cib(); }
  Duration property(const char* name, Duration otherwise) const;
  int integer_property(const char* name, int otherwise) const;
  void await_dc(Step& step);

  // --- controller_peers.cpp ---
  void membership(Step& step, const MembershipFormed& event);
  void group(Step& step, const GroupChanged& event);
  void quorum(Step& step, bool quorate);
  void peer_came(Step& step, NodeId node);
  void peer_gone(Step& step, NodeId node, const char* process_only);
  void record_lost(Step& step, NodeId node);
  void check_dc(Step& step);
  void look_for_dc(Step& step);
  void found_dc(Step& step, NodeId dc);
  void call_election(Step& step, const char* cause);
  void vote(Step& step, NodeId from, const Vote& vote);
  void become_dc(Step& step);
  void resign(Step& step);
  std::vector<NodeId> others() const;  // active peers besides this node

  // --- controller_join.cpp ---
  void start_round(Step& step);
  void offer(Step& step, NodeId node);
  void announced(Step& step, NodeId from);
  void offered(Step& step, NodeId from, const JoinOffer& message);
  void requested(Step& step, NodeId from, const JoinRequest& message);
  void acknowledged(Step& step, NodeId from, const JoinAck& message);
  void confirmed(Step& step, NodeId from, const JoinConfirm& message);
  void check_round(Step& step);
  void acknowledge(Step& step);
  int own_job_limit() const;
  bool anybody(JoinPhase phase) const;

  // --- controller_plan.cpp ---
  void abort(Step& step, int priority, const std::string& reason);
  void ask_for_plan(Step& step);
  void plan_made(Step& step);
  void decide();
  void plan_started(Step& step);
  void carry_on(Step& step);
  void go_idle(Step& step);
  void dispatch(Step& step, std::size_t index);
  void dispatch_fencing(Step& step, std::size_t index);
  void dispatch_shutdown(Step& step, std::size_t index);
  void send_order(Step& step, std::size_t index, NodeId to);
  void fail_action(Step& step, std::size_t index, const std::string& reason);
  void action_lost(Step& step, std::uint64_t which);
  void own_call(Step& step, const sim::Distribution& answer);
  void read_properties(Step& step);
  bool unanswered(Step& step);
  int job_limit_of(const Step& step, const std::string& node) const;

  // --- controller_results.cpp ---
  void cib_changed(Step& step, const CibNews& news);
  void result(Step& step, const PutOp& change);
  void order_done(Step& step, const OrderDone& message);
  void settle(Step& step, std::size_t index, bool success, const std::string& what);
  void count_failure(Step& step, const PutOp& change);
  std::string last_plan_start_offset() const;
  void fenced(Step& step, const FenceResult& message);
  void record_fenced(Step& step, const std::string& target);

  // --- controller_commands.cpp ---
  void shut_down(Step& step);
  void shutdown_wanted(Step& step, NodeId node);
  // What crm_resource has yet to ask for: of one resource on one node, or nothing but the mark.
  struct ToForget {
    std::vector<CibChange> counts;
    NodeId on;  // none: it is not there to be asked
    std::string resource;
    bool marked = false;  // with the mark of a resource
  };
  void forget_next(Step& step);
  void mark_to_look_again(Step& step);
  void forget(Step& step, const std::string& resource);

  Daemons on_;
  LocalResources local_;
  Inbox inbox_;
  Election election_;

  State state_ = State::starting;
  NodeId self_;
  std::vector<Peer> peers_;
  std::vector<NodeId> members_, processes_;
  bool quorate_ = false;
  NodeId dc_;
  bool is_dc_ = false;
  bool low_limit_ = true;
  bool limit_due_ = false;
  int cpus_ = 1;

  bool connected_ = false;  // to Corosync, so that it hears of memberships
  std::vector<Notice> missed_;
  bool asleep_ = false;
  bool waking_ = false;  // and hears what came meanwhile
  bool looking_for_dc_ = false;
  bool shutting_down_ = false;

  std::uint64_t round_ = 0;  // of joins, as DC
  bool merging_ = false;     // CIBs, in this round

  std::string uuid_;  // of this reign
  Transition transition_;
  bool want_plan_ = false;
  bool scheduler_gone_ = false;
  bool planning_ = false;
  std::string why_plan_;
  WallSeconds planned_at_;
  std::shared_ptr<const cib::Cib> plan_input_;
  std::shared_ptr<const policy::Decision> plan_;
  std::shared_ptr<const policy::Configuration> compiled_;  // of the CIB that was last decided on
  WallSeconds plan_made_at_;
  std::shared_ptr<const cib::Cib> plan_made_of_;
  int last_transition_ = -1;
  SimTime answered_at_{};  // when the last CIB call of its own is answered
  // The properties changed, and it has yet to ask for them: how long that will be unanswered.
  const sim::Distribution* properties_answer_ = nullptr;
  bool stop_when_done_ = false;
  std::map<std::string, int> failed_fencings_;
  std::vector<std::string> fenced_without_dc_;
  // What became of nodes and is written down, and not yet in the CIB. A plan made before would fence who has
  // been fenced, would not fence who is lost, or would be superseded at once by what who has joined says that
  // it runs (none of 9 plans that a DC began without a sleep after a join round was).
  std::set<std::string> unseen_fencings_, unseen_losses_, unseen_histories_;
  std::deque<ToForget> to_forget_;
};

}  // namespace fencepost::node
