#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "engine/live/tape.h"
#include "reporters/recorder.h"
#include "reporters/recording.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"

namespace fencepost::tools {
namespace {

namespace fs = std::filesystem;

// A file that is gone when we are.
class Scratch {
 public:
  Scratch()
      : path_((fs::temp_directory_path() / fmt::format("fencepost-replay-{}.sqlite", getpid())).string()) {}
  ~Scratch() {
    std::error_code ignored;  // it may never have been made
    fs::remove(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string line_text(const std::optional<reporters::RecordedLine>& line, std::int64_t t0_ns) {
  if (!line) return "(nothing more)";
  return fmt::format("#{} t={:.9f} {} {}: {}", line->seq, static_cast<double>(line->t_ns - t0_ns) / 1e9,
                     line->node, line->kind, line->text);
}

// Runs it once more, recording, and shows where the two part.
int show_difference(const scenarios::Scenario& scenario, const scenarios::RunOptions& options,
                    const reporters::Recording& before) {
  const Scratch scratch;
  auto recorder = reporters::Recorder::create(scratch.path(), scenarios::run_info(scenario, options));
  if (!recorder) return complain(recorder.error());
  reporters::Recorder& observer = **recorder;
  const auto outcome =
      scenarios::run(scenario, options, {{&observer, [&observer](SimTime t0) { observer.begin(t0); }}});
  if (const auto finished = observer.finish(scenarios::run_result(outcome)); !finished)
    return complain(finished.error());
  const auto now = reporters::Recording::open(scratch.path());
  if (!now) return complain(now.error());
  const auto difference = reporters::first_difference(before, *now);
  if (!difference) {
    std::cout << "Every record reads the same; the difference is in what the text does not show.\n";
    return kBroken;
  }
  std::cout << "The first record that differs:\n  recorded: " << line_text(difference->before, before.t0_ns)
            << "\n  now:      " << line_text(difference->now, now->t0_ns) << '\n';
  return kBroken;
}

// A live run has no seed that would make it again: each node's engine is told once more what it was told, and
// must want the same.
int play_tapes(const std::vector<reporters::RecordedTape>& tapes) {
  std::uint64_t different = 0;
  for (const reporters::RecordedTape& tape : tapes) {
    live::TapePlayer player;
    player.feed(tape.content);
    SimTime first{}, last{};
    for (;;) {
      const auto step = player.next();
      if (!step) return complain(Error{{tape.node, 0, 0}, step.error().message});
      if (!*step) break;
      if (player.steps() == 1) first = (*step)->now.time;
      last = (*step)->now.time;
      if (!(*step)->same && player.different() == 1)
        std::cout << fmt::format("  {:.6f} s after its start: other effects than recorded\n",
                                 to_seconds(last - first));
    }
    std::cout << fmt::format("{}, life {}: {} events in {:.1f} s, {}\n", tape.node, tape.life + 1,
                             player.steps(), to_seconds(last - first),
                             player.different() == 0
                                 ? std::string("the same effects")
                                 : fmt::format("{} with other effects", player.different()));
    different += player.different();
  }
  std::cout << (different == 0 ? "The same effects, event by event.\n"
                               : "The engine does not do what it did.\n");
  return different == 0 ? kHeld : kBroken;
}

}  // namespace

int replay_command(const ReplayArguments& arguments) {
  const auto recording = reporters::Recording::open(arguments.db);
  if (!recording) return complain(recording.error());
  if (recording->info.inputs.empty())
    return complain(Error{{arguments.db}, "this recording holds no scenario, so it cannot be replayed"});
  if (!recording->complete) std::cerr << "note: this recording was cut short; its end is missing\n";

  if (const auto tapes = recording->tapes(); !tapes.empty()) return play_tapes(tapes);
  const auto scenario = scenarios::read_scenario(
      scenarios::Inputs::from_recording(recording->info.path, recording->info.inputs));
  if (!scenario) return complain(scenario.error());
  const scenarios::RunOptions options{.seed = recording->info.seed};
  const scenarios::Outcome outcome = scenarios::run(*scenario, options);

  std::cout << fmt::format("{} with seed {}: recorded {} by version {}, now {}\n", scenario->name,
                           outcome.seed,
                           recording->fingerprint.empty() ? "without an end" : recording->fingerprint,
                           recording->version, outcome.fingerprint);
  if (recording->complete && outcome.fingerprint == recording->fingerprint) {
    std::cout << "The same to the last nanosecond.\n";
    return kHeld;
  }
  return show_difference(*scenario, options, *recording);
}

}  // namespace fencepost::tools
