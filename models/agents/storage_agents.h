// The agents of storage, databases and guests: ocf:linbit:drbd, ocf:heartbeat:Filesystem, IPaddr2 …, with
// their phases, timeouts and exit codes. What they do was read from their documentation and seen from outside
// (docs/models.md).
#pragma once

#include <string_view>

#include "models/agent.h"

namespace fencepost::models {

void add_storage_agents(AgentRegistry& registry);

// An agent of ours: knows how long its own work takes, so that a healthy monitor is a single wait.
class StorageAgent : public Agent {
 public:
  Duration head_start(Machine& machine, const AgentRun& run) final;
  Duration usual_duration(Machine& machine, const AgentRun& run) final { return head_start(machine, run); }

 protected:
  // How long an action computes and runs small programs before it looks at the world; on top of the shell.
  virtual sim::Distribution work(std::string_view action) const = 0;
};

std::unique_ptr<Agent> make_drbd_agent();
std::unique_ptr<Agent> make_filesystem_agent();
std::unique_ptr<Agent> make_ipaddr2_agent();
std::unique_ptr<Agent> make_pgsql_agent();
std::unique_ptr<Agent> make_lvm_activate_agent();
std::unique_ptr<Agent> make_mysql_agent();
std::unique_ptr<Agent> make_nfsserver_agent();
std::unique_ptr<Agent> make_exportfs_agent();
std::unique_ptr<Agent> make_virtual_domain_agent();
std::unique_ptr<Agent> make_iscsi_agent();
std::unique_ptr<Agent> make_apache_agent();
std::unique_ptr<Agent> make_nginx_agent();

// OCF_RESKEY_name as a boolean: yes, true, 1 and on, in any of OCF's spellings.
bool ocf_true(std::string_view value);
// As a whole number; `otherwise` if it is none.
int to_int(std::string_view value, int otherwise);

}  // namespace fencepost::models
