// Resources as configured: primitives, groups, clones and bundles, and the templates they may follow.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cib/nvpair.h"
#include "engine/cib/values.h"

namespace fencepost::cib {

// ocf:heartbeat:IPaddr2 is {"ocf", "heartbeat", "IPaddr2"}; only OCF agents have a provider.
struct Agent {
  std::string standard;  // XML "class"
  std::string provider;
  std::string type;
  auto operator<=>(const Agent&) const = default;
};

std::string to_string(const Agent& agent);  // "ocf:heartbeat:IPaddr2"

struct Operation {
  std::string id;
  std::string id_ref;
  std::string name;
  std::string interval_text;
  Milliseconds interval{0};  // what interval_text says; 0 if it says nothing or nonsense
  // Everything else written on <op>, in document order: timeout, on-fail, role, enabled, start-delay, …
  std::vector<Attribute> settings;
  NvpairBlocks meta;
  NvpairBlocks parameters;  // XML "instance_attributes"
  Extras extras;
  Line line;
  bool operator==(const Operation&) const = default;

  const std::string* setting(std::string_view setting_name) const;
};

struct PortMapping {
  std::string id, port, internal_port, range;
  Extras extras;
  Line line;
  bool operator==(const PortMapping&) const = default;
};

struct StorageMapping {
  std::string id, source_dir, source_dir_root, target_dir, options;
  Extras extras;
  Line line;
  bool operator==(const StorageMapping&) const = default;
};

// What a bundle has beyond its id and the primitive inside it. Numbers stay text: bad ones have meanings too.
struct Bundle {
  std::string technology;  // docker, podman or rkt: the element's name
  std::string image, replicas, replicas_per_host, promoted_max, masters, run_command, network, options;
  Extras container_extras;

  bool has_network = false;
  std::string network_id, ip_range_start, control_port, host_interface, host_netmask, add_host;
  std::vector<PortMapping> ports;
  Extras network_extras;

  std::vector<StorageMapping> storage;
  Extras storage_extras;
  bool operator==(const Bundle&) const = default;
};

enum class ResourceKind { primitive, group, clone, bundle, template_ };

struct Resource {
  ResourceKind kind = ResourceKind::primitive;
  std::string id;
  std::string description;
  bool legacy_master =
      false;  // written as <master>: a clone that is promotable whatever its meta-attributes say

  Agent agent;              // primitives and templates
  std::string template_id;  // primitives: XML "template"
  std::vector<Operation> operations;
  Extras operations_extras;
  std::string operations_id;
  std::string operations_id_ref;  // set: operations were copied from the <operations> it names

  NvpairBlocks meta;
  NvpairBlocks parameters;  // XML "instance_attributes"
  NvpairBlocks utilization;

  std::vector<Resource> children;  // members of a group; the one thing a clone or bundle holds
  std::optional<Bundle> bundle;

  Extras extras;  // other attributes of the element: to Pacemaker they are meta-attributes too
  Line line;
  bool operator==(const Resource&) const = default;
};

const char* element_name(const Resource& resource);  // "primitive", "master", …

}  // namespace fencepost::cib
