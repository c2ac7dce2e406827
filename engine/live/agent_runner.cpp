#include "engine/live/agent_runner.h"

#include <sys/stat.h>

#include <csignal>
#include <utility>

#include "engine/base/assert.h"
#include "engine/live/fence_agent.h"
#include "engine/live/systemd_units.h"

namespace fencepost::live {
namespace {

using node::AgentClass;
using node::AgentExit;

// OCF exit codes.
constexpr int kError = 1, kNotConfigured = 6, kNotInstalled = 5;

bool asks_meta_data(const std::string& action) { return action == "meta-data" || action == "metadata"; }

std::int64_t changed_at(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0) return -1;
  return about.st_mtim.tv_sec * std::int64_t{1'000'000'000} + about.st_mtim.tv_nsec;
}

}  // namespace

AgentRunner::AgentRunner(EventLoop& loop, AgentPaths paths, std::string node_name, Take take)
    : loop_(loop),
      paths_(std::move(paths)),
      node_name_(std::move(node_name)),
      take_(std::move(take)),
      systemd_(std::make_unique<SystemdUnits>(loop)) {}

AgentRunner::~AgentRunner() = default;

void AgentRunner::run(node::CallId call, node::AgentCommandPtr command) { begin(call, std::move(command)); }
void AgentRunner::run(node::CallId call, node::AgentCommandPtr command, const std::string&) {
  begin(call, std::move(command));  // the target is among the options already
}

void AgentRunner::begin(node::CallId call, node::AgentCommandPtr command) {
  const auto [at, fresh] = running_.emplace(call, Running{command, nullptr, {}, false});
  HA_ASSERT(fresh);
  Running& running = at->second;
  if (command->timeout > Duration::zero()) {
    running.timed = true;
    running.overdue = loop_.in(command->timeout, [this, call] {
      running_.at(call).timed = false;
      take_(node::AgentOverdue{call});
    });
  }
  if (command->standard == AgentClass::stonith) {
    start(call, running, fence_program(*command, paths_));
  } else if (is_systemd(*command)) {
    systemd_->run(*command, [this, call](AgentExit exit) { finish(call, std::move(exit)); });
  } else {
    start(call, running, resource_program(*command, paths_, node_name_));
  }
}

// class="service" is whatever the machine has under that name, systemd first (Pacemaker Explained,
// "Service").
bool AgentRunner::is_systemd(const node::AgentCommand& command) const {
  if (command.standard == AgentClass::systemd) return true;
  return command.standard == AgentClass::service && changed_at(paths_.lsb_scripts + "/" + command.type) < 0;
}

void AgentRunner::start(node::CallId call, Running& running, const Result<Program>& program) {
  if (!program) {
    answer_soon(call, {kNotConfigured, to_string(program.error()), {}});
    return;
  }
  const std::string path = program->arguments.front();
  if (asks_meta_data(running.command->action) && answer_from_cache(call, path, running.command->action))
    return;
  running.process = std::make_unique<ChildProcess>(
      loop_, *program, register_directory(paths_),
      [this, call, path](ProgramEnd end) { ended(call, path, std::move(end)); });
}

bool AgentRunner::answer_from_cache(node::CallId call, const std::string& path, const std::string&) {
  const auto known = meta_data_.find(path);
  if (known == meta_data_.end() || known->second.changed != changed_at(path)) return false;
  answer_soon(call, {0, {}, known->second.text});
  return true;
}

void AgentRunner::ended(node::CallId call, const std::string& path, ProgramEnd end) {
  const node::AgentCommand& command = *running_.at(call).command;
  if (end.not_run) {
    finish(call, {end.not_found ? kNotInstalled : kError, clean_line(end.not_run->message, 400), {}});
    return;
  }
  if (asks_meta_data(command.action) && end.code == 0) meta_data_[path] = {changed_at(path), end.output};
  AgentExit exit{end.code, {}, std::move(end.output)};
  if (command.standard == AgentClass::stonith) {
    if (exit.code != 0) exit.exit_reason = complaint_in(end.errors, command);
  } else if (command.standard == AgentClass::ocf) {
    exit.exit_reason = exit_reason_in(end.errors);
  } else if (exit.code) {
    exit.code = ocf_code_of_lsb(command.action, *exit.code);
  }
  finish(call, std::move(exit));
}

void AgentRunner::answer_soon(node::CallId call, AgentExit exit) {
  loop_.soon([this, call, exit = std::move(exit)]() mutable { finish(call, std::move(exit)); });
}

void AgentRunner::finish(node::CallId call, AgentExit exit) {
  const auto found = running_.find(call);
  if (found == running_.end()) return;  // killed, and already answered
  if (found->second.timed) loop_.cancel(found->second.overdue);
  running_.erase(found);
  take_(node::AgentExited{call, std::move(exit)});
}

void AgentRunner::kill(node::CallId call) {
  const auto found = running_.find(call);
  if (found == running_.end()) return;  // its end is on the way, or told
  if (found->second.process) {
    found->second.process->signal_group(SIGKILL);
  } else {
    // A job of systemd's goes on without us; nobody waits for it any more.
    answer_soon(call, {std::nullopt, {}, {}});
  }
}

}  // namespace fencepost::live
