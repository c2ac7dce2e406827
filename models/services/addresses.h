// Service addresses: on which machines they are bound, and where the clients on the network believe they are.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "models/part.h"

namespace fencepost::models {

class World;
class Addresses final : public WorldPart {
 public:
  explicit Addresses(World& world) : world_(world) {}

  // A cluster resource stands for this address.
  void name(std::string_view resource, std::string_view address);
  // The address of a resource, or what is no resource's name: the address itself. Empty: nobody knows yet.
  std::string_view find(std::string_view resource_or_address) const;

  void bind(Machine& machine, std::string_view address);
  void release(Machine& machine, std::string_view address);
  bool is_bound(const Machine& machine, std::string_view address) const;
  std::vector<std::string> bound_on(std::string_view address) const;  // machine names, sorted

  // Gratuitous ARP: from now on packets of clients go to this machine. Clients that do not hear it (world:
  // clients: network) go on where they went, until their entry times out and they ask again.
  void announce(Machine& machine, std::string_view address);
  // Where clients' packets go: a machine's name, or that of a stranger that took the address; empty: nowhere.
  const std::string& owner(std::string_view address) const;

  // A machine outside the cluster takes the address, or gives it up.
  void set_stranger(std::string_view address, bool there);

  const std::set<std::string, std::less<>>& known() const { return known_; }  // ever bound anywhere

  // Packets of clients reach the machine, and its answers them.
  bool clients_reach(const Machine& machine) const;

  void machine_down(Machine& machine) override;
  void network_changed() override;

 private:
  void changed(Machine& machine);
  void moved();
  void ask_later(const std::string& address);
  void ask(const std::string& address);

  World& world_;
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> bound_;  // address -> machines
  std::map<std::string, std::string, std::less<>> owner_;
  std::set<std::string, std::less<>> known_;
  std::set<std::string, std::less<>> stale_;  // clients of these have missed an announcement
  std::map<std::string, std::string, std::less<>> by_resource_;
};

}  // namespace fencepost::models
