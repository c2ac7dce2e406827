// What a CIB cannot say: machines, networks, storage, databases, and how long things take.

#include <algorithm>
#include <cctype>

#include "models/storage/drbd_options.h"
#include "scenarios/parts.h"

namespace fencepost::scenarios {
namespace {

using models::StorageConfig;

// "20GiB", "16MiB", "8k", "4096"
void read_size(const Value& value, std::int64_t& into, Problems& problems) {
  static constexpr std::pair<std::string_view, int> kUnits[] = {
      {"", 0},     {"B", 0},  {"k", 10},   {"KiB", 10}, {"M", 20},
      {"MiB", 20}, {"G", 30}, {"GiB", 30}, {"T", 40},   {"TiB", 40}};
  const std::size_t digits = std::min(value.text.find_first_not_of("0123456789"), value.text.size());
  const std::string_view unit = std::string_view(value.text).substr(digits);
  const auto known = std::ranges::find(kUnits, unit, &std::pair<std::string_view, int>::first);
  if (!value.is_text() || digits == 0 || digits > 6 + (unit.empty() ? 12u : 0u) || known == std::end(kUnits))
    return problems.add(value,
                        "'" + value.text + "' is no size: write 20GiB, 512MiB, 8KiB or a number of bytes");
  into = std::stoll(value.text.substr(0, digits)) << known->second;
}

class WorldReader {
 public:
  WorldReader(Fields& fields, Inputs& inputs, Scenario& scenario)
      : fields_(fields), problems_(fields.problems()), inputs_(inputs), scenario_(scenario) {}

  void read() {
    read_corosync();
    read_power();
    read_agent_durations();
    const Value* section = fields_.take("world");
    if (section == nullptr) return read_lab();
    Fields world(*section, "world", problems_);
    world.take("corosync_conf");  // read with the nodes
    read_machines(world);
    read_sbd(world, scenario_);
    read_storage(world);
    read_databases(world);
    read_drbd(world);
    read_habits(world);
    read_latencies(world);
    world.finish();
  }

 private:
  // Nothing is said of machines: they are what the lab makes of one. Its disks are in memory, and nobody uses
  // its databases: half of the starts were over at the agent's first look, and a third of the stops
  // (real-agents, n = 9; pgsql_agent.cpp).
  void read_lab() {
    scenario_.world.one_machine = true;
    if (!scenario_.cib) return;  // which has been told
    for (const std::string& id : primitive_ids(*scenario_.cib))
      scenario_.storage.databases.push_back({.name = id,
                                             .writes_per_second = 0,
                                             .startup = sim::Uniform{.min = 40ms, .max = 110ms},
                                             .shutdown_checkpoint = sim::Uniform{.min = 40ms, .max = 150ms}});
  }

  // --- Corosync ---
  void read_corosync() {
    models::CorosyncOptions& corosync = scenario_.world.corosync;
    if (corosync.nodes.empty()) {  // no corosync.conf: what the lab writes into its own
      corosync.totem.token = 1000ms;
      corosync.quorum.two_node = scenario_.nodes.size() == 2;
      for (std::size_t i = 0; i < scenario_.nodes.size(); ++i)
        corosync.nodes.push_back({scenario_.nodes[i], static_cast<std::uint32_t>(i + 1), 1, {}});
    }
    set_options("corosync", corosync.totem, models::set_totem_option);
    set_options("quorum", corosync.quorum, models::set_quorum_option);
    scenario_.world.nodes = models::nodelist(corosync);
    for (const std::string& option : corosync.ignored)
      scenario_.remarks.push_back("corosync.conf: " + option + " has no effect here");
  }

  template <class Options, class Set>
  void set_options(const char* key, Options& options, Set set) {
    const Value* map = fields_.take(key);
    if (map == nullptr) return;
    if (!map->is_map())
      return problems_.add(*map, std::string(key) + " needs names and values: {token: 3000}");
    for (const Entry& entry : map->entries) {
      const Where where = entry.key.where();
      if (entry.value.is_map()) {
        problems_.add(
            entry.value,
            std::string(key) + ": " + entry.key.text +
                " is a section of its own; write it into a file and name that in world: corosync_conf");
        continue;
      }
      if (const Result<void> done = set(options, entry.key.text, entry.value.text, where); !done)
        problems_.add(done.error());
    }
  }

  // --- Machines ---
  void read_power() {
    const Value* power = fields_.take("power");
    if (power == nullptr) return;
    Fields inner(*power, "power", problems_);
    sim::Distribution boot = sim::Constant{5s};
    inner.read("boot_s", boot);
    for (const std::string& node : scenario_.nodes) scenario_.world.hardware[node].boot = boot;
    inner.read("off_s", scenario_.world.power.off);
    std::size_t after = 0;
    if (inner.choose("after_fence", {"on", "off"}, after)) scenario_.world.power.on_after_fence = after == 0;
    inner.finish();
  }

  // {"fs": {"start": 0.5, "node2": {"start": 2}}}
  void read_agent_durations() {
    const Value* agents = fields_.take("agents");
    if (agents == nullptr) return;
    if (!agents->is_map()) return problems_.add(*agents, "agents needs resources: {fs: {start: 0.5}}");
    for (const Entry& resource : agents->entries) {
      Fields actions(resource.value, "agents", problems_);
      for (const Entry& action : resource.value.entries) {
        if (!is_node(action.key.text)) {
          scenarios::read(action.value, scenario_.world.agents.everywhere[resource.key.text][action.key.text],
                          problems_);
        } else {
          scenarios::read(action.value, scenario_.world.agents.on_node[action.key.text][resource.key.text],
                          problems_);
        }
      }
    }
  }

  void read_machines(Fields& world) {
    if (const Value* hardware = world.take("hardware")) {
      for_each_node(*hardware, [&](const std::string& node, const Value& value) {
        models::HardwareConfig& config = scenario_.world.hardware[node];
        Fields inner(value, "hardware", problems_);
        inner.read("boot", config.boot);
        inner.read("stack_starts_at_boot", config.stack_starts_at_boot);
        inner.read("bmc_address", config.bmc_address);
        inner.read("bmc_shares_power", config.bmc_shares_power);
        inner.read("cores", config.cores);
        inner.read("supplies", config.supplies);
        inner.read("bmc_network", config.bmc_network);
        inner.finish();
      });
    }
    world.read("networks", scenario_.world.networks);
    world.read("rings", scenario_.world.rings);
    world.read("one_machine", scenario_.world.one_machine);
    world.read("hosts", scenario_.world.hosts);
    for_each_named(world, "switches", [&](const std::string& name, Fields& inner) {
      models::SwitchConfig& config = scenario_.world.switches.emplace_back();
      config.name = name;
      inner.read("network", config.network);
      if (inner.require("hosts")) inner.read("hosts", config.hosts);
    });
    if (scenario_.world.rings < 1 ||
        static_cast<std::size_t>(scenario_.world.rings) > scenario_.world.networks.size())
      problems_.add(world.map(), "rings must be 1 or more, and there must be a network for each");
  }

  // --- Storage ---
  void read_storage(Fields& world) {
    StorageConfig& storage = scenario_.storage;
    for_each_named(world, "nfs", [&](const std::string& name, Fields& inner) {
      models::NfsServerConfig& server = storage.nfs_servers.emplace_back();
      server.name = name;
      inner.read("exports", server.exports);
      inner.read("address", server.address);
      inner.read("answer_time", server.answer_time);
    });
    if (const Value* mounts = world.take("mounts"))
      for_each_node(*mounts, [&](const std::string& node, const Value& list) { read_mounts(node, list); });
    if (const Value* disks = world.take("disks"))
      for_each_node(*disks, [&](const std::string& node, const Value& list) { read_disks(node, list); });
    for_each_named(world, "iscsi", [&](const std::string& name, Fields& inner) {
      models::IscsiTargetConfig& target = storage.iscsi_targets.emplace_back();
      target.name = name;
      if (inner.require("devices")) inner.read("devices", target.devices);
      inner.read("target", target.iqn);
      inner.read("network", target.network);
      inner.read("at_boot", target.at_boot);
      inner.read("noop_out_interval", target.noop_out_interval);
      inner.read("noop_out_timeout", target.noop_out_timeout);
      inner.read("replacement_timeout", target.replacement_timeout);
    });
    for_each_named(world, "web_servers", [&](const std::string& name, Fields& inner) {
      models::WebServerConfig& server = storage.web_servers.emplace_back();
      server.name = name;
      inner.read("root", server.root);
      inner.read("address", server.address);
      inner.read("requests_per_second", server.requests_per_second);
      inner.read("workers", server.workers);
      if (server.workers < 1 || server.requests_per_second < 0)
        problems_.add(inner.map(), "a web server has 1 worker or more, and no negative number of requests");
    });
    for_each_named(world, "volume_groups", [&](const std::string& name, Fields& inner) {
      models::VolumeGroupConfig& group = storage.volume_groups.emplace_back();
      group.name = name;
      if (inner.require("device")) inner.read("device", group.device);
    });
    for_each_named(world, "filesystems", [&](const std::string& name, Fields& inner) {
      models::FilesystemConfig& filesystem = storage.filesystems.emplace_back();
      filesystem.name = name;
      inner.read("journal_replay", filesystem.journal_replay);
      inner.read("fsck", filesystem.fsck);
    });
    if (const Value* processes = world.take("processes"))
      for (const Value& item : items(*processes)) read_process(item);
    world.read("dead_nfs_is_killable", storage.dead_nfs_is_killable);
  }

  void read_mounts(const std::string& node, const Value& list) {
    for (const Value& item : items(list)) {
      models::MountConfig& mount = scenario_.storage.mounts.emplace_back();
      mount.node = node;
      Fields inner(item, "a mount", problems_);
      for (const char* key : {"from", "at"}) inner.require(key);
      inner.read("from", mount.from);
      inner.read("at", mount.at);
      inner.read("type", mount.type);
      inner.read("options", mount.options);
      inner.finish();
      check_nfs_mount(item, mount);
    }
  }

  void check_nfs_mount(const Value& at, const models::MountConfig& mount) {
    if (!mount.type.starts_with("nfs")) return;
    const std::string server = mount.from.substr(0, mount.from.find(':'));
    std::vector<std::string> servers;
    for (const models::NfsServerConfig& known : scenario_.storage.nfs_servers) servers.push_back(known.name);
    if (std::ranges::find(servers, server) == servers.end())
      problems_.add(at, "there is no NFS server '" + server + "': name it under world: nfs" +
                            did_you_mean(server, servers));
  }

  void read_disks(const std::string& node, const Value& list) {
    for (const Value& item : items(list)) {
      models::DiskConfig& disk = scenario_.storage.disks.emplace_back();
      disk.node = node;
      Fields inner(item, "a disk", problems_);
      if (inner.require("device")) inner.read("device", disk.device);
      read_size_field(inner, "size", disk.size_bytes);
      inner.read("access_time", disk.access_time);
      inner.finish();
    }
  }

  void read_process(const Value& item) {
    models::ProcessConfig& process = scenario_.storage.processes.emplace_back();
    Fields inner(item, "a process", problems_);
    inner.require("command");
    if (inner.read("node", process.node)) check_node(*item.find("node"), process.node);
    inner.read("command", process.command);
    inner.read("uses", process.uses);
    inner.read("works_on", process.works_on);
    inner.read("every", process.every);
    inner.read("survives_sigterm", process.survives_sigterm);
    inner.finish();
  }

  void read_databases(Fields& world) {
    for_each_named(world, "databases", [&](const std::string& name, Fields& inner) {
      models::DatabaseConfig& database = scenario_.storage.databases.emplace_back();
      database.name = name;
      inner.read("address", database.address);
      inner.read("writes_per_second", database.writes_per_second);
      read_size_field(inner, "bytes_per_write", database.bytes_per_write);
      inner.read("checkpoint_interval", database.checkpoint_interval);
      read_size_field(inner, "wal_replay_rate", database.wal_replay_rate);
      inner.read("startup", database.startup);
      inner.read("recovery_floor", database.recovery_floor);
      inner.read("shutdown_checkpoint", database.shutdown_checkpoint);
      inner.read("select_time", database.select_time);
      inner.read("replication_lag", database.replication_lag);
      if (inner.read("network", database.network)) check_network(inner.map(), database.network);
      inner.read("wal_sender_timeout", database.wal_sender_timeout);
      read_size_field(inner, "flush_rate", database.flush_rate);
    });
    for_each_named(world, "virtual_machines", [&](const std::string& name, Fields& inner) {
      models::VirtualMachineConfig& guest = scenario_.storage.virtual_machines.emplace_back();
      guest.name = name;
      read_size_field(inner, "memory", guest.memory);
      inner.read("boot", guest.boot);
      inner.read("shutdown", guest.shutdown);
      inner.read("ignores_shutdown", guest.ignores_shutdown);
      inner.read("storage", guest.storage);
      read_size_field(inner, "dirty_rate", guest.dirty_rate);
      read_size_field(inner, "working_set", guest.working_set);
      read_size_field(inner, "bandwidth", guest.bandwidth);
      inner.read("downtime_limit", guest.downtime_limit);
      if (guest.bandwidth <= 0) problems_.add(inner.map(), "bandwidth must be above 0");
    });
    if (const Value* clients = world.take("clients")) {
      Fields inner(*clients, "clients", problems_);
      inner.read("network", scenario_.storage.clients.network);
      inner.read("arp_timeout", scenario_.storage.clients.arp_timeout);
      inner.finish();
    }
  }

  // drbd: {files: [r0.res], network_rate: 110MiB}
  void read_drbd(Fields& world) {
    const Value* section = world.take("drbd");
    if (section == nullptr) return;
    models::DrbdWorld& drbd = scenario_.storage.drbd;
    Fields inner(*section, "drbd", problems_);
    if (const Value* files = inner.take("files"))
      for (const Value& file : items(*files)) read_drbd_file(file);
    if (const Value* names = inner.take("resources"))
      for (const Value& name : items(*names))
        drbd.resources.push_back(models::default_drbd_resource(name.text, scenario_.nodes));
    if (const Value* net = inner.take("net")) read_drbd_net(*net);
    read_size_field(inner, "volume_size", drbd.volume_size_bytes);
    read_size_field(inner, "network_rate", drbd.network_rate);
    read_size_field(inner, "bytes_per_write", drbd.bytes_per_write);
    inner.read("handshake", drbd.handshake);
    if (inner.read("network", drbd.network)) check_network(*section, drbd.network);
    inner.finish();
  }

  void check_network(const Value& map, const std::string& name) {
    const std::vector<std::string>& networks = scenario_.world.networks;
    if (std::ranges::find(networks, name) != networks.end()) return;
    problems_.add(*map.find("network"), "there is no network '" + name + "'; there are " + one_of(networks));
  }

  void read_drbd_file(const Value& file) {
    const auto text = inputs_.content(file);
    if (!text) return problems_.add(file, "drbd: " + to_string(text.error()));
    auto config = models::parse_drbd(*text, inputs_.path_of(file));
    if (!config) return problems_.add(config.error());
    for (const models::DrbdResourceConfig& resource : config->resources)
      for (const models::DrbdHostConfig& host : resource.hosts)
        if (!is_node(host.name))
          problems_.add(file, "DRBD resource '" + resource.name + "' names a host '" + host.name +
                                  "' that is no node here; there are " + one_of(scenario_.nodes));
    std::ranges::move(config->resources, std::back_inserter(scenario_.storage.drbd.resources));
    for (const std::string& what : config->not_modelled)
      scenario_.remarks.push_back(what + " has no effect here");
  }

  // {after-sb-1pri: discard-secondary}: options of the net section, of every connection, over those of the
  // files.
  void read_drbd_net(const Value& net) {
    if (!net.is_map()) return problems_.add(net, "net needs DRBD's options and values: {protocol: A}");
    models::DrbdStatement section{.where = net.where(), .words = {"net"}, .is_section = true, .body = {}};
    for (const Entry& entry : net.entries)
      section.body.push_back({.where = entry.key.where(),
                              .words = {entry.key.text, entry.value.text},
                              .is_section = false,
                              .body = {}});
    const auto note = [this](const models::DrbdStatement& statement) {
      scenario_.remarks.push_back(to_string(statement.where) + ": " + statement.keyword() +
                                  " has no effect here");
    };
    for (models::DrbdResourceConfig& resource : scenario_.storage.drbd.resources) {
      for (models::DrbdConnectionConfig& connection : resource.connections) {
        if (const auto problem = models::apply_net(section, connection.net, note))
          return problems_.add(*problem);
        if (const auto stranger = models::discards_a_stranger(connection.net, resource))
          return problems_.add(net, "after-sb-0pri discard-node-" + *stranger + ": resource '" +
                                        resource.name + "' has no host '" + *stranger + "'");
      }
    }
  }

  void read_habits(Fields& world) {
    for_each_named(world, "agents", [&](const std::string& name, Fields& inner) {
      models::AgentHabits& habits = scenario_.storage.habits.emplace_back();
      habits.name = name;
      inner.read("monitor_walks_mounts", habits.monitor_walks_mounts);
    });
    world.read("durations", scenario_.storage.durations);
  }

  void read_latencies(Fields& world) {
    const Value* section = world.take("latencies");
    if (section == nullptr) return;
    models::Latencies& l = scenario_.world.latencies;
    Fields inner(*section, "latencies", problems_);
    inner.read("agent_spawn", l.agent_spawn);
    inner.read("agent_spawn_min", l.agent_spawn_min);
    inner.read("agent_overhead", l.agent_overhead);
    inner.read("agent_report", l.agent_report);
    inner.read("child_spawn", l.child_spawn);
    inner.read("message", l.message);
    inner.read("attribute_command", l.attribute_command);
    inner.read("command", l.command);
    inner.read("persist", l.persist);
    inner.read("corosync_start", l.corosync_start);
    inner.read("corosync_first_membership", l.corosync_first_membership);
    inner.read("pacemaker_start", l.pacemaker_start);
    inner.read("leave", l.leave);
    inner.read("corosync_stop", l.corosync_stop);
    inner.read("membership_notice", l.membership_notice);
    inner.finish();
  }

  // --- Helpers ---
  bool is_node(const std::string& name) const {
    return std::ranges::find(scenario_.nodes, name) != scenario_.nodes.end();
  }

  void check_node(const Value& at, const std::string& name) {
    if (!is_node(name))
      problems_.add(at, "there is no node '" + name + "'; there are " + one_of(scenario_.nodes));
  }

  template <class Visit>
  void for_each_node(const Value& map, Visit visit) {
    if (!map.is_map()) return problems_.add(map, "expected nodes and what belongs to them: {db1: …}");
    for (const Entry& entry : map.entries) {
      check_node(entry.key, entry.key.text);
      visit(entry.key.text, entry.value);
    }
  }

  template <class Visit>
  void for_each_named(Fields& world, const char* key, Visit visit) {
    const Value* map = world.take(key);
    if (map == nullptr) return;
    if (!map->is_map())
      return problems_.add(*map, std::string(key) + " needs names and what belongs to them");
    for (const Entry& entry : map->entries) {
      Fields inner(entry.value, std::string("an entry of ") + key, problems_);
      visit(entry.key.text, inner);
      inner.finish();
    }
  }

  std::vector<Value> items(const Value& list) {
    if (list.is_list()) return list.items;
    if (list.is_text()) return {list};
    problems_.add(list, std::string("expected a list, as in [ … ], not ") + kind_name(list.kind));
    return {};
  }

  void read_size_field(Fields& fields, const char* key, std::int64_t& bytes) {
    if (const Value* value = fields.take(key)) read_size(*value, bytes, problems_);
  }

  Fields& fields_;
  Problems& problems_;
  Inputs& inputs_;
  Scenario& scenario_;
};

}  // namespace

void read_world(Fields& fields, Inputs& inputs, Scenario& scenario) {
  WorldReader(fields, inputs, scenario).read();
}

void read_corosync_conf(Fields& fields, Inputs& inputs, Scenario& scenario) {
  const Value* world = fields.take("world");
  const Value* file = world == nullptr ? nullptr : world->find("corosync_conf");
  if (file == nullptr) return;
  const auto text = inputs.content(*file);
  if (!text) return fields.problems().add(*file, "corosync_conf: " + to_string(text.error()));
  auto options = models::parse_corosync_conf(*text, inputs.path_of(*file));
  if (!options) return fields.problems().add(options.error());
  scenario.world.corosync = std::move(*options);
}

}  // namespace fencepost::scenarios
