#include "engine/policy/key.h"

#include <array>

namespace fencepost::policy {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Task::custom) + 1> kWords = {
    "",
    "start",
    "running",
    "stop",
    "stopped",
    "promote",
    "promoted",
    "demote",
    "demoted",
    "monitor",
    "notify",
    "notified",
    "cancel",
    "delete",
    "migrate_to",
    "migrate_from",
    "reload-agent",
    "clear_failcount",
    "lrm_delete",
    "do_shutdown",
    "stonith",
    "probe_again",
    "maintenance_nodes",
    "load_stopped",
    "one-or-more",
    "",
};

}  // namespace

std::string_view word(Task task) {
  const auto index = static_cast<std::size_t>(task);
  return index < kWords.size() ? kWords[index] : std::string_view{};
}

Task task_from_word(std::string_view text) {
  for (std::size_t i = 1; i + 1 < kWords.size(); ++i) {
    if (kWords[i] == text) return static_cast<Task>(i);
  }
  return Task::custom;
}

Task atomic(Task task) {
  switch (task) {
    case Task::running:
      return Task::start;
    case Task::stopped:
      return Task::stop;
    case Task::promoted:
      return Task::promote;
    case Task::demoted:
      return Task::demote;
    case Task::notified:
      return Task::notify;
    default:
      return task;
  }
}

Task done(Task task) {
  switch (task) {
    case Task::start:
      return Task::running;
    case Task::stop:
      return Task::stopped;
    case Task::promote:
      return Task::promoted;
    case Task::demote:
      return Task::demoted;
    default:
      return Task::none;
  }
}

bool is_done(Task task) { return atomic(task) != task; }

Task inverse(Task task) {
  switch (task) {
    case Task::start:
      return Task::stop;
    case Task::stop:
      return Task::start;
    case Task::promote:
      return Task::demote;
    case Task::demote:
      return Task::promote;
    case Task::running:
      return Task::stopped;
    case Task::stopped:
      return Task::running;
    case Task::promoted:
      return Task::demoted;
    case Task::demoted:
      return Task::promoted;
    default:
      return Task::none;
  }
}

}  // namespace fencepost::policy
