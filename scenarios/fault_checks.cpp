#include "scenarios/fault_checks.h"

#include <algorithm>

#include "models/faults.h"

namespace fencepost::scenarios {
namespace {

template <class Visit>
void for_each(const Scenario& scenario, const Visit& visit) {
  cib::for_each_resource(scenario.cib->configuration->resources,
                         [&](const cib::Resource& resource, const cib::Resource*) { visit(resource); });
}

// All values that a parameter has, whatever the rules of its blocks say.
template <class Visit>
void for_each_parameter(const cib::Resource& resource, const Visit& visit) {
  for (const cib::NvpairBlock& block : resource.parameters)
    for (const cib::Nvpair& pair : block.pairs)
      if (pair.value) visit(pair.name, *pair.value);
}

constexpr std::string_view kResource = "resource";

bool is_one_of(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

FaultChecks::FaultChecks(const Scenario& scenario, Problems& problems)
    : scenario_(scenario), problems_(problems) {
  for_each(scenario, [&](const cib::Resource& resource) { resources_.push_back(resource.id); });
}

void FaultChecks::one_of_these(const Value& at, const char* what, const std::string& name, const Names& known,
                               const char* remedy) const {
  if (is_one_of(known, name)) return;
  std::string message = "there is no " + std::string(what) + " '" + name + "'" +
                        (std::string_view(what) == kResource ? " in the CIB" : "");
  const std::string near = did_you_mean(name, known);
  if (!near.empty())
    message += near;
  else if (!known.empty())
    message += "; there " + std::string(known.size() == 1 ? "is " : "are ") + one_of(known);
  problems_.add(at, message + (known.empty() ? ": " + std::string(remedy) : ""));
}

void FaultChecks::node(const Value& at, const std::string& name) const {
  if (name == "@dc" || name == "@other" || name == "@any" || name == "*") return;
  for (const char* prefix : {"@active:", "@promoted:"})
    if (name.starts_with(prefix)) return resource(at, name.substr(name.find(':') + 1));
  if (is_one_of(scenario_.nodes, name)) return;
  std::string nodes;
  for (const std::string& known : scenario_.nodes) nodes += known + ", ";
  problems_.add(at, "there is no node '" + name + "'; there are " + nodes +
                        "@dc, @other, @any, @active:RES and @promoted:RES");
}

void FaultChecks::host(const Value& at, const std::string& name) const {
  if (!is_one_of(hosts(), name)) node(at, name);
}

std::vector<std::string> FaultChecks::hosts() const {
  Names names = scenario_.world.hosts;
  for (const models::NfsServerConfig& server : scenario_.storage.nfs_servers)
    if (server.address.empty()) names.push_back(server.name);
  for (const models::IscsiTargetConfig& target : scenario_.storage.iscsi_targets)
    names.push_back(target.name);
  if (!scenario_.storage.clients.network.empty()) names.push_back("clients");
  for (const auto& [node, hardware] : scenario_.world.hardware)
    if (!hardware.bmc_network.empty()) names.push_back("bmc-" + node);
  if (const auto& qdevice = scenario_.world.corosync.quorum.qdevice) names.push_back(qdevice->host);
  return names;
}

void FaultChecks::resource(const Value& at, const std::string& id) const {
  one_of_these(at, kResource.data(), id, resources_, "the CIB has none");
}

void FaultChecks::network(const Value& at, const std::string& name) const {
  one_of_these(at, "network", name, scenario_.world.networks, "name it under world: networks");
}

void FaultChecks::daemon(const Value& at, const std::string& name) const {
  one_of_these(at, "daemon", name,
               {"corosync", "pacemakerd", "pacemaker-controld", "pacemaker-execd", "pacemaker-fenced",
                "pacemaker-attrd", "pacemaker-based", "pacemaker-schedulerd", "fencepost"},
               "");  // fencepost: where the nodes of a lab run it in Pacemaker's place
}

void FaultChecks::action(const Value& at, const std::string& name) const {
  if (name == "*") return;
  one_of_these(at, "action", name,
               {"start", "stop", "monitor", "promote", "demote", "notify", "migrate_to", "migrate_from",
                "reload", "reload-agent", "validate-all", "meta-data"},
               "");
}

// By its resource id, or by the value of one of its parameters, as `device`, `ip` or `plug`.
void FaultChecks::fence_device(const Value& at, const std::string& name) const {
  Names ids;
  bool known = name == "*";
  for_each(scenario_, [&](const cib::Resource& resource) {
    if (resource.agent.standard != "stonith") return;
    ids.push_back(resource.id);
    for_each_parameter(resource,
                       [&](const std::string&, const std::string& value) { known = known || value == name; });
  });
  if (!known) one_of_these(at, "fence device", name, ids, "the CIB has no resource of class stonith");
}

std::vector<std::string> FaultChecks::mount_points() const {
  Names points;
  for_each(scenario_, [&](const cib::Resource& resource) {
    for_each_parameter(resource, [&](const std::string& name, const std::string& value) {
      if (name == "directory") points.push_back(value);
    });
  });
  for (const models::MountConfig& mount : scenario_.storage.mounts) points.push_back(mount.at);
  return points;
}

std::vector<std::string> FaultChecks::resources_of(const std::vector<std::string_view>& agent_types) const {
  Names ids;
  for_each(scenario_, [&](const cib::Resource& resource) {
    // What stands in a template may be anything.
    if (std::ranges::count(agent_types, resource.agent.type) > 0 || !resource.template_id.empty())
      ids.push_back(resource.id);
  });
  return ids;
}

// --- Verbs of other areas ---

void FaultChecks::argument(const Value& at, const models::FaultVerb& verb,
                           const models::FaultArgument& argument) const {
  using Type = models::FaultArgument::Type;
  Duration ignored{};
  double number = 1;
  if (argument.type == Type::duration) scenarios::read(at, ignored, problems_);
  if (argument.type == Type::number) scenarios::read(at, number, problems_);
  if (!(number > 0 && number <= 1e9))
    problems_.add(at, argument.name + " must be above 0, and no more than a billion");
  if (argument.type == Type::node) node(at, at.text);
  if (argument.type == Type::text) named(at, verb, argument.name);
}

void FaultChecks::named(const Value& at, const models::FaultVerb& verb, const std::string& argument) const {
  const std::string& name = at.text;
  const auto names = [](const auto& all, auto member) {
    Names found;
    for (const auto& each : all) found.push_back(each.*member);
    return found;
  };
  const models::StorageConfig& storage = scenario_.storage;
  if (argument == "server")
    one_of_these(at, "NFS server", name, names(storage.nfs_servers, &models::NfsServerConfig::name),
                 "name it under world: nfs");
  if (argument == "switch")
    one_of_these(at, "switch", name, names(scenario_.world.switches, &models::SwitchConfig::name),
                 "name it under world: switches");
  if (argument == "mount")
    one_of_these(at, "mount point", name, mount_points(), "no resource and no world: mounts has one");
  if (argument == "device" && verb.name == "sbd_lost")
    one_of_these(at, "sbd device", name, scenario_.world.sbd ? scenario_.world.sbd->devices : Names{},
                 "name it under world: sbd: devices");
  if (argument != "resource") return;
  if (verb.family == "drbd")
    one_of_these(at, "DRBD resource", name, names(storage.drbd.resources, &models::DrbdResourceConfig::name),
                 "name its file under world: drbd: files");
  else if (verb.family == "database")
    one_of_these(at, "database", name, resources_of({"pgsql", "mysql", "mariadb"}),
                 "no resource of the CIB is one (pgsql, mysql, mariadb)");
  else if (verb.family == "virtual machine")
    one_of_these(at, "virtual machine", name, resources_of({"VirtualDomain"}),
                 "no resource of the CIB is one (VirtualDomain)");
  else
    resource(at, name);
}

}  // namespace fencepost::scenarios
