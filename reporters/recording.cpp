#include "reporters/recording.h"

#include <algorithm>

#include "reporters/schema.h"
#include "reporters/sqlite.h"

namespace fencepost::reporters {

struct Recording::Database {
  DatabasePtr handle;
};

Recording::Recording() : database_(std::make_unique<Database>()) {}
Recording::Recording(Recording&&) noexcept = default;
Recording& Recording::operator=(Recording&&) noexcept = default;
Recording::~Recording() = default;

namespace {

std::int64_t pragma(sqlite3* database, const char* name) {
  Statement query{database, name};
  return query.step() ? query.integer(0) : 0;
}

RecordedLine line_of(const Statement& row) {
  return {row.integer(0), row.integer(1), row.text(2), row.text(3), row.text(4), row.text(5)};
}

Statement all_lines(sqlite3* database) {
  return {database, "SELECT seq, t_ns, coalesce(node, ''), kind, subject, text FROM record ORDER BY seq"};
}

}  // namespace

Result<Recording> Recording::open(const std::string& path) {
  Recording recording;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READONLY, nullptr);
  recording.database_->handle.reset(raw);
  if (code != SQLITE_OK) return failure({path, 0, 0}, "this file cannot be read: check its name");
  if (pragma(raw, "PRAGMA application_id") != kApplicationId)
    return failure({path, 0, 0}, "this is no recording: make one with 'fencepost run SCENARIO --db FILE'");
  if (pragma(raw, "PRAGMA user_version") != kSchemaVersion)
    return failure({path, 0, 0},
                   "this recording is of another version of Fencepost: record the scenario again");

  Statement run{raw,
                "SELECT scenario, path, about, seed, profile, version, status, coalesce(verdict, ''), "
                "coalesce(fingerprint, ''), coalesce(t0_ns, 0) FROM run"};
  if (!run.step()) return failure({path, 0, 0}, "this recording holds no run: record the scenario again");
  recording.info.scenario = run.text(0);
  recording.info.path = run.text(1);
  recording.info.about = run.text(2);
  recording.info.seed = static_cast<std::uint64_t>(run.integer(3));
  recording.info.profile = run.text(4);
  recording.version = run.text(5);
  recording.complete = run.text(6) == "complete";
  recording.verdict = run.text(7);
  recording.fingerprint = run.text(8);
  recording.t0_ns = run.integer(9);

  Statement inputs{raw, "SELECT name, content FROM input ORDER BY rowid"};
  while (inputs.step()) recording.info.inputs.push_back({inputs.text(0), inputs.text(1)});
  Statement nodes{raw, "SELECT name FROM node ORDER BY rowid"};
  while (nodes.step()) recording.info.nodes.push_back(nodes.text(0));
  return recording;
}

std::vector<RecordedTape> Recording::tapes() const {
  std::vector<RecordedTape> tapes;
  Statement rows{database_->handle.get(), "SELECT node, life, content FROM tape ORDER BY node, life"};
  while (rows.step()) tapes.push_back({rows.text(0), static_cast<int>(rows.integer(1)), rows.text(2)});
  return tapes;
}

std::vector<RecordedTransition> Recording::transitions() const {
  Statement rows{
      database_->handle.get(),
      "SELECT seq, dc, id, calculated_ns, reason, coalesce(status, ''), coalesce(abort_reason, ''), "
      "graph_dot, graph_xml, input_cib FROM transition ORDER BY seq"};
  std::vector<RecordedTransition> all;
  while (rows.step()) {
    all.push_back({rows.integer(0), rows.text(1), static_cast<int>(rows.integer(2)),
                   static_cast<double>(rows.integer(3) - t0_ns) / 1e9, rows.text(4), rows.text(5),
                   rows.text(6), rows.text(7), rows.text(8), rows.text(9)});
  }
  return all;
}

void Recording::lines(const std::function<bool(const RecordedLine&)>& take) const {
  Statement rows = all_lines(database_->handle.get());
  while (rows.step() && take(line_of(rows))) {
  }
}

std::optional<Difference> first_difference(const Recording& before, const Recording& now) {
  std::vector<RecordedLine> other;
  now.lines([&other](const RecordedLine& line) {
    other.push_back(line);
    return true;
  });
  std::size_t place = 0;
  std::optional<Difference> difference;
  before.lines([&](const RecordedLine& line) {
    if (place < other.size() && other[place] == line) return ++place, true;
    difference = Difference{line, place < other.size() ? std::optional{other[place]} : std::nullopt};
    return false;
  });
  if (!difference && place < other.size()) difference = Difference{std::nullopt, other[place]};
  return difference;
}

}  // namespace fencepost::reporters
