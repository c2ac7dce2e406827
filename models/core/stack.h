// The cluster stack of one machine: Corosync below, the engine on it, and the seam between the engine and the
// world.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/node/event.h"
#include "engine/sim/random.h"
#include "models/alarm.h"

namespace fencepost::models {

class Engine;
class Machine;
class World;

class Stack final : public backend::Timers,
                    public backend::Group,
                    public backend::Agents,
                    public backend::FenceAgents,
                    public backend::Store,
                    public backend::Supervisor {
 public:
  explicit Stack(Machine& machine);
  ~Stack() override;

  enum class State : std::uint8_t {
    down,         // nothing runs
    starting,     // Corosync starts
    up,           // the engine runs
    engine_down,  // Corosync runs, the engine gave up
    stopping,     // the engine is gone, Corosync leaves
  };
  State state() const { return state_; }
  bool up() const { return state_ == State::up; }
  const Engine* engine() const { return engine_.get(); }  // null while not up

  void start(std::string_view why, bool boots);  // Corosync, then the engine
  void crash(std::string_view why);              // everything at once, without a word to the others
  void vanish(std::string_view why);             // the power is gone
  // Orderly: asks the engine; it stops what runs here and then the stack. `then` is called when all is down.
  void shut_down(std::function<void()> then);

  // A person, a tool or an agent asks: the engine hears of it after this delay.
  bool command(node::Command command, const sim::Distribution& delay);
  void attribute(node::AttributeRequested request, Duration delay);
  void daemon_died(node::DaemonDied::Daemon daemon);

  // To the engine, now. Nothing happens while it does not run.
  void deliver(const node::Event& event);
  // To the engine after `delay`, but never before what was posted earlier: Corosync's events keep their
  // order.
  void post(node::Event event, Duration delay);

  const std::shared_ptr<const cib::Cib>& stored() const { return stored_; }

  // --- The seam ---
  void arm(node::TimerId timer, SimTime at) override;
  void cancel(node::TimerId timer) override;
  void join() override;
  void leave() override;
  void send(node::MessagePtr message) override;
  void run(node::CallId call, node::AgentCommandPtr command) override;
  void run(node::CallId call, node::AgentCommandPtr command, const std::string& target) override;
  void kill(node::CallId call) override;
  void persist(std::shared_ptr<const cib::Cib> cib) override;
  void record(node::JournalEntry entry) override;
  void stop_stack(node::StopStack::How how, const std::string& why) override;

 private:
  struct Timer {
    explicit Timer(Stack& of);
    void ring();
    Stack& stack;
    node::TimerId id;
    Alarm alarm;
  };
  struct Posted {
    SimTime at;
    node::Event event;
  };
  struct Asked {
    explicit Asked(Stack& of);
    void ring();
    Stack& stack;
    std::optional<node::Command> command;
    Alarm alarm;
  };

  World& world() const;
  void start_corosync();
  void form_alone();
  void start_engine();
  void stop_now();
  void fail_now();
  void panic_now();
  void leave_now();
  void in(Duration delay, void (Stack::*stage)());
  void end_engine(std::string_view why);
  void tell_parts();
  void corosync_gone();
  void deliver_posted();
  void write_done();

  Machine& machine_;
  State state_ = State::down;
  std::string reason_;
  std::unique_ptr<Engine> engine_;
  backend::Backend backend_;

  std::vector<std::unique_ptr<Timer>> timers_, idle_timers_;
  std::vector<std::unique_ptr<Asked>> asked_, idle_asked_;
  std::deque<Posted> posted_;
  Alarm inbox_;
  Alarm next_stage_;  // of starting and stopping
  void (Stack::*stage_)() = nullptr;
  void stage_rang();

  std::shared_ptr<const cib::Cib> stored_;   // survives everything
  std::shared_ptr<const cib::Cib> writing_;  // lost with the power
  Alarm written_;
  std::function<void()> when_down_;
};

}  // namespace fencepost::models
