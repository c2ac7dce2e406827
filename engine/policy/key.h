// Operation keys as values: <resource>_<task>_<interval> without the text.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace fencepost::policy {

// What an action does. "Done" forms (running, stopped, …) mark the end of the same task of a collective
// resource. Values from Task::custom on are names of operations that only a configuration or a history knows.
enum class Task : std::uint16_t {
  none,
  start,
  running,
  stop,
  stopped,
  promote,
  promoted,
  demote,
  demoted,
  monitor,
  notify,
  notified,
  cancel,
  remove,
  migrate_to,
  migrate_from,
  reload,
  clear_failcount,
  lrm_delete,
  shutdown,
  stonith,
  probe_again,
  maintenance_nodes,
  load_stopped,
  one_or_more,
  custom,
};

// "start", "delete", "reload-agent", …; "" for none and custom.
std::string_view word(Task task);
Task task_from_word(std::string_view text);  // Task::custom if unknown

// start for running, and so on; the task itself otherwise.
Task atomic(Task task);
// running for start, and so on; Task::none otherwise.
Task done(Task task);
bool is_done(Task task);
// What undoes it: stop for start, stopped for running …; Task::none if nothing does.
Task inverse(Task task);

// Which of the four notifications around a task a key belongs to.
enum class Notify : std::uint8_t { no, pre, confirmed_pre, post, confirmed_post };

struct Key {
  Task task = Task::none;
  Notify notify = Notify::no;
  std::uint32_t interval_ms = 0;

  constexpr auto operator<=>(const Key&) const = default;
};

// What an action of that key does.
constexpr Task task_of(Key key) {
  if (key.notify == Notify::no) return key.task;
  return key.notify == Notify::pre || key.notify == Notify::post ? Task::notify : Task::notified;
}

constexpr Key key(Task task, std::uint32_t interval_ms = 0) { return Key{task, Notify::no, interval_ms}; }

inline constexpr Key kStart = key(Task::start);
inline constexpr Key kStop = key(Task::stop);
inline constexpr Key kPromote = key(Task::promote);
inline constexpr Key kDemote = key(Task::demote);
inline constexpr Key kProbe = key(Task::monitor);
inline constexpr Key kMigrateTo = key(Task::migrate_to);
inline constexpr Key kMigrateFrom = key(Task::migrate_from);
inline constexpr Key kReload = key(Task::reload);

}  // namespace fencepost::policy
