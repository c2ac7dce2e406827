// The subcommands that run and judge scenarios. Each takes its arguments as a value and returns the exit
// code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fencepost::tools {

// What every subcommand returns.
inline constexpr int kHeld = 0;
inline constexpr int kBroken = 1;
inline constexpr int kBadInput = 2;  // or bad usage
inline constexpr int kUndecided = 3;
inline constexpr int kSkipped = 77;  // a test that this machine cannot run

struct RunArguments {
  std::string scenario;
  std::string backend = "sim";  // or live: on real machines; replay: what a recording of such a run holds
  bool lab = false;             // live: on nodes that are namespaces of this machine
  std::string hosts;            // live: on named machines, "n1=root@db1,n2=root@db2"
  std::string ssh_config;       // of those
  std::string keep;             // live: a folder for the nodes' logs; empty: they go with the lab
  std::optional<std::uint64_t> seed;
  std::string db, trace;  // empty: none is written
  bool json = false;
  bool quiet = false;    // no timeline
  bool verbose = false;  // a timeline with everything
};
int run_command(const RunArguments& arguments);

struct RehearseArguments {
  std::vector<std::string> paths;
  std::string keep;        // a folder for the nodes' logs; empty: they go with the lab
  bool any_times = false;  // times are told and not judged
};
int rehearse_command(const RehearseArguments& arguments);

struct RaceArguments {
  std::vector<std::string> paths;
  int times = 3;  // each
};
int race_command(const RaceArguments& arguments);

struct CheckArguments {
  std::vector<std::string> paths;
  std::optional<std::uint64_t> seed;
  std::string junit;  // empty: none is written
  int jobs = 1;
  bool fingerprints = false;  // print them, and nothing that may differ between machines
};
int check_command(const CheckArguments& arguments);

struct ListArguments {
  std::vector<std::string> paths;
  bool markdown = false;  // as scenarios/README.md has it
};
int list_command(const ListArguments& arguments);

struct GraphArguments {
  std::string db;
  std::optional<int> transition;
  std::string out = ".";
  bool list = false;
  bool svg = true;
};
int graph_command(const GraphArguments& arguments);

struct ExplainArguments {
  std::string input;  // a CIB, a pe-input or a recording
  std::optional<int> transition;
  std::vector<std::string> resources;  // empty: all that change
  std::string date;                    // empty: as the input says, else now
};
int explain_command(const ExplainArguments& arguments);

struct ReplayArguments {
  std::string db;
};
int replay_command(const ReplayArguments& arguments);

struct FaultsArguments {
  std::string verb;  // empty: all
};
int faults_command(const FaultsArguments& arguments);

struct ValidateArguments {
  std::vector<std::string> files;
};
int validate_command(const ValidateArguments& arguments);

struct NodeArguments {
  std::string state_directory = "/var/lib/fencepost";
  std::string run_directory = "/run/fencepost";
  std::string ocf_root = "/usr/lib/ocf";
  std::string fence_agents = "/usr/sbin";
  std::string agent_tools = "/usr/lib/fencepost/bin";
  std::string first_cib;
  std::string tape;      // empty: none is made
  std::string watchdog;  // a device; empty: none
  int corosync_wait_s = 60;
  bool reset_on_panic = true;
  bool syslog_prefixes = false;
  bool verbose = false;
};
// Its exit codes are its own: tools/node/node_process.h.
int node_command(const NodeArguments& arguments);

}  // namespace fencepost::tools
