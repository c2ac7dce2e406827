// NFS servers in the world, and the connections of machines to them.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/alarm.h"
#include "models/network/network.h"
#include "models/part.h"
#include "models/process.h"
#include "models/storage/config.h"

namespace fencepost::models {

class MountUse;
class NfsServers;

enum class NfsServerState : std::uint8_t {
  up,
  hung,   // takes requests and answers none
  stale,  // answers, but has forgotten the file handles of those who mounted before (exports moved or
          // recreated)
};
const char* to_string(NfsServerState state);

struct NfsServer {
  NfsServerConfig config;
  EndpointId endpoint;
  NfsServerState state = NfsServerState::up;
  double slowness = 1;
  int handles = 0;  // a file handle from before the last `stale` is worth nothing

  bool exports(std::string_view path) const;
  bool is_of_cluster() const { return !config.address.empty(); }
};

// One machine's TCP connection to one server: all mounts from there share it, and wait together.
class NfsConnection {
 public:
  NfsConnection(Machine& machine, NfsServers& servers, NfsServer& server);
  ~NfsConnection();

  bool answers() const { return !stuck_; }
  const NfsServer& server() const { return server_; }
  WaitQueue waiting;

 private:
  friend class NfsServers;
  bool is_reached() const;
  void look();    // at server and network
  void resume();  // what was lost has been sent again, and is answered

  Machine& machine_;
  NfsServers& servers_;
  NfsServer& server_;
  bool stuck_ = false;
  bool cut_ = false;  // packets were lost, not only answers withheld
  SimTime stuck_since_{};
  Alarm resume_;
};

class NfsServers final : public WorldPart {
 public:
  explicit NfsServers(World& world) : world_(world) {}

  void add(const NfsServerConfig& config);
  NfsServer* find(std::string_view name);
  void set_state(NfsServer& server, NfsServerState state);
  void forget_handles(NfsServer& server);  // one that hangs goes on hanging
  void set_slowness(NfsServer& server, double factor);
  // The machine that answers for a server of the cluster now: clients' packets go there and nfsd runs. Null:
  // nobody.
  Machine* host(const NfsServer& server) const;
  void look() { look_at_all(); }  // daemons, exports or addresses changed

  void machine_down(Machine&) override { look_at_all(); }
  void network_changed() override { look_at_all(); }
  void machine_frozen(Machine&) override { look_at_all(); }

 private:
  friend class NfsConnection;
  void look_at_all();

  World& world_;
  std::deque<NfsServer> servers_;  // never move
  std::vector<NfsConnection*> connections_;
};

// The NFS server in the kernel of one machine, as nfsserver and exportfs drive it.
class NfsDaemon final : public MachinePart {
 public:
  explicit NfsDaemon(Machine& machine);
  ~NfsDaemon() override;

  bool runs() const { return runs_; }
  void run(bool runs);
  bool exports(std::string_view directory) const { return exported_.contains(directory); }
  // What is exported is in use by a kernel thread, which no signal ends: it cannot be unmounted.
  void export_directory(const std::string& directory);
  void unexport(std::string_view directory);

 private:
  void changed();

  Machine& machine_;
  bool runs_ = false;
  std::map<std::string, std::unique_ptr<MountUse>, std::less<>> exported_;
};

// The connections of one machine, by server.
class NfsClient final : public MachinePart {
 public:
  explicit NfsClient(Machine& machine) : machine_(machine) {}
  NfsConnection& connection(NfsServer& server);

 private:
  Machine& machine_;
  std::vector<std::unique_ptr<NfsConnection>> connections_;
};

}  // namespace fencepost::models
