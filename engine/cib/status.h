// What the cluster knows of its nodes' state: membership, transient attributes, operation history, tickets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/cib/nvpair.h"
#include "engine/cib/outcome.h"
#include "engine/cib/resource.h"
#include "engine/cib/shared_value.h"
#include "engine/cib/values.h"

namespace fencepost::cib {

// transition-key "3:17:0:2668bbeb-…": what the DC asked for.
struct TransitionKey {
  int action = -1;
  int transition = -1;
  int target_rc = -1;
  std::string_view uuid;
  bool operator==(const TransitionKey&) const = default;
};
std::optional<TransitionKey> parse_transition_key(std::string_view text);
std::string to_string(const TransitionKey& key);

// transition-magic "0:7;3:17:7:2668bbeb-…": the same with the answer.
struct TransitionMagic {
  int op_status = 0;
  int rc = 0;
  TransitionKey key;
  bool operator==(const TransitionMagic&) const = default;
};
std::optional<TransitionMagic> parse_transition_magic(std::string_view text);
std::string to_string(const TransitionMagic& magic);

// One lrm_rsc_op. An empty string means "absent" where nothing else is said.
struct OpHistory {
  std::string id;             // db_last_0, db_monitor_20000, db_last_failure_0
  std::string operation_key;  // db_start_0
  std::string operation;
  Milliseconds interval{0};
  int call_id = 0;
  AgentRc rc = AgentRc::ok;
  OpStatus status = OpStatus::done;
  std::string transition_key;
  std::string transition_magic;
  std::string exit_reason;
  std::string on_node;
  std::string crm_feature_set;
  std::string crm_debug_origin;
  std::optional<WallSeconds> last_rc_change;
  std::optional<WallSeconds> last_run;
  std::optional<Milliseconds> exec_time;
  std::optional<Milliseconds> queue_time;
  std::string op_digest;
  std::optional<std::string> op_force_restart;  // names between blanks; present and empty is not absent
  std::string op_restart_digest;
  std::optional<std::string> op_secure_params;
  std::string op_secure_digest;
  std::string migrate_source;
  std::string migrate_target;
  Extras extras;
  Line line;
  bool operator==(const OpHistory&) const = default;
};

struct ResourceHistory {  // lrm_resource
  std::string id;
  Agent agent;
  std::string container;
  std::optional<WallSeconds> shutdown_lock;
  std::vector<SharedValue<OpHistory>> ops;  // in document order
  Extras extras;
  Line line;
  bool operator==(const ResourceHistory&) const = default;
};

// Membership fields keep their texts, since "absent", "false" and other words all mean different things to
// policy.
struct NodeState {
  std::string id;
  std::string uname;
  std::string in_ccm;    // "true": a member of the membership layer
  std::string crmd;      // "online": its controller is in the process group
  std::string join;      // member, pending, down, banned
  std::string expected;  // member, down
  std::string crm_debug_origin;
  std::string remote_node;          // "true"
  std::string node_fenced;          // epoch, or 0
  std::string node_in_maintenance;  // "1"
  bool has_transient_attributes = false;
  NvpairBlocks transient_attributes;
  Extras transient_extras;
  bool has_lrm = false;
  Extras lrm_extras;
  Extras lrm_resources_extras;
  std::vector<SharedValue<ResourceHistory>> resources;  // in document order
  Extras extras;
  Line line;
  bool operator==(const NodeState&) const = default;
};

struct TicketState {
  std::string id;
  std::optional<bool> granted;
  std::optional<bool> standby;
  std::optional<WallSeconds> last_granted;
  std::vector<Attribute> attributes;  // every other one
  Line line;
  bool operator==(const TicketState&) const = default;
};

// Copying a Status is cheap: what does not change is shared.
struct Status {
  std::vector<SharedValue<NodeState>> nodes;  // in document order
  std::vector<TicketState> tickets;
  Extras tickets_extras;
  Extras extras;
  bool operator==(const Status&) const = default;
};

const NodeState* find_node_state(const Status& status, std::string_view uname);  // in any case
const ResourceHistory* find_history(const NodeState& state, std::string_view resource);
const OpHistory* find_op(const ResourceHistory& history, std::string_view id);
const TicketState* find_ticket(const Status& status, std::string_view id);

}  // namespace fencepost::cib
