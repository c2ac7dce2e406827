// What the subcommands of `fencepost ctl` share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/live/control/request.h"

namespace fencepost::cib {
struct Cib;
}
namespace CLI {
class App;
}

namespace fencepost::ctl {

inline constexpr int kDone = 0;
inline constexpr int kRefused = 1;
inline constexpr int kBadInput = 2;

struct Session {
  std::string socket = "/run/fencepost/control";
  int& exit_code;
};
using SessionPtr = std::shared_ptr<Session>;  // as long as there are callbacks

// To standard error; returns `code`.
int complain(const Error& error, int code);

// Has the node do it; tells its warnings.
int send(const Session& session, node::Command command);
// Hands what the node knows to `use`, which returns the exit code.
int with_status(const Session& session, const std::function<int(const live::Status&, const cib::Cib&)>& use);

// commands.cpp: move, ban, clear, cleanup, refresh, standby, maintenance, fence, set, shutdown
void add_commands(CLI::App& ctl, const SessionPtr& session);
// configuration.cpp: cib get, replace, modify, diff
void add_configuration(CLI::App& ctl, const SessionPtr& session);

}  // namespace fencepost::ctl
