#include "tools/lab/truth.h"

#include "engine/cib/resource.h"

namespace fencepost::lab {
Truth::Truth(const Machines& machines, const cib::Configuration& configuration) : machines_(machines) {
  cib::for_each_resource(configuration.resources, [&](const cib::Resource& each, const cib::Resource*) {
    if (each.kind != cib::ResourceKind::primitive) return;
    if (auto sign = sign_of(each)) signs_.emplace(each.id, *std::move(sign));
  });
}

std::vector<backend::Observation> Truth::look() {
  std::vector<backend::Observation> changed;
  for (std::size_t machine = 0; machine < machines_.size(); ++machine) {
    const std::string& node = machines_.name(machine);
    for (const auto& [resource, sign] : signs_) {
      std::string& known = roles_.try_emplace({resource, node}, "Stopped").first->second;
      std::string now = machines_.seen(machine, resource, sign);
      if (now == known) continue;
      known = std::move(now);
      const bool runs = known != "Stopped";
      if (sign.kind == Sign::Kind::mount) {
        const std::string label = sign.object + " (" + sign.device + ")";
        changed.push_back(backend::StateChanged{node, "mount", sign.object, runs ? "not mounted" : label,
                                                runs ? label : "not mounted"});
      }
      if (sign.kind == Sign::Kind::address)
        changed.push_back(backend::StateChanged{node, "address", sign.object, runs ? "not bound" : "bound",
                                                runs ? "bound" : "not bound"});
      changed.push_back(backend::RoleChanged{node, resource, known});
    }
  }
  return changed;
}

std::string Truth::role(const std::string& resource, const std::string& node) const {
  const auto found = roles_.find({resource, node});
  return found == roles_.end() ? "Stopped" : found->second;
}

const Sign* Truth::find(const std::string& resource) const {
  const auto found = signs_.find(resource);
  return found == signs_.end() ? nullptr : &found->second;
}

void Truth::write_signs(std::ostream& out) const {
  for (const auto& [resource, sign] : signs_)
    out << resource << ' ' << static_cast<int>(sign.kind) << ' ' << sign.object << '\n';
}

}  // namespace fencepost::lab
