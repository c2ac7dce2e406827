// Block devices as the operating system of one machine sees them: plain disks here, DRBD in drbd_modules.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/part.h"
#include "models/process.h"
#include "models/storage/config.h"
#include "models/storage/data_history.h"
#include "models/storage/device_io.h"

namespace fencepost::models {

class BlockDevice {
 public:
  virtual ~BlockDevice() = default;

  virtual std::string_view name() const = 0;  // /dev/drbd0
  virtual bool open() = 0;                    // false: it is there, but not to be used now (a DRBD Secondary)
  virtual void close() = 0;
  virtual DeviceIo reads() const = 0;
  virtual DeviceIo writes() const = 0;

  // False: a commit waits, for a standby that must have it first.
  virtual bool commits_flow() const { return true; }

  // `count` writes were made, and clients were told that they are safe, or not. See DataHistory.
  virtual void write(std::int64_t count, bool acknowledged) = 0;
  virtual void say(std::string name, std::string text) = 0;
  virtual std::string read(std::string_view name) const = 0;
  virtual std::int64_t position() const = 0;              // how many writes this copy holds
  virtual std::int64_t missing_acknowledged() const = 0;  // of those that clients were told are safe
  // Somebody writes all the time, or no longer does.
  virtual void set_busy(bool) {}

  WaitQueue changed;  // woken when reads() or writes() may answer differently
};

// A disk of one machine, or one that several see if a scenario says so. It keeps its data without power.
class Disk final : public BlockDevice {
 public:
  // `owner`: the machine that it belongs to; empty if several share it.
  Disk(std::string owner, std::string name);

  std::string_view name() const override { return name_; }
  std::string label() const { return owner_.empty() ? name_ : owner_ + ":" + name_; }
  bool open() override { return !failed_; }
  void close() override {}
  DeviceIo reads() const override {
    return failed_ ? DeviceIo::fails : stalled_ ? DeviceIo::waits : DeviceIo::flows;
  }
  DeviceIo writes() const override { return reads(); }
  void write(std::int64_t count, bool acknowledged) override;
  void say(std::string name, std::string text) override;
  std::string read(std::string_view name) const override;
  std::int64_t position() const override { return version_.position; }
  std::int64_t missing_acknowledged() const override { return data_.missing(version_); }

  void stall(bool stalled);
  void fail(bool failed);

 private:
  std::string owner_, name_;
  DataHistory data_;
  Version version_;
  bool stalled_ = false;
  bool failed_ = false;
};

// Finds the device that a path means on a machine.
class BlockDevices final : public WorldPart {
 public:
  explicit BlockDevices(World& world) : world_(world) {}

  // A DRBD device, a disk, or a loop image, which all machines share; null if the machine has no such device.
  // Paths below /dev that nobody described are disks of that machine alone.
  BlockDevice* find(Machine& machine, std::string_view path);
  Disk* find_disk(Machine& machine, std::string_view path);  // no DRBD, no iSCSI

 private:
  World& world_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Disk>> disks_;  // machine, path
};

}  // namespace fencepost::models
