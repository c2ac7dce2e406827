#include "models/os/iscsi.h"

#include <algorithm>

#include "models/machine.h"
#include "models/services/clients.h"
#include "models/services/look.h"
#include "models/storage/nfs.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

const char* to_string(IscsiSession::State state) {
  switch (state) {
    case IscsiSession::State::none:
      return "none";
    case IscsiSession::State::logged_in:
      return "logged in";
    case IscsiSession::State::silent:
      return "silent";
    case IscsiSession::State::recovering:
      return "recovering";
    case IscsiSession::State::failed:
      return "failed";
  }
  return "";
}

// How long after the network is back iscsid has logged in again: it tries every DefaultTime2Wait, 2 s
// (iscsid.conf), and the login itself is short (assumed).
constexpr sim::Uniform kLoginAgain{.min = 50ms, .max = 2050ms};

}  // namespace

// --- A disk ---

bool IscsiDisk::open() { return session_.exists(); }

DeviceIo IscsiDisk::reads() const { return session_.io() == DeviceIo::flows ? disk_.reads() : session_.io(); }

// --- A session ---

IscsiSession::IscsiSession(Machine& machine, IscsiTarget& target, sim::Stream& chance)
    : machine_(machine),
      target_(target),
      chance_(chance),
      patience_(machine.world(), &machine, rings<&IscsiSession::time_is_up>(this)),
      answer_(machine.world(), &machine, rings<&IscsiSession::answered>(this)) {
  for (Disk& disk : target.disks) disks_.emplace_back(*this, disk);
}

DeviceIo IscsiSession::io() const {
  if (state_ == State::logged_in) return DeviceIo::flows;
  return state_ == State::silent || state_ == State::recovering ? DeviceIo::waits : DeviceIo::fails;
}

BlockDevice* IscsiSession::disk(std::string_view path) {
  const auto found = std::ranges::find(disks_, path, &IscsiDisk::name);
  return exists() && found != disks_.end() ? &*found : nullptr;
}

bool IscsiSession::is_reached() const {
  const Network& network = machine_.world().network();
  const EndpointId self = endpoint(machine_.id());
  const auto over = network.find_network(target_.config.network);
  return over ? network.passes_both_ways(self, target_.endpoint, *over)
              : network.passes_both_ways(self, target_.endpoint);
}

bool IscsiSession::log_in() {
  if (exists()) return true;
  if (!is_reached()) return false;
  wanted_ = true;
  set_state(State::logged_in);
  return true;
}

// iscsid.conf: node.startup = automatic. It keeps trying.
void IscsiSession::boot() {
  if (!target_.config.at_boot) return;
  wanted_ = true;
  log_in();
}

void IscsiSession::end() {
  wanted_ = false;
  patience_.disarm();
  answer_.disarm();
  set_state(State::none);
}

void IscsiSession::look() {
  const SimTime now = machine_.world().now();
  if (!wanted_) return;
  if (!is_reached()) {
    answer_.disarm();
    if (state_ != State::logged_in) return;
    silent_since_ = now;
    set_state(State::silent);
    const IscsiTargetConfig& config = target_.config;
    const sim::Uniform until_ping{.min = Duration::zero(), .max = config.noop_out_interval};
    return patience_.arm_in(sim::sample(until_ping, chance_) + config.noop_out_timeout);
  }
  if (state_ == State::logged_in || answer_.armed()) return;
  // Until the silence is noticed it is one TCP connection, which sends again by itself.
  if (state_ == State::silent) return answer_.arm(silent_since_ + tcp_resumes_after(now - silent_since_));
  answer_.arm_in(sim::sample(kLoginAgain, chance_));
}

void IscsiSession::time_is_up() {
  if (state_ == State::recovering) return set_state(State::failed);
  set_state(State::recovering);
  patience_.arm_in(target_.config.replacement_timeout);
  answer_.disarm();  // what TCP had to send again belongs to a connection that is given up
  look();
}

void IscsiSession::answered() {
  patience_.disarm();
  set_state(State::logged_in);
}

void IscsiSession::set_state(State state) {
  if (state_ == state) return;
  World& world = machine_.world();
  world.part<Clients>().settle();
  world.observe(backend::StateChanged{.node = machine_.name(),
                                      .kind = "iscsi-session",
                                      .object = target_.config.name,
                                      .from = to_string(state_),
                                      .to = to_string(state)});
  state_ = state;
  if (!machine_.up()) return;
  for (IscsiDisk& disk : disks_) disk.changed.wake_all();
  look_at_services(world);
}

// --- All of them ---

IscsiTargets::IscsiTargets(World& world) : world_(world), chance_(world.stream("iscsi")) {}

void IscsiTargets::add(const IscsiTargetConfig& config) {
  IscsiTarget& target = targets_.emplace_back();
  target.config = config;
  target.endpoint = world_.network().add_endpoint(config.name);
  for (const std::string& device : config.devices) target.disks.emplace_back("", device);
  for (const auto& machine : world_.machines()) sessions_.emplace_back(*machine, target, chance_);
}

bool IscsiTargets::is_disk(std::string_view path) const {
  return std::ranges::any_of(targets_, [&](const IscsiTarget& target) {
    return std::ranges::find(target.disks, path, &Disk::name) != target.disks.end();
  });
}

BlockDevice* IscsiTargets::find(const Machine& machine, std::string_view path) {
  for (IscsiSession& session : sessions_) {
    if (&session.machine() != &machine) continue;
    if (BlockDevice* disk = session.disk(path)) return disk;
  }
  return nullptr;
}

IscsiSession* IscsiTargets::session(const Machine& machine, std::string_view name) {
  const std::string_view host = name.substr(0, name.rfind(':'));
  const auto found = std::ranges::find_if(sessions_, [&](const IscsiSession& session) {
    const IscsiTargetConfig& config = session.target().config;
    const bool meant =
        name == config.name || host == config.name || (!config.iqn.empty() && name == config.iqn);
    return &session.machine() == &machine && meant;
  });
  return found == sessions_.end() ? nullptr : &*found;
}

void IscsiTargets::boot(const Machine& machine) {
  for (IscsiSession& session : sessions_)
    if (&session.machine() == &machine) session.boot();
}

void IscsiTargets::machine_down(Machine& machine) {
  for (IscsiSession& session : sessions_)
    if (&session.machine() == &machine) session.end();
}

void IscsiTargets::network_changed() {
  for (IscsiSession& session : sessions_)
    if (session.machine().up()) session.look();
}

}  // namespace fencepost::models
