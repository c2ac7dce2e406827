#include "scenarios/witness.h"

#include <algorithm>

namespace fencepost::scenarios {
namespace {

std::string action_name(const node::ActionName& name) { return name.resource + ":" + name.operation; }

std::string result_of(const node::ActionFinished& finished) {
  if (finished.status == node::OpStatus::timeout) return "timeout";
  if (finished.status == node::OpStatus::cancelled) return "cancelled";
  return finished.rc ? std::to_string(*finished.rc) : "error";
}

}  // namespace

void Witness::observe(const backend::Record& record) {
  if (const auto* entry = std::get_if<node::JournalEntry>(&record.what))
    hear(*entry, record.time);
  else
    see(std::get<backend::Observation>(record.what), record.time);
}

void Witness::note(Seen::Kind kind, SimTime at, std::string_view node, std::string_view what,
                   std::string_view result) {
  seen_.push_back({kind, at, std::string(node), std::string(what), std::string(result)});
}

void Witness::fenced(const std::string& target, SimTime at) {
  Fencing& fencing = fencing_[target];
  if (!fencing.noted) note(Seen::Kind::fence, at, "", target, fencing.reason);
  fencing.noted = true;
}

void Witness::hear(const node::JournalEntry& entry, SimTime at) {
  using Kind = Seen::Kind;
  if (const auto* finished = std::get_if<node::ActionFinished>(&entry)) {
    if (finished->news)
      note(Kind::action, at, finished->name.node, action_name(finished->name), result_of(*finished));
  } else if (const auto* started = std::get_if<node::ActionStarted>(&entry)) {
    note(Kind::start, at, started->name.node, action_name(started->name));
  } else if (const auto* requested = std::get_if<node::FenceRequested>(&entry)) {
    Fencing& fencing = fencing_[requested->target];
    fencing.reason = requested->reason;
    fencing.was_off = off_.contains(requested->target);
  } else if (const auto* device = std::get_if<node::FenceDeviceStarted>(&entry)) {
    Fencing& fencing = fencing_[device->target];
    if (fencing.over) fencing = {fencing.reason, false, false, fencing.was_off};
  } else if (const auto* finished_fence = std::get_if<node::FenceFinished>(&entry)) {
    if (!finished_fence->success || finished_fence->action == "on") return;
    if (fencing_[finished_fence->target].was_off) fenced(finished_fence->target, at);
    fencing_[finished_fence->target].over = true;
  } else if (const auto* dc = std::get_if<node::DcChanged>(&entry)) {
    if (!dc->dc.empty()) note(Kind::dc, at, "", dc->dc);
  } else if (std::get_if<node::TransitionCalculated>(&entry) != nullptr) {
    transitions_.push_back(at);
  }
}

void Witness::see(const backend::Observation& observation, SimTime at) {
  using Kind = Seen::Kind;
  if (const auto* acted = std::get_if<backend::FenceDeviceActed>(&observation)) {
    if (acted->action != "reboot" && acted->action != "off") return;
    if (acted->success)
      fenced(acted->target, at);
    else
      note(Kind::fence_try, at, "", acted->target, fencing_[acted->target].reason);
  } else if (const auto* power = std::get_if<backend::PowerChanged>(&observation)) {
    if (power->on) {
      off_.erase(power->node);
    } else {
      off_.insert(power->node);
      fencing_[power->node].was_off = true;
    }
  } else if (const auto* role = std::get_if<backend::RoleChanged>(&observation)) {
    note(Kind::role, at, role->node, role->resource + " " + role->role);
  } else if (const auto* fault = std::get_if<backend::FaultInjected>(&observation)) {
    note(Kind::fault, at, "", fault->verb);
  } else if (const auto* blocked = std::get_if<backend::ProcessBlocked>(&observation)) {
    note(Kind::blocked, at, blocked->node, blocked->command, blocked->object);
  } else if (const auto* service = std::get_if<backend::ServiceChanged>(&observation)) {
    note(service->available ? Kind::served : Kind::down, at, service->node, service->resource);
  } else if (const auto* broken = std::get_if<backend::InvariantBroken>(&observation)) {
    note(Kind::violation, at, "", broken->invariant, broken->text);
  }
}

std::string Witness::role(const std::string& resource, const std::string& node, SimTime at) const {
  const std::string prefix = resource + " ";
  std::string role = "Stopped";
  for (const Seen& seen : seen_) {
    if (seen.at > at) break;
    if (seen.kind == Seen::Kind::role && seen.node == node && seen.what.starts_with(prefix))
      role = seen.what.substr(prefix.size());
  }
  return role;
}

int Witness::transitions(SimTime since) const {
  return static_cast<int>(std::ranges::count_if(transitions_, [&](SimTime at) { return at >= since; }));
}

bool is_failure(const Seen& action) {
  return action.result != "0" && action.result != "8" && action.result != "cancelled";
}

}  // namespace fencepost::scenarios
