#include <algorithm>
#include <ctime>
#include <iostream>

#include "engine/cib/date.h"
#include "engine/cib/read.h"
#include "reporters/explain.h"
#include "reporters/recording.h"
#include "scenarios/fields.h"
#include "scenarios/inputs.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"

namespace fencepost::tools {
namespace {

// The input of one transition of a recording: the last, if none is named.
Result<cib::Document> from_recording(const ExplainArguments& arguments) {
  const auto recording = reporters::Recording::open(arguments.input);
  if (!recording) return tl::unexpected<Error>(recording.error());
  const auto transitions = recording->transitions();
  const int count = static_cast<int>(transitions.size());
  const int number = arguments.transition.value_or(count);
  if (number < 1 || number > count)
    return failure({arguments.input}, "there is no transition " + std::to_string(number) +
                                          "; there are 1 to " + std::to_string(count) +
                                          " (fencepost graph --list shows them)");
  return cib::read(transitions[static_cast<std::size_t>(number - 1)].input_cib, arguments.input);
}

bool is_recording(const std::string& path) {
  const auto content = scenarios::read_text_file(path);
  return content && content->starts_with("SQLite format 3");
}

Result<WallSeconds> time_of(const ExplainArguments& arguments, const cib::Cib& cib) {
  const WallSeconds clock{std::time(nullptr)};
  if (arguments.date.empty()) return cib.execution_date.value_or(clock);
  if (const auto date = cib::parse_date(arguments.date, clock)) return *date;
  return failure({}, "--date '" + arguments.date + "' is no date: write 2026-11-22 or 2026-11-22 14:30:00");
}

}  // namespace

int explain_command(const ExplainArguments& arguments) {
  const bool recording = is_recording(arguments.input);
  if (!recording && arguments.transition)
    return complain(Error{{arguments.input}, "--transition is for recordings, and this is none"});
  const auto document = recording ? from_recording(arguments) : cib::read_file(arguments.input);
  if (!document) return complain(document.error());
  const auto now = time_of(arguments, document->cib);
  if (!now) return complain(now.error());

  policy::Snapshot snapshot;
  snapshot.cib = &document->cib;
  snapshot.now = *now;
  snapshot.sanitized = !recording;
  const policy::Decision decision = policy::decide(snapshot);
  for (const std::string& name : arguments.resources) {
    const std::vector<std::string> known = reporters::explainable(decision.state);
    const bool there = std::ranges::any_of(
        decision.state.resources,
        [&](const policy::ResourceState& resource) { return resource.id == name || resource.name == name; });
    if (!there)
      return complain(Error{{arguments.input},
                            "there is no resource '" + name + "'" + scenarios::did_you_mean(name, known)});
  }
  std::cout << reporters::explain(decision, {.resources = arguments.resources});
  return kHeld;
}

}  // namespace fencepost::tools
