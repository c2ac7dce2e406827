// Bundles become what they stand for: per replica an IP address, a container, a connection and a guest node,
// and around what they run a clone of it.
#include <algorithm>
#include <cstdlib>

#include "engine/policy/compile.h"

namespace fencepost::policy {
namespace {

constexpr const char* kDefaultControlPort = "3121";  // Pacemaker Remote
constexpr const char* kRemoteDaemon = "/usr/sbin/pacemaker-remoted";

cib::Nvpair pair_of(const std::string& id, std::string name, std::string value) {
  cib::Nvpair pair;
  pair.id = id + "-" + name;
  pair.name = std::move(name);
  pair.value = std::move(value);
  return pair;
}

cib::Operation recurring_monitor(const std::string& resource, const std::string& interval,
                                 const std::string& timeout) {
  cib::Operation op;
  op.id = resource + "-monitor-" + interval;
  op.name = "monitor";
  op.interval_text = interval;
  op.interval = cib::parse_interval(interval).value_or(cib::Milliseconds{0});
  if (!timeout.empty()) op.settings.push_back({"timeout", timeout});
  return op;
}

bool has_inner(const cib::Resource& bundle) {
  return !bundle.children.empty() && bundle.children.front().kind == cib::ResourceKind::primitive;
}

std::string replica_name(const cib::Resource& bundle, int number) {
  return bundle.id + "-" + std::to_string(number);
}

struct Mount {
  std::string source, target, options;
  bool per_replica = false;
};

std::vector<Mount> mounts_of(const cib::Resource& xml, int number) {
  std::vector<Mount> mounts;
  bool log_mounted = false;
  for (const cib::StorageMapping& mapping : xml.bundle->storage) {
    const bool rooted = mapping.source_dir.empty();
    Mount mount{rooted ? mapping.source_dir_root : mapping.source_dir, mapping.target_dir, mapping.options,
                rooted};
    if (mount.source.empty() || mount.target.empty()) continue;
    if (mount.target == "/var/log") log_mounted = true;
    mounts.push_back(std::move(mount));
  }
  if (has_inner(xml)) {
    mounts.push_back({"/etc/pacemaker/authkey", "/etc/pacemaker/authkey", "", false});
    if (!log_mounted) mounts.push_back({"/var/log/pacemaker/bundles", "/var/log", "", true});
  }
  for (Mount& mount : mounts) {
    if (mount.per_replica) mount.source += "/" + replica_name(xml, number);
  }
  return mounts;
}

std::string port_options(const cib::Resource& xml, const std::string& ip) {
  const cib::Bundle& b = *xml.bundle;
  struct Port {
    std::string outside, inside;
  };
  std::vector<Port> ports;
  for (const cib::PortMapping& mapping : b.ports) {
    if (mapping.port.empty()) {
      if (!mapping.range.empty()) ports.push_back({mapping.range, mapping.range});
    } else {
      ports.push_back({mapping.port, mapping.internal_port.empty() ? mapping.port : mapping.internal_port});
    }
  }
  if (has_inner(xml)) {
    const std::string control = b.control_port.empty() ? kDefaultControlPort : b.control_port;
    ports.push_back({control, control});
  }
  std::string text;
  for (const Port& port : ports) {
    if (!ip.empty()) {
      text += " -p " + ip + ":" + port.outside + ":" + port.inside;
    } else if (b.network != "host") {
      text += " -p " + port.outside + ":" + port.inside;
    }
  }
  return text;
}

// Options on the container engine's command line, in Pacemaker's order, blanks included: a difference would
// restart the container.
std::string run_options(const cib::Resource& xml, int number, const std::string& ip,
                        const std::string& hosts) {
  const cib::Bundle& b = *xml.bundle;
  const bool rkt = b.technology == "rkt";
  const std::string environment = rkt ? " --environment=" : " -e ";
  std::string text;
  if (b.technology == "docker") text += " --restart=no";
  if (!b.ip_range_start.empty()) text += (rkt ? " --hostname=" : " -h ") + replica_name(xml, number);
  text += environment + "PCMK_stderr=1";
  if (!b.network.empty()) text += " --net=" + b.network;
  text += environment + "PCMK_remote_port=" + (b.control_port.empty() ? kDefaultControlPort : b.control_port);
  int volume = 0;
  for (const Mount& mount : mounts_of(xml, number)) {
    if (rkt) {
      const std::string name = "vol" + std::to_string(volume++);
      text += " --volume " + name + ",kind=host,source=" + mount.source;
      if (!mount.options.empty()) text += "," + mount.options;
      text += " --mount volume=" + name + ",target=" + mount.target;
    } else {
      text += " -v " + mount.source + ":" + mount.target;
      if (!mount.options.empty()) text += ":" + mount.options;
    }
  }
  text += port_options(xml, ip);
  if (!b.options.empty()) text += " " + b.options;
  return text + " " + hosts;
}

std::string mount_points(const cib::Resource& xml, int number) {
  std::string text;
  for (const Mount& mount : mounts_of(xml, number)) {
    if (!mount.per_replica) continue;
    if (!text.empty()) text += ",";
    text += mount.source;
  }
  return text;
}

}  // namespace

bool valid_bundle(const cib::Resource& xml) {
  return xml.bundle &&
         (!has_inner(xml) || !xml.bundle->ip_range_start.empty() || !xml.bundle->control_port.empty());
}

// The last octet counts to 253, then the third goes up; nothing after the last.
std::string next_ip(const std::string& ip) {
  int octets[4] = {0, 0, 0, 0};
  std::size_t start = 0;
  for (int& octet : octets) {
    octet = std::atoi(ip.c_str() + start);
    const std::size_t dot = ip.find('.', start);
    start = dot == std::string::npos ? ip.size() : dot + 1;
  }
  if (octets[3] > 253) {
    if (octets[2] > 253) return "";
    ++octets[2];
    octets[3] = 1;
  } else {
    ++octets[3];
  }
  return std::to_string(octets[0]) + "." + std::to_string(octets[1]) + "." + std::to_string(octets[2]) + "." +
         std::to_string(octets[3]);
}

std::string ip_resource_id(const std::string& bundle, const std::string& ip) {
  std::string id = bundle + "-ip-" + ip;
  for (char& c : id) {
    const bool fit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '_' || c == '.' || c == ':';
    if (!fit || c == ':') c = '.';
  }
  return id;
}

cib::Resource make_ip_resource(const cib::Resource& bundle, const std::string& id, const std::string& ip) {
  cib::Resource made;
  made.id = id;
  made.agent = {"ocf", "heartbeat", "IPaddr2"};
  cib::NvpairBlock block;
  block.id = id + "-attributes";
  block.pairs.push_back(pair_of(block.id, "ip", ip));
  if (!bundle.bundle->host_interface.empty()) {
    block.pairs.push_back(pair_of(block.id, "nic", bundle.bundle->host_interface));
  }
  const std::string& mask = bundle.bundle->host_netmask;
  block.pairs.push_back(pair_of(block.id, "cidr_netmask", mask.empty() ? "32" : mask));
  made.parameters.push_back(std::move(block));
  made.operations.push_back(recurring_monitor(id, "60s", ""));
  return made;
}

cib::Resource make_container(const cib::Resource& bundle, int number, const std::string& ip,
                             const std::string& hosts) {
  const cib::Bundle& b = *bundle.bundle;
  cib::Resource made;
  made.id = bundle.id + "-" + b.technology + "-" + std::to_string(number);
  made.agent = {"ocf", "heartbeat", b.technology};
  cib::NvpairBlock block;
  block.id = made.id + "-attributes";
  const auto set = [&block](std::string name, std::string value) {
    block.pairs.push_back(pair_of(block.id, std::move(name), std::move(value)));
  };
  set("image", b.image);
  set("monitor_cmd", "/bin/true");
  set("allow_pull", "true");
  set("force_kill", "false");
  set("reuse", "false");
  set("run_opts", run_options(bundle, number, ip, hosts));
  set("mount_points", mount_points(bundle, number));
  if (has_inner(bundle)) {
    set("run_cmd", b.run_command.empty() ? kRemoteDaemon : b.run_command);
  } else if (!b.run_command.empty()) {
    set("run_cmd", b.run_command);
  }
  made.parameters.push_back(std::move(block));
  if (has_inner(bundle)) made.utilization = bundle.children.front().utilization;
  made.operations.push_back(recurring_monitor(made.id, "60s", ""));
  return made;
}

cib::Resource make_connection(const cib::Resource& bundle, const std::string& id) {
  cib::Resource made;
  made.id = id;
  made.agent = {"ocf", "pacemaker", "remote"};
  made.operations.push_back(recurring_monitor(id, "30s", "30s"));
  (void)bundle;
  return made;
}

cib::Resource make_inner_clone(const cib::Resource& bundle, int replicas, int per_host, int promoted_max) {
  cib::Resource clone;
  clone.kind = cib::ResourceKind::clone;
  clone.id = bundle.id + (promoted_max > 0 ? "-master" : "-clone");
  cib::NvpairBlock block;
  block.id = clone.id + "-meta";
  const auto set = [&block](std::string name, std::string value) {
    block.pairs.push_back(pair_of(block.id, std::move(name), std::move(value)));
  };
  set("ordered", "true");
  set("clone-max", std::to_string(replicas));
  set("clone-node-max", std::to_string(per_host));
  set("globally-unique", per_host > 1 ? "true" : "false");
  if (promoted_max > 0) {
    set("promotable", "true");
    set("promoted-max", std::to_string(promoted_max));
  }
  clone.meta.push_back(std::move(block));
  clone.children = bundle.children;
  clone.children.front().utilization.clear();  // the container carries it
  return clone;
}

std::string host_entry(const cib::Resource& bundle, int number, const std::string& ip) {
  const bool add_host = bundle.bundle->add_host.empty() || cib::is_true(bundle.bundle->add_host);
  const std::string name = replica_name(bundle, number);
  return add_host ? " --add-host=" + name + ":" + ip : " --hosts-entry=" + ip + "=" + name;
}

bool ResourceCompiler::fill_bundle(ResourceId id, const cib::Resource& xml) {
  if (!valid_bundle(xml)) {
    c_.notices.push_back({Notice::Severity::error, "bundle '" + xml.id +
                                                       "' holds a primitive but has neither "
                                                       "ip-range-start nor control-port: add one of them"});
    return false;
  }
  const cib::Bundle& b = *xml.bundle;
  BundleSpec bundle;
  bundle.resource = id;
  bundle.image = b.image;
  bundle.engine = b.technology;
  const std::string& promoted = b.promoted_max.empty() ? b.masters : b.promoted_max;
  bundle.promoted_max = promoted.empty() ? 0 : parse_count(&promoted, 0);
  bundle.replicas =
      b.replicas.empty() ? std::max(1, bundle.promoted_max) : std::max(1, parse_count(&b.replicas, 1));
  bundle.per_host = b.replicas_per_host.empty() ? 1 : std::max(1, parse_count(&b.replicas_per_host, 1));
  if (!b.control_port.empty() && b.ip_range_start.empty()) bundle.per_host = 1;

  if (has_inner(xml)) {
    const cib::Resource& clone =
        keep(make_inner_clone(xml, bundle.replicas, bundle.per_host, bundle.promoted_max));
    bundle.inner_clone = add(clone, id);
    if (!bundle.inner_clone.valid()) return false;
    ResourceSpec& spec = c_.resources[bundle.inner_clone.index()];
    const std::string* notify = c_.resources[spec.children.front().index()].definition->find_meta("notify");
    spec.clone.notify = notify != nullptr && cib::is_true(*notify);
  }
  std::string hosts;
  std::string ip = b.ip_range_start;
  for (int n = 0; n < bundle.replicas; ++n) {
    BundleReplicaSpec part;
    part.number = n;
    part.ip_address = ip;
    if (!ip.empty()) {
      hosts += host_entry(xml, n, ip);
      ip = next_ip(ip);
    }
    if (bundle.inner_clone.valid()) {
      part.inner = c_.resources[bundle.inner_clone.index()].children[static_cast<std::size_t>(n)];
    }
    bundle.parts.push_back(std::move(part));
  }
  for (BundleReplicaSpec& part : bundle.parts) add_replica(bundle, xml, part, hosts);

  std::vector<ResourceId> children;
  for (const BundleReplicaSpec& part : bundle.parts) {
    children.push_back(part.container);
    if (part.ip.valid()) children.push_back(part.ip);
    if (part.connection.valid()) children.push_back(part.connection);
  }
  if (bundle.inner_clone.valid()) children.push_back(bundle.inner_clone);
  ResourceSpec& spec = c_.resources[id.index()];
  spec.children = std::move(children);
  spec.unique = bundle.per_host > 1;
  spec.bundle = static_cast<int>(c_.bundles.size());
  c_.bundles.push_back(std::move(bundle));
  return true;
}

void ResourceCompiler::add_replica(BundleSpec& bundle, const cib::Resource& xml, BundleReplicaSpec& part,
                                   const std::string& hosts) {
  if (!part.ip_address.empty()) {
    const std::string id = ip_resource_id(xml.id, part.ip_address);
    part.ip = add(keep(make_ip_resource(xml, id, part.ip_address)), bundle.resource);
  }
  part.container = add(keep(make_container(xml, part.number, part.ip_address, hosts)), bundle.resource);
  if (!part.inner.valid()) return;
  std::string name = replica_name(xml, part.number);
  const bool taken = std::any_of(c_.resources.begin(), c_.resources.end(),
                                 [&name](const ResourceSpec& spec) { return spec.id == name; });
  if (taken) {
    name = "pcmk-internal-" + c_.resources[part.inner.index()].id + "-remote-" + std::to_string(part.number);
  }
  part.guest_node = name;
  cib::Resource connection = make_connection(xml, name);
  cib::NvpairBlock parameters;
  parameters.id = name + "-instance_attributes";
  parameters.pairs.push_back(
      pair_of(parameters.id, "addr", part.ip_address.empty() ? "#uname" : part.ip_address));
  const std::string& port = xml.bundle->control_port;
  parameters.pairs.push_back(pair_of(parameters.id, "port", port.empty() ? kDefaultControlPort : port));
  connection.parameters.push_back(std::move(parameters));
  cib::NvpairBlock meta;
  meta.id = name + "-meta_attributes";
  meta.pairs.push_back(pair_of(meta.id, "internal_rsc", "true"));
  meta.pairs.push_back(pair_of(meta.id, "container", c_.resources[part.container.index()].id));
  connection.meta.push_back(std::move(meta));

  c_.guest_nodes_in_use = true;
  if (const NodeId node = c_.find_node(name); node.valid()) {
    c_.nodes[node.index()].kind = NodeKind::guest;
  } else {
    c_.nodes.push_back({.name = name,
                        .id = name,
                        .kind = NodeKind::guest,
                        .score = -Score::kInfinity,
                        .xml = nullptr,
                        .connection = {}});
  }
  part.connection = add(keep(std::move(connection)), bundle.resource);
}

}  // namespace fencepost::policy
