#include "tools/lab/lab.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "engine/cib/edit.h"
#include "engine/cib/write.h"
#include "engine/live/clock.h"
#include "engine/live/control/client.h"
#include "scenarios/run_parts.h"
#include "tools/lab/files.h"
#include "tools/lab/namespaces.h"
#include "tools/lab/program.h"

namespace fencepost::lab {
namespace {

namespace fs = std::filesystem;

constexpr Duration kCorosyncStops = 1500ms;  // after the manager, in good order

MachinesConfig machines_config(const scenarios::Scenario& scenario) {
  return {scenario.nodes, scenario.world.networks, scenario.world.rings, scenario.world.corosync};
}

std::unique_ptr<Machines> machines_at(live::EventLoop& loop, const Place& place,
                                      const scenarios::Scenario& scenario) {
  if (place.hosts.targets.empty())
    return std::make_unique<NamespaceMachines>(place.cell, machines_config(scenario));
  return std::make_unique<HostMachines>(loop, place.cell.directory, place.hosts, machines_config(scenario));
}

// As a person would ask real Pacemaker.
std::string for_pacemaker(const node::Command& command, const std::string& directory) {
  const auto on = [](const std::string& node) { return node.empty() ? "" : " -N " + node; };
  if (const auto* move = std::get_if<node::MoveResource>(&command))
    return "crm_resource --move -r " + move->resource + on(move->node);
  if (const auto* ban = std::get_if<node::BanResource>(&command))
    return "crm_resource --ban -r " + ban->resource + on(ban->node);
  if (const auto* clear = std::get_if<node::ClearResource>(&command))
    return "crm_resource --clear -r " + clear->resource + on(clear->node);
  if (const auto* standby = std::get_if<node::SetStandby>(&command))
    return "crm_standby -N " + standby->node + " -v " + (standby->on ? "on" : "off");
  const auto* edit = std::get_if<node::EditCib>(&command);
  if (edit == nullptr || edit->edit->verb != cib::Edit::Verb::modify) return "";
  std::ofstream(directory + "/edit.xml") << edit->edit->xml;
  return "cibadmin --modify --allow-create -o " + edit->edit->scope + " --xml-file /run/lab/edit.xml";
}

std::string seconds(Duration duration) { return std::to_string(to_seconds(duration)); }
std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

}  // namespace

Lab::Lab(live::EventLoop& loop, const Place& place, const scenarios::Scenario& scenario, Support support,
         std::uint64_t seed, Take take, Manager manager)
    : loop_(loop),
      directory_(place.cell.directory),
      on_hosts_(!place.hosts.targets.empty()),
      scenario_(scenario),
      support_(std::move(support)),
      luck_(sim::Stream(seed).fork("lab")),
      take_(std::move(take)),
      machines_(machines_at(loop, place, scenario)),
      truth_(*machines_, *scenario.cib->configuration),
      listener_(directory_, scenario.nodes, [this](backend::Record record) { hear(std::move(record)); }),
      switch_(loop, directory_ + "/switch", *machines_, scenario.world.power, luck_.fork("switch"),
              {[this](std::size_t machine, const std::string& why) { cut_power(machine, why); },
               [this](std::size_t machine, const std::string& why) { boot(machine, why); },
               [this](backend::Observation seen) { observe(std::move(seen)); }}),
      clients_(loop, directory_, support_.clients,
               [this](backend::Observation seen) { observe(std::move(seen)); }),
      manager_(manager),
      powered_(scenario.nodes.size(), false) {}

Lab::~Lab() = default;

std::string Lab::control_folder(std::size_t machine) const {
  return directory_ + "/ctl/" + machines_->name(machine);
}

// --- Before the first boot ---

Result<void> Lab::build() {
  if (const auto written = write_files(); !written) return written;
  if (const auto written = write_agents(); !written) return written;
  write_durations();
  if (on_hosts_) {  // where disks are disks
    std::ofstream signs(directory_ + "/signs");
    truth_.write_signs(signs);
  } else {
    auto images = Images::make(directory_, support_.images);
    if (!images) return tl::unexpected(images.error());
    images_ = *std::move(images);
    std::ofstream devices(directory_ + "/devices");
    for (const BlockDevice& each : images_->devices())
      devices << each.path << ' ' << each.major << ' ' << each.minor << '\n';
  }
  return machines_->build();
}

Result<void> Lab::write_files() {
  const std::string& base = directory_;
  for (const char* each :
       {"/bin", "/tools", "/ocf/resource.d", "/fence", "/files", "/nodes", "/ctl", "/tape", "/log", "/run"})
    fs::create_directories(base + each);
  for (std::size_t machine = 0; machine < machines_->size(); ++machine) {
    fs::create_directories(control_folder(machine));
    write_rules(machine);
  }
  for (const EmbeddedFile& each : embedded_files()) {
    const std::string path = base + "/files/" + each.name;
    std::ofstream(path) << each.text;
    ::chmod(path.c_str(), 0755);
  }
  std::ofstream(base + "/first.xml") << cib::write(*scenarios::first_cib());
  // This very program is what the nodes run.
  std::error_code error;
  const std::string self = fs::read_symlink("/proc/self/exe", error).string(),
                    place = base + "/bin/fencepost";
  std::ofstream(place).flush();
  if (on_hosts_ && !error) {
    fs::copy_file(self, place, fs::copy_options::overwrite_existing, error);
    ::chmod(place.c_str(), 0755);
    if (error) return failure({place, 0, 0}, "cannot be written: " + error.message());
  } else if (error || ::mount(self.c_str(), place.c_str(), nullptr, MS_BIND, nullptr) != 0)
    return failure({self, 0, 0}, std::string("cannot be shown to the nodes: ") + std::strerror(errno));
  if (manager_ == Manager::pacemaker) std::ofstream(base + "/pacemaker") << "instead of fencepost node\n";
  for (const char* tool : {"crm_attribute", "crm_master", "attrd_updater", "crm_node"})
    fs::create_symlink("../bin/fencepost", base + "/tools/" + tool, error);
  return {};
}

Result<void> Lab::write_agents() {
  std::error_code error;
  for (const std::string& each : support_.agents) {
    const fs::path path = directory_ + "/ocf/resource.d/" + each;
    fs::create_directories(path.parent_path());
    fs::create_symlink("/run/lab/files/agent", path, error);
  }
  for (const std::string& each : on_hosts_ ? std::set<std::string>{} : support_.fence_agents)
    fs::create_symlink("/run/lab/files/fence", directory_ + "/fence/" + each, error);
  std::ofstream stand_ins(directory_ + "/stand-ins");
  for (const std::string& each : support_.stand_ins) stand_ins << each << '\n';
  cib::for_each_resource(scenario_.cib->configuration->resources,
                         [&](const cib::Resource& each, const cib::Resource*) {
                           if (each.kind != cib::ResourceKind::primitive || each.agent.standard != "stonith")
                             return;
                           for (const char* name : {"device", "ip", "ipaddr"})
                             if (const std::string value = parameter_of(each, name); !value.empty())
                               switch_.name_device(value, each.id);
                         });
  if (error) return failure({}, "agents cannot be laid out: " + error.message());
  return {};
}

// Key `agents` of the scenario: each action takes one time, drawn once.
void Lab::write_durations() {
  const models::AgentDurations& given = scenario_.world.agents;
  for (std::size_t machine = 0; machine < machines_->size(); ++machine) {
    sim::Stream luck = luck_.fork("durations of " + machines_->name(machine));
    std::ofstream file(control_folder(machine) + "/durations");
    const auto write = [&](const models::AgentDurations::Resources& resources) {
      for (const auto& [resource, actions] : resources)
        for (const auto& [action, duration] : actions)
          file << resource << ' ' << action << ' ' << seconds(sim::sample(duration, luck)) << '\n';
    };
    write(given.everywhere);
    const auto here = given.on_node.find(machines_->name(machine));
    if (here != given.on_node.end()) write(here->second);  // the last one that fits counts
  }
}

// --- All the time ---

void Lab::tick() {
  machines_->tick();
  for (std::size_t machine = 0; on_hosts_ && machine < machines_->size(); ++machine)
    listener_.set_clock(machine, machines_->clock_offset(machine));
  look_after_the_dead();
  switch_.look();
  for (backend::Observation& each : truth_.look()) observe(std::move(each));
  listener_.listen();
  clients_.look();
  std::erase_if(children_, [](const auto& child) { return child->pid() < 0; });
  for (auto machine = off_when_stopped_.begin(); machine != off_when_stopped_.end();) {
    if (listener_.is_up(*machine)) {
      ++machine;
      continue;
    }
    loop_.in(kCorosyncStops, [this, which = *machine] { cut_power(which, "shut down"); });
    machine = off_when_stopped_.erase(machine);
  }
}

// A machine that reset itself boots again; so does a host that was fenced, if its cluster is to start then.
void Lab::look_after_the_dead() {
  for (const std::size_t machine : machines_->ended()) {
    cut_power(machine, on_hosts_ ? "it is gone" : "it reset itself");
    if (!on_hosts_ || scenario_.world.power.on_after_fence) boot(machine, "after a reset");
  }
}

// Of a host that its own fence agents ended we hear nothing: it is off since they said so, unless it speaks.
void Lab::hear(backend::Record record) {
  const auto* entry = std::get_if<node::JournalEntry>(&record.what);
  const auto* fenced = on_hosts_ && entry != nullptr ? std::get_if<node::FenceFinished>(entry) : nullptr;
  const auto target = fenced != nullptr && fenced->success ? machines_->find(fenced->target) : std::nullopt;
  if (target && fenced->action != "on") {
    machines_->believed_off(*target);
    if (machines_->name(record.node.index()) == fenced->delegate)
      take_({0,
             record.time,
             {},
             backend::FenceDeviceActed{fenced->device, fenced->target, fenced->action, true}});
  }
  take_(std::move(record));
}

void Lab::observe(backend::Observation observation) {
  take_({0, live::monotonic_now(), {}, std::move(observation)});
}

// --- Power ---

void Lab::boot(std::size_t machine, const std::string& why, bool at_once) {
  if (powered_[machine]) return;
  powered_[machine] = true;
  observe(backend::PowerChanged{machines_->name(machine), true, why});
  const auto& hardware = scenario_.world.hardware;
  const auto known = hardware.find(machines_->name(machine));
  const Duration takes =
      at_once
          ? Duration::zero()
          : sim::sample(known == hardware.end() ? models::HardwareConfig{}.boot : known->second.boot, luck_);
  booting_[machine] = loop_.in(takes, [this, machine] {
    booting_.erase(machine);
    if (const auto on = machines_->power_on(machine); !on)
      observe(backend::Noted{machines_->name(machine) + " does not boot: " + to_string(on.error())});
  });
}

void Lab::cut_power(std::size_t machine, const std::string& why) {
  if (!powered_[machine]) return;
  powered_[machine] = false;
  if (const auto booting = booting_.find(machine); booting != booting_.end()) {
    loop_.cancel(booting->second);
    booting_.erase(booting);
  }
  machines_->power_off(machine);
  observe(backend::PowerChanged{machines_->name(machine), false, why});
  listener_.died(machine);
}

// --- Asking ---

Result<void> Lab::ask(std::size_t machine, const node::Command& command) {
  if (!machines_->is_inside(machine))
    return failure({}, machines_->name(machine) + " is off, or just booting");
  if (manager_ == Manager::pacemaker) {
    const std::string words = for_pacemaker(command, directory_);
    if (words.empty())
      return failure({}, "only move, ban, clear, standby and cib are asked of Pacemaker here");
    const auto done = run_program(machines_->command_on(machine, {"/bin/bash", "-c", words}));
    if (!done) return tl::unexpected(done.error());
    return {};
  }
  auto client = live::ControlClient::connect(machines_->control_socket(machine), 5s);
  if (!client) return tl::unexpected(client.error());
  const auto answer = client->ask(live::CommandRequest{command});
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

// "  * Online: [ n1 n2 ]"
Lab::Names Lab::online(std::size_t machine) const {
  if (!machines_->is_inside(machine)) return {};
  const bool theirs = manager_ == Manager::pacemaker;
  const auto status = run_program(machines_->command_on(
      machine, {"/bin/bash", "-c", theirs ? "crm_mon -1" : "/run/lab/bin/fencepost ctl status"}));
  if (!status) return {};  // it is not up yet
  const std::string begin = "Online: [ ";
  const std::size_t at = status->find(begin);
  if (at == std::string::npos) return {};
  std::istringstream words(status->substr(at + begin.size()));
  Names names;
  for (std::string word; words >> word && word != "]";) names.insert(word);
  return names;
}

void Lab::run_on(std::size_t machine, const std::string& shell_text) {
  if (!machines_->is_inside(machine))
    return observe(backend::Noted{"exec on " + machines_->name(machine) + ": it is off, or just booting"});
  live::Program program;
  program.arguments = machines_->command_on(machine, {"/bin/bash", "-c", shell_text});
  program.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/root"};
  const auto told = [this, on = machines_->name(machine), shell_text](const live::ProgramEnd& end) {
    const std::string how = end.code ? "ended with " + std::to_string(*end.code) : "was killed";
    observe(backend::Noted{"exec on " + on + ": " + shell_text + ": " + how});
  };
  children_.push_back(std::make_unique<live::ChildProcess>(loop_, program, directory_ + "/run", told));
}

void Lab::start_stack(std::size_t machine) {
  std::ofstream(control_folder(machine) + "/start") << "now\n";
  hand_over(machine, "start");
}
void Lab::hand_over(std::size_t machine, const std::string& name) {
  machines_->hand_over(machine, "ctl/" + machines_->name(machine) + "/" + name);
}

void Lab::stop_stack(std::size_t machine, bool power_off) {
  // As systemd would ask it; it takes as long as its resources take.
  if (manager_ == Manager::pacemaker) return run_on(machine, "pkill -TERM -x pacemakerd");
  if (const auto asked = ask(machine, node::Shutdown{}); !asked)
    return observe(backend::Noted{"not stopped: " + to_string(asked.error())});
  if (power_off) off_when_stopped_.insert(machine);
}

// --- Agents ---

void Lab::add_rule(std::optional<std::size_t> machine, AgentRule rule) {
  for (std::size_t each = 0; each < machines_->size(); ++each) {
    if (machine && each != *machine) continue;
    rules_[each].insert(rules_[each].begin(), rule);
    write_rules(each);
  }
}

// What was stuck by them goes on.
void Lab::drop_rules(std::optional<std::size_t> machine, const std::function<bool(const AgentRule&)>& which) {
  for (std::size_t each = 0; each < machines_->size(); ++each) {
    if (machine && each != *machine) continue;
    for (const AgentRule& rule : rules_[each])
      if (which(rule) && rule.mode == "stuck" && machines_->is_on(each))
        machines_->let_go_of_stuck(each, rule.resource == "*" ? "" : rule.resource + "-");
    std::erase_if(rules_[each], which);
    write_rules(each);
  }
}

void Lab::write_rules(std::size_t machine) {
  const std::string path = control_folder(machine) + "/rules";
  std::ofstream file(path + ".new");
  const auto rules = rules_.find(machine);
  if (rules != rules_.end())
    for (const AgentRule& rule : rules->second)
      file << rule.id << ' ' << rule.resource << ' ' << rule.action << ' '
           << (rule.probe ? (*rule.probe ? "true" : "false") : "-") << ' ' << or_dash(rule.role) << ' '
           << rule.mode << ' ' << (rule.seconds == Duration::zero() ? "0" : seconds(rule.seconds)) << ' '
           << rule.rc << ' ' << (rule.count ? std::to_string(*rule.count) : "-") << '\n';
  file.close();
  std::error_code error;  // agents go on with the rules that they have
  fs::rename(path + ".new", path, error);
  hand_over(machine, "rules");
}

}  // namespace fencepost::lab
