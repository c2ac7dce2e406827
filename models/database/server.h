// Database servers on a machine, PostgreSQL and MySQL or MariaDB: connections, crash recovery, the ways to
// shut them down. What they share is more than what divides them: both recover what a log holds beyond the
// last checkpoint, and both flush before they end in order.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/alarm.h"
#include "models/os/mount_table.h"
#include "models/part.h"
#include "models/process.h"
#include "models/script.h"
#include "models/storage/config.h"

namespace fencepost::models {

enum class ServerState : std::uint8_t {
  down,
  starting,    // reads its files; "the database system is starting up", or no port yet
  recovering,  // replays WAL or the redo log after a crash; the same answer to clients
  running,
  stopping,  // in order: clients are gone, what is in memory is written
};
const char* to_string(ServerState state);

// What a client that connects and selects gets.
enum class ServerAnswer : std::uint8_t { row, refused, starting_up, too_many_clients, silence };

class PostgresCopy;

enum class DatabaseKind : std::uint8_t { postgres, mysql };

// The server of one data directory.
class DatabaseServer {
 public:
  DatabaseServer(Machine& machine, DatabaseKind kind, std::string resource, std::string data_directory);
  ~DatabaseServer();

  Machine& machine() const { return machine_; }
  const std::string& data_directory() const { return data_directory_; }
  ServerState state() const { return state_; }
  bool accepts_clients() const;  // and commits what they write
  bool is_run_by(const Process& process) const { return process_ == &process; }
  bool has_process() const { return state_ != ServerState::down; }
  std::uint64_t process_id() const { return process_ ? process_->pid() : 0; }
  BlockDevice& device() const { return *device_; }  // that holds its data; while it has a process

  // False if its data directory is not there, or not writable.
  bool data_accessible() const;
  bool start();                            // a server process
  bool start_standby(PostgresCopy& copy);  // one that only receives
  bool is_standby() const { return standby_; }
  void promote();               // from here on it is a primary, with a timeline of its own
  void stop_fast();             // -m fast, SIGINT; mysqld: SIGTERM
  void stop_immediately();      // -m immediate: SIGQUIT; recovery at the next start
  void stop_by_force();         // SIGKILL to all of it: works on one that hangs, too
  void crash();                 // it is gone
  ServerAnswer answer() const;  // to a new client, now
  Duration select_time();
  WaitQueue changed;  // somebody waits for it to answer, or to end

  // Its clients were writing when the device stopped answering: a backend is in its fsync.
  void block_in_commit();

  // --- Faults ---
  void hang(bool hung);
  void slow(double factor) { slowness_ = factor; }
  void use_up_connections(bool full);

 private:
  friend struct ServerLife;
  Script postmaster(Process& self);
  Task<bool> recover(Process& self);
  void set_state(ServerState state);
  bool start_process();
  void say_in_production();
  void shutdown_checkpoint_done();
  Duration recovery_time() const;
  Duration shutdown_time() const;
  std::int64_t unflushed_bytes() const;
  Script commit(Process& self);

  Machine& machine_;
  DatabaseKind kind_;
  std::string resource_;
  std::string data_directory_;
  ServerState state_ = ServerState::down;
  Process* process_ = nullptr;
  MountPtr mount_;  // null: the root filesystem
  BlockDevice* device_ = nullptr;
  Alarm checkpoint_;
  bool hung_ = false;
  bool full_ = false;
  bool stop_requested_ = false;
  bool in_commit_ = false;  // a backend waits for the device, and cannot be killed
  bool ends_after_commit_ = false;
  PostgresCopy* copy_ = nullptr;  // of a replicated one
  bool standby_ = false;
  double slowness_ = 1;
};

// Crash recoveries and shutdowns take so much longer than what was written alone would make them, by
// resource.
struct DatabaseDelays final : WorldPart {
  explicit DatabaseDelays(World&) {}
  std::map<std::string, Duration> recovery, shutdown;
};

class DatabaseServers final : public MachinePart {
 public:
  explicit DatabaseServers(Machine& machine) : machine_(machine) {}
  // Of this resource's data directory, made when first asked for.
  DatabaseServer& find(DatabaseKind kind, std::string_view resource, std::string_view data_directory);
  DatabaseServer* find(std::string_view resource);
  DatabaseServer* run_by(const Process& postmaster);  // null: it is no server

 private:
  struct Entry {
    std::string resource;
    std::unique_ptr<DatabaseServer> instance;
  };
  Machine& machine_;
  std::vector<Entry> instances_;
};

}  // namespace fencepost::models
