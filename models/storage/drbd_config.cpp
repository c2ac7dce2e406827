#include "models/storage/drbd_config.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "models/storage/drbd_file.h"
#include "models/storage/drbd_options.h"

namespace fencepost::models {
namespace {

using Problem = std::optional<Error>;

// --- Sections ---

class Reader {
 public:
  Problem read(const std::vector<DrbdStatement>& statements);
  DrbdConfig take() { return std::move(config_); }

 private:
  // The options in force at some place of the file; inner sections start from a copy.
  struct Scope {
    DrbdNetOptions net;
    DrbdDiskOptions disk;
    DrbdResourceOptions options;
    DrbdHandlers handlers;
  };
  // A volume as the resource and its hosts give it in pieces.
  struct Volumes {
    std::map<int, DrbdVolumeConfig> by_number;
    bool implicit = false;  // device, disk, meta-disk stood outside of any volume section
  };
  struct Host {
    DrbdHostConfig config;
    Volumes own;
    Where where;
  };

  Problem read_common(const DrbdStatement& common);
  Problem read_resource(const DrbdStatement& section);
  Problem read_host(const DrbdStatement& on, const Scope& scope, std::vector<Host>& hosts);
  Problem read_volume(const DrbdStatement& section, const DrbdDiskOptions& disk, Volumes& into);
  Problem read_volume_word(const DrbdStatement& s, DrbdVolumeConfig& volume);
  Problem read_connections(const DrbdStatement& section, const Scope& scope, DrbdResourceConfig& resource);
  Problem connect(const DrbdStatement& at, const std::vector<std::string>& hosts, const DrbdNetOptions& net,
                  DrbdResourceConfig& resource);
  Problem read_shared_section(const DrbdStatement& section, Scope& scope, bool& taken);
  void note(const DrbdStatement& s) {
    config_.not_modelled.push_back(to_string(Where{s.where.file, s.where.line, 0}) + ": " + s.keyword());
  }

  DrbdConfig config_;
  Scope common_;
  NoteStatement note_ = [this](const DrbdStatement& s) { note(s); };
};

Problem Reader::read(const std::vector<DrbdStatement>& statements) {
  // common holds for all resources, wherever it stands.
  for (const DrbdStatement& s : statements) {
    if (s.keyword() == "common" && s.is_section) {
      if (auto problem = read_common(s)) return problem;
    }
  }
  for (const DrbdStatement& s : statements) {
    Problem problem;
    if (s.keyword() == "resource" && s.is_section) {
      problem = read_resource(s);
    } else if (s.keyword() == "global" || s.keyword().starts_with("require-drbd-module-version")) {
      // usage-count, udev names, versions of the kernel module: nothing that the model does depends on them.
    } else if (s.keyword() != "common" || !s.is_section) {
      problem = Error{s.where, "'" + s.keyword() +
                                   "' is no section of a DRBD file: global, common, resource and "
                                   "include may stand here"};
    }
    if (problem) return problem;
  }
  return {};
}

Problem Reader::read_common(const DrbdStatement& common) {
  for (const DrbdStatement& s : common.body) {
    bool taken = false;
    if (auto problem = read_shared_section(s, common_, taken)) return problem;
    if (!taken) {
      return Error{s.where, "'" + s.keyword() +
                                "' cannot stand in common: disk, handlers, net, options and startup can"};
    }
  }
  return {};
}

// net, disk, options, handlers and startup mean the same in common and in a resource.
Problem Reader::read_shared_section(const DrbdStatement& s, Scope& scope, bool& taken) {
  taken = true;
  if (!s.is_section) {
    taken = false;
    return {};
  }
  if (s.keyword() == "net") return apply_net(s, scope.net, note_);
  if (s.keyword() == "disk") return apply_disk(s, scope.disk, note_);
  if (s.keyword() == "options") return apply_options(s, scope.options, note_);
  if (s.keyword() == "handlers") return apply_handlers(s, scope.handlers, note_);
  if (s.keyword() == "startup") {  // only read by init scripts; the cluster's agent has its own wfc_timeout
    note(s);
    return {};
  }
  taken = false;
  return {};
}

Problem Reader::read_resource(const DrbdStatement& section) {
  if (section.words.size() != 2) return Error{section.where, "a resource needs one name: resource r0 { … }"};
  DrbdResourceConfig resource;
  resource.name = section.words[1];
  for (const auto& other : config_.resources) {
    if (other.name == resource.name)
      return Error{section.where, "resource '" + resource.name + "' is there twice"};
  }

  // Options first: volumes, hosts and connections inherit them wherever they stand.
  Scope scope = common_;
  std::vector<const DrbdStatement*> rest;
  for (const DrbdStatement& s : section.body) {
    bool taken = false;
    if (auto problem = read_shared_section(s, scope, taken)) return problem;
    if (!taken) rest.push_back(&s);
  }
  resource.options = scope.options;
  resource.handlers = scope.handlers;

  Volumes volumes;
  std::vector<Host> hosts;
  std::vector<const DrbdStatement*> connections;
  for (const DrbdStatement* s : rest) {
    Problem problem;
    const std::string& keyword = s->keyword();
    if (s->is_section && keyword == "volume") {
      problem = read_volume(*s, scope.disk, volumes);
    } else if (s->is_section && keyword == "on") {
      problem = read_host(*s, scope, hosts);
    } else if (s->is_section && (keyword == "connection" || keyword == "connection-mesh")) {
      connections.push_back(s);
    } else if (!s->is_section && (keyword == "device" || keyword == "disk" || keyword == "meta-disk" ||
                                  keyword == "flexible-meta-disk")) {
      volumes.implicit = true;
      auto [volume, fresh] = volumes.by_number.try_emplace(0);
      if (fresh) volume->second.options = scope.disk;
      problem = read_volume_word(*s, volume->second);
    } else if (keyword == "protocol" && !s->is_section) {  // where 8.3 had it
      DrbdStatement net{.where = s->where, .words = {"net"}, .is_section = true, .body = {*s}};
      problem = apply_net(net, scope.net, note_);
    } else if (keyword == "stacked-on-top-of" || keyword == "floating") {
      problem =
          Error{s->where, "'" + keyword + "' is not modelled: describe every host with an 'on' section"};
    } else {
      problem = Error{s->where, "'" + keyword + "' cannot stand in a resource: check its spelling"};
    }
    if (problem) return problem;
  }

  if (hosts.size() < 2)
    return Error{section.where,
                 "resource '" + resource.name + "' needs an 'on' section for each of at least two hosts"};
  for (Host& host : hosts) {
    // What the host says itself wins over what the resource says for all.
    for (const auto& [number, shared] : volumes.by_number) {
      auto [volume, fresh] = host.own.by_number.try_emplace(number, shared);
      if (fresh) continue;
      if (volume->second.device.empty()) volume->second.device = shared.device;
      if (volume->second.minor < 0) volume->second.minor = shared.minor;
      if (volume->second.disk.empty()) volume->second.disk = shared.disk;
      if (volume->second.meta_disk.empty()) volume->second.meta_disk = shared.meta_disk;
    }
    for (auto& [number, volume] : host.own.by_number) {
      volume.number = number;
      if (volume.device.empty() && volume.minor >= 0)
        volume.device = "/dev/drbd" + std::to_string(volume.minor);
      if (volume.device.empty() || volume.disk.empty()) {
        return Error{host.where, "volume " + std::to_string(number) + " on " + host.config.name + " has no " +
                                     (volume.device.empty() ? "device" : "disk") +
                                     ": add one here or in the resource"};
      }
      if (volume.meta_disk.empty()) volume.meta_disk = "internal";
      host.config.volumes.push_back(volume);
    }
    if (host.config.volumes.empty())
      return Error{host.where, "no volume on " + host.config.name + ": add device and disk"};
    resource.hosts.push_back(host.config);
  }
  for (std::size_t i = 0; i < resource.hosts.size(); ++i) {
    const auto same_number = [](const auto& a, const auto& b) { return a.number == b.number; };
    const auto& first = resource.hosts.front().volumes;
    const auto& here = resource.hosts[i].volumes;
    if (!std::equal(first.begin(), first.end(), here.begin(), here.end(), same_number)) {
      return Error{hosts[i].where, "the volumes of " + resource.hosts[i].name + " are not those of " +
                                       resource.hosts.front().name + ": give every host the same numbers"};
    }
    if (resource.hosts[i].node_id < 0)
      resource.hosts[i].node_id = static_cast<int>(i);  // as 8.4 files, which have none
    for (std::size_t j = 0; j < i; ++j) {
      if (resource.hosts[i].node_id == resource.hosts[j].node_id) {
        return Error{hosts[i].where, "node-id " + std::to_string(resource.hosts[i].node_id) +
                                         " is also that of " + resource.hosts[j].name +
                                         ": give each host its own"};
      }
    }
  }

  for (const DrbdStatement* s : connections) {
    if (auto problem = read_connections(*s, scope, resource)) return problem;
  }
  if (connections.empty()) {  // drbdadm connects two hosts, and more with addresses, by default
    std::vector<std::string> names;
    for (const auto& host : resource.hosts) names.push_back(host.name);
    if (auto problem = connect(section, names, scope.net, resource)) return problem;
  }
  for (const auto& connection : resource.connections) {
    const DrbdNetOptions& net = connection.net;
    if (net.timeout >= net.connect_interval || net.timeout >= net.ping_interval) {
      return Error{section.where, "timeout of resource '" + resource.name +
                                      "' must be lower than connect-int and ping-int: drbd.conf(5)"};
    }
  }
  config_.resources.push_back(std::move(resource));
  return {};
}

Problem Reader::read_host(const DrbdStatement& on, const Scope& scope, std::vector<Host>& hosts) {
  if (on.words.size() < 2) return Error{on.where, "'on' needs the host's name: on alice { … }"};
  if (on.words.size() > 2)
    return Error{on.where, "one 'on' section for several hosts is not modelled: write one for each"};
  Host host;
  host.where = on.where;
  host.config.name = on.words[1];
  for (const Host& other : hosts) {
    if (other.config.name == host.config.name)
      return Error{on.where, "host '" + host.config.name + "' is there twice"};
  }
  // A disk section of the host holds for its volumes, also those that stand before it.
  DrbdDiskOptions disk = scope.disk;
  for (const DrbdStatement& s : on.body) {
    if (!s.is_section || s.keyword() != "disk") continue;
    if (auto problem = apply_disk(s, disk, note_)) return problem;
  }
  for (const DrbdStatement& s : on.body) {
    Problem problem;
    if (s.is_section && s.keyword() == "disk") continue;
    if (s.is_section && s.keyword() == "volume") {
      problem = read_volume(s, disk, host.own);
    } else if (s.is_section && s.keyword() == "options") {
      note(s);
    } else if (s.keyword() == "node-id") {
      const auto id = s.words.size() == 2 ? to_drbd_number(s.words[1]) : std::nullopt;
      if (!id || *id < 0 || *id > 31)
        problem = not_understood(s, "use a number from 0 to 31");
      else
        host.config.node_id = static_cast<int>(*id);
    } else if (s.keyword() == "address") {
      if (s.words.size() < 2) problem = not_understood(s, "write: address 10.0.0.1:7789;");
      for (std::size_t i = 1; i < s.words.size(); ++i) {
        host.config.address += (i > 1 ? " " : "") + s.words[i];
      }
    } else {
      auto [volume, fresh] = host.own.by_number.try_emplace(0);
      if (fresh) volume->second.options = disk;
      problem = read_volume_word(s, volume->second);
    }
    if (problem) return problem;
  }
  hosts.push_back(std::move(host));
  return {};
}

Problem Reader::read_volume(const DrbdStatement& section, const DrbdDiskOptions& disk, Volumes& into) {
  const auto number = section.words.size() == 2 ? to_drbd_number(section.words[1]) : std::nullopt;
  if (!number || *number < 0 || *number > 65534)
    return Error{section.where, "a volume needs its number: volume 0 { … }"};
  const auto [place, fresh] = into.by_number.try_emplace(static_cast<int>(*number));
  if (!fresh) return Error{section.where, "volume " + section.words[1] + " is there twice"};
  DrbdVolumeConfig& volume = place->second;
  volume.options = disk;
  for (const DrbdStatement& s : section.body) {
    const bool options = s.is_section && s.keyword() == "disk";
    auto problem = options ? apply_disk(s, volume.options, note_) : read_volume_word(s, volume);
    if (problem) return problem;
  }
  return {};
}

Problem Reader::read_volume_word(const DrbdStatement& s, DrbdVolumeConfig& volume) {
  const std::string& keyword = s.keyword();
  if (s.is_section || s.words.size() < 2)
    return Error{s.where,
                 "'" + keyword + "' is not understood here: a volume has device, disk and meta-disk"};
  if (keyword == "disk") {
    volume.disk = s.words[1];
  } else if (keyword == "meta-disk" || keyword == "flexible-meta-disk") {
    volume.meta_disk = s.words[1];
  } else if (keyword == "device") {
    // device /dev/drbd0; device minor 0; device /dev/drbd_name minor 0;
    std::size_t next = 1;
    if (s.words[next] != "minor") volume.device = s.words[next++];
    if (next < s.words.size()) {
      const auto minor = next + 2 == s.words.size() && s.words[next] == "minor"
                             ? to_drbd_number(s.words[next + 1])
                             : std::nullopt;
      if (!minor || *minor < 0 || *minor > 1048575)
        return not_understood(s, "write: device /dev/drbd0 minor 0;");
      volume.minor = static_cast<int>(*minor);
    } else if (volume.device.starts_with("/dev/drbd")) {
      if (const auto minor = to_drbd_number(std::string_view(volume.device).substr(9)))
        volume.minor = static_cast<int>(*minor);
    }
  } else {
    return Error{s.where,
                 "'" + keyword + "' is not understood here: a volume has device, disk and meta-disk"};
  }
  return {};
}

Problem Reader::read_connections(const DrbdStatement& section, const Scope& scope,
                                 DrbdResourceConfig& resource) {
  DrbdNetOptions net = scope.net;
  std::vector<std::string> hosts;
  const auto take_hosts = [&](const DrbdStatement& s) {
    if (s.keyword() == "host" && s.words.size() >= 2) hosts.push_back(s.words[1]);
    if (s.keyword() == "hosts") hosts.insert(hosts.end(), s.words.begin() + 1, s.words.end());
  };
  for (const DrbdStatement& s : section.body) {
    if (s.is_section && s.keyword() == "net") {
      if (auto problem = apply_net(s, net, note_)) return problem;
    } else if (s.is_section && s.keyword() == "path") {
      const bool first = hosts.empty();  // further paths join the same two hosts
      if (first) std::for_each(s.body.begin(), s.body.end(), take_hosts);
      if (!first) note(s);
    } else if (s.is_section && (s.keyword() == "disk" || s.keyword() == "volume")) {
      note(s);
    } else if (s.keyword() == "host" || s.keyword() == "hosts") {
      take_hosts(s);
    } else {
      return Error{s.where,
                   "'" + s.keyword() + "' cannot stand in a connection: host, hosts, path and net can"};
    }
  }
  return connect(section, hosts, net, resource);
}

Problem Reader::connect(const DrbdStatement& at, const std::vector<std::string>& names,
                        const DrbdNetOptions& net, DrbdResourceConfig& resource) {
  std::vector<int> hosts;
  for (const std::string& name : names) {
    const auto host = std::find_if(resource.hosts.begin(), resource.hosts.end(),
                                   [&](const auto& h) { return h.name == name; });
    if (host == resource.hosts.end()) {
      return Error{at.where, "host '" + name + "' has no 'on' section in resource '" + resource.name + "'"};
    }
    hosts.push_back(static_cast<int>(host - resource.hosts.begin()));
  }
  if (hosts.size() < 2 || (at.keyword() == "connection" && hosts.size() != 2)) {
    return Error{at.where, "a connection joins two hosts: name both"};
  }
  if (const auto stranger = discards_a_stranger(net, resource)) {
    return Error{at.where, "after-sb-0pri discard-node-" + *stranger + ": resource '" + resource.name +
                               "' has no host '" + *stranger + "'"};
  }
  std::sort(hosts.begin(), hosts.end());
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    for (std::size_t j = i + 1; j < hosts.size(); ++j) {
      const bool known =
          std::any_of(resource.connections.begin(), resource.connections.end(),
                      [&](const auto& c) { return c.first == hosts[i] && c.second == hosts[j]; });
      if (hosts[i] == hosts[j] || known)
        return Error{at.where, "these hosts are connected already: remove one of the two"};
      resource.connections.push_back({.first = hosts[i], .second = hosts[j], .net = net});
    }
  }
  return {};
}

Result<DrbdConfig> interpret(const std::vector<DrbdStatement>& statements) {
  Reader reader;
  if (auto problem = reader.read(statements)) return tl::unexpected(*problem);
  return reader.take();
}

}  // namespace

std::optional<std::string> discards_a_stranger(const DrbdNetOptions& net,
                                               const DrbdResourceConfig& resource) {
  const bool known =
      std::ranges::find(resource.hosts, net.discard_node, &DrbdHostConfig::name) != resource.hosts.end();
  return net.discard_node.empty() || known ? std::nullopt : std::optional(net.discard_node);
}

Result<DrbdConfig> read_drbd_file(const std::string& path) {
  const auto statements = read_drbd_statements(path);
  if (!statements) return tl::unexpected(statements.error());
  return interpret(*statements);
}

Result<DrbdConfig> parse_drbd(std::string_view text, const std::string& file_name,
                              std::string_view global_common) {
  auto statements = parse_drbd_statements(global_common, "global_common.conf");
  if (!statements) return tl::unexpected(statements.error());
  auto more = parse_drbd_statements(text, file_name);
  if (!more) return tl::unexpected(more.error());
  statements->insert(statements->end(), std::make_move_iterator(more->begin()),
                     std::make_move_iterator(more->end()));
  for (const DrbdStatement& s : *statements) {
    if (s.keyword() == "include")
      return failure(s.where, "there is no file to include from here: give the files themselves");
  }
  return interpret(*statements);
}

DrbdResourceConfig default_drbd_resource(const std::string& name, const std::vector<std::string>& hosts) {
  DrbdResourceConfig resource;
  resource.name = name;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    DrbdVolumeConfig volume{.number = 0,
                            .device = "/dev/drbd0",
                            .minor = 0,
                            .disk = "/dev/vg0/" + name,
                            .meta_disk = "internal",
                            .options = {}};
    resource.hosts.push_back(
        {.name = hosts[i], .node_id = static_cast<int>(i), .address = {}, .volumes = {volume}});
    for (std::size_t j = 0; j < i; ++j) {
      resource.connections.push_back(
          {.first = static_cast<int>(j), .second = static_cast<int>(i), .net = {}});
    }
  }
  return resource;
}

}  // namespace fencepost::models
