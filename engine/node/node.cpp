#include "engine/node/node.h"

#include <map>
#include <type_traits>
#include <utility>
#include <variant>

#include "engine/base/assert.h"
#include "engine/node/controller.h"

namespace fencepost::node {
namespace {

constexpr Duration kExecutorFoundNext = 4s;  // after the controller; measured 34 and 38 s

template <class Body>
bool is_for(const Body& body, NodeId self) {
  if constexpr (requires { body.to; }) {
    if constexpr (std::is_same_v<decltype(body.to), NodeId>) return body.to == self;
  }
  return true;
}

}  // namespace

class Node::Impl {
 public:
  explicit Impl(NodeOptions options)
      : self_{options.self, options.nodelist,        options.profile,
              options.cpus, options.journal_repeats, options.watchdog_timeout},
        chance_(sim::Stream{options.seed}.fork("node:" + self_.name())) {
    HA_ASSERT(options.self.valid() && options.self.index() < options.nodelist->size());
    HA_ASSERT(options.profile != nullptr);
  }

  const Effects& step(Now now, const Event& event) {
    effects_.clear();
    Step step{now, self_, chance_, effects_};
    std::visit([&](const auto& e) { take(step, e); }, event);
    controller_.turn(step);
    while (executor_.has_results()) {
      for (JobResult& result : executor_.take_results()) controller_.put(step, std::move(result));
      controller_.turn(step);
    }
    for (const Effect& effect : effects_) {
      const auto* sent = std::get_if<SendMessage>(&effect);
      if (sent != nullptr && std::holds_alternative<ChangeCib>(sent->message->body)) replica_.sent();
    }
    return effects_;
  }

  const cib::Cib& cib() const { return replica_.cib(); }
  bool is_dc() const { return controller_.is_dc(); }

 private:
  // --- Events ---

  void take(Step& step, const Booted& e) {
    replica_.boot(e.stored);
    controller_.boot(step);
  }

  void take(Step& step, const TimerFired& e) {
    const std::uint64_t which = which_of(e.timer);
    switch (const TimerKind kind = kind_of(e.timer)) {
      case TimerKind::recurring:
      case TimerKind::will_not_die:
      case TimerKind::unkillable:
      case TimerKind::start_delay:
        executor_.fired(step, kind, which);
        return;
      case TimerKind::stuck_daemon:
        found_stuck(step);
        return;
      case TimerKind::attribute:
        attributes_.fired(step, which);
        return;
      case TimerKind::command:
        if (const auto found = commands_.find(which); found != commands_.end()) {
          const Command command = std::move(found->second);
          commands_.erase(found);
          controller_.command(step, command);
        }
        return;
      case TimerKind::fence_query:
      case TimerKind::fence_dispatch:
      case TimerKind::fence_delay:
      case TimerKind::fence_retry:
      case TimerKind::fence_total:
      case TimerKind::fence_watchdog:
        fencer_.fired(step, kind, which, replica_.cib(), executor_);
        return;
      default:
        controller_.fired(step, e.timer);
    }
  }

  void take(Step& step, const MembershipFormed& e) { controller_.put(step, e); }
  void take(Step& step, const QuorumChanged& e) { controller_.put(step, e); }
  void take(Step& step, const GroupChanged& e) {
    fencer_.members_changed(step, e.members, replica_.cib());
    controller_.put(step, e);
  }

  void take(Step& step, const MessageDelivered& e) {
    std::visit(
        [&](const auto& body) {
          if (is_for(body, self_.id)) deliver(step, e, body);
        },
        e.message->body);
  }

  void take(Step& step, const AgentExited& e) {
    if (fencer_.knows_run(e.call)) {
      fencer_.exited(step, e.call, e.exit, executor_);
    } else {
      executor_.exited(step, e.call, e.exit);
    }
  }
  void take(Step& step, const AgentOverdue& e) {
    if (fencer_.knows_run(e.call)) {
      fencer_.overdue(step, e.call);
    } else {
      executor_.overdue(step, e.call);
    }
  }

  void take(Step& step, const AttributeRequested& e) { attributes_.request(step, e); }

  void take(Step& step, const CommandReceived& e) {
    if (std::holds_alternative<Shutdown>(e.command)) {  // a signal, not a tool
      step.journal(CommandTaken{"shutdown"});
      controller_.put(step, Shutdown{});
      return;
    }
    commands_[++last_command_] = e.command;
    step.arm(TimerKind::command, step.sample(step.profile.command), last_command_);
  }

  void take(Step& step, const DaemonDied& e) {
    switch (e.daemon) {
      case DaemonDied::Daemon::controller:
        step.journal(LogLine{"The controller died and is started again"});
        controller_.killed(step);
        return;
      case DaemonDied::Daemon::executor:
        step.journal(LogLine{"The executor died and is started again"});
        executor_.respawn(step);
        return;
      case DaemonDied::Daemon::attribute_manager:
        // To the others it is a peer that left, and takes along what was known of its node (daemons-killed).
        step.journal(LogLine{"The attribute manager died and is started again"});
        attributes_.forget_own();
        step.change_cib(EraseTransients{self_.name()});
        return;
      case DaemonDied::Daemon::scheduler:
        controller_.scheduler_killed();
        [[fallthrough]];
      case DaemonDied::Daemon::fencer:
      case DaemonDied::Daemon::cib_manager:  // its clients connect again (daemons-killed)
        step.journal(LogLine{"A daemon died and is started again; it keeps nothing that is lost with it"});
        return;
    }
  }

  // Nothing moves while the executor waits for a process that does not die. Its supervisor sees to that.
  void found_stuck(Step& step) {
    if (!executor_.stuck()) return;
    const bool again = std::exchange(controller_found_, false);
    if (!again && chance_.chance(step.profile.controller_found_first)) {
      step.journal(LogLine{"The controller is found unresponsive and killed"});
      controller_found_ = true;
      controller_.killed(step);
      step.arm(TimerKind::stuck_daemon, kExecutorFoundNext);
      return;
    }
    step.journal(LogLine{"The executor is found unresponsive and killed"});
    executor_.respawn(step);
  }

  // --- Messages ---

  void deliver(Step& step, const MessageDelivered& e, const ChangeCib& m) {
    if (e.from == self_.id) replica_.seen();
    for (const CibChange& change : m.changes)
      if (const auto* put = std::get_if<PutHistory>(&change)) controller_.history_written(step, *put);
    std::vector<CibNotice> notices = replica_.apply(step, m);
    for (std::size_t i = 0; i < m.changes.size(); ++i) {
      if (const auto* change = std::get_if<PutTransient>(&m.changes[i])) {
        attributes_.seen(step, *change, replica_.cib());
        if (e.from == self_.id && notices[i].kind == CibNotice::Kind::transient)
          step.journal(AttributeWritten{change->node, change->name, change->value.value_or("")});
      }
      if (e.from == self_.id && notices[i].kind == CibNotice::Kind::refused)
        step.journal(LogLine{"The CIB refused a change: " + notices[i].text});
    }
    if (controller_.is_dc()) controller_.put(step, CibNews{e.message, std::move(notices)});
  }
  void deliver(Step& step, const MessageDelivered&, const MarkCib& m) { replica_.mark(step, m); }
  void deliver(Step& step, const MessageDelivered&, const WholeCib& m) {
    if (replica_.take(step, m)) controller_.put(step, CibReplaced{});
  }

  void deliver(Step& step, const MessageDelivered& e, const FenceRelay& m) {
    fencer_.received(step, e.from, m, replica_.cib());
  }
  void deliver(Step& step, const MessageDelivered& e, const FenceQuery& m) {
    fencer_.received(step, e.from, m, replica_.cib(), executor_);
  }
  void deliver(Step& step, const MessageDelivered& e, const FenceOffer& m) {
    fencer_.received(step, e.from, m, replica_.cib());
  }
  void deliver(Step& step, const MessageDelivered& e, const FenceExecute& m) {
    fencer_.received(step, e.from, m, replica_.cib(), executor_);
  }
  void deliver(Step& step, const MessageDelivered& e, const FenceExecuted& m) {
    fencer_.received(step, e.from, m, replica_.cib());
  }
  void deliver(Step& step, const MessageDelivered& e, const FenceResult& m) {
    fencer_.received(step, e.from, m, replica_.cib());
    controller_.put(step, FromPeer{e.from, e.message});
  }

  // All others are between controllers.
  template <class Body>
  void deliver(Step& step, const MessageDelivered& e, const Body&) {
    controller_.put(step, FromPeer{e.from, e.message});
  }

  Self self_;
  sim::Stream chance_;
  Effects effects_;

  Replica replica_;
  Attributes attributes_;
  Executor executor_;
  Fencer fencer_;
  Controller controller_{Daemons{&replica_, &attributes_, &executor_, &fencer_}};

  std::map<std::uint64_t, Command> commands_;  // tools that are starting
  std::uint64_t last_command_ = 0;
  bool controller_found_ = false;
};

Node::Node(NodeOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Node::~Node() = default;
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(Node&&) noexcept = default;

const Effects& Node::step(Now now, const Event& event) { return impl_->step(now, event); }
const cib::Cib& Node::cib() const { return impl_->cib(); }
bool Node::is_dc() const { return impl_->is_dc(); }

}  // namespace fencepost::node
