#include "tools/lab/faults.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "engine/live/clock.h"
#include "reporters/describe.h"

namespace fencepost::lab {
namespace {

namespace fault = models::fault;

tl::unexpected<Error> impossible(const std::string& why) { return failure({}, why); }

const char* mode_name(fault::AgentFault::Mode mode) {
  static constexpr const char* kNames[] = {"rc", "apply", "hang", "stuck", "delay"};
  return kNames[static_cast<std::size_t>(mode)];
}

// The ways in which a person would make a service vanish.
std::string killing(const Sign& sign, bool on_host) {
  switch (sign.kind) {
    case Sign::Kind::state:
    case Sign::Kind::file:
    case Sign::Kind::content:
      return "rm -f " + sign.object;
    case Sign::Kind::address:
      return "ip -o addr show to " + sign.object +
             " | while read -r _ nic _ full _; do ip addr del \"$full\" dev \"$nic\"; done";
    case Sign::Kind::mount:
      return "umount -l " + sign.object;
    case Sign::Kind::postgres:
      // In the node's own pid namespace; on a host there may be others' databases.
      return on_host ? "/run/lab/files/host kill postgres" : "pkill -KILL postgres";
  }
  return "";
}

}  // namespace

// One fault, by its kind.
class Faults::Hand {
 public:
  Hand(Faults& faults, const models::ScenarioFault& fault)
      : faults_(faults), lab_(faults.lab_), fault_(fault) {}

  // --- node ---
  Result<void> operator()(const fault::Crash& f) const {
    return on_machine(f.node, [&](std::size_t machine) {
      lab_.cut_power(machine, "crash");
      back(machine, f.back_after);
    });
  }
  Result<void> operator()(const fault::PowerOn& f) const {
    return on_machine(f.node, [&](std::size_t machine) { lab_.boot(machine, "switched on"); });
  }
  Result<void> operator()(const fault::Pause& f) const {
    return on_machine(f.node, [&](std::size_t machine) {
      if (!lab_.machines().is_on(machine)) return;
      lab_.machines().freeze(machine, true);
      until(f.lasts, [&lab = lab_, machine] {
        if (lab.machines().is_on(machine)) lab.machines().freeze(machine, false);
      });
    });
  }
  Result<void> operator()(const fault::Resume& f) const {
    return on_machine(f.node, [&](std::size_t machine) { lab_.machines().freeze(machine, false); });
  }
  Result<void> operator()(const fault::Shutdown& f) const {
    return on_machine(f.node, [&](std::size_t machine) {
      lab_.stop_stack(machine, f.power_off);
      if (!f.back_after) return;
      if (f.power_off) return back(machine, f.back_after);
      faults_.at(live::monotonic_now() + *f.back_after, [&lab = lab_, machine] { lab.start_stack(machine); });
    });
  }
  Result<void> operator()(const fault::StartCluster& f) const {
    return on_machine(f.node, [&](std::size_t machine) { lab_.start_stack(machine); });
  }
  Result<void> operator()(const fault::KillDaemon& f) const {
    const std::string file = f.daemon == "corosync" ? "/run/corosync.lab.pid" : "/run/fencepost/pid";
    return on_machine(f.node,
                      [&](std::size_t machine) { lab_.run_on(machine, "kill -KILL $(cat " + file + ")"); });
  }

  // --- network ---
  Result<void> operator()(const fault::Partition& f) const {
    std::vector<int> side(lab_.machines().size(), -1);
    int next = 0;
    for (const auto& group : f.groups) {
      for (const std::string& name : group) {
        const auto machine = faults_.resolve(name);
        if (!machine) return tl::unexpected(machine.error());
        side[*machine] = next;
      }
      ++next;
    }
    for (int& each : side)
      if (each < 0) each = next++;  // who is not named is alone
    if (const auto done = split(f.network, side); !done) return done;
    record();
    until(f.heal_after, [hand = *this, network = f.network] { static_cast<void>(hand.join(network)); });
    return {};
  }
  Result<void> operator()(const fault::Heal& f) const {
    if (const auto done = join(f.network); !done) return done;
    record();
    return {};
  }
  Result<void> operator()(const fault::LinkDown& f) const {
    const auto machine = faults_.resolve(f.node);
    if (!machine) return tl::unexpected(machine.error());
    if (const auto done = set_links(*machine, f.network, false); !done) return done;
    record();
    until(f.lasts, [hand = *this, which = *machine, network = f.network] {
      static_cast<void>(hand.set_links(which, network, true));
    });
    return {};
  }
  Result<void> operator()(const fault::LinkUp& f) const {
    const auto machine = faults_.resolve(f.node);
    if (!machine) return tl::unexpected(machine.error());
    record();
    return set_links(*machine, f.network, true);
  }

  // --- agents ---
  Result<void> operator()(const fault::AgentFault& f) const {
    const auto machine = faults_.one_or_all(f.node);
    if (!machine) return tl::unexpected(machine.error());
    AgentRule rule;
    rule.id = f.id.empty() ? "fault" + std::to_string(fault_.index) : f.id;
    rule.resource = f.resource;
    rule.action = f.action;
    rule.role = f.role;
    rule.mode = mode_name(f.mode);
    rule.probe = f.probe;
    rule.seconds = f.seconds;
    rule.rc = f.rc;
    rule.count = f.count;
    record();
    lab_.add_rule(*machine, rule);
    until(f.lasts, [&lab = lab_, which = *machine, id = rule.id] {
      lab.drop_rules(which, [&](const AgentRule& each) { return each.id == id; });
    });
    return {};
  }
  Result<void> operator()(const fault::AgentClear& f) const {
    const auto machine = faults_.one_or_all(f.node.value_or("*"));
    if (!machine) return tl::unexpected(machine.error());
    record();
    lab_.drop_rules(*machine, [&](const AgentRule& each) {
      return (!f.id || *f.id == each.id) && (!f.resource || *f.resource == each.resource) &&
             (!f.action || *f.action == each.action);
    });
    return {};
  }
  Result<void> operator()(const fault::KillResource& f) const { return kill_service(f.resource, f.node); }

  // --- fencing and people ---
  Result<void> operator()(const fault::FenceMode& f) const {
    fault::FenceMode mode = f;
    for (std::string* name : {&mode.target, &mode.requester}) {
      if (name->empty()) continue;
      const auto machine = faults_.resolve(*name);
      if (!machine) return tl::unexpected(machine.error());
      *name = lab_.machines().name(*machine);
    }
    record();
    lab_.power_switch().add_mode(std::move(mode));
    return {};
  }
  Result<void> operator()(const fault::Ask& f) const {
    node::Command command = f.command;
    if (const auto done = name_nodes(command); !done) return done;
    const auto asked = faults_.resolve(f.on.empty() ? "@dc" : f.on);
    if (!asked) return tl::unexpected(asked.error());
    record();
    return lab_.ask(*asked, command);
  }
  Result<void> operator()(const fault::Exec& f) const {
    return on_machine(f.node, [&](std::size_t machine) { lab_.run_on(machine, f.text); });
  }
  Result<void> operator()(const fault::Note&) const {
    record();
    return {};
  }
  Result<void> operator()(const fault::Other& f) const {
    const auto argument = [&](const char* name) {
      const auto found = f.arguments.find(name);
      return found == f.arguments.end() ? std::string() : found->second;
    };
    if (f.verb == "ip_remove" || f.verb == "db_crash")
      return kill_service(argument("resource"), argument("node"));
    return impossible(f.verb + " is the simulator's alone");
  }
  // Refused before the run: see support.cpp.
  template <class F>
  Result<void> operator()(const F&) const {
    return impossible(models::verb(fault_.fault) + " cannot be done in a lab");
  }

 private:
  void record() const {
    lab_.observe(backend::FaultInjected{fault_.index, models::verb(fault_.fault),
                                        models::target(fault_.fault), fault_.text});
  }
  void until(std::optional<Duration> lasts, std::function<void()> end) const {
    if (!lasts) return;
    const backend::FaultEnded ended{fault_.index, models::verb(fault_.fault), models::target(fault_.fault)};
    faults_.at(live::monotonic_now() + *lasts, [&lab = lab_, end = std::move(end), ended] {
      end();
      lab.observe(ended);
    });
  }
  void back(std::size_t machine, std::optional<Duration> after) const {
    if (after)
      faults_.at(live::monotonic_now() + *after,
                 [&lab = lab_, machine] { lab.boot(machine, "switched on again"); });
  }

  Result<void> on_machine(const std::string& name, const std::function<void(std::size_t)>& act) const {
    const auto machine = faults_.resolve(name);
    if (!machine) return tl::unexpected(machine.error());
    record();
    act(*machine);
    return {};
  }

  Result<std::vector<std::size_t>> networks(const std::string& name) const {
    if (!name.empty()) {
      const auto one = lab_.machines().find_network(name);
      if (!one) return impossible("there is no network '" + name + "'");
      return std::vector<std::size_t>{*one};
    }
    std::vector<std::size_t> all;
    for (std::size_t each = 0; each < lab_.machines().networks(); ++each) all.push_back(each);
    return all;
  }
  Result<void> split(const std::string& network, const std::vector<int>& side) const {
    const auto which = networks(network);
    if (!which) return tl::unexpected(which.error());
    for (const std::size_t each : *which)
      if (auto done = lab_.machines().split(each, side); !done) return done;
    return {};
  }
  Result<void> join(const std::string& network) const {
    return split(network, std::vector<int>(lab_.machines().size(), 0));
  }
  Result<void> set_links(std::size_t machine, const std::string& network, bool up) const {
    const auto which = networks(network);
    if (!which) return tl::unexpected(which.error());
    for (const std::size_t each : *which)
      if (auto done = lab_.machines().set_link(machine, each, up); !done) return done;
    return {};
  }

  Result<void> kill_service(const std::string& resource, const std::string& node) const {
    const auto machine = faults_.one_or_all(node.empty() ? "*" : node);
    if (!machine) return tl::unexpected(machine.error());
    const Sign* sign = lab_.truth().find(resource);
    if (sign == nullptr)
      return impossible("there is no resource '" + resource + "' that could be ended from outside");
    record();
    for (std::size_t each = 0; each < lab_.machines().size(); ++each)
      if (!*machine || each == **machine) lab_.run_on(each, killing(*sign, lab_.on_hosts()));
    return {};
  }

  // @dc and the like, in commands that name a node.
  Result<void> name_nodes(node::Command& command) const {
    return std::visit(
        [&](auto& one) -> Result<void> {
          if constexpr (requires { one.node; }) {
            if (!one.node.starts_with("@")) return {};
            const auto machine = faults_.resolve(one.node);
            if (!machine) return tl::unexpected(machine.error());
            one.node = lab_.machines().name(*machine);
          }
          return {};
        },
        command);
  }

  Faults& faults_;
  Lab& lab_;
  models::ScenarioFault fault_;
};

Result<void> Faults::inject(const models::ScenarioFault& fault) {
  return std::visit(Hand(*this, fault), fault.fault);
}

// --- When ---

void Faults::at(SimTime when, std::function<void()> what) {
  ++scheduled_;
  lab_.loop().at(when, [this, what = std::move(what)] {
    --scheduled_;
    what();
  });
}

void Faults::begin(SimTime t0) {
  t0_ = t0;
  for (const scenarios::TimedFault& fault : scenario_.faults) {
    if (fault.again) {
      repeated_.emplace(fault.what.index,
                        Repeated{luck_.fork("random fault " + std::to_string(fault.what.index))});
      at(t0 + fault.at, [this, &fault] { plan_next(fault); });
    } else if (fault.when)
      waiting_.push_back({&fault, std::regex(fault.when->log)});
    else
      at(t0 + fault.at, [this, &fault] { fire(fault); });
  }
}

void Faults::fire(const scenarios::TimedFault& fault) {
  const auto done = inject(fault.what);
  if (!done && fault.again)  // luck chose something that cannot be, such as a node that is off
    lab_.observe(backend::Noted{"not done: " + done.error().message});
  else if (!done)
    refused_.push_back(to_string(Error{fault.where, done.error().message}));
}

// --- Again and again ---

void Faults::plan_next(const scenarios::TimedFault& fault) {
  Repeated& repeated = repeated_.at(fault.what.index);
  if (fault.again->times && repeated.done >= *fault.again->times) return;
  const SimTime next =
      live::monotonic_now() + std::max<Duration>(1ms, sim::sample(fault.again->every, repeated.luck));
  if (fault.again->until && next > t0_ + *fault.again->until) return;
  at(next, [this, &fault] { fire_when_stable(fault); });
}

// One blow at a time, if so wished: what has not healed from the last one would hide what this one does.
void Faults::fire_when_stable(const scenarios::TimedFault& fault) {
  const SimTime stable = disturbed_ + fault.again->stable;
  if (stable > live::monotonic_now()) return at(stable, [this, &fault] { fire_when_stable(fault); });
  ++repeated_.at(fault.what.index).done;
  fire(fault);
  plan_next(fault);
}

// Each trigger fires once. What happens before its `at` does not count.
void Faults::observe(const backend::Record& record) {
  for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
    const scenarios::TimedFault& fault = *waiting->fault;
    if (record.time < t0_ + fault.at || !fits(*waiting, record)) {
      ++waiting;
      continue;
    }
    waiting = waiting_.erase(waiting);
    at(std::max(record.time + fault.delay, live::monotonic_now()), [this, &fault] { fire(fault); });
  }
}

bool Faults::fits(const Waiting& waiting, const backend::Record& record) const {
  using Kind = scenarios::Trigger::Kind;
  const scenarios::Trigger& when = *waiting.fault->when;
  const auto is = [](const std::string& wanted, const std::string& actual) {
    return wanted.empty() || wanted == actual;
  };
  if (const auto* seen = std::get_if<backend::Observation>(&record.what)) {
    const auto* role = std::get_if<backend::RoleChanged>(seen);
    return role != nullptr && when.kind == Kind::state && is(when.node, role->node) &&
           is(when.resource, role->resource) && is(when.state, role->role);
  }
  const auto& entry = std::get<node::JournalEntry>(record.what);
  const auto about = [&](const node::ActionName& name) {
    const bool probe = name.operation == "monitor" && name.interval == Duration::zero();
    return is(when.node, name.node) && is(when.resource, name.resource) && is(when.action, name.operation) &&
           is(when.state, lab_.truth().role(name.resource, name.node)) && when.probe == probe;
  };
  if (const auto* started = std::get_if<node::ActionStarted>(&entry))
    return when.kind == Kind::start && about(started->name);
  if (const auto* finished = std::get_if<node::ActionFinished>(&entry))
    if (when.kind == Kind::end && about(finished->name)) return true;
  if (when.kind != Kind::log || !is(when.node, scenario_.nodes[record.node.index()])) return false;
  return std::regex_search(reporters::describe(record, scenario_.nodes).text, waiting.log);
}

// --- Who ---

Result<std::size_t> Faults::resolve(const std::string& name) {
  const Machines& machines = lab_.machines();
  if (!name.starts_with("@")) {
    if (const auto found = machines.find(name)) return *found;
    return impossible("there is no node '" + name + "'");
  }
  const node::NodeId dc = cluster_.dc();
  if (name == "@dc") {
    if (dc.valid()) return dc.index();
    // Any node of Pacemaker's hands a request on.
    for (std::size_t each = 0; lab_.manager() == Manager::pacemaker && each < machines.size(); ++each)
      if (machines.is_on(each)) return each;
    return impossible("there is no DC now");
  }
  if (name == "@any") {
    std::vector<std::size_t> up;
    for (std::size_t each = 0; each < machines.size(); ++each)
      if (machines.is_on(each)) up.push_back(each);
    if (up.empty()) return impossible("no node is up now");
    return up[luck_.below(up.size())];
  }
  const bool promoted = name.starts_with("@promoted:");
  const std::string resource = name.substr(name.find(':') + 1);
  for (std::size_t each = 0; each < machines.size(); ++each) {
    if (name == "@other" ? machines.is_on(each) && !(dc.valid() && dc.index() == each) : false) return each;
    const std::string role = lab_.truth().role(resource, machines.name(each));
    if (promoted && role == "Promoted") return each;
    if (name.starts_with("@active:") && (role == "Started" || role == "Promoted")) return each;
  }
  return impossible("nobody is " + name + " now");
}

Result<std::optional<std::size_t>> Faults::one_or_all(const std::string& name) {
  if (name == "*") return std::optional<std::size_t>{};
  return resolve(name).map([](std::size_t machine) { return std::optional(machine); });
}

}  // namespace fencepost::lab
