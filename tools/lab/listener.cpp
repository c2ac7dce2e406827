#include "tools/lab/listener.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "engine/base/assert.h"
#include "engine/live/clock.h"

namespace fencepost::lab {
namespace {

// The rest of a file, from where we were.
std::string read_from(const std::string& path, std::uint64_t& at) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  at += text.size();
  return text;
}

// What the world would have seen of it.
template <class Take>
void observe_event(const node::Event& event, const std::string& name, const node::Nodelist& nodelist,
                   Take take) {
  if (const auto* formed = std::get_if<node::MembershipFormed>(&event)) {
    backend::MembershipSeen seen{name, formed->ring, {}, formed->quorate};
    for (const node::NodeId each : formed->members) seen.members.push_back(nodelist[each.index()].name);
    take(std::move(seen));
  } else if (std::holds_alternative<node::Booted>(event)) {
    take(backend::StackChanged{name, true, "started"});
  }
}

}  // namespace

Listener::Listener(std::string directory, std::vector<std::string> names, Take take)
    : directory_(std::move(directory)),
      names_(std::move(names)),
      take_(std::move(take)),
      ears_(names_.size()) {}

std::string Listener::path_of(std::size_t node, int life) const {
  return directory_ + "/tape/" + names_[node] + "." + std::to_string(life);
}

void Listener::listen() {
  for (std::size_t node = 0; node < ears_.size(); ++node) {
    do {
      play(node);
      hear_exits(node);  // of that life: it is written down before the next one begins
    } while (open_next(node));
  }
}

// The next life has begun, so that the one before is over.
bool Listener::open_next(std::size_t node) {
  Ear& ear = ears_[node];
  std::error_code error;
  if (!std::filesystem::exists(path_of(node, ear.life + 1), error)) return false;
  if (ear.life >= 0)
    past_.push_back(
        {names_[node], ear.life, path_of(node, ear.life), ear.player.steps(), ear.player.different()});
  ear.player = live::TapePlayer();
  ++ear.life;
  ear.read = 0;
  ear.deaf = false;
  return true;
}

void Listener::play(std::size_t node) {
  Ear& ear = ears_[node];
  if (ear.life < 0 || ear.deaf) return;
  ear.player.feed(read_from(path_of(node, ear.life), ear.read));
  for (;;) {
    auto step = ear.player.next();
    if (!step) {
      ear.deaf = true;
      troubles_.push_back(path_of(node, ear.life) + ": " + to_string(step.error()));
      return;
    }
    if (!*step) return;
    const SimTime at = (*step)->now.time + ear.clock;
    const live::TapePlayer::Step& played = **step;
    observe_event(played.event, names_[node], *ear.player.options().nodelist, [&](backend::Observation seen) {
      if (std::holds_alternative<backend::StackChanged>(seen)) ear.up = true;
      take_({0, at, {}, std::move(seen)});
    });
    if (const auto* exited = std::get_if<node::AgentExited>(&played.event)) ear.busy.erase(exited->call);
    follow_agents(ear, *played.effects, at);
    for (const node::Effect& effect : *played.effects)
      if (const auto* journal = std::get_if<node::Journal>(&effect)) {
        node::JournalEntry entry = journal->entry;
        if (auto* finished = std::get_if<node::ActionFinished>(&entry)) finished->started += ear.clock;
        take_({0, at, ear.player.options().self, std::move(entry)});
      }
    if (!played.same)
      take_({0,
             at,
             {},
             backend::Noted{"step " + std::to_string(ear.player.steps()) + " of " + names_[node] +
                            " had other effects when its tape was played"}});
  }
}

void Listener::follow_agents(Ear& ear, const node::Effects& effects, SimTime at) {
  for (const node::Effect& effect : effects) {
    const node::AgentCommand* command = nullptr;
    node::CallId call;
    if (const auto* run = std::get_if<node::RunAgent>(&effect))
      command = run->command.get(), call = run->call;
    if (const auto* run = std::get_if<node::RunFenceAgent>(&effect))
      command = run->command.get(), call = run->call;
    if (command) ear.busy[call] = {at, command->resource, command->action};
  }
}

// "1234.56 1": when `fencepost node` ended, and with which exit code.
void Listener::hear_exits(std::size_t node) {
  Ear& ear = ears_[node];
  std::istringstream lines(read_from(directory_ + "/ctl/" + names_[node] + "/exits", ear.exits_read));
  double at = 0;
  int code = 0;
  while (lines >> at >> code) {
    const std::string why = code == 0    ? "stopped in good order"
                            : code > 128 ? "killed by signal " + std::to_string(code - 128)
                            : code == 1  ? "gave up"
                            : code == 2  ? "cannot start"
                                         : "ended with " + std::to_string(code);
    // The uptime has steps of 10 ms, and what it wrote last may lie in the step.
    end_of_life(node,
                std::max(SimTime{Duration{static_cast<std::int64_t>(at * 1e9)}} + ear.clock,
                         live::monotonic_now() - 1s),
                why);
  }
}

void Listener::end_of_life(std::size_t node, SimTime at, const std::string& why) {
  Ear& ear = ears_[node];
  ear.busy.clear();
  if (std::exchange(ear.up, false)) take_({0, at, {}, backend::StackChanged{names_[node], false, why}});
}

void Listener::died(std::size_t node) {
  play(node);
  end_of_life(node, live::monotonic_now(), "the power is gone");
}

std::optional<SimTime> Listener::busy_since(SimTime now, Duration at_most) const {
  std::optional<SimTime> latest;
  for (const Ear& ear : ears_)
    for (const auto& [call, busy] : ear.busy)
      if (now - busy.since < at_most && (!latest || busy.since > *latest)) latest = busy.since;
  return latest;
}

std::vector<Listener::Tape> Listener::tapes() const {
  std::vector<Tape> all = past_;
  for (std::size_t node = 0; node < ears_.size(); ++node) {
    const Ear& ear = ears_[node];
    if (ear.life >= 0)
      all.push_back(
          {names_[node], ear.life, path_of(node, ear.life), ear.player.steps(), ear.player.different()});
  }
  return all;
}

}  // namespace fencepost::lab
