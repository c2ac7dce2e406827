// The clients of databases: they write through the service's address for as long as it serves them, and
// remember what was acknowledged.
//
// Nothing is simulated per write. While a database serves, its writes are a rate; whoever is about to change
// something that matters calls settle() first, which turns the time since the last call into writes, and
// look() after, which finds out who is served now.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "models/part.h"
#include "models/storage/config.h"

namespace fencepost::models {

class World;
class DatabaseServer;
class BlockDevice;

class Clients final : public WorldPart {
 public:
  explicit Clients(World& world) : world_(world) {}

  void add(const DatabaseConfig& config);
  // What the scenario says about a database, or the defaults.
  const DatabaseConfig& config(std::string_view resource);

  void settle();
  void look();

  // Acknowledged writes that the data in service do not hold: the worst seen so far, and now.
  std::int64_t acknowledged(std::string_view resource);
  std::int64_t lost(std::string_view resource);

  // The database of this resource runs there, or no longer does.
  void runs(std::string_view resource, DatabaseServer& instance);
  void gone(DatabaseServer& instance);

  void machine_up(Machine&) override { look(); }
  void machine_down(Machine&) override { look(); }
  void machine_frozen(Machine& machine) override;

 private:
  struct Service {
    DatabaseConfig config;
    bool watched = false;                   // its agent has run: the record may speak of it
    std::deque<DatabaseServer*> instances;  // that run now, anywhere
    DatabaseServer* serving = nullptr;
    SimTime since{};  // up to here, writes are counted
    std::int64_t acknowledged = 0;
    std::int64_t lost = 0;
  };

  Service& find(std::string_view resource);
  void settle(Service& service);
  void look(Service& service);
  bool serves(const Service& service, const DatabaseServer& instance) const;
  void check_data(Service& service);

  World& world_;
  std::deque<Service> services_;
  bool looking_ = false;
  bool look_again_ = false;
};

}  // namespace fencepost::models
