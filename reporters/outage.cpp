#include "reporters/outage.h"

#include <algorithm>

namespace fencepost::reporters {
namespace {

std::optional<OutageCause> activity_of(std::string_view operation) {
  if (operation == "stop" || operation == "demote" || operation == "migrate_to") return OutageCause::stop;
  if (operation == "promote") return OutageCause::promote;
  if (operation == "start" || operation == "migrate_from") return OutageCause::start;
  return std::nullopt;
}

// Bad news is what makes a cluster act: a result that is not the one before, a peer that is gone.
bool is_bad(const node::ActionFinished& e) {
  if (e.status == node::OpStatus::cancelled) return false;
  if (e.status != node::OpStatus::done || !e.rc) return true;
  const bool recurring = e.name.interval != Duration{};
  return recurring ? e.repeat && e.news && *e.rc != 0 && *e.rc != 8 : *e.rc != 0 && *e.rc != 7 && *e.rc != 8;
}

}  // namespace

std::string_view to_string(OutageCause cause) {
  static constexpr std::string_view kNames[kOutageCauses] = {"detect",  "decide", "fence", "stop",
                                                             "promote", "start",  "client"};
  return kNames[static_cast<std::size_t>(cause)];
}

void OutageAnalyser::observe(const backend::Record& record) {
  if (const auto* entry = std::get_if<node::JournalEntry>(&record.what)) learn(*entry, record.time);
  if (const auto* seen = std::get_if<backend::Observation>(&record.what)) see(*seen, record.time);
}

void OutageAnalyser::learn(const node::JournalEntry& entry, SimTime at) {
  using What = Marker::What;
  if (const auto* started = std::get_if<node::ActionStarted>(&entry)) {
    if (const auto activity = activity_of(started->name.operation))
      markers_.push_back({at, What::begin, *activity, started->name.node});
  } else if (const auto* finished = std::get_if<node::ActionFinished>(&entry)) {
    if (const auto activity = activity_of(finished->name.operation))
      markers_.push_back({at, What::end, *activity, finished->name.node});
    if (is_bad(*finished)) markers_.push_back(news(at));
  } else if (std::holds_alternative<node::FenceRequested>(entry)) {
    markers_.push_back(news(at));
    markers_.push_back({at, What::begin, OutageCause::fence, {}});
  } else if (std::holds_alternative<node::FenceFinished>(entry)) {
    markers_.push_back({at, What::end, OutageCause::fence, {}});
  } else if (const auto* peer = std::get_if<node::PeerChanged>(&entry)) {
    const auto state = peer->state;
    if (state == node::PeerChanged::State::lost || state == node::PeerChanged::State::process_gone)
      markers_.push_back(news(at));
  } else if (std::holds_alternative<node::CommandTaken>(entry)) {
    markers_.push_back(news(at));
  }
}

OutageAnalyser::Marker OutageAnalyser::news(SimTime at) {
  return {at, Marker::What::news, OutageCause::detect, {}};
}

void OutageAnalyser::see(const backend::Observation& observation, SimTime at) {
  if (const auto* stack = std::get_if<backend::StackChanged>(&observation)) {
    // What a dead node was doing has no end of its own.
    if (!stack->up) markers_.push_back({at, Marker::What::node_gone, OutageCause::detect, stack->node});
    return;
  }
  if (const auto* served = std::get_if<backend::ServiceChanged>(&observation)) {
    Service& service = services_[served->resource];
    service.reported = true;
    set_available(service, served->resource, served->available, at);
  } else if (const auto* role = std::get_if<backend::RoleChanged>(&observation)) {
    Service& service = services_[role->resource];
    service.roles[role->node] = role->role;
    service.ever_promoted = service.ever_promoted || role->role == "Promoted";
    if (service.reported) return;
    const std::string wanted = service.ever_promoted ? "Promoted" : "Started";
    const bool available = std::any_of(service.roles.begin(), service.roles.end(),
                                       [&wanted](const auto& entry) { return entry.second == wanted; });
    set_available(service, role->resource, available, at);
  }
}

void OutageAnalyser::set_available(Service& service, const std::string& resource, bool available,
                                   SimTime at) {
  if (available == service.available) return;
  service.available = available;
  if (!available) {
    service.down_since = at;
  } else if (service.down_since) {
    Outage outage{
        .resource = resource, .from = *service.down_since, .until = at, .open = false, .by_cause = {}};
    split(outage);
    service.past.push_back(outage);
    service.down_since.reset();
  }
}

std::vector<Outage> OutageAnalyser::outages(SimTime end) const {
  std::vector<Outage> all;
  for (const auto& [resource, service] : services_) {
    all.insert(all.end(), service.past.begin(), service.past.end());
    if (!service.down_since) continue;
    Outage outage{
        .resource = resource, .from = *service.down_since, .until = end, .open = true, .by_cause = {}};
    split(outage);
    all.push_back(outage);
  }
  return all;
}

namespace {

// Which activities are going on, by what they belong to in an outage and by the node that acts.
class Running {
 public:
  void begin(OutageCause activity, const std::string& node) { ++count_[{activity, node}]; }
  void end(OutageCause activity, const std::string& node) {
    const auto found = count_.find({activity, node});
    if (found != count_.end() && --found->second == 0) count_.erase(found);
  }
  void node_gone(const std::string& node) {
    std::erase_if(count_, [&node](const auto& entry) { return entry.first.second == node; });
  }
  // The one that an instant belongs to, when several go on.
  std::optional<OutageCause> first() const {
    if (count_.empty()) return std::nullopt;
    return count_.begin()->first.first;  // ordered as the causes are declared: fence, stop, promote, start
  }

 private:
  std::map<std::pair<OutageCause, std::string>, int> count_;
};

}  // namespace

void OutageAnalyser::split(Outage& outage) const {
  using What = Marker::What;
  Running running;
  bool known = false;  // the cluster has learnt of it
  SimTime since = outage.from;

  const auto spend = [&](SimTime until, OutageCause otherwise) {
    if (until <= since) return;
    outage.by_cause[static_cast<std::size_t>(running.first().value_or(otherwise))] += until - since;
    since = until;
  };

  for (const Marker& marker : markers_) {
    if (marker.at > outage.until) break;
    spend(marker.at, known ? OutageCause::decide : OutageCause::detect);
    if (marker.what == What::begin) running.begin(marker.activity, marker.node);
    if (marker.what == What::end) running.end(marker.activity, marker.node);
    if (marker.what == What::node_gone) running.node_gone(marker.node);
    known = known || (marker.at >= outage.from && marker.what != What::node_gone);
  }
  // Nothing more was done, and then the service was back: what was missing was on the clients' side.
  spend(outage.until, outage.open ? OutageCause::decide : OutageCause::client);
}

}  // namespace fencepost::reporters
