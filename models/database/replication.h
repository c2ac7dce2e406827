// Streaming replication of PostgreSQL: who streams to whom, how far behind, and what is lost when a standby
// takes over.
//
// All data directories of one resource are copies of one history: a timeline is a generation of it. A write
// is the primary's at once and a standby's `replication_lag` later, or before the client hears of it where
// replication is synchronous.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/alarm.h"
#include "models/os/block_device.h"
#include "models/part.h"

namespace fencepost::models {

class DatabaseServer;
class Machine;
class Replication;

// The data directory of one machine, as its server reads and writes it.
class PostgresCopy final : public BlockDevice {
 public:
  PostgresCopy(Replication& replication, Machine& machine, BlockDevice& disk);

  std::string_view name() const override { return disk_.name(); }
  bool open() override { return disk_.open(); }
  void close() override {}
  DeviceIo reads() const override { return disk_.reads(); }
  DeviceIo writes() const override { return disk_.writes(); }
  bool commits_flow() const override;
  void write(std::int64_t count, bool acknowledged) override;
  void say(std::string name, std::string text) override;
  std::string read(std::string_view name) const override;
  std::int64_t position() const override { return version_.position; }
  std::int64_t missing_acknowledged() const override;

  Machine& machine() const { return machine_; }
  Replication& replication() const { return replication_; }
  // The agent's PGSQL.lock: it was primary here and did not end as the only one. Survives everything.
  bool locked = false;
  // synchronous_standby_names is set: commits wait for a standby.
  bool waits_for_standby = false;
  // Monitors in a row that saw no primary in the cluster.
  int looks_without_primary = 0;

  bool receives() const { return flows_; }  // its WAL receiver gets what the primary writes
  bool is_seen() const { return seen_; }    // the primary's pg_stat_replication lists it
  bool is_newest() const;                   // of all copies whose servers run
  void send_all();                          // an orderly shutdown ends when the standbys have everything
  void begin_timeline();                    // pg_ctl promote
  // pg_basebackup from the primary. False if there is none to copy from.
  bool copy_from_primary();

 private:
  friend class Replication;
  DatabaseServer* server() const;  // null while it does not run
  void stops_flowing(bool silently);
  void given_up();  // wal_sender_timeout has passed

  Replication& replication_;
  Machine& machine_;
  BlockDevice& disk_;
  Version version_;
  bool flows_ = false, seen_ = false;
  Alarm timeout_;
};

// All copies of one resource.
class Replication {
 public:
  Replication(World& world, std::string resource) : world_(world), resource_(std::move(resource)) {}

  const std::string& resource() const { return resource_; }
  PostgresCopy& copy(Machine& machine);
  PostgresCopy* primary() const;  // whose server runs as one; of several, the first
  const std::deque<PostgresCopy>& copies() const { return copies_; }
  std::deque<PostgresCopy>& copies() { return copies_; }

  // Standbys connect to this address, if it is one that the cluster knows: parameter master_ip.
  void set_primary_address(std::string_view address) { primary_address_ = address; }
  // On top of replication_lag, as by a standby that is busy or a line that is full.
  void set_extra_lag(Duration lag);
  void look();  // servers, networks or machines changed

 private:
  friend class PostgresCopy;
  bool can_stream(const PostgresCopy& from, const PostgresCopy& to) const;
  bool hear_each_other(const PostgresCopy& a, const PostgresCopy& b) const;
  void stream(const PostgresCopy& from);
  Duration lag(const PostgresCopy& from) const;

  World& world_;
  std::string resource_;
  std::string primary_address_;
  Duration extra_lag_{};
  DataHistory data_;
  std::deque<PostgresCopy> copies_;  // never move
  bool looking_ = false;
};

class Replications final : public WorldPart {
 public:
  explicit Replications(World& world) : world_(world) {}
  Replication& find(std::string_view resource);   // made when first asked for
  Replication* known(std::string_view resource);  // null: it is not replicated
  void look();
  void unlock(Machine& machine);  // rm PGSQL.lock

  void machine_down(Machine&) override { look(); }
  void machine_frozen(Machine&) override { look(); }
  void network_changed() override { look(); }

 private:
  World& world_;
  std::deque<Replication> all_;
};

}  // namespace fencepost::models
