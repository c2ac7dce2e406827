#include "models/database/postgres.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "models/machine.h"
#include "models/os/storage_world.h"
#include "models/services/clients.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

// What pg_control on the device says: whether the server was shut down, or since which write it has been
// running.
constexpr std::string_view kShutDown = "shut down";
constexpr std::string_view kInProduction = "in production since write ";

std::string control_file(const std::string& data_directory) { return "pg_control " + data_directory; }

}  // namespace

// Ends with the postmaster's process, whatever ends it.
struct PostmasterLife {
  PostgresInstance& instance;
  explicit PostmasterLife(PostgresInstance& of) : instance(of) {}
  PostmasterLife(const PostmasterLife&) = delete;
  PostmasterLife& operator=(const PostmasterLife&) = delete;
  ~PostmasterLife() {
    instance.process_ = nullptr;
    instance.checkpoint_.disarm();
    instance.machine_.world().part<Clients>().gone(instance);
    instance.set_state(PostgresState::down);
    instance.mount_.reset();
  }
};

PostgresInstance::PostgresInstance(Machine& machine, std::string resource, std::string data_directory)
    : machine_(machine),
      resource_(std::move(resource)),
      data_directory_(std::move(data_directory)),
      checkpoint_(machine.world(), &machine, rings<&PostgresInstance::shutdown_checkpoint_done>(this)) {}

PostgresInstance::~PostgresInstance() = default;

bool PostgresInstance::accepts_clients() const {
  if (state_ != PostgresState::running || hung_ || full_) return false;
  return (!mount_ || mount_->writable()) && device_->writes() == DeviceIo::flows;
}

bool PostgresInstance::data_accessible() const {
  // A data directory below a mount point of the cluster is empty until something is mounted there.
  const MountTable& table = machine_.part<MountTable>();
  const MountPtr mount = table.of(data_directory_);
  if (mount) return mount->mounted;
  const std::string root = "/var/lib/";
  return data_directory_.starts_with(root);
}

// --- Starting ---

bool PostgresInstance::start() {
  if (has_process()) return true;
  if (!data_accessible()) return false;
  mount_ = machine_.part<MountTable>().of(data_directory_);
  if (mount_ && !mount_->writable()) return false;  // it cannot write its lock file
  device_ = mount_ ? mount_->device : machine_.world().part<BlockDevices>().find(machine_, "/dev/root");
  if (!device_) return false;  // a data directory on NFS is not modelled
  stop_requested_ = ends_after_commit_ = false;
  Process& process = machine_.spawn("postgres -D " + data_directory_);
  process_ = &process;
  set_state(PostgresState::starting);
  machine_.start(process, postmaster(process));
  return true;
}

Script PostgresInstance::postmaster(Process& self) {
  const PostmasterLife life{*this};
  const MountUser user{.pid = self.pid(),
                       .command = self.command_line(),
                       .on_sigterm = [this] { stop_fast(); },
                       .ignores_sigterm = false};
  const MountUse use{mount_, user};
  const DatabaseConfig& config = machine_.world().part<Clients>().config(resource_);
  co_await self.sleep(machine_.sample(config.startup));
  const bool crashed = device_->read(control_file(data_directory_)).starts_with(kInProduction);
  if (crashed && !co_await recover(self)) co_return 1;
  if (stop_requested_) co_return 0;

  while (device_->writes() == DeviceIo::waits) {
    co_await self.wait(device_->changed, {.call = "fsync", .object = device_->name(), .killable = false});
  }
  if (device_->writes() == DeviceIo::fails || (mount_ && !mount_->writable())) co_return 1;
  device_->say(control_file(data_directory_),
               std::string(kInProduction) + std::to_string(device_->position() + 1));
  set_state(PostgresState::running);
  machine_.world().part<Clients>().runs(resource_, *this);
  for (;;) co_await self.sleep(24h * 36500);  // until a signal ends it
}

// WAL since the last checkpoint is read and done again. False if the storage fails meanwhile.
Task<bool> PostgresInstance::recover(Process& self) {
  set_state(PostgresState::recovering);
  co_await self.sleep(recovery_time());
  while (device_->writes() == DeviceIo::waits) {
    co_await self.wait(device_->changed, {.call = "read", .object = device_->name(), .killable = false});
  }
  co_return device_->writes() == DeviceIo::flows;
}

// A checkpoint is written every checkpoint_timeout; what clients wrote since the last one is the work.
Duration PostgresInstance::recovery_time() const {
  const DatabaseConfig& config = machine_.world().part<Clients>().config(resource_);
  const std::string control = device_->read(control_file(data_directory_));
  std::int64_t began = 0;
  const char* digits = control.data() + kInProduction.size();
  std::from_chars(digits, control.data() + control.size(), began);
  const auto per_checkpoint =
      static_cast<std::int64_t>(config.writes_per_second * to_seconds(config.checkpoint_interval));
  const std::int64_t written = std::max<std::int64_t>(0, device_->position() - began);
  const std::int64_t unflushed = per_checkpoint > 0 ? written % per_checkpoint : written;
  const double seconds =
      static_cast<double>(unflushed * config.bytes_per_write) / static_cast<double>(config.wal_replay_rate);
  const Duration floor = machine_.sample(config.recovery_floor);
  const auto& delays = machine_.world().part<RecoveryDelays>().by_resource;
  const auto delay = delays.find(resource_);
  const Duration extra = delay == delays.end() ? Duration::zero() : delay->second;
  return floor + extra + Duration{static_cast<std::int64_t>(seconds * 1e9)};
}

// --- Stopping ---

void PostgresInstance::stop_fast() {
  stop_requested_ = true;
  if (hung_ || state_ == PostgresState::stopping || !process_) return;
  if (state_ != PostgresState::running) {
    process_->kill();  // it ends in order, even in the midst of recovery, and recovers again next time
    return;
  }
  machine_.world().part<Clients>().gone(*this);
  set_state(PostgresState::stopping);
  const DatabaseConfig& config = machine_.world().part<Clients>().config(resource_);
  const Duration usual = machine_.sample(config.shutdown_checkpoint);
  checkpoint_.arm_in(Duration{static_cast<std::int64_t>(static_cast<double>(usual.count()) * slowness_)});
}

void PostgresInstance::shutdown_checkpoint_done() {
  if (!process_ || hung_) return;
  if (device_->writes() == DeviceIo::waits) {
    checkpoint_.arm_in(100ms);  // its fsync waits as everybody's does
    return;
  }
  if (device_->writes() == DeviceIo::flows && (!mount_ || mount_->writable())) {
    device_->say(control_file(data_directory_), std::string(kShutDown));
  }
  process_->kill();
}

// SIGQUIT ends the backends at once, and then the postmaster; but none that waits for the device.
void PostgresInstance::stop_immediately() {
  if (!process_ || hung_) return;
  stop_requested_ = true;
  ends_after_commit_ = true;
  if (in_commit_) return;
  process_->kill();
}

void PostgresInstance::block_in_commit() {
  if (in_commit_ || state_ != PostgresState::running) return;
  in_commit_ = true;
  Process& backend = machine_.spawn("postgres: client backend");
  machine_.start(backend, commit(backend));
}

Script PostgresInstance::commit(Process& self) {
  struct InCommit {
    PostgresInstance& instance;
    ~InCommit() { instance.in_commit_ = false; }
  } const in_commit{*this};
  const MountUser user{
      .pid = self.pid(), .command = self.command_line(), .on_sigterm = {}, .ignores_sigterm = false};
  const MountUse use{mount_, user};
  BlockDevice& device = *device_;
  while (device.writes() == DeviceIo::waits) {
    co_await self.wait(device.changed, {.call = "fsync", .object = device.name(), .killable = false});
  }
  if (ends_after_commit_ && process_) process_->kill();
  co_return 0;
}

void PostgresInstance::crash() {
  if (process_) process_->kill();
}

// --- Clients ---

PostgresAnswer PostgresInstance::answer() const {
  if (hung_ && has_process()) return PostgresAnswer::silence;
  switch (state_) {
    case PostgresState::down:
    case PostgresState::stopping:
      return PostgresAnswer::refused;
    case PostgresState::starting:
    case PostgresState::recovering:
      return PostgresAnswer::starting_up;
    case PostgresState::running:
      return full_ ? PostgresAnswer::too_many_clients : PostgresAnswer::row;
  }
  return PostgresAnswer::refused;
}

Duration PostgresInstance::select_time() {
  const Duration usual = machine_.sample(machine_.world().part<Clients>().config(resource_).select_time);
  return Duration{static_cast<std::int64_t>(static_cast<double>(usual.count()) * slowness_)};
}

void PostgresInstance::hang(bool hung) {
  machine_.world().part<Clients>().settle();
  hung_ = hung;
  if (!hung && stop_requested_) {
    if (state_ == PostgresState::stopping)
      checkpoint_.arm_in(Duration::zero());
    else
      stop_fast();
  }
  changed.wake_all();
  machine_.world().part<Clients>().look();
}

void PostgresInstance::use_up_connections(bool full) {
  machine_.world().part<Clients>().settle();
  full_ = full;
  machine_.world().part<Clients>().look();
}

void PostgresInstance::set_state(PostgresState state) {
  if (state_ == state) return;
  machine_.world().observe(backend::StateChanged{.node = machine_.name(),
                                                 .kind = "postgres",
                                                 .object = data_directory_,
                                                 .from = to_string(state_),
                                                 .to = to_string(state)});
  state_ = state;
  changed.wake_all();
  machine_.part<ResourceTruth>().refresh();
}

const char* to_string(PostgresState state) {
  switch (state) {
    case PostgresState::down:
      return "down";
    case PostgresState::starting:
      return "starting";
    case PostgresState::recovering:
      return "recovering";
    case PostgresState::running:
      return "running";
    case PostgresState::stopping:
      return "stopping";
  }
  return "";
}

// --- All of a machine ---

PostgresInstance* PostgresServers::find(std::string_view resource) {
  const auto found = std::find_if(instances_.begin(), instances_.end(),
                                  [&](const Entry& e) { return e.resource == resource; });
  return found == instances_.end() ? nullptr : found->instance.get();
}

PostgresInstance* PostgresServers::run_by(const Process& postmaster) {
  const auto found = std::find_if(instances_.begin(), instances_.end(),
                                  [&](const Entry& e) { return e.instance->is_run_by(postmaster); });
  return found == instances_.end() ? nullptr : found->instance.get();
}

PostgresInstance& PostgresServers::find(std::string_view resource, std::string_view data_directory) {
  if (PostgresInstance* known = find(resource); known && known->data_directory() == data_directory)
    return *known;
  instances_.push_back(
      {std::string(resource),
       std::make_unique<PostgresInstance>(machine_, std::string(resource), std::string(data_directory))});
  return *instances_.back().instance;
}

}  // namespace fencepost::models
