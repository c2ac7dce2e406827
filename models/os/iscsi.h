// iSCSI: targets outside the cluster whose disks all nodes share, and each machine's session with them.
//
// A session that the network takes away is noticed by a NOP-Out that nobody answers. Until then, and for
// replacement_timeout after, I/O waits for the session to come back; then it fails, until it does come back.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/sim/random.h"
#include "models/alarm.h"
#include "models/network/network.h"
#include "models/os/block_device.h"
#include "models/part.h"
#include "models/storage/config.h"

namespace fencepost::models {

class IscsiSession;

// A disk of a target, as one machine sees it. The data are the target's.
class IscsiDisk final : public BlockDevice {
 public:
  IscsiDisk(const IscsiSession& session, Disk& disk) : session_(session), disk_(disk) {}
  std::string_view name() const override { return disk_.name(); }
  bool open() override;
  void close() override {}
  DeviceIo reads() const override;
  DeviceIo writes() const override { return reads(); }
  void write(std::int64_t count, bool acknowledged) override { disk_.write(count, acknowledged); }
  void say(std::string name, std::string text) override { disk_.say(std::move(name), std::move(text)); }
  std::string read(std::string_view name) const override { return disk_.read(name); }
  std::int64_t position() const override { return disk_.position(); }
  std::int64_t missing_acknowledged() const override { return disk_.missing_acknowledged(); }

 private:
  const IscsiSession& session_;
  Disk& disk_;
};

struct IscsiTarget {
  IscsiTargetConfig config;
  EndpointId endpoint;
  std::deque<Disk> disks;  // by config.devices
};

class IscsiSession {
 public:
  IscsiSession(Machine& machine, IscsiTarget& target, sim::Stream& chance);

  enum class State : std::uint8_t {
    none,
    logged_in,
    silent,      // packets are lost, and nobody has noticed
    recovering,  // noticed: iscsid logs in again as soon as it can, I/O is held back meanwhile
    failed,      // for longer than replacement_timeout: I/O fails, iscsid goes on trying
  };
  bool exists() const { return state_ != State::none; }
  DeviceIo io() const;
  bool log_in();  // false: the target is not reached
  void log_out() { end(); }
  void boot();
  void look();  // at the network
  void end();   // with its machine, or by a logout

  Machine& machine() const { return machine_; }
  const IscsiTarget& target() const { return target_; }
  BlockDevice* disk(std::string_view path);  // null: none of the target's, or no session

 private:
  bool is_reached() const;
  void time_is_up();
  void answered();
  void set_state(State state);

  Machine& machine_;
  IscsiTarget& target_;
  sim::Stream& chance_;
  std::deque<IscsiDisk> disks_;
  State state_ = State::none;
  bool wanted_ = false;  // iscsid keeps trying to log in
  SimTime silent_since_{};
  Alarm patience_;  // until the silence is noticed, then until I/O fails
  Alarm answer_;    // the target's, to what was sent again
};

class IscsiTargets final : public WorldPart {
 public:
  explicit IscsiTargets(World& world);

  void add(const IscsiTargetConfig& config);
  bool is_disk(std::string_view path) const;
  BlockDevice* find(const Machine& machine, std::string_view path);
  // By the target's name, its IQN or a portal ("san", "iqn.2001-04.com.example:db", "san:3260"); null: not
  // described.
  IscsiSession* session(const Machine& machine, std::string_view name);
  void boot(const Machine& machine);

  void machine_down(Machine& machine) override;
  void network_changed() override;

 private:
  World& world_;
  sim::Stream chance_;
  std::deque<IscsiTarget> targets_;
  std::deque<IscsiSession> sessions_;  // of every machine with every target; never move
};

}  // namespace fencepost::models
