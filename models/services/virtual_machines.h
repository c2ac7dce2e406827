// Guests: what libvirt and QEMU of each machine know of them, and where in the cluster they serve.
//
// A guest is a process of its host. It boots, obeys its power button or does not, changes memory at a rate,
// and moves to another host while it runs if what it changes can be sent in time.
#pragma once

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

enum class GuestState : std::uint8_t { off, booting, running };
const char* to_string(GuestState state);

// One guest as one machine has it defined.
class Guest {
 public:
  Guest(Machine& machine, std::string resource);
  ~Guest();

  Machine& machine() const { return machine_; }
  const std::string& resource() const { return resource_; }
  GuestState state() const { return state_; }
  bool is_on() const { return process_ != nullptr; }
  bool serves() const;  // it runs, and what it writes is answered

  // --- virsh ---
  bool storage_there() const;                   // where its image should lie, something is mounted
  bool storage_stuck() const;                   // what it reads and writes is answered by nobody
  bool start();                                 // create; false: its storage is not there
  void press_power_button();                    // shutdown: the guest ends when it has stopped, if it listens
  void end();                                   // destroy, or its own end
  Script migrate(Process& virsh, Machine& to);  // exit code of virsh migrate --live

 private:
  friend struct GuestLife;
  Script qemu(Process& self);
  bool reaches(Machine& other) const;
  void run_from_here_on(GuestState state);
  void set_state(GuestState state);
  void button_works();
  void pause(bool paused);

  Machine& machine_;
  std::string resource_;
  GuestState state_ = GuestState::off;
  Process* process_ = nullptr;
  MountPtr mount_;
  bool stopping_ = false;
  bool paused_ = false;  // the last of its memory is on its way to another host
  Alarm button_;
};

class Guests final : public MachinePart {
 public:
  explicit Guests(Machine& machine) : machine_(machine) {}
  Guest& find(std::string_view resource);  // made when first asked for
  Guest* known(std::string_view resource);

 private:
  Machine& machine_;
  std::vector<std::unique_ptr<Guest>> guests_;
};

// All guests of the world: what they are like, and who serves.
class VirtualMachines final : public WorldPart {
 public:
  explicit VirtualMachines(World& world) : world_(world) {}

  // What the scenario says of it, or the defaults. Faults may change it.
  VirtualMachineConfig& config(std::string_view resource);
  VirtualMachineConfig usual(std::string_view resource) const;  // without any faults
  void look();                                                  // who serves now?

  void machine_down(Machine&) override { look(); }
  void machine_frozen(Machine&) override { look(); }

 private:
  struct Service {
    VirtualMachineConfig config;
    std::string node;  // that serves it; empty: nobody
  };
  World& world_;
  std::map<std::string, Service, std::less<>> services_;
};

}  // namespace fencepost::models
