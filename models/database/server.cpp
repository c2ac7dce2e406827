#include "models/database/server.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "models/database/replication.h"
#include "models/machine.h"
#include "models/os/storage_world.h"
#include "models/services/clients.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

// What pg_control, or the redo log, on the device says: whether the server was shut down, or since which
// write it has been running.
constexpr std::string_view kShutDown = "shut down";
constexpr std::string_view kInProduction = "in production since write ";

std::string control_file(const std::string& data_directory) { return "control file " + data_directory; }

Duration added(const std::map<std::string, Duration>& delays, const std::string& resource) {
  const auto found = delays.find(resource);
  return found == delays.end() ? Duration::zero() : found->second;
}

Duration seconds_for(std::int64_t bytes, std::int64_t rate) {
  if (rate <= 0) return Duration::zero();
  return Duration{static_cast<std::int64_t>(static_cast<double>(bytes) / static_cast<double>(rate) * 1e9)};
}

}  // namespace

// Ends with the postmaster's process, whatever ends it.
struct ServerLife {
  DatabaseServer& instance;
  explicit ServerLife(DatabaseServer& of) : instance(of) {}
  ServerLife(const ServerLife&) = delete;
  ServerLife& operator=(const ServerLife&) = delete;
  ~ServerLife() {
    instance.process_ = nullptr;
    instance.hung_ = false;  // the next process is another one
    instance.checkpoint_.disarm();
    instance.machine_.world().part<Clients>().gone(instance);
    instance.set_state(ServerState::down);
    instance.mount_.reset();
  }
};

DatabaseServer::DatabaseServer(Machine& machine, DatabaseKind kind, std::string resource,
                               std::string data_directory)
    : machine_(machine),
      kind_(kind),
      resource_(std::move(resource)),
      data_directory_(std::move(data_directory)),
      checkpoint_(machine.world(), &machine, rings<&DatabaseServer::shutdown_checkpoint_done>(this)) {}

DatabaseServer::~DatabaseServer() = default;

bool DatabaseServer::accepts_clients() const {
  if (state_ != ServerState::running || hung_ || full_ || standby_) return false;
  return (!mount_ || mount_->writable()) && device_->writes() == DeviceIo::flows && device_->commits_flow();
}

bool DatabaseServer::data_accessible() const {
  // A data directory below a mount point of the cluster is empty until something is mounted there.
  const MountTable& table = machine_.part<MountTable>();
  const MountPtr mount = table.of(data_directory_);
  if (mount) return mount->mounted;
  const std::string root = "/var/lib/";
  return data_directory_.starts_with(root);
}

// --- Starting ---

bool DatabaseServer::start() {
  copy_ = nullptr;
  standby_ = false;
  return start_process();
}

bool DatabaseServer::start_standby(PostgresCopy& copy) {
  copy_ = &copy;
  standby_ = true;
  return start_process();
}

void DatabaseServer::promote() {
  if (!standby_ || state_ != ServerState::running) return;
  copy_->begin_timeline();
  standby_ = false;
  say_in_production();
  machine_.part<ResourceTruth>().refresh();
  copy_->replication().look();
}

bool DatabaseServer::start_process() {
  if (has_process()) return true;
  if (!data_accessible()) return false;
  mount_ = machine_.part<MountTable>().of(data_directory_);
  if (mount_ && !mount_->writable()) return false;  // it cannot write its lock file
  device_ = mount_ ? mount_->device : machine_.world().part<BlockDevices>().find(machine_, "/dev/root");
  if (!device_) return false;  // a data directory on NFS is not modelled
  if (copy_) device_ = copy_;
  stop_requested_ = ends_after_commit_ = false;
  Process& process = machine_.spawn((kind_ == DatabaseKind::postgres ? "postgres -D " : "mysqld --datadir=") +
                                    data_directory_);
  process_ = &process;
  set_state(ServerState::starting);
  machine_.start(process, postmaster(process));
  return true;
}

Script DatabaseServer::postmaster(Process& self) {
  const ServerLife life{*this};
  const MountUser user{.pid = self.pid(),
                       .command = self.command_line(),
                       .on_sigterm = [this] { stop_fast(); },
                       .ignores_sigterm = false};
  const MountUse use{mount_, user};
  const DatabaseConfig& config = machine_.world().part<Clients>().config(resource_);
  co_await self.sleep(machine_.sample_io(config.startup));
  const bool crashed = device_->read(control_file(data_directory_)).starts_with(kInProduction);
  if (crashed && !co_await recover(self)) co_return 1;
  if (stop_requested_) co_return 0;

  while (device_->writes() == DeviceIo::waits) {
    co_await self.wait(device_->changed, {.call = "fsync", .object = device_->name(), .killable = false});
  }
  if (device_->writes() == DeviceIo::fails || (mount_ && !mount_->writable())) co_return 1;
  if (!standby_) say_in_production();
  set_state(ServerState::running);
  machine_.world().part<Clients>().runs(resource_, *this);
  for (;;) co_await self.sleep(24h * 36500);  // until a signal ends it
}

void DatabaseServer::say_in_production() {
  device_->say(control_file(data_directory_),
               std::string(kInProduction) + std::to_string(device_->position() + 1));
}

// WAL since the last checkpoint is read and done again. False if the storage fails meanwhile.
Task<bool> DatabaseServer::recover(Process& self) {
  set_state(ServerState::recovering);
  co_await self.sleep(recovery_time());
  while (device_->writes() == DeviceIo::waits) {
    co_await self.wait(device_->changed, {.call = "read", .object = device_->name(), .killable = false});
  }
  co_return device_->writes() == DeviceIo::flows;
}

// A checkpoint is written every checkpoint_timeout; what clients wrote since the last one is the work.
std::int64_t DatabaseServer::unflushed_bytes() const {
  const DatabaseConfig& config = machine_.world().part<Clients>().config(resource_);
  const std::string control = device_->read(control_file(data_directory_));
  std::int64_t began = 0;
  const char* digits = control.data() + kInProduction.size();
  std::from_chars(digits, control.data() + control.size(), began);
  const auto per_checkpoint =
      static_cast<std::int64_t>(config.writes_per_second * to_seconds(config.checkpoint_interval));
  const std::int64_t written = std::max<std::int64_t>(0, device_->position() - began);
  const std::int64_t unflushed = per_checkpoint > 0 ? written % per_checkpoint : written;
  return unflushed * config.bytes_per_write;
}

Duration DatabaseServer::recovery_time() const {
  const DatabaseConfig& config = machine_.world().part<Clients>().config(resource_);
  return machine_.sample_io(config.recovery_floor) +
         added(machine_.world().part<DatabaseDelays>().recovery, resource_) +
         seconds_for(unflushed_bytes(), config.wal_replay_rate);
}

Duration DatabaseServer::shutdown_time() const {
  const DatabaseConfig& config = machine_.world().part<Clients>().config(resource_);
  const Duration usual =
      machine_.sample_io(config.shutdown_checkpoint) + seconds_for(unflushed_bytes(), config.flush_rate);
  return Duration{static_cast<std::int64_t>(static_cast<double>(usual.count()) * slowness_)} +
         added(machine_.world().part<DatabaseDelays>().shutdown, resource_);
}

// --- Stopping ---

void DatabaseServer::stop_fast() {
  stop_requested_ = true;
  if (hung_ || state_ == ServerState::stopping || !process_) return;
  if (state_ != ServerState::running) {
    process_->kill();  // it ends in order, even in the midst of recovery, and recovers again next time
    return;
  }
  machine_.world().part<Clients>().gone(*this);
  set_state(ServerState::stopping);
  checkpoint_.arm_in(shutdown_time());
}

void DatabaseServer::shutdown_checkpoint_done() {
  if (!process_ || hung_) return;
  if (device_->writes() == DeviceIo::waits) {
    checkpoint_.arm_in(100ms);  // its fsync waits as everybody's does
    return;
  }
  if (!standby_ && device_->writes() == DeviceIo::flows && (!mount_ || mount_->writable())) {
    device_->say(control_file(data_directory_), std::string(kShutDown));
    if (copy_) copy_->send_all();
  }
  process_->kill();
}

// SIGQUIT ends the backends at once, and then the postmaster; but none that waits for the device.
void DatabaseServer::stop_immediately() {
  if (!hung_) stop_by_force();
}

void DatabaseServer::stop_by_force() {
  if (!process_) return;
  stop_requested_ = true;
  ends_after_commit_ = true;
  if (in_commit_) return;
  process_->kill();
}

void DatabaseServer::block_in_commit() {
  if (in_commit_ || state_ != ServerState::running) return;
  in_commit_ = true;
  Process& backend = machine_.spawn(kind_ == DatabaseKind::postgres ? "postgres: client backend"
                                                                    : "mysqld: connection thread");
  machine_.start(backend, commit(backend));
}

Script DatabaseServer::commit(Process& self) {
  struct InCommit {
    DatabaseServer& instance;
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

void DatabaseServer::crash() {
  if (process_) process_->kill();
}

// --- Clients ---

ServerAnswer DatabaseServer::answer() const {
  if (hung_ && has_process()) return ServerAnswer::silence;
  switch (state_) {
    case ServerState::down:
    case ServerState::stopping:
      return ServerAnswer::refused;
    case ServerState::starting:
    case ServerState::recovering:
      return ServerAnswer::starting_up;
    case ServerState::running:
      return full_ ? ServerAnswer::too_many_clients : ServerAnswer::row;
  }
  return ServerAnswer::refused;
}

Duration DatabaseServer::select_time() {
  const Duration usual = machine_.sample(machine_.world().part<Clients>().config(resource_).select_time);
  return Duration{static_cast<std::int64_t>(static_cast<double>(usual.count()) * slowness_)};
}

void DatabaseServer::hang(bool hung) {
  machine_.world().part<Clients>().settle();
  hung_ = hung;
  if (!hung && stop_requested_) {
    if (state_ == ServerState::stopping)
      checkpoint_.arm_in(Duration::zero());
    else
      stop_fast();
  }
  changed.wake_all();
  machine_.world().part<Clients>().look();
}

void DatabaseServer::use_up_connections(bool full) {
  machine_.world().part<Clients>().settle();
  full_ = full;
  machine_.world().part<Clients>().look();
}

void DatabaseServer::set_state(ServerState state) {
  if (state_ == state) return;
  machine_.world().observe(
      backend::StateChanged{.node = machine_.name(),
                            .kind = kind_ == DatabaseKind::postgres ? "postgres" : "mysql",
                            .object = data_directory_,
                            .from = to_string(state_),
                            .to = to_string(state)});
  state_ = state;
  changed.wake_all();
  machine_.part<ResourceTruth>().refresh();
  if (copy_) copy_->replication().look();
}

const char* to_string(ServerState state) {
  switch (state) {
    case ServerState::down:
      return "down";
    case ServerState::starting:
      return "starting";
    case ServerState::recovering:
      return "recovering";
    case ServerState::running:
      return "running";
    case ServerState::stopping:
      return "stopping";
  }
  return "";
}

// --- All of a machine ---

DatabaseServer* DatabaseServers::find(std::string_view resource) {
  const auto found = std::find_if(instances_.begin(), instances_.end(),
                                  [&](const Entry& e) { return e.resource == resource; });
  return found == instances_.end() ? nullptr : found->instance.get();
}

DatabaseServer* DatabaseServers::run_by(const Process& postmaster) {
  const auto found = std::find_if(instances_.begin(), instances_.end(),
                                  [&](const Entry& e) { return e.instance->is_run_by(postmaster); });
  return found == instances_.end() ? nullptr : found->instance.get();
}

DatabaseServer& DatabaseServers::find(DatabaseKind kind, std::string_view resource,
                                      std::string_view data_directory) {
  if (DatabaseServer* known = find(resource); known && known->data_directory() == data_directory)
    return *known;
  instances_.push_back(
      {std::string(resource),
       std::make_unique<DatabaseServer>(machine_, kind, std::string(resource), std::string(data_directory))});
  return *instances_.back().instance;
}

}  // namespace fencepost::models
