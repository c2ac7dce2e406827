// What ocf:heartbeat:pgsql does with a server, alone (pgsql_agent.cpp) or with replication
// (pgsql_replication.cpp).
#pragma once

#include "models/script.h"

namespace fencepost::models {

class AgentRun;
class DatabaseServer;
class Process;

namespace pgsql {

Script monitor(Process& self, AgentRun& run, DatabaseServer& server);
// Looks every second until a client is answered.
Script wait_until_up(Process& self, AgentRun& run, DatabaseServer& server);
Script stop(Process& self, AgentRun& run, DatabaseServer& server);

// rep_mode async and sync: one primary, standbys that stream from it, a promotion score for each.
Script replicated(Process& self, AgentRun& run, DatabaseServer& server);

}  // namespace pgsql
}  // namespace fencepost::models
