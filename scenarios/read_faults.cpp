// The key `faults`: the lab's verbs and arguments, and those of the models beyond it.

#include <algorithm>
#include <regex>

#include "engine/cib/cib.h"
#include "engine/cib/edit.h"
#include "models/fault_arguments.h"
#include "scenarios/fault_checks.h"
#include "scenarios/parts.h"

namespace fencepost::scenarios {
namespace {

namespace fault = models::fault;
using models::Fault;

// "PT5M", "P1DT2H", as crm_resource takes lifetimes; or a duration as everywhere else.
std::optional<Duration> parse_lifetime(std::string_view text) {
  if (!text.starts_with("P")) return parse_duration(text);
  Duration total{};
  bool time = false;
  text.remove_prefix(1);
  while (!text.empty()) {
    if (text.front() == 'T') {
      time = true;
      text.remove_prefix(1);
      continue;
    }
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    if (digits == 0 || digits == text.size()) return std::nullopt;
    const char unit = text[digits];
    const char* suffix = unit == 'D'           ? "d"
                         : unit == 'H'         ? "h"
                         : unit == 'M' && time ? "m"
                         : unit == 'S'         ? "s"
                                               : nullptr;
    const auto part =
        suffix == nullptr ? std::nullopt : parse_duration(std::string(text.substr(0, digits)) + suffix);
    if (!part) return std::nullopt;
    total += *part;
    text.remove_prefix(digits + 1);
  }
  return total;
}

class FaultReader {
 public:
  FaultReader(const Scenario& scenario, Problems& problems)
      : end_(scenario.end.duration), problems_(problems), check_(scenario, problems) {}

  TimedFault read(const Value& value, int index) {
    TimedFault out;
    out.where = value.where();
    out.what.index = index;
    out.what.text = to_flow(value);
    Fields fields(value, "a fault", problems_);
    std::string verb;
    if (!fields.require("verb") || !fields.read("verb", verb)) return out;
    read_time(fields, out);
    if (read_verb(verb, fields, out.what.fault)) fields.finish();
    return out;
  }

 private:
  using Reader = Fault (FaultReader::*)(Fields&);
  struct Entry {
    const char* verb;
    Reader read;
  };

  // --- When ---
  void read_time(Fields& fields, TimedFault& out) {
    const bool at = fields.read("at", out.at);
    const Value* when = fields.take("when");
    fields.read("delay_s", out.delay);
    fields.read("delay_after", out.delay);
    if (when != nullptr) out.when = read_trigger(*when);
    out.again = read_repetition(fields);
    if (out.at > end_.value_or(out.at))
      problems_.add(fields.map(), "this fault would come after the run has ended: end has the duration " +
                                      format_duration(*end_));
    if (out.again && when != nullptr)
      problems_.add(*when, "a fault comes `when` something happens, or `every` so often");
    if (!at && when == nullptr && !out.again)
      problems_.add(
          fields.map(),
          "a fault needs a time (at: 60s) or a trigger (when: {resource: fs, action: stop, ev: start})");
  }

  // every: {exponential: 12h}, until: 30d, times: 20, stable: 60s
  std::optional<Repetition> read_repetition(Fields& fields) {
    Repetition out;
    if (!fields.read("every", out.every)) return std::nullopt;
    fields.read("until", out.until);
    if (fields.read("times", out.times) && out.times && *out.times < 1)
      problems_.add(*fields.map().find("times"), "times is how often: 1 or more");
    fields.read("stable", out.stable);
    return out;
  }

  Trigger read_trigger(const Value& value) {
    static const std::vector<std::string> kEvents{"start", "end", "state"};
    Trigger out;
    Fields fields(value, "a trigger", problems_);
    fields.read("node", out.node);
    if (!out.node.empty()) check_.node(*value.find("node"), out.node);
    if (fields.read("log", out.log)) {
      out.kind = Trigger::Kind::log;
      check_pattern(*value.find("log"), out.log);
    }
    if (fields.read("resource", out.resource)) check_.resource(*value.find("resource"), out.resource);
    if (fields.read("action", out.action)) check_.action(*value.find("action"), out.action);
    fields.read("state", out.state);
    fields.read("probe", out.probe);
    std::size_t event = 1;
    if (fields.choose("ev", kEvents, event)) out.kind = static_cast<Trigger::Kind>(event);
    fields.finish();
    return out;
  }

  void check_pattern(const Value& at, const std::string& pattern) {
    try {
      const std::regex compiled(pattern);
    } catch (const std::regex_error&) {
      problems_.add(at, "'" + pattern + "' is no regular expression");
    }
  }

  // --- What ---
  bool read_verb(const std::string& verb, Fields& fields, Fault& into) {
    const auto own = std::ranges::find(kVerbs, std::string_view(verb),
                                       [](const Entry& e) { return std::string_view(e.verb); });
    if (own != std::end(kVerbs)) {
      into = (this->*own->read)(fields);
      return true;
    }
    const models::FaultVerb* known = models::find_fault_verb(verb);
    if (known != nullptr) {
      into = other(*known, fields);
      return true;
    }
    std::vector<std::string> names;
    for (const models::FaultVerb& candidate : models::fault_verbs()) names.push_back(candidate.name);
    problems_.add(*fields.map().find("verb"), "there is no fault '" + verb + "'" + did_you_mean(verb, names) +
                                                  " (fencepost faults lists them)");
    return false;
  }

  Fault crash(Fields& f) { return fault::Crash{node(f), duration(f, {"back_after", "back_after_s"})}; }
  Fault power_on(Fields& f) { return fault::PowerOn{node(f)}; }
  Fault power_loss(Fields& f) { return fault::PowerLoss{node(f), lasts(f)}; }
  Fault pause(Fields& f) { return fault::Pause{node(f), lasts(f)}; }
  Fault resume(Fields& f) { return fault::Resume{node(f)}; }
  Fault shutdown(Fields& f) {
    fault::Shutdown out{node(f), false, duration(f, {"back_after", "back_after_s"})};
    f.read("power_off", out.power_off);
    return out;
  }
  Fault start_cluster(Fields& f) { return fault::StartCluster{node(f)}; }
  Fault slow(Fields& f) {
    fault::SlowNode out{node(f), 1, lasts(f)};
    if (f.require("factor")) f.read("factor", out.factor);
    if (!(out.factor > 0 && out.factor < 1e6)) problems_.add(f.map(), "factor must be above 0");
    return out;
  }
  Fault clock_jump(Fields& f) {
    fault::ClockJump out{node(f), {}};
    std::string by;
    if (f.require("by")) f.read("by", by);
    const bool back = by.starts_with("-");
    const auto size = parse_duration(std::string_view(by).substr(back || by.starts_with("+") ? 1 : 0));
    if (!size)
      problems_.add(f.map(), "'" + by + "' is no jump: write +30s or -1h");
    else
      out.by = back ? -*size : *size;
    return out;
  }

  Fault kill_daemon(Fields& f) {
    fault::KillDaemon out{node(f), ""};
    if (f.require("daemon") && f.read("daemon", out.daemon))
      check_.daemon(*f.map().find("daemon"), out.daemon);
    std::string signal = "SIGKILL";
    f.read("signal", signal);
    // Whoever does not live through a signal does not care which it was.
    static const std::vector<std::string> kDeadly{"SIGKILL", "SIGABRT", "SIGSEGV",
                                                  "SIGBUS",  "SIGILL",  "SIGFPE"};
    if (std::ranges::find(kDeadly, signal) == kDeadly.end())
      problems_.add(f.map(), "'" + signal + "' is not modelled: use one of " + one_of(kDeadly));
    return out;
  }

  Fault partition(Fields& f) {
    fault::Partition out;
    if (f.require("groups") && f.read("groups", out.groups) && out.groups.empty())
      problems_.add(*f.map().find("groups"), "groups are lists of nodes: [[db1], [db2, db3]]");
    for (const std::vector<std::string>& group : out.groups)
      for (const std::string& name : group) check_.host(*f.map().find("groups"), name);
    out.heal_after = duration(f, {"heal_after", "heal_after_s", "for"});
    out.network = network(f);
    return out;
  }
  Fault heal(Fields& f) { return fault::Heal{network(f)}; }
  Fault link_down(Fields& f) { return fault::LinkDown{host(f), network(f), lasts(f)}; }
  Fault link_up(Fields& f) { return fault::LinkUp{host(f), network(f)}; }
  Fault one_way(Fields& f) { return fault::OneWay{host(f, "from"), host(f, "to"), network(f), lasts(f)}; }
  Fault loss(Fields& f) {
    fault::Loss out{host(f), 0, network(f), lasts(f)};
    if (f.require("share")) f.read("share", out.share);
    if (!(out.share >= 0 && out.share <= 1)) problems_.add(f.map(), "share is a part of all packets: 0 to 1");
    return out;
  }
  Fault delay(Fields& f) {
    fault::Delay out{host(f), {}, network(f), lasts(f)};
    if (f.require("delay")) f.read("delay", out.delay);
    return out;
  }

  Fault agent(Fields& f) {
    static const std::vector<std::string> kModes{"rc", "apply", "hang", "stuck", "delay"};
    fault::AgentFault out;
    out.resource = resource(f, true);
    if (f.require("action") && f.read("action", out.action))
      check_.action(*f.map().find("action"), out.action);
    if (f.read("node", out.node)) check_.node(*f.map().find("node"), out.node);
    std::size_t mode = 0;
    if (f.require("mode") && f.choose("mode", kModes, mode))
      out.mode = static_cast<fault::AgentFault::Mode>(mode);
    if (f.read("rc", out.rc) && (out.rc < 0 || out.rc > 255))
      problems_.add(*f.map().find("rc"), "rc is an exit code: 0 to 255");
    f.read("seconds", out.seconds);
    out.count = count(f);
    out.lasts = duration(f, {"for", "for_s"});
    f.read("probe", out.probe);
    if (f.read("role", out.role)) check_role(*f.map().find("role"), out.role);
    f.read("id", out.id);
    return out;
  }
  Fault agent_clear(Fields& f) {
    fault::AgentClear out;
    f.read("id", out.id);
    if (f.read("resource", out.resource) && *out.resource != "*")
      check_.resource(*f.map().find("resource"), *out.resource);
    if (f.read("action", out.action)) check_.action(*f.map().find("action"), *out.action);
    if (f.read("node", out.node)) check_.node(*f.map().find("node"), *out.node);
    return out;
  }
  Fault kill_resource(Fields& f) {
    fault::KillResource out{resource(f), ""};
    if (f.read("node", out.node)) check_.node(*f.map().find("node"), out.node);
    return out;
  }

  Fault fence_mode(Fields& f) {
    static const std::vector<std::string> kModes{"ok",           "slow", "fail",       "hang",
                                                 "fail-monitor", "lie",  "unreachable"};
    fault::FenceMode out;
    if (f.read("device", out.device)) check_.fence_device(*f.map().find("device"), out.device);
    if (f.read("target", out.target)) check_.node(*f.map().find("target"), out.target);
    if (f.read("requester", out.requester)) check_.node(*f.map().find("requester"), out.requester);
    std::size_t mode = 0;
    if (f.require("mode") && f.choose("mode", kModes, mode))
      out.mode = static_cast<fault::FenceMode::Mode>(mode);
    f.read("seconds", out.seconds);
    out.count = count(f);
    return out;
  }

  // --- People ---
  Fault standby(Fields& f) { return ask(f, node::SetStandby{node(f), true, until_reboot(f)}); }
  Fault unstandby(Fields& f) { return ask(f, node::SetStandby{node(f), false, until_reboot(f)}); }
  Fault move(Fields& f) { return ask(f, placement<node::MoveResource>(f)); }
  Fault ban(Fields& f) { return ask(f, placement<node::BanResource>(f)); }
  Fault clear(Fields& f) { return ask(f, node::ClearResource{resource(f), optional_node(f)}); }
  Fault cleanup(Fields& f) { return ask(f, node::CleanupResource{optional_resource(f), optional_node(f)}); }
  Fault refresh(Fields& f) { return ask(f, node::RefreshResource{optional_resource(f), optional_node(f)}); }
  Fault set_property(Fields& f) {
    node::SetProperty out;
    if (f.require("name")) f.read("name", out.name);
    f.read("value", out.value);
    return ask(f, out);
  }
  Fault set_meta(Fields& f) {
    node::SetResourceMeta out;
    out.resource = resource(f);
    if (f.require("name")) f.read("name", out.name);
    f.read("value", out.value);
    return ask(f, out);
  }
  Fault set_attribute(Fields& f) {
    node::SetNodeAttribute out;
    out.node = node(f);
    if (f.require("name")) f.read("name", out.name);
    f.read("value", out.value);
    f.read("transient", out.transient);
    return ask(f, out);
  }
  Fault fence(Fields& f) {
    static const std::vector<std::string> kActions{"reboot", "off", "on"};
    std::size_t action = 0;
    f.choose("action", kActions, action);
    return ask(f, node::FenceNode{node(f), kActions[action]});
  }
  Fault edit_cib(Fields& f) {
    static const std::vector<std::string> kVerbsOfCib{"create", "modify", "replace", "delete"};
    auto edit = std::make_shared<cib::Edit>();
    std::size_t verb = 1;
    if (f.choose("op", kVerbsOfCib, verb)) edit->verb = static_cast<cib::Edit::Verb>(verb);
    f.read("scope", edit->scope);
    f.read("xpath", edit->xpath);
    f.read("xml", edit->xml);
    f.read("allow_create", edit->allow_create);
    if (edit->xml.empty() && edit->xpath.empty())
      problems_.add(f.map(), "cib needs xml (what is created or modified) or an xpath (what is deleted)");
    return ask(f, node::EditCib{edit});
  }
  Fault ask(Fields& f, node::Command command) {
    fault::Ask out;
    out.command = std::move(command);
    out.verb = f.map().find("verb")->text;
    if (f.read("on", out.on)) check_.node(*f.map().find("on"), out.on);
    f.take("may_fail");  // a refused command never ends a run here; the record tells
    return out;
  }
  Fault exec(Fields& f) {
    fault::Exec out{node(f), ""};
    if (f.require("cmd")) f.read("cmd", out.text);
    f.take("may_fail");
    return out;
  }
  Fault note(Fields& f) {
    fault::Note out;
    f.read("text", out.text);
    return out;
  }

  // A verb that another area of the models brings: its arguments are its own, by name.
  Fault other(const models::FaultVerb& verb, Fields& f) {
    fault::Other out;
    out.verb = verb.name;
    for (const models::FaultArgument& argument : models::arguments_of(verb)) {
      const std::string& name = argument.name;
      if (!argument.optional && !f.require(name)) continue;
      const Value* value = f.take(name);
      if (value == nullptr) continue;
      scenarios::read(*value, out.arguments[name], problems_);
      check_.argument(*value, verb, argument);
    }
    return out;
  }
  // --- Arguments ---
  std::string node(Fields& f, const char* key = "node") {
    std::string name;
    if (f.require(key) && f.read(key, name)) check_.node(*f.map().find(key), name);
    return name;
  }
  std::string host(Fields& f, const char* key = "node") {
    std::string name;
    if (f.require(key) && f.read(key, name)) check_.host(*f.map().find(key), name);
    return name;
  }
  std::string optional_node(Fields& f) {
    return f.map().find("node") == nullptr ? (f.take("node"), "") : node(f);
  }
  std::string resource(Fields& f, bool star = false) {
    std::string id;
    if (f.require("resource") && f.read("resource", id) && !(star && id == "*"))
      check_.resource(*f.map().find("resource"), id);
    return id;
  }
  std::string optional_resource(Fields& f) {
    return f.map().find("resource") == nullptr ? (f.take("resource"), "") : resource(f);
  }
  std::string network(Fields& f) {
    std::string name;
    if (f.read("network", name)) check_.network(*f.map().find("network"), name);
    return name;
  }
  // How many times, at least once.
  std::optional<int> count(Fields& f) {
    std::optional<int> out;
    if (f.read("count", out) && out && *out < 1)
      problems_.add(*f.map().find("count"), "count is how many times: 1 or more");
    return out;
  }
  std::optional<Duration> duration(Fields& f, std::initializer_list<const char*> keys) {
    std::optional<Duration> out;
    for (const char* key : keys) f.read(key, out);
    return out;
  }
  // For how long. The lab says seconds for some verbs, with 0 for ever.
  std::optional<Duration> lasts(Fields& f) {
    const auto out = duration(f, {"for", "for_s", "seconds"});
    return out == Duration{} ? std::nullopt : out;
  }
  bool until_reboot(Fields& f) {
    std::size_t lifetime = 0;
    return f.choose("lifetime", {"forever", "reboot"}, lifetime) && lifetime == 1;
  }
  template <class Command>
  Command placement(Fields& f) {
    Command out;
    out.resource = resource(f);
    out.node = optional_node(f);
    f.read("promoted", out.promoted);
    std::string lifetime;
    if (!f.read("lifetime", lifetime)) return out;
    out.lifetime = parse_lifetime(lifetime);
    if (!out.lifetime)
      problems_.add(*f.map().find("lifetime"), "'" + lifetime + "' is no lifetime: write PT5M or 5m");
    return out;
  }

  void check_role(const Value& at, const std::string& role) {
    static const std::vector<std::string> kRoles{"Stopped",  "Started", "Unpromoted",
                                                 "Promoted", "Slave",   "Master"};
    if (std::ranges::find(kRoles, role) == kRoles.end())
      problems_.add(at, "there is no role '" + role + "'; there are " + one_of(kRoles));
  }

  static constexpr Entry kVerbs[] = {
      {"crash", &FaultReader::crash},
      {"power_on", &FaultReader::power_on},
      {"power_loss", &FaultReader::power_loss},
      {"pause", &FaultReader::pause},
      {"resume", &FaultReader::resume},
      {"shutdown", &FaultReader::shutdown},
      {"start_cluster", &FaultReader::start_cluster},
      {"slow", &FaultReader::slow},
      {"clock_jump", &FaultReader::clock_jump},
      {"kill_daemon", &FaultReader::kill_daemon},
      {"partition", &FaultReader::partition},
      {"heal", &FaultReader::heal},
      {"link_down", &FaultReader::link_down},
      {"link_up", &FaultReader::link_up},
      {"one_way", &FaultReader::one_way},
      {"loss", &FaultReader::loss},
      {"delay", &FaultReader::delay},
      {"agent", &FaultReader::agent},
      {"agent_clear", &FaultReader::agent_clear},
      {"kill_resource", &FaultReader::kill_resource},
      {"fence_mode", &FaultReader::fence_mode},
      {"standby", &FaultReader::standby},
      {"unstandby", &FaultReader::unstandby},
      {"move", &FaultReader::move},
      {"ban", &FaultReader::ban},
      {"clear", &FaultReader::clear},
      {"cleanup", &FaultReader::cleanup},
      {"refresh", &FaultReader::refresh},
      {"set_property", &FaultReader::set_property},
      {"set_meta", &FaultReader::set_meta},
      {"set_attribute", &FaultReader::set_attribute},
      {"fence", &FaultReader::fence},
      {"cib", &FaultReader::edit_cib},
      {"exec", &FaultReader::exec},
      {"note", &FaultReader::note},
  };

  std::optional<Duration> end_;  // of the run, if it has a given one
  Problems& problems_;
  FaultChecks check_;
};

}  // namespace

std::vector<TimedFault> read_faults(const Value& list, const Scenario& scenario, Problems& problems) {
  std::vector<TimedFault> faults;
  if (!list.is_list()) {
    if (list.kind != Value::Kind::nothing)
      problems.add(list, std::string("faults must be a list, not ") + kind_name(list.kind));
    return faults;
  }
  FaultReader reader(scenario, problems);
  for (const Value& item : list.items) faults.push_back(reader.read(item, static_cast<int>(faults.size())));
  return faults;
}

}  // namespace fencepost::scenarios
