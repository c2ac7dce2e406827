// ocf:heartbeat:pgsql with rep_mode async or sync. Names and values of attributes, and scores: the agent's
// metadata and ClusterLabs' description of PgSQL replicated clusters.
#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "engine/cib/cib.h"
#include "models/agents/pgsql_agent.h"
#include "models/agents/storage_agents.h"
#include "models/core/stack.h"
#include "models/database/replication.h"
#include "models/database/server.h"
#include "models/machine.h"
#include "models/world.h"

namespace fencepost::models::pgsql {
namespace {

constexpr const char* kPromotable = "100";  // a standby that streams
constexpr const char* kPrimary = "1000";    // the primary, or who is to become it
constexpr const char* kNever = "-INFINITY";

// What this machine last said about each node, so that a monitor without news says nothing.
struct Told final : MachinePart {
  explicit Told(Machine&) {}
  std::map<std::string, std::string, std::less<>> by_name;  // "node attribute" -> value
};

class Replicated {
 public:
  Replicated(Process& self, AgentRun& run, DatabaseServer& server)
      : self_(self),
        run_(run),
        server_(server),
        machine_(self.machine()),
        all_(machine_.world().part<Replications>().find(run.resource())),
        mine_(all_.copy(machine_)) {
    for (const auto& machine : machine_.world().machines()) all_.copy(*machine);
    all_.set_primary_address(run.parameter("master_ip"));
  }

  Script monitor() {
    const int rc = co_await pgsql::monitor(self_, run_, server_);
    if (rc != ocf::kSuccess) co_return rc;
    if (server_.is_standby()) {
      look_as_standby();
      co_return ocf::kSuccess;
    }
    look_as_primary();
    co_return ocf::kRunningPromoted;
  }

  // Always as a standby: who is primary is decided by scores.
  Script start() {
    if (server_.has_process() && server_.answer() == ServerAnswer::row) co_return ocf::kSuccess;
    if (mine_.locked) {
      run_.exit_reason("My data may be inconsistent. You have to remove PGSQL.lock file to force start.");
      co_return ocf::kGenericError;
    }
    if (!server_.start_standby(mine_)) {
      run_.exit_reason("Can't start PostgreSQL.");
      co_return ocf::kGenericError;
    }
    mine_.looks_without_primary = 0;
    tell(machine_.name(), "status", "HS:alone");
    co_return co_await wait_until_up(self_, run_, server_);
  }

  Script promote() {
    if (server_.state() != ServerState::running) {
      run_.exit_reason("PostgreSQL isn't running.");
      co_return ocf::kGenericError;
    }
    mine_.locked = true;
    server_.promote();
    co_await self_.sleep(1s);  // pg_ctl promote, and a look whether it is one
    tell(machine_.name(), "data-status", "LATEST");
    tell(machine_.name(), "status", "PRI");
    score(machine_.name(), kPrimary);
    co_return ocf::kSuccess;
  }

  // demote and stop both end the server. A primary that leaves a standby behind keeps its lock: that one may
  // go on, and these data are then of another timeline.
  Script stop() {
    const bool was_primary = server_.has_process() && !server_.is_standby();
    const bool alone = std::ranges::none_of(all_.copies(), &PostgresCopy::is_seen);
    co_await pgsql::stop(self_, run_, server_);
    if (was_primary && alone) mine_.locked = false;
    tell(machine_.name(), "status", "STOP");
    score(machine_.name(), kNever);
    co_return ocf::kSuccess;
  }

 private:
  // --- What a monitor tells the cluster ---

  void look_as_primary() {
    tell(machine_.name(), "data-status", "LATEST");
    tell(machine_.name(), "status", "PRI");
    score(machine_.name(), kPrimary);
    const bool sync = run_.parameter("rep_mode") == "sync";
    bool has_sync = false;
    for (const PostgresCopy& copy : all_.copies()) {
      if (&copy == &mine_) continue;
      const std::string& node = copy.machine().name();
      const bool potential = sync && has_sync;
      const char* how = !sync ? "STREAMING|ASYNC" : has_sync ? "STREAMING|POTENTIAL" : "STREAMING|SYNC";
      tell(node, "data-status", copy.is_seen() ? how : "DISCONNECT");
      score(node, copy.is_seen() && !potential ? kPromotable : kNever);
      has_sync = has_sync || (sync && copy.is_seen());
    }
    // synchronous_standby_names follows who is connected: without anybody, commits go on alone.
    if (std::exchange(mine_.waits_for_standby, has_sync) != has_sync) all_.look();
  }

  void look_as_standby() {
    tell(machine_.name(), "status", mine_.receives() ? "HS:connected" : "HS:alone");
    if (primary_in_cluster()) {
      mine_.looks_without_primary = 0;
      return;
    }
    const int enough = to_int(run_.parameter("xlog_check_count", "3"), 3);
    if (++mine_.looks_without_primary < enough) return;
    if (mine_.is_newest()) score(machine_.name(), kPrimary);
  }

  bool primary_in_cluster() const {
    const Engine* engine = machine_.stack().engine();
    const cib::Cib* cib = engine ? engine->cib() : nullptr;
    if (!cib) return false;
    const std::string name = std::string(run_.resource()) + "-status";
    return std::ranges::any_of(cib->status.nodes, [&](const auto& state) {
      return std::ranges::any_of(state->transient_attributes, [&](const cib::NvpairBlock& block) {
        const std::string* value = block.find(name);
        return value != nullptr && *value == "PRI";
      });
    });
  }

  void tell(const std::string& node, const std::string& what, const std::string& value) {
    set(node, std::string(run_.resource()) + "-" + what, value);
  }
  void score(const std::string& node, const std::string& value) {
    set(node, "master-" + std::string(run_.resource()), value);
  }
  void set(const std::string& node, const std::string& name, const std::string& value) {
    std::string& told = machine_.part<Told>().by_name[node + " " + name];
    const bool news = std::exchange(told, value) != value;
    if (node == machine_.name()) {
      if (news) machine_.set_attribute({name, value, {}});
    } else if (news || is_other(node, name, value)) {
      machine_.command(node::SetNodeAttribute{node, name, value, true});
    }
  }
  // A node that was away has lost its attributes, and one that started again has set them itself.
  bool is_other(const std::string& node, const std::string& name, const std::string& value) const {
    const Engine* engine = machine_.stack().engine();
    const cib::Cib* cib = engine ? engine->cib() : nullptr;
    const cib::NodeState* state = cib ? cib::find_node_state(cib->status, node) : nullptr;
    if (state == nullptr || state->in_ccm == "false" || state->in_ccm == "0") return false;
    for (const cib::NvpairBlock& block : state->transient_attributes) {
      if (const std::string* now = block.find(name)) return *now != value;
    }
    return true;
  }

  Process& self_;
  AgentRun& run_;
  DatabaseServer& server_;
  Machine& machine_;
  Replication& all_;
  PostgresCopy& mine_;
};

}  // namespace

Script replicated(Process& self, AgentRun& run, DatabaseServer& server) {
  Replicated agent(self, run, server);
  const std::string& action = run.action();
  if (action == "monitor" || action == "status") co_return co_await agent.monitor();
  if (action == "start") co_return co_await agent.start();
  if (action == "promote") co_return co_await agent.promote();
  if (action == "stop" || action == "demote") co_return co_await agent.stop();
  if (action == "notify" || action == "validate-all" || action == "meta-data" || action == "methods")
    co_return ocf::kSuccess;
  co_return ocf::kUnimplemented;
}

}  // namespace fencepost::models::pgsql
