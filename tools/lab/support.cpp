#include "tools/lab/support.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <variant>

#include "engine/cib/cib.h"
#include "tools/lab/truth.h"

namespace fencepost::lab {
namespace {

namespace fault = models::fault;

const std::set<std::string> kManagers{"fencepost", "pacemakerd"};

// What becomes part of a path on this machine, or of corosync.conf, is plain.
bool is_plain(const std::string& name, const char* also = "") {
  const auto plain = [also](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-").find(c) != std::string_view::npos ||
           std::string_view(also).find(c) != std::string_view::npos;
  };
  return !name.empty() && name.front() != '-' && name.front() != '.' && std::ranges::all_of(name, plain) &&
         name.find("..") == std::string::npos;
}

bool is_program(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

constexpr const char* kPlain = "here, names and paths have letters, digits and . _ - only";

class Examiner {
 public:
  Examiner(const scenarios::Scenario& scenario, const Abilities& abilities)
      : scenario_(scenario), abilities_(abilities) {}

  Support examine() {
    world();
    for (const std::string& node : scenario_.nodes)
      if (!is_plain(node)) cannot("node '" + node + "': " + kPlain);
    cib::for_each_resource(scenario_.cib->configuration->resources,
                           [&](const cib::Resource& each, const cib::Resource*) { resource(each); });
    if (!abilities_.hosts) databases();
    for (const scenarios::TimedFault& each : scenario_.faults) timed(each);
    expectations();
    if (scenario_.profile != "fencepost")
      note("the nodes run Fencepost, not " + scenario_.profile + ": it does not wait where that only waits");
    return std::move(support_);
  }

 private:
  void cannot(std::string what) { support_.cannot.push_back(std::move(what)); }
  void note(std::string what) {
    if (std::ranges::find(support_.notes, what) == support_.notes.end())
      support_.notes.push_back(std::move(what));
  }

  // --- What a CIB cannot say ---
  void world() {
    const models::WorldConfig& world = scenario_.world;
    const models::StorageConfig& storage = scenario_.storage;
    if (world.sbd) cannot("world: sbd: a lab's nodes have no watchdog");
    if (world.corosync.quorum.qdevice) cannot("quorum: device: a lab has no qnetd server");
    if (!world.switches.empty()) cannot("world: switches: name the links of its machines instead");
    if (!storage.nfs_servers.empty()) cannot("world: nfs: a lab has no NFS server");
    if (!storage.mounts.empty()) cannot("world: mounts: a lab's nodes mount only what the cluster mounts");
    if (!storage.virtual_machines.empty()) cannot("world: virtual_machines: a lab runs no guests");
    if (!storage.processes.empty()) cannot("world: processes: start them with a fault `exec`");
    if (!storage.images.empty())
      cannot("images: use a Filesystem on a device, for which the lab makes an image");
    if (abilities_.hosts && world.rings > 1 && world.corosync.nodes.empty())
      cannot("rings: 2: where are the hosts on the second one? name a corosync.conf");
    if (!storage.durations.empty()) note("world: durations: real agents take the time that they take");
  }

  // --- Resources ---
  void resource(const cib::Resource& each) {
    if (each.kind == cib::ResourceKind::bundle)
      return cannot("bundle " + each.id + ": a lab has no containers");
    if (each.kind != cib::ResourceKind::primitive) return;
    for (const std::string* name : {&each.id, &each.agent.type, &each.agent.provider})
      if (!name->empty() && !is_plain(*name))
        return cannot("resource " + each.id + ": '" + *name + "': " + kPlain);
    for (const char* name : {"device", "directory", "pgdata", "pgctl", "socketdir", "state"})
      if (const std::string path = parameter_of(each, name); !path.empty() && !is_plain(path, "/"))
        return cannot("resource " + each.id + ": " + name + "=" + path + ": " + kPlain);
    if (each.agent.standard == "stonith") {
      support_.fence_agents.insert(each.agent.type);
      if (!abilities_.hosts && each.agent.type != "fence_lab")
        note(each.agent.type + " is a stand-in: the lab's power switch, at a management board's pace");
      return;
    }
    const std::string name = each.agent.standard + ":" + each.agent.provider + ":" + each.agent.type;
    if (!sign_of(each))
      return cannot("resource " + each.id + ": the lab cannot tell from outside whether " + name + " runs");
    const std::string agent = each.agent.provider + "/" + each.agent.type;
    support_.agents.insert(agent);
    const bool ours = each.agent.provider == "lab" || (agent == "linbit/drbd" && !abilities_.hosts);
    if (ours || (!abilities_.hosts && !is_program("/usr/lib/ocf/resource.d/" + agent))) stand_in(agent, name);
    if (each.agent.type == "Filesystem" && !abilities_.hosts) filesystem(each);
  }

  void stand_in(const std::string& agent, const std::string& name) {
    support_.stand_ins.insert(agent);
    if (agent == "linbit/drbd")
      note(name +
           " is a stand-in that keeps its role; its device is one loop device for all nodes, as if always "
           "connected");
    else if (agent.substr(0, 4) != "lab/")
      note(name + " is a stand-in that keeps a state: the agent is not installed");
    const bool keeps_state = agent == "linbit/drbd" || agent.substr(0, 4) == "lab/";
    if (!keeps_state) cannot(name + " is not installed: install resource-agents");
  }

  void filesystem(const cib::Resource& each) {
    const std::string device = parameter_of(each, "device"), type = parameter_of(each, "fstype");
    if (!device.starts_with("/dev/") || !(type == "ext4" || type == "xfs" || type == "ext3"))
      return cannot("resource " + each.id +
                    ": the lab makes images with ext3, ext4 or xfs for devices below /dev; " + device +
                    " with '" + type + "' is none");
    if (!abilities_.loops) return cannot("resource " + each.id + ": this machine has no loop devices");
    note("modprobe does nothing on the nodes: the kernel is this machine's");
    if (!is_program("/usr/sbin/mkfs." + type))
      return cannot("resource " + each.id + ": there is no mkfs." + type);
    for (const Support::Image& image : support_.images)
      if (image.device == device) return;
    support_.images.push_back({device, type, ""});
    directories_.emplace_back(parameter_of(each, "directory"), support_.images.size() - 1);
  }

  // A database lies on one of the images.
  void databases() {
    cib::for_each_resource(
        scenario_.cib->configuration->resources, [&](const cib::Resource& each, const cib::Resource*) {
          if (each.kind != cib::ResourceKind::primitive || each.agent.type != "pgsql") return;
          const std::string pgdata = parameter_of(each, "pgdata");
          if (!is_program(initdb_of(each)))
            return cannot("resource " + each.id + ": there is no " + initdb_of(each) +
                          ": install PostgreSQL, or name its pgctl");
          for (const auto& [directory, image] : directories_)
            if (pgdata.starts_with(directory + "/")) {
              support_.images[image].pgdata = pgdata.substr(directory.size() + 1) + " " + initdb_of(each);
              return clients_of(each);
            }
          cannot("resource " + each.id +
                 ": its pgdata lies on no Filesystem of the cluster, so nobody could take it over");
        });
  }
  // Who writes to it. Without an address that is known, nobody does.
  void clients_of(const cib::Resource& database) {
    for (const models::DatabaseConfig& each : scenario_.storage.databases) {
      if (each.name != database.id || each.writes_per_second <= 0) continue;
      std::string address = each.address;
      cib::for_each_resource(scenario_.cib->configuration->resources,
                             [&](const cib::Resource& other, const cib::Resource*) {
                               if (other.kind == cib::ResourceKind::primitive && other.id == each.address)
                                 address = parameter_of(other, "ip");
                             });
      const std::string psql = std::filesystem::path(initdb_of(database)).parent_path().string() + "/psql";
      if (address.empty())
        return cannot("database " + each.name + ": no resource " + each.address +
                      " with an address: nobody could write to it");
      if (!is_program(psql)) return cannot("database " + each.name + ": there is no " + psql);
      const std::string port = parameter_of(database, "pgport");
      support_.clients.push_back({database.id, address, psql, port.empty() ? 5432 : std::atoi(port.c_str()),
                                  each.writes_per_second});
    }
  }
  static std::string initdb_of(const cib::Resource& each) {
    const std::string pgctl = parameter_of(each, "pgctl");
    return std::filesystem::path(pgctl.empty() ? "/usr/bin/pg_ctl" : pgctl).parent_path().string() +
           "/initdb";
  }

  // --- Faults ---
  void timed(const scenarios::TimedFault& each) {
    const std::string verb = models::verb(each.what.fault);
    const std::string reason = std::visit([&](const auto& f) { return against(f); }, each.what.fault);
    if (!reason.empty()) cannot("fault " + verb + ": " + reason);
  }

  template <class F>
  std::string against(const F&) const {
    return "";
  }
  std::string against(const fault::PowerLoss&) const {
    return "its boards have no supply of their own; use crash";
  }
  std::string against(const fault::Pause&) const {
    return abilities_.freezes ? "" : "this machine has no freezer (control groups)";
  }
  std::string against(const fault::Shutdown& f) const {
    return f.power_off && abilities_.hosts ? "named hosts stay on: leave out power_off" : "";
  }
  std::string against(const fault::FenceMode&) const {
    return abilities_.hosts ? "named hosts have fence devices of their own" : "";
  }
  std::string against(const fault::Partition&) const { return without_links(); }
  std::string against(const fault::LinkDown&) const { return without_links(); }
  std::string against(const fault::SlowNode&) const { return "its nodes share the machine's processors"; }
  std::string against(const fault::ClockJump&) const { return "its nodes share the machine's clock"; }
  std::string against(const fault::OneWay&) const { return "its links break both ways"; }
  std::string against(const fault::Loss&) const { return "its links work or do not"; }
  std::string against(const fault::Delay&) const { return "its links work or do not"; }
  std::string against(const fault::AgentFault& f) const {
    if (f.mode == fault::AgentFault::Mode::stuck && !abilities_.stucks)
      return "mode stuck: this machine has no freezer that SIGKILL does not end (cgroup v1)";
    return "";
  }
  std::string against(const fault::KillDaemon& f) const {
    if (f.daemon == "corosync" || kManagers.contains(f.daemon)) return "";
    return f.daemon + " is no process of its own here: kill fencepost, or corosync";
  }
  std::string against(const fault::Other& f) const {
    return f.verb == "ip_remove" || f.verb == "db_crash" ? "" : "only the simulator can do that";
  }
  std::string without_links() const {
    return abilities_.cuts ? "" : "no nft on a host: its links cannot be cut";
  }

  // --- Expectations ---
  void expectations() {
    const scenarios::Expectations& expect = scenario_.expect;
    for (const std::vector<std::string>* list : {&expect.never, &expect.violated})
      for (const std::string& name : *list)
        if (name == "split_brain") cannot("expect: split_brain: a lab's DRBD has no data of its own");
    for (const std::vector<std::string>* list : {&expect.never, &expect.violated})
      for (const std::string& name : *list)
        if (name == "data_loss" && support_.clients.empty())
          cannot(
              "expect: data_loss: no client writes; name the address in world: databases: {db: {address: "
              "ip}}");
    for (const std::vector<scenarios::EventPattern>* list : {&expect.order, &expect.happens, &expect.absent})
      for (const scenarios::EventPattern& pattern : *list)
        if (!pattern.blocked.empty()) cannot("expect: blocked: the lab does not see what processes wait for");
  }

  const scenarios::Scenario& scenario_;
  const Abilities& abilities_;
  Support support_;
  std::vector<std::pair<std::string, std::size_t>> directories_;  // where an image is mounted
};

}  // namespace

Support examine(const scenarios::Scenario& scenario, const Abilities& abilities) {
  return Examiner(scenario, abilities).examine();
}

}  // namespace fencepost::lab
