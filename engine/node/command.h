// What people ask of a cluster: the verbs of crm_resource, crm_standby, crm_attribute, cibadmin and
// stonith_admin.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "engine/base/time.h"

namespace fencepost::cib {
struct Edit;
}

namespace fencepost::node {

struct SetStandby {
  std::string node;
  bool on = true;
  bool until_reboot = false;  // lifetime reboot: a transient attribute
};

// crm_resource --move, --ban, --clear. An empty node means "where it runs now".
struct MoveResource {
  std::string resource;
  std::string node;
  bool promoted = false;
  std::optional<Duration> lifetime;
};
struct BanResource {
  std::string resource;
  std::string node;
  bool promoted = false;
  std::optional<Duration> lifetime;
};
struct ClearResource {
  std::string resource;
  std::string node;  // empty: everywhere
};

// crm_resource --cleanup (only if there are failures) and --refresh (always). Empty: everything, everywhere.
struct CleanupResource {
  std::string resource;
  std::string node;
};
struct RefreshResource {
  std::string resource;
  std::string node;
};

struct SetProperty {
  std::string name;
  std::optional<std::string> value;  // nothing: delete
};
struct SetResourceMeta {
  std::string resource;
  std::string name;
  std::optional<std::string> value;
};
struct SetNodeAttribute {
  std::string node;
  std::string name;
  std::optional<std::string> value;
  bool transient = false;
};

struct EditCib {
  std::shared_ptr<const cib::Edit> edit;
};

// stonith_admin --fence / --reboot by hand.
struct FenceNode {
  std::string node;
  std::string action = "reboot";
};

// Orderly stop of the cluster stack on the node that gets this.
struct Shutdown {};

using Command =
    std::variant<SetStandby, MoveResource, BanResource, ClearResource, CleanupResource, RefreshResource,
                 SetProperty, SetResourceMeta, SetNodeAttribute, EditCib, FenceNode, Shutdown>;

}  // namespace fencepost::node
