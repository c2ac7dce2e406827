// PostgreSQL servers on a machine: postmaster, connections, crash recovery, the ways to shut it down.
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

enum class PostgresState : std::uint8_t {
  down,
  starting,    // reads its files; "the database system is starting up"
  recovering,  // replays WAL after a crash; the same answer to clients
  running,
  stopping,  // fast shutdown: clients are gone, the shutdown checkpoint is written
};
const char* to_string(PostgresState state);

// What a client that connects and selects gets.
enum class PostgresAnswer : std::uint8_t { row, refused, starting_up, too_many_clients, silence };

// The server of one data directory.
class PostgresInstance {
 public:
  PostgresInstance(Machine& machine, std::string resource, std::string data_directory);
  ~PostgresInstance();

  Machine& machine() const { return machine_; }
  const std::string& data_directory() const { return data_directory_; }
  PostgresState state() const { return state_; }
  bool accepts_clients() const;  // and commits what they write
  bool is_run_by(const Process& process) const { return process_ == &process; }
  bool has_process() const { return state_ != PostgresState::down; }
  BlockDevice& device() const { return *device_; }  // that holds its data; while it has a process

  // False if its data directory is not there, or not writable.
  bool data_accessible() const;
  bool start();                   // pg_ctl start: a postmaster process
  void stop_fast();               // -m fast: SIGINT
  void stop_immediately();        // -m immediate: SIGQUIT; recovery at the next start
  void crash();                   // SIGKILL
  PostgresAnswer answer() const;  // to a new client, now
  Duration select_time();
  WaitQueue changed;  // somebody waits for it to answer, or to end

  // Its clients were writing when the device stopped answering: a backend is in its fsync.
  void block_in_commit();

  // --- Faults ---
  void hang(bool hung);
  void slow(double factor) { slowness_ = factor; }
  void use_up_connections(bool full);

 private:
  friend struct PostmasterLife;
  Script postmaster(Process& self);
  Task<bool> recover(Process& self);
  void set_state(PostgresState state);
  void shutdown_checkpoint_done();
  Duration recovery_time() const;
  Script commit(Process& self);

  Machine& machine_;
  std::string resource_;
  std::string data_directory_;
  PostgresState state_ = PostgresState::down;
  Process* process_ = nullptr;
  MountPtr mount_;  // null: the root filesystem
  BlockDevice* device_ = nullptr;
  Alarm checkpoint_;
  bool hung_ = false;
  bool full_ = false;
  bool stop_requested_ = false;
  bool in_commit_ = false;  // a backend waits for the device, and cannot be killed
  bool ends_after_commit_ = false;
  double slowness_ = 1;
};

// Crash recoveries take so much longer than the write-ahead log alone would make them, by resource.
struct RecoveryDelays final : WorldPart {
  explicit RecoveryDelays(World&) {}
  std::map<std::string, Duration> by_resource;
};

class PostgresServers final : public MachinePart {
 public:
  explicit PostgresServers(Machine& machine) : machine_(machine) {}
  // Of this resource's data directory, made when first asked for.
  PostgresInstance& find(std::string_view resource, std::string_view data_directory);
  PostgresInstance* find(std::string_view resource);
  PostgresInstance* run_by(const Process& postmaster);  // null: it is no postmaster

 private:
  struct Entry {
    std::string resource;
    std::unique_ptr<PostgresInstance> instance;
  };
  Machine& machine_;
  std::vector<Entry> instances_;
};

}  // namespace fencepost::models
