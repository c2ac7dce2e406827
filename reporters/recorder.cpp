#include "reporters/recorder.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "engine/base/assert.h"
#include "engine/base/version.h"
#include "engine/cib/cib.h"
#include "engine/cib/write.h"
#include "engine/policy/decision.h"
#include "engine/policy/keep.h"
#include "reporters/describe.h"
#include "reporters/schema.h"
#include "reporters/secrets.h"
#include "reporters/sqlite.h"

namespace fencepost::reporters {
namespace {

namespace fs = std::filesystem;
using namespace node;
using namespace backend;

// So many records go into one database transaction: a crash loses at most these.
constexpr int kBatch = 1000;

std::int64_t ns(SimTime time) { return time.time_since_epoch().count(); }
std::int64_t ms(Duration duration) { return to_ms(duration); }

const char* to_text(OpStatus status) {
  switch (status) {
    case OpStatus::pending:
      return "pending";
    case OpStatus::done:
      return "done";
    case OpStatus::cancelled:
      return "cancelled";
    case OpStatus::timeout:
      return "timeout";
    case OpStatus::not_supported:
      return "not-supported";
    case OpStatus::error:
      return "error";
    case OpStatus::error_hard:
      return "error-hard";
    case OpStatus::error_fatal:
      return "error-fatal";
    case OpStatus::not_installed:
      return "not-installed";
    case OpStatus::not_connected:
      return "not-connected";
    case OpStatus::invalid:
      return "invalid";
    case OpStatus::no_fence_device:
      return "no-fence-device";
    case OpStatus::no_secrets:
      return "no-secrets";
  }
  return "";
}

const char* to_text(policy::ActionKind kind) {
  switch (kind) {
    case policy::ActionKind::resource_op:
      return "resource";
    case policy::ActionKind::pseudo:
      return "pseudo";
    case policy::ActionKind::cluster:
      return "cluster";
  }
  return "";
}

bool is_recording(const std::string& path) {
  sqlite3* raw = nullptr;
  const bool opened = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK;
  const DatabasePtr database{raw};
  Statement query{opened ? raw : nullptr, "PRAGMA application_id"};
  return opened && query.step() && query.integer(0) == kApplicationId;
}

}  // namespace

struct Recorder::Impl {
  std::string path, partial;
  std::vector<std::string> node_names;
  DatabasePtr database;
  std::optional<Error> error;
  int in_batch = 0;

  // Rows that a later record completes.
  std::map<std::pair<std::string, int>, std::int64_t> transition_of_dc;  // (dc, id) -> seq
  std::map<int, std::int64_t> latest_transition;                         // id -> seq, whoever the DC
  std::int64_t transitions = 0;
  std::map<std::tuple<std::string, std::uint64_t>, std::int64_t>
      running_action;  // (node, call) -> action.seq
  std::map<std::tuple<std::string, std::uint64_t>, std::int64_t> running_fence;
  std::map<std::tuple<std::string, std::uint64_t>, std::int64_t> blocked;  // (node, pid) -> blocked.seq

  Statement insert_record, insert_transition, start_transition, abort_transition, end_transition,
      insert_change, insert_action, initiate_action, start_action, insert_started, finish_action,
      insert_result, insert_fence, finish_fence, insert_fence_call, finish_fence_call, end_role, insert_role,
      insert_fault, end_fault, insert_blocked, end_blocked, insert_state, insert_violation, insert_outage,
      insert_expectation;

  void prepare();
  void check(int code, const char* doing);
  void execute(const char* sql, const char* doing);
  void write_info(const RunInfo& info);

  // One overload an entry that has a table of its own; everything is in `record` as well.
  struct Row {
    Impl& to;
    const Record& record;
    const std::string& on;

    void operator()(const TransitionCalculated& e) const;
    void operator()(const TransitionStarted& e) const;
    void operator()(const TransitionAborted& e) const;
    void operator()(const TransitionEnded& e) const;
    void operator()(const ActionInitiated& e) const;
    void operator()(const ActionStarted& e) const;
    void operator()(const ActionFinished& e) const;
    void operator()(const FenceRequested& e) const;
    void operator()(const FenceFinished& e) const;
    void operator()(const FenceDeviceStarted& e) const;
    void operator()(const FenceDeviceFinished& e) const;
    void operator()(const FaultInjected& e) const;
    void operator()(const FaultEnded& e) const;
    void operator()(const RoleChanged& e) const;
    void operator()(const ProcessBlocked& e) const;
    void operator()(const ProcessUnblocked& e) const;
    void operator()(const StateChanged& e) const;
    void operator()(const InvariantBroken& e) const;
    template <class Other>
    void operator()(const Other&) const {}

    std::int64_t at() const { return ns(record.time); }
    std::int64_t seq() const { return static_cast<std::int64_t>(record.sequence); }
    std::optional<std::int64_t> transition(int id) const;
    void ran(int code) const { to.check(code, "write a record"); }
  };
};

Recorder::Recorder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Recorder::~Recorder() = default;

Result<std::unique_ptr<Recorder>> Recorder::create(const std::string& path, const RunInfo& info) {
  std::error_code ignored;  // a path that cannot be looked at cannot be opened either, and that is told below
  if (fs::exists(path, ignored) && fs::file_size(path, ignored) > 0 && !is_recording(path))
    return failure({path, 0, 0}, "this file is there and is no recording: name another file, or remove it");

  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->partial = path + ".partial";
  for (const char* suffix : {"", "-journal", "-wal"}) fs::remove(impl->partial + suffix, ignored);
  return open(std::move(impl), info);
}

Result<std::unique_ptr<Recorder>> Recorder::in_memory(const RunInfo& info) {
  auto impl = std::make_unique<Impl>();
  impl->partial = ":memory:";
  return open(std::move(impl), info);
}

Result<std::unique_ptr<Recorder>> Recorder::open(std::unique_ptr<Impl> impl, const RunInfo& info) {
  impl->node_names = info.nodes;
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(impl->partial.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  impl->database.reset(raw);
  if (code != SQLITE_OK)
    return failure({impl->partial, 0, 0},
                   "this file cannot be written: check that its folder is there and writable");

  // A power cut may cost the run that is being recorded; a crash of the program costs nothing that was
  // committed.
  impl->execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = TRUNCATE; PRAGMA locking_mode = EXCLUSIVE;",
                "open the recording");
  impl->execute(("PRAGMA application_id = " + std::to_string(kApplicationId) +
                 "; PRAGMA user_version = " + std::to_string(kSchemaVersion))
                    .c_str(),
                "open the recording");
  impl->execute("BEGIN", "open the recording");
  impl->execute(kSchema, "make the tables");
  if (!impl->error) impl->prepare();
  impl->write_info(info);
  impl->execute("COMMIT; BEGIN", "write the run");
  if (impl->error) return tl::unexpected<Error>(*impl->error);
  return std::unique_ptr<Recorder>(new Recorder(std::move(impl)));
}

bool Recorder::failed() const { return impl_->error.has_value(); }

void Recorder::begin(SimTime t0) {
  Statement update{impl_->database.get(), "UPDATE run SET t0_ns = ?1"};
  impl_->check(update.run(ns(t0)), "write the run");
}

void Recorder::observe(const Record& record) {
  Impl& to = *impl_;
  if (to.error) return;
  const Description line = describe(record, to.node_names);
  const std::string on = record.node.valid() ? to.node_names.at(record.node.index()) : std::string{};
  to.check(to.insert_record.run(static_cast<std::int64_t>(record.sequence), ns(record.time),
                                on.empty() ? std::optional<std::string>{} : on, line.kind, line.subject,
                                static_cast<int>(line.weight), line.text),
           "write a record");
  std::visit([&](const auto& stream) { std::visit(Impl::Row{to, record, on}, stream); }, record.what);
  if (++to.in_batch >= kBatch) flush();
}

void Recorder::flush() {
  if (std::exchange(impl_->in_batch, 0) > 0) impl_->execute("COMMIT; BEGIN", "write a batch of records");
}

Result<void> Recorder::keep_tape(const std::string& node, int life, const std::string& content) {
  Impl& to = *impl_;
  Statement tape{to.database.get(), "INSERT INTO tape VALUES (?1, ?2, CAST(?3 AS BLOB))"};
  to.check(tape.run(node, life, content), "write a tape");
  if (to.error) return tl::unexpected<Error>(*to.error);
  return {};
}

Result<void> Recorder::finish(const RunResult& result) {
  Impl& to = *impl_;
  for (const Outage& outage : result.outages) {
    const auto& spent = outage.by_cause;
    to.check(to.insert_outage.run(outage.resource, ns(outage.from), ns(outage.until), outage.open,
                                  spent[0].count(), spent[1].count(), spent[2].count(), spent[3].count(),
                                  spent[4].count(), spent[5].count(), spent[6].count()),
             "write an outage");
  }
  int place = 0;
  for (const ExpectationResult& line : result.expectations)
    to.check(to.insert_expectation.run(place++, line.text, line.verdict, line.why), "write an expectation");
  Statement complete{to.database.get(),
                     "UPDATE run SET status = 'complete', end_ns = ?1, verdict = ?2, fingerprint = ?3"};
  to.check(complete.run(ns(result.end), result.verdict, result.fingerprint), "write the run");
  to.execute("COMMIT", "write the run");
  if (to.error) return tl::unexpected<Error>(*to.error);
  if (to.path.empty()) return {};  // in memory, and still to be asked

  complete = {};
  const std::string partial = to.partial, path = to.path;
  impl_ = std::make_unique<Impl>();  // closes the file
  impl_->error = Error{{path, 0, 0}, "the recording is finished"};
  std::error_code code;
  fs::remove(partial + "-journal", code);  // empty, and of no use to a file of another name
  fs::rename(partial, path, code);
  if (code)
    return failure({path, 0, 0},
                   "the recording cannot take its place (" + code.message() + "): it is in " + partial);
  return {};
}

Result<Answer> Recorder::ask(const std::string& sql, const Where& where) const {
  HA_ASSERT(impl_->database);
  return reporters::ask(impl_->database.get(), sql, where);
}

void Recorder::Impl::check(int code, const char* doing) {
  if (error || code == SQLITE_DONE || code == SQLITE_OK) return;
  const bool full = code == SQLITE_FULL || code == SQLITE_IOERR;
  error = Error{{partial, 0, 0},
                std::string("cannot ") + doing + ": " + sqlite3_errmsg(database.get()) +
                    (full ? "; make room on that disk, or give --db another place" : "")};
}

void Recorder::Impl::execute(const char* sql, const char* doing) {
  if (!error) check(sqlite3_exec(database.get(), sql, nullptr, nullptr, nullptr), doing);
}

void Recorder::Impl::write_info(const RunInfo& info) {
  if (error) return;
  Statement run{database.get(),
                "INSERT INTO run (id, scenario, path, about, seed, profile, version, status) "
                "VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, 'running')"};
  check(run.run(info.scenario, info.path, info.about, static_cast<std::int64_t>(info.seed), info.profile,
                kVersion),
        "write the run");
  // BLOB, so that any bytes come back as they were.
  Statement input{database.get(), "INSERT INTO input VALUES (?1, CAST(?2 AS BLOB))"};
  for (const InputFile& file : info.inputs) check(input.run(file.name, file.content), "write an input file");
  Statement node{database.get(), "INSERT INTO node VALUES (?1)"};
  for (const std::string& name : info.nodes) check(node.run(name), "write a node");
}

void Recorder::Impl::prepare() {
  const auto statement = [this](const char* sql) {
    Statement made{database.get(), sql};
    check(made.code(), "prepare to write");
    return made;
  };
  insert_record = statement("INSERT INTO record VALUES (?1,?2,?3,?4,?5,?6,?7)");
  insert_transition = statement(
      "INSERT INTO transition (seq, dc, id, calculated_ns, reason, graph_dot, graph_xml, input_cib) "
      "VALUES (?1,?2,?3,?4,?5,?6,?7,?8)");
  start_transition = statement("UPDATE transition SET started_ns = ?2 WHERE seq = ?1");
  abort_transition =
      statement("UPDATE transition SET abort_reason = coalesce(abort_reason, ?2) WHERE seq = ?1");
  end_transition = statement(
      "UPDATE transition SET ended_ns = ?2, status = ?3, completed = ?4, incomplete = ?5 WHERE seq = ?1");
  insert_change = statement("INSERT INTO change VALUES (?1,?2,?3,?4,?5,?6,?7)");
  insert_action = statement(
      "INSERT INTO action (transition, id, kind, node, resource, operation, interval_ms, why, planned_ns) "
      "VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)");
  initiate_action = statement("UPDATE action SET initiated_ns = ?3 WHERE transition = ?1 AND id = ?2");
  start_action =
      statement("UPDATE action SET started_ns = ?3 WHERE transition = ?1 AND id = ?2 RETURNING seq");
  insert_started = statement(
      "INSERT INTO action (kind, node, resource, operation, interval_ms, why, started_ns) "
      "VALUES ('resource',?1,?2,?3,?4,'',?5) RETURNING seq");
  finish_action =
      statement("UPDATE action SET finished_ns = ?2, rc = ?3, status = ?4, exit_reason = ?5 WHERE seq = ?1");
  insert_result = statement("INSERT INTO result VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)");
  insert_fence = statement(
      "INSERT INTO fence (seq, target, action, reason, requested_by, requested_ns) VALUES "
      "(?1,?2,?3,?4,?5,?6)");
  finish_fence = statement(
      "UPDATE fence SET finished_ns = ?3, success = ?4, delegate = ?5, device = ?6, failure = ?7 "
      "WHERE seq = (SELECT min(seq) FROM fence WHERE target = ?1 AND action = ?2 AND finished_ns IS NULL)");
  insert_fence_call = statement(
      "INSERT INTO fence_call (seq, node, device, agent, target, action, started_ns) VALUES "
      "(?1,?2,?3,?4,?5,?6,?7)");
  finish_fence_call =
      statement("UPDATE fence_call SET finished_ns = ?2, rc = ?3, timed_out = ?4 WHERE seq = ?1");
  end_role =
      statement("UPDATE role SET until_ns = ?3 WHERE resource = ?1 AND node = ?2 AND until_ns IS NULL");
  insert_role = statement("INSERT INTO role VALUES (?1,?2,?3,?4,NULL)");
  insert_fault = statement("INSERT INTO fault VALUES (?1,?2,?3,?4,?5,?6,NULL)");
  end_fault = statement("UPDATE fault SET until_ns = ?2 WHERE number = ?1 AND until_ns IS NULL");
  insert_blocked = statement("INSERT INTO blocked VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,NULL,NULL)");
  end_blocked = statement("UPDATE blocked SET until_ns = ?2, killed = ?3 WHERE seq = ?1");
  insert_state = statement("INSERT INTO state VALUES (?1,?2,?3,?4,?5,?6,?7)");
  insert_violation = statement("INSERT INTO violation VALUES (?1,?2,?3,?4)");
  insert_outage = statement("INSERT INTO outage VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)");
  insert_expectation = statement("INSERT INTO expectation VALUES (?1,?2,?3,?4)");
}

std::optional<std::int64_t> Recorder::Impl::Row::transition(int id) const {
  if (const auto own = to.transition_of_dc.find({on, id}); own != to.transition_of_dc.end())
    return own->second;
  const auto latest = to.latest_transition.find(id);
  return latest == to.latest_transition.end() ? std::nullopt : std::optional{latest->second};
}

void Recorder::Impl::Row::operator()(const TransitionCalculated& e) const {
  const std::int64_t number = to.transitions++;
  to.transition_of_dc[{on, e.id}] = number;
  to.latest_transition[e.id] = number;
  HA_ASSERT(e.decision != nullptr && e.input != nullptr);
  const policy::Decision decision = policy::in_full(*e.decision);
  ran(to.insert_transition.run(number, on, e.id, at(), e.reason, policy::to_dot(decision),
                               without_secrets(policy::to_xml(decision.graph)),
                               without_secrets(cib::write(*e.input))));

  int place = 0;
  const auto name = [&](policy::NodeId id) {
    return id.valid() ? std::optional{decision.state[id].name} : std::nullopt;
  };
  for (const policy::Change& change : decision.changes)
    ran(to.insert_change.run(number, place++, policy::verb(change), change.resource, name(change.origin),
                             name(change.destination), change.reason));

  std::map<std::uint32_t, const std::string*> reasons;
  for (const policy::PlannedAction& action : decision.actions) reasons[action.id] = &action.reason;
  for (const policy::Synapse& synapse : decision.graph.synapses) {
    const policy::Action& action = decision.graph.actions[synapse.action];
    const auto why = reasons.find(action.id);
    ran(to.insert_action.run(number, static_cast<int>(action.id), to_text(action.kind), action.node,
                             action.resource.id, action.task, action.interval_ms,
                             why == reasons.end() ? std::string{} : *why->second, at()));
  }
}

void Recorder::Impl::Row::operator()(const TransitionStarted& e) const {
  if (const auto number = transition(e.id)) ran(to.start_transition.run(*number, at()));
}

void Recorder::Impl::Row::operator()(const TransitionAborted& e) const {
  if (const auto number = transition(e.id)) ran(to.abort_transition.run(*number, e.reason));
}

void Recorder::Impl::Row::operator()(const TransitionEnded& e) const {
  static constexpr const char* kStatus[] = {"complete", "stopped", "terminated"};
  if (const auto number = transition(e.id))
    ran(to.end_transition.run(*number, at(), kStatus[static_cast<std::size_t>(e.status)], e.completed,
                              e.incomplete));
}

void Recorder::Impl::Row::operator()(const ActionInitiated& e) const {
  if (const auto number = transition(e.transition)) ran(to.initiate_action.run(*number, e.action, at()));
}

void Recorder::Impl::Row::operator()(const ActionStarted& e) const {
  // A run that belongs to no planned action (meta-data, a monitor begun anew) gets a row of its own.
  std::int64_t row = -1;
  if (const auto number = transition(e.transition); number && e.action > 0) {
    to.start_action.bind_all(*number, e.action, at());
    if (to.start_action.step()) row = to.start_action.integer(0);
    to.start_action.bind_all();
  }
  if (row < 0) {
    to.insert_started.bind_all(e.name.node, e.name.resource, e.name.operation, ms(e.name.interval), at());
    if (to.insert_started.step()) row = to.insert_started.integer(0);
    ran(to.insert_started.code() == SQLITE_ROW ? SQLITE_OK : to.insert_started.code());
    to.insert_started.bind_all();
  }
  to.running_action[{on, e.call.value}] = row;
}

void Recorder::Impl::Row::operator()(const ActionFinished& e) const {
  const auto running = to.running_action.find({on, e.call.value});
  if (!e.repeat && running != to.running_action.end()) {
    ran(to.finish_action.run(running->second, at(), e.rc, to_text(e.status), e.exit_reason));
    to.running_action.erase(running);
  } else {
    ran(to.insert_result.run(seq(), at(), e.name.node, e.name.resource, e.name.operation, ms(e.name.interval),
                             e.rc, to_text(e.status), e.exit_reason));
  }
}

void Recorder::Impl::Row::operator()(const FenceRequested& e) const {
  ran(to.insert_fence.run(seq(), e.target, e.action, e.reason, on, at()));
}

void Recorder::Impl::Row::operator()(const FenceFinished& e) const {
  ran(to.finish_fence.run(e.target, e.action, at(), e.success, e.delegate, e.device, e.why));
}

void Recorder::Impl::Row::operator()(const FenceDeviceStarted& e) const {
  to.running_fence[{on, e.call.value}] = seq();
  ran(to.insert_fence_call.run(seq(), on, e.device, e.agent, e.target, e.action, at()));
}

void Recorder::Impl::Row::operator()(const FenceDeviceFinished& e) const {
  const auto running = to.running_fence.find({on, e.call.value});
  if (running != to.running_fence.end())
    ran(to.finish_fence_call.run(running->second, at(), e.rc, e.timed_out));
}

void Recorder::Impl::Row::operator()(const FaultInjected& e) const {
  ran(to.insert_fault.run(seq(), e.fault, e.verb, e.target, e.text, at()));
}

void Recorder::Impl::Row::operator()(const FaultEnded& e) const { ran(to.end_fault.run(e.fault, at())); }

void Recorder::Impl::Row::operator()(const RoleChanged& e) const {
  ran(to.end_role.run(e.resource, e.node, at()));
  ran(to.insert_role.run(e.resource, e.node, e.role, at()));
}

void Recorder::Impl::Row::operator()(const ProcessBlocked& e) const {
  to.blocked[{e.node, e.pid}] = seq();
  ran(to.insert_blocked.run(seq(), e.node, static_cast<std::int64_t>(e.pid), e.command, e.call, e.object,
                            e.killable, e.resource, e.operation, at()));
}

void Recorder::Impl::Row::operator()(const ProcessUnblocked& e) const {
  const auto found = to.blocked.find({e.node, e.pid});
  if (found != to.blocked.end()) ran(to.end_blocked.run(found->second, at(), e.killed));
}

void Recorder::Impl::Row::operator()(const StateChanged& e) const {
  ran(to.insert_state.run(seq(), at(), e.node, e.kind, e.object, e.from, e.to));
}

void Recorder::Impl::Row::operator()(const InvariantBroken& e) const {
  ran(to.insert_violation.run(seq(), at(), e.invariant, e.text));
}

}  // namespace fencepost::reporters
