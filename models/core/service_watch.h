// Who serves: a resource is served while it is Started, or for promotable ones Promoted, on a machine that
// answers.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "models/part.h"

namespace fencepost::models {

class World;

class ServiceWatch final : public WorldPart {
 public:
  explicit ServiceWatch(World& world) : world_(world) {}

  // The resource's own model knows better when a client is served (a database that recovers) and observes
  // ServiceChanged itself.
  void leave_to_model(std::string_view resource) { left_to_model_.emplace(resource); }

  void role_changed(std::string_view resource, std::string_view role);
  void machine_frozen(Machine&) override { look_at_all(); }

 private:
  struct Service {
    bool promotable = false;
    std::string node;  // that serves it; empty: nobody
  };

  void look_at_all();
  void look_at(const std::string& resource, Service& service);

  World& world_;
  std::map<std::string, Service, std::less<>> services_;
  std::set<std::string, std::less<>> left_to_model_;
};

}  // namespace fencepost::models
