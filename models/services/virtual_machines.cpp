#include "models/services/virtual_machines.h"

#include <algorithm>
#include <utility>

#include "models/core/service_watch.h"
#include "models/machine.h"
#include "models/os/storage_world.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

Duration seconds_for(std::int64_t bytes, std::int64_t rate) {
  return Duration{static_cast<std::int64_t>(static_cast<double>(bytes) / static_cast<double>(rate) * 1e9)};
}

constexpr Duration kLooksAgain = 1s;  // a guest that waits for its storage cannot shut down meanwhile

}  // namespace

const char* to_string(GuestState state) {
  switch (state) {
    case GuestState::off:
      return "off";
    case GuestState::booting:
      return "booting";
    case GuestState::running:
      return "running";
  }
  return "";
}

// Ends with QEMU's process, whatever ends it.
struct GuestLife {
  Guest& guest;
  explicit GuestLife(Guest& of) : guest(of) {}
  GuestLife(const GuestLife&) = delete;
  GuestLife& operator=(const GuestLife&) = delete;
  ~GuestLife() {
    guest.process_ = nullptr;
    guest.stopping_ = false;
    guest.button_.disarm();
    guest.mount_.reset();
    guest.set_state(GuestState::off);
  }
};

Guest::Guest(Machine& machine, std::string resource)
    : machine_(machine),
      resource_(std::move(resource)),
      button_(machine.world(), &machine, rings<&Guest::button_works>(this)) {}

Guest::~Guest() = default;

bool Guest::serves() const {
  return state_ == GuestState::running && !paused_ && machine_.serves() && !storage_stuck();
}

bool Guest::storage_there() const {
  const std::string& storage = machine_.world().part<VirtualMachines>().config(resource_).storage;
  return storage.empty() || machine_.part<MountTable>().of(storage) != nullptr;
}

bool Guest::storage_stuck() const {
  if (!mount_) return false;
  return mount_->is_nfs() ? !mount_->connection->answers() : mount_->device->writes() == DeviceIo::waits;
}

bool Guest::start() {
  if (is_on()) return true;
  if (!storage_there()) return false;
  run_from_here_on(GuestState::booting);
  return true;
}

void Guest::run_from_here_on(GuestState state) {
  const std::string& storage = machine_.world().part<VirtualMachines>().config(resource_).storage;
  mount_ = storage.empty() ? nullptr : machine_.part<MountTable>().of(storage);
  Process& process = machine_.spawn("qemu-system-x86_64 -name " + resource_);
  process_ = &process;
  set_state(state);
  machine_.start(process, qemu(process));
}

Script Guest::qemu(Process& self) {
  const GuestLife life{*this};
  const MountUse use{mount_, MountUser{.pid = self.pid(),
                                       .command = self.command_line(),
                                       .on_sigterm = [this] { end(); },
                                       .ignores_sigterm = false}};
  if (state_ == GuestState::booting) {
    co_await self.sleep(machine_.sample(machine_.world().part<VirtualMachines>().config(resource_).boot));
    set_state(GuestState::running);
  }
  for (;;) co_await self.sleep(24h * 36500);  // until something ends it
}

// A kernel that boots does not listen to the button yet, nor does a guest without acpid ever.
void Guest::press_power_button() {
  const VirtualMachineConfig& config = machine_.world().part<VirtualMachines>().config(resource_);
  if (state_ != GuestState::running || config.ignores_shutdown || std::exchange(stopping_, true)) return;
  button_.arm_in(machine_.sample(config.shutdown));
}

void Guest::button_works() {
  if (storage_stuck()) return button_.arm_in(kLooksAgain);
  end();
}

void Guest::end() {
  if (process_) process_->kill();
}

// --- Migration ---

void Guest::pause(bool paused) {
  if (paused_ == paused) return;
  paused_ = paused;
  if (machine_.up()) machine_.world().part<VirtualMachines>().look();
}

bool Guest::reaches(Machine& there) const {
  return there.serves() && there.part<Guests>().find(resource_).storage_there() &&
         machine_.world().network().passes_both_ways(endpoint(machine_.id()), endpoint(there.id()));
}

// Memory is sent while the guest changes it, then what it changed meanwhile, and so on; when the rest fits
// into the downtime limit it is stopped, sent, and runs over there. A guest that changes more than the
// network takes never gets there. Who kills virsh ends the attempt, and the guest stays where it is.
Script Guest::migrate(Process& virsh, Machine& to) {
  constexpr int kFailed = 1;
  VirtualMachines& all = machine_.world().part<VirtualMachines>();
  std::int64_t left = all.config(resource_).memory;
  struct Pause {  // ends with virsh, however that ends
    Guest& guest;
    ~Pause() { guest.pause(false); }
  } const resumed{*this};
  for (;;) {
    const VirtualMachineConfig& config = all.config(resource_);
    const Duration takes = seconds_for(left, config.bandwidth);
    const bool last = takes <= config.downtime_limit;
    const std::uint64_t boots = to.boots();
    if (!reaches(to) || !is_on()) co_return kFailed;
    if (last) pause(true);
    co_await virsh.sleep(takes);
    if (!reaches(to) || !is_on() || to.boots() != boots) co_return kFailed;
    if (last) break;
    const double dirtied = static_cast<double>(config.dirty_rate) * to_seconds(takes);
    left = std::min(config.working_set, static_cast<std::int64_t>(dirtied));
  }
  const GuestState state = state_;
  end();
  Guest& there = to.part<Guests>().find(resource_);
  if (!there.is_on()) there.run_from_here_on(state);
  co_return 0;
}

void Guest::set_state(GuestState state) {
  if (state_ == state) return;
  machine_.world().observe(backend::StateChanged{.node = machine_.name(),
                                                 .kind = "guest",
                                                 .object = resource_,
                                                 .from = to_string(state_),
                                                 .to = to_string(state)});
  state_ = state;
  if (!machine_.up()) return;  // who watches is told that the machine is down
  machine_.part<ResourceTruth>().refresh();
  machine_.world().part<VirtualMachines>().look();
}

// --- All of a machine, all of the world ---

Guest* Guests::known(std::string_view resource) {
  const auto found =
      std::ranges::find_if(guests_, [&](const auto& guest) { return guest->resource() == resource; });
  return found == guests_.end() ? nullptr : found->get();
}

Guest& Guests::find(std::string_view resource) {
  if (Guest* guest = known(resource)) return *guest;
  guests_.push_back(std::make_unique<Guest>(machine_, std::string(resource)));
  return *guests_.back();
}

VirtualMachineConfig& VirtualMachines::config(std::string_view resource) {
  const auto known = services_.find(resource);
  if (known != services_.end()) return known->second.config;
  Service& service = services_[std::string(resource)];
  service.config = usual(resource);
  world_.part<ServiceWatch>().leave_to_model(resource);
  return service.config;
}

VirtualMachineConfig VirtualMachines::usual(std::string_view resource) const {
  for (const VirtualMachineConfig& given : world_.part<StorageWorld>().config().virtual_machines)
    if (given.name == resource) return given;
  VirtualMachineConfig config;
  config.name = resource;
  return config;
}

void VirtualMachines::look() {
  for (auto& [resource, service] : services_) {
    std::string node;
    for (const auto& machine : world_.machines()) {
      const Guest* guest = machine->up() ? machine->part<Guests>().known(resource) : nullptr;
      if (guest && guest->serves() && node.empty()) node = machine->name();
    }
    if (node == service.node) continue;
    service.node = node;
    world_.observe(
        backend::ServiceChanged{.resource = resource, .available = !node.empty(), .node = service.node});
  }
}

}  // namespace fencepost::models
