// The stages of compile(): each makes one part of a Configuration.
#pragma once

#include <unordered_map>

#include "engine/policy/configuration.h"

namespace fencepost::policy {

Options read_options(const cib::Configuration& configuration, const cib::RuleContext& context);

// What a resource's meta-attributes, parameters and operations come to. `parent` is that of what holds it, or
// null.
// Whether rules there ask for the time.
bool any_date(const std::vector<cib::Rule>& rules);
bool any_date(const cib::NvpairBlocks& blocks);

std::shared_ptr<const Definition> define(const Configuration& configuration, const cib::Resource& xml,
                                         const Definition* parent, const cib::RuleContext& context);

// Makes resource specs out of configured resources, and nodes out of those that stand for nodes.
class ResourceCompiler {
 public:
  ResourceCompiler(Configuration& configuration, const cib::RuleContext& context)
      : c_(configuration), context_(context) {}

  void compile_all();
  ResourceId add(const cib::Resource& xml, ResourceId parent, int instance = -1);
  // Takes a resource that is made here into keeping.
  const cib::Resource& keep(cib::Resource made);

 private:
  ResourceId add_spec(const cib::Resource& xml, ResourceId parent, int instance);
  void fill_group(ResourceId id, const cib::Resource& xml, int instance);
  bool fill_clone(ResourceId id, const cib::Resource& xml);
  bool fill_bundle(ResourceId id, const cib::Resource& xml);
  void add_nodes_of_resources();
  void add_guest_node(const cib::Resource& container, const std::string& name);
  void add_replica(BundleSpec& bundle, const cib::Resource& xml, BundleReplicaSpec& replica,
                   const std::string& hosts);
  void remove_from(std::size_t first);

  Configuration& c_;
  const cib::RuleContext& context_;
  std::vector<const cib::Resource*> guest_connections_;
  std::unordered_map<const cib::Resource*, std::shared_ptr<const Definition>> defined_;  // never iterated
};

// The container of a bundle's replica, its IP address and its connection, as resources.
struct ReplicaNames {
  std::string container, ip, connection;
};
bool valid_bundle(const cib::Resource& xml);
std::string next_ip(const std::string& ip);
std::string ip_resource_id(const std::string& bundle, const std::string& ip);
cib::Resource make_ip_resource(const cib::Resource& bundle, const std::string& id, const std::string& ip);
cib::Resource make_container(const cib::Resource& bundle, int number, const std::string& ip,
                             const std::string& hosts);
cib::Resource make_connection(const cib::Resource& bundle, const std::string& id);
cib::Resource make_inner_clone(const cib::Resource& bundle, int replicas, int per_host, int promoted_max);
std::string host_entry(const cib::Resource& bundle, int number, const std::string& ip);

int parse_count(const std::string* text, int fallback);

}  // namespace fencepost::policy
