// Web servers whose pages lie on a mount: what a dead file server does to them, request by request.
//
// A request for a page on a mount that does not answer keeps its worker. The server goes on as long as it has
// workers left; then nobody is answered any more, not even who asks for its status.
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

// One server as one machine has it installed.
class WebServer {
 public:
  WebServer(Machine& machine, std::string resource, std::string program);

  Machine& machine() const { return machine_; }
  const std::string& resource() const { return resource_; }
  bool runs() const { return process_ != nullptr; }
  bool answers() const { return runs() && !full_; }  // to a request for nothing on a disk, as its status
  bool serves() const;                               // a client gets a page
  void start();
  void stop();  // SIGTERM: its workers end, but for those that cannot be killed
  void crash();
  bool ended() const { return !runs() && !waiting_; }
  WaitQueue changed;  // somebody waits for an answer, or for its end

  void look();  // at what its pages lie on

 private:
  friend struct WebServerLife;
  friend struct WorkersWait;
  Script serve(Process& self);
  Script wait_for_pages(Process& self);
  MountPtr pages() const;  // null: they lie on the root filesystem, or nowhere
  bool pages_there() const;
  bool pages_answer() const;
  void all_workers_wait();
  void turned();

  Machine& machine_;
  std::string resource_, program_;
  Process* process_ = nullptr;
  Process* waiting_ = nullptr;  // stands for all workers that wait for a page
  bool full_ = false;           // every worker does
  Alarm exhausted_;
};

class WebServersOfMachine final : public MachinePart {
 public:
  explicit WebServersOfMachine(Machine& machine) : machine_(machine) {}
  WebServer& find(std::string_view resource, std::string_view program);  // made when first asked for
  WebServer* known(std::string_view resource);
  const std::vector<std::unique_ptr<WebServer>>& all() const { return servers_; }

 private:
  Machine& machine_;
  std::vector<std::unique_ptr<WebServer>> servers_;
};

// All web servers of the world: what they are like, and who serves.
class WebServers final : public WorldPart {
 public:
  explicit WebServers(World& world) : world_(world) {}

  const WebServerConfig& config(std::string_view resource);
  void look();  // who serves now?

  void machine_down(Machine&) override { look(); }
  void machine_frozen(Machine&) override { look(); }

 private:
  struct Service {
    WebServerConfig config;
    std::string node;  // that serves it; empty: nobody
  };
  bool is_found(const Machine& machine, const WebServerConfig& config) const;

  World& world_;
  std::map<std::string, Service, std::less<>> services_;
  bool looking_ = false;
};

}  // namespace fencepost::models
