#include "models/core/service_watch.h"

#include "models/world.h"

namespace fencepost::models {

void ServiceWatch::role_changed(std::string_view resource, std::string_view role) {
  if (left_to_model_.contains(resource)) return;
  auto known = services_.find(resource);
  if (known == services_.end()) known = services_.emplace(resource, Service{}).first;
  if (role == kPromoted || role == kUnpromoted) known->second.promotable = true;
  look_at(known->first, known->second);
}

void ServiceWatch::look_at_all() {
  for (auto& [resource, service] : services_) look_at(resource, service);
}

void ServiceWatch::look_at(const std::string& resource, Service& service) {
  std::string serving;
  for (const auto& machine : world_.machines()) {
    if (machine->serves() && machine->role(resource) == (service.promotable ? kPromoted : kStarted)) {
      serving = machine->name();
      break;
    }
  }
  if (serving == service.node) return;
  service.node = serving;
  world_.observe(
      backend::ServiceChanged{.resource = resource, .available = !serving.empty(), .node = serving});
}

}  // namespace fencepost::models
