#include "engine/node/fencer.h"

#include <algorithm>
#include <tuple>

#include "engine/base/assert.h"

namespace fencepost::node {
namespace {

constexpr Duration kQueryPatience = 10s;  // for offers from peers that are members and say nothing
constexpr Duration kCheckTimeout = 20s;   // pcmk_list_timeout, pcmk_status_timeout: default-action-timeout

// Everything takes a fifth longer than it may (the fencer of Pacemaker 2.1.5, seen in its log).
Duration with_overhead(Duration timeout) { return timeout + timeout / 5; }

// The name under which the fencer speaks of a node that resets itself.
constexpr const char* kWatchdog = "watchdog";

constexpr const char* kNoDevice = "No fence device";

bool turns_off(const std::string& action) { return action == "reboot" || action == "off"; }

}  // namespace

// --- Leading an operation ---

void Fencer::request(Step& step, FenceOrder order, const cib::Cib& cib) {
  if (under_way(order.target)) return;  // its result is ours, too
  // Better that somebody else does it: who shoots himself does not live to tell.
  if (order.target == step.self.name()) {
    for (const NodeId peer : members_) {
      if (peer == step.self.id) continue;
      step.send({FenceRelay{peer, std::move(order)}});
      return;
    }
  }
  begin(step, std::move(order), cib);
}

void Fencer::received(Step& step, NodeId, const FenceRelay& message, const cib::Cib& cib) {
  if (message.to == step.self.id && !under_way(message.order.target)) begin(step, message.order, cib);
}

bool Fencer::under_way(const std::string& target) const {
  return std::any_of(under_way_.begin(), under_way_.end(),
                     [&](const auto& each) { return each.second.target == target; });
}

void Fencer::begin(Step& step, FenceOrder order, const cib::Cib& cib) {
  Operation operation;
  operation.id = {step.self.id, ++last_operation_};
  operation.order = std::move(order);
  operation.action = operation.order.action;
  operation.levels = fence_topology(cib, operation.order.target);
  operation.watchdog = self_fencing_time(cib, step.self.watchdog_timeout);
  const NodeId target = step.self.find(operation.order.target);
  for (const NodeId member : members_) {
    if (member != target || members_.size() == 1) operation.awaited.insert(member);
  }
  under_way_[operation.id] = operation.order;
  step.journal(FenceBegun{operation.order.target, operation.order.action});
  step.send({FenceQuery{operation.id, operation.order}});
  step.arm(TimerKind::fence_query, kQueryPatience, operation.id.number);
  operations_.emplace(operation.id.number, std::move(operation));
}

void Fencer::received(Step& step, NodeId from, const FenceOffer& message, const cib::Cib& cib) {
  if (message.id.origin != step.self.id) return;
  const auto found = operations_.find(message.id.number);
  if (found == operations_.end()) return;
  Operation& operation = found->second;
  operation.offers.push_back({from, message.devices});
  operation.awaited.erase(from);
  if (operation.awaited.empty() && !operation.chosen) choose(step, operation, cib);
}

// Everybody who can has offered. Without a topology any device that can fence the target will do, and the
// next is tried if it fails.
void Fencer::choose(Step& step, Operation& operation, const cib::Cib&) {
  operation.chosen = true;
  step.cancel(TimerKind::fence_query, operation.id.number);
  if (operation.levels.empty()) {
    std::set<std::string> seen;
    for (const Offer& offer : operation.offers) {
      for (const FenceAble& able : offer.devices) {
        if (seen.insert(able.device).second) operation.levels.push_back({able.device});
      }
    }
  }
  const bool several = std::any_of(operation.levels.begin(), operation.levels.end(),
                                   [](const auto& devices) { return devices.size() > 1; });
  Duration total = operation.order.delay + operation.watchdog;
  for (const auto& level : operation.levels) {
    for (const std::string& device : level) {
      for (const Offer& offer : operation.offers) {
        const auto able = std::find_if(offer.devices.begin(), offer.devices.end(),
                                       [&](const FenceAble& each) { return each.device == device; });
        if (able == offer.devices.end()) continue;
        total += able->timeout * (several ? 2 : 1);
        break;
      }
    }
  }
  step.arm(TimerKind::fence_total, with_overhead(total), operation.id.number);
  next(step, operation);
}

// The next device to ask, or the end.
void Fencer::next(Step& step, Operation& operation) {
  if (operation.trusts_watchdog) return;  // only time counts now
  while (operation.level < operation.levels.size()) {
    const std::vector<std::string>& level = operation.levels[operation.level];
    if (level.size() > 1 && operation.order.action == "reboot")
      operation.action = operation.switching_on ? "on" : "off";
    else
      operation.action = operation.order.action;
    if (operation.device < level.size()) {
      const std::optional<NodeId> delegate = delegate_for(step, operation, level[operation.device]);
      if (delegate) {
        operation.delegate = *delegate;
        step.arm(TimerKind::fence_dispatch, step.sample(step.profile.fence_dispatch), operation.id.number);
        return;
      }
      // A target that is off has been fenced, even if it cannot be switched on again.
      if (!operation.switching_on) {
        ++operation.level;
        operation.device = 0;
        if (operation.why.empty()) operation.why = kNoDevice;
        continue;
      }
      ++operation.device;
      continue;
    }
    if (operation.action == "off" && operation.order.action == "reboot" && !operation.switching_on) {
      operation.switching_on = true;
      operation.device = 0;
      operation.tried.clear();
      continue;
    }
    conclude(step, operation, true, level.empty() ? "" : level.back());
    return;
  }
  if (trust_watchdog(step, operation)) return;
  if (operation.why.empty()) operation.why = kNoDevice;
  conclude(step, operation, false, {});
}

// Nothing could be done to the target from here. If it has a watchdog it ends by itself, by then for certain;
// if it still listens, it is told to do so at once.
bool Fencer::trust_watchdog(Step& step, Operation& operation) {
  const FenceOrder& order = operation.order;
  if (operation.watchdog <= Duration::zero() || operation.trusts_watchdog || !turns_off(order.action))
    return false;
  operation.trusts_watchdog = true;
  operation.delegate = step.self.id;
  step.journal(FenceDeviceStarted{order.target, order.action, kWatchdog, "fence_watchdog", {}});
  const NodeId target = step.self.find(order.target);
  if (std::find(members_.begin(), members_.end(), target) != members_.end()) {
    step.send(
        {FenceExecute{operation.id, target, kWatchdog, order.target, order.action, operation.watchdog, {}}});
  }
  const bool first = operation.tried.empty();
  step.arm(TimerKind::fence_watchdog, operation.watchdog + (first ? order.delay : Duration::zero()),
           operation.id.number);
  return true;
}

// Who asks a device: the target only if nobody else can (migrate-stop-fails: not even where the device runs);
// then one whose monitor of it is known to work rather than another, and another node rather than this one
// (observed).
std::optional<NodeId> Fencer::delegate_for(const Step& step, const Operation& operation,
                                           const std::string& device) const {
  const NodeId target = step.self.find(operation.order.target);
  const Offer* best = nullptr;
  bool best_verified = false;
  for (const Offer& offer : operation.offers) {
    const auto able = std::find_if(offer.devices.begin(), offer.devices.end(),
                                   [&](const FenceAble& each) { return each.device == device; });
    if (able == offer.devices.end() || operation.tried.count({device, offer.by}) != 0) continue;
    if (std::find(members_.begin(), members_.end(), offer.by) == members_.end()) continue;
    const auto rank = [&](const Offer& who, bool verified) {
      const bool is_target = who.by == target;
      return std::make_tuple(is_target, !verified, who.by == operation.id.origin, who.by);
    };
    if (best == nullptr || rank(offer, able->verified) < rank(*best, best_verified)) {
      best = &offer;
      best_verified = able->verified;
    }
  }
  return best == nullptr ? std::nullopt : std::optional(best->by);
}

void Fencer::ask(Step& step, Operation& operation) {
  const std::string& device = operation.levels[operation.level][operation.device];
  Duration timeout = operation.order.timeout;
  for (const Offer& offer : operation.offers) {
    for (const FenceAble& able : offer.devices) {
      if (offer.by == operation.delegate && able.device == device) timeout = able.timeout;
    }
  }
  operation.tried.insert({device, operation.delegate});
  const bool first = operation.tried.size() == 1 && !operation.switching_on;
  step.send({FenceExecute{operation.id, operation.delegate, device, operation.order.target, operation.action,
                          timeout, first ? operation.order.delay : Duration::zero()}});
}

void Fencer::received(Step& step, NodeId from, const FenceExecuted& message, const cib::Cib&) {
  if (message.id.origin != step.self.id) return;
  const auto found = operations_.find(message.id.number);
  if (found == operations_.end()) return;
  Operation& operation = found->second;
  if (message.success) {
    ++operation.device;
  } else {
    operation.why = message.why;
    operation.tried.insert({message.device, from});
  }
  next(step, operation);
}

void Fencer::conclude(Step& step, Operation& operation, bool success, const std::string& device) {
  const std::uint64_t number = operation.id.number;
  step.cancel(TimerKind::fence_query, number);
  step.cancel(TimerKind::fence_dispatch, number);
  step.cancel(TimerKind::fence_total, number);
  step.cancel(TimerKind::fence_watchdog, number);
  step.send({FenceResult{.id = operation.id,
                         .order = operation.order,
                         .delegate = operation.delegate.valid() ? step.self.name(operation.delegate) : "",
                         .device = device,
                         .success = success,
                         .no_device = !success && operation.tried.empty(),
                         .why = success ? "" : operation.why}});
  operations_.erase(number);
}

void Fencer::received(Step& step, NodeId, const FenceResult& message, const cib::Cib&) {
  under_way_.erase(message.id);
  step.journal(FenceFinished{message.order.target, message.order.action, message.delegate, message.device,
                             message.success, message.why, step.self.name(message.id.origin)});
}

void Fencer::members_changed(Step& step, const std::vector<NodeId>& members, const cib::Cib& cib) {
  members_ = members;
  const auto gone = [&](NodeId node) { return !std::binary_search(members.begin(), members.end(), node); };
  // Nobody leads those any more. Devices carry out what they were asked for all the same.
  for (auto each = under_way_.begin(); each != under_way_.end();) {
    each = gone(each->first.origin) ? under_way_.erase(each) : std::next(each);
  }
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, operation] : operations_) numbers.push_back(number);
  for (const std::uint64_t number : numbers) {
    Operation& operation = operations_.at(number);
    for (auto peer = operation.awaited.begin(); peer != operation.awaited.end();)
      peer = gone(*peer) ? operation.awaited.erase(peer) : std::next(peer);
    if (!operation.chosen) {
      if (operation.awaited.empty()) choose(step, operation, cib);
    } else if (gone(operation.delegate)) {
      operation.why = "Peer " + step.self.name(operation.delegate) + " left";
      next(step, operation);
    }
  }
}

// --- Answering for the devices of this node ---

const std::vector<FenceDevice>& Fencer::devices(const Step& step, const cib::Cib& cib) {
  if (read_from_ != cib.configuration) {
    devices_ = fence_devices(cib, step.self.name(), step.now.wall);
    read_from_ = cib.configuration;
    checked_.clear();
  }
  return devices_;
}

void Fencer::received(Step& step, NodeId from, const FenceQuery& message, const cib::Cib& cib,
                      Executor& executor) {
  under_way_[message.id] = message.order;
  Question question{from, message, 0};
  for (const FenceDevice& device : devices(step, cib)) {
    if (can_fence(device, message.order.target)) continue;
    const bool listing = device.check == HostCheck::dynamic_list;
    const CallId call = executor.next_run();
    checks_[call] = {device.id, message.order.target, device.check};
    step.effects.emplace_back(
        RunFenceAgent{call,
                      fence_command(device, listing ? "list" : "status", listing ? "" : message.order.target,
                                    device.timeout(listing ? "list" : "status").value_or(kCheckTimeout)),
                      listing ? "" : message.order.target});
    ++question.checks;
  }
  if (question.checks == 0) {
    answer(step, question, executor);
  } else {
    questions_.push_back(std::move(question));
  }
}

// Nothing: the device has to be asked first.
std::optional<bool> Fencer::can_fence(const FenceDevice& device, const std::string& target) const {
  if (device.check == HostCheck::none) return true;
  if (device.check == HostCheck::static_list) return device.hosts.count(target) != 0;
  const auto known = checked_.find({device.id, target});
  return known == checked_.end() ? std::nullopt : std::optional(known->second);
}

void Fencer::answer(Step& step, const Question& question, Executor& executor) {
  FenceOffer offer{question.query.id, {}};
  for (const FenceDevice& device : devices_) {
    if (!can_fence(device, question.query.order.target).value_or(false)) continue;
    offer.devices.push_back(
        {device.id, executor.device_started(device.id),
         device.timeout(question.query.order.action).value_or(question.query.order.timeout)});
  }
  step.send({std::move(offer)});
}

void Fencer::received(Step& step, NodeId from, const FenceExecute& message, const cib::Cib& cib,
                      Executor& executor) {
  if (message.by != step.self.id) return;
  if (message.device == kWatchdog && message.target == step.self.name(step.self.id)) {
    step.effects.emplace_back(StopStack{StopStack::How::panic, "told to fence itself"});
    return;
  }
  const auto& mine = devices(step, cib);
  const auto device = std::find_if(mine.begin(), mine.end(),
                                   [&](const FenceDevice& each) { return each.id == message.device; });
  if (device == mine.end()) {
    step.send({FenceExecuted{message.id, message.device, false, kNoDevice}});
    return;
  }
  Duration delay = message.delay;
  if (turns_off(message.action)) {
    const Duration base = device->delay_base(message.target);
    delay += base;
    const auto spread = std::chrono::duration_cast<std::chrono::seconds>(device->delay_max() - base).count();
    if (spread > 0) delay += std::chrono::seconds(step.chance.below(static_cast<std::uint64_t>(spread)));
  }
  const std::uint64_t which = ++last_execution_;
  Execution execution;
  execution.order = message;
  execution.asked_by = from;
  execution.device = *device;
  execution.tries_left = device->tries(message.action);
  executions_.emplace(which, std::move(execution));
  if (delay > Duration::zero()) {
    step.arm(TimerKind::fence_delay, delay, which);
  } else {
    run(step, which, executor);
  }
}

// One action of a device at a time (pcmk_action_limit).
bool Fencer::device_busy(const std::string& device, std::uint64_t except) const {
  return std::any_of(executions_.begin(), executions_.end(), [&](const auto& each) {
    return each.first != except && each.second.begun && each.second.order.device == device;
  });
}

void Fencer::run(Step& step, std::uint64_t which, Executor& executor) {
  Execution& execution = executions_.at(which);
  execution.waiting = device_busy(execution.order.device, which);
  if (execution.waiting) return;  // runs when the other is done
  if (!execution.begun) execution.deadline = step.now.time + execution.order.timeout;
  execution.begun = true;
  execution.run = executor.next_run();
  --execution.tries_left;
  runs_[execution.run] = which;
  step.journal(FenceDeviceStarted{execution.order.target, execution.order.action, execution.device.id,
                                  execution.device.agent, execution.run});
  step.effects.emplace_back(
      RunFenceAgent{execution.run,
                    fence_command(execution.device, execution.order.action, execution.order.target,
                                  execution.deadline - step.now.time),
                    execution.order.target});
}

void Fencer::overdue(Step& step, CallId call) {
  if (const auto run = runs_.find(call); run != runs_.end()) executions_.at(run->second).timed_out = true;
  step.effects.emplace_back(KillAgent{call});
}

void Fencer::exited(Step& step, CallId call, const AgentExit& exit, Executor& executor) {
  if (const auto found = checks_.find(call); found != checks_.end()) {
    const Check check = found->second;
    checks_.erase(found);
    bool able = false;
    if (check.how == HostCheck::status) {
      able = exit.code == 0 || exit.code == 2;  // on, off: it knows the target
    } else if (exit.code == 0) {
      const auto hosts = listed_hosts(exit.output);
      able = std::find(hosts.begin(), hosts.end(), check.target) != hosts.end();
    }
    checked_[{check.device, check.target}] = able;
    for (auto question = questions_.begin(); question != questions_.end();) {
      if (question->query.order.target == check.target && --question->checks == 0) {
        answer(step, *question, executor);
        question = questions_.erase(question);
      } else {
        ++question;
      }
    }
    return;
  }
  const auto run = runs_.find(call);
  HA_ASSERT(run != runs_.end());
  const std::uint64_t which = run->second;
  runs_.erase(run);
  Execution& execution = executions_.at(which);
  const bool success = exit.code == 0 && !execution.timed_out;
  step.journal(FenceDeviceFinished{execution.order.target, execution.order.action, execution.device.id,
                                   execution.device.agent, call, exit.code, execution.timed_out});
  const Duration pause = step.profile.fence_retry_pause;
  const bool time_left = step.now.time + pause < execution.deadline;
  if (!success && execution.tries_left > 0 && time_left && !execution.timed_out) {
    step.arm(TimerKind::fence_retry, pause, which);
    return;
  }
  executed(step, which, success,
           execution.timed_out ? "Agent did not complete in time"
           : success           ? ""
                               : "Agent returned error",
           executor);
}

void Fencer::executed(Step& step, std::uint64_t which, bool success, const std::string& why,
                      Executor& executor) {
  const FenceExecute order = executions_.at(which).order;
  executions_.erase(which);
  step.send({FenceExecuted{order.id, order.device, success, why}});
  for (const auto& [waiting, execution] : executions_) {
    if (execution.waiting && execution.order.device == order.device) {
      run(step, waiting, executor);
      return;
    }
  }
}

void Fencer::fired(Step& step, TimerKind kind, std::uint64_t which, const cib::Cib& cib, Executor& executor) {
  if (kind == TimerKind::fence_delay || kind == TimerKind::fence_retry) {
    if (executions_.count(which) != 0) run(step, which, executor);
    return;
  }
  const auto found = operations_.find(which);
  if (found == operations_.end()) return;
  Operation& operation = found->second;
  if (kind == TimerKind::fence_query) {
    if (!operation.chosen) choose(step, operation, cib);
  } else if (kind == TimerKind::fence_dispatch) {
    ask(step, operation);
  } else if (kind == TimerKind::fence_watchdog) {
    conclude(step, operation, true, kWatchdog);
  } else if (kind == TimerKind::fence_total) {
    operation.why = "Fencing did not complete within its total timeout";
    conclude(step, operation, false, {});
  }
}

}  // namespace fencepost::node
