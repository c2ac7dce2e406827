// ocf:linbit:drbd
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "models/agents/storage_agents.h"
#include "models/machine.h"
#include "models/os/drbd_modules.h"
#include "models/os/storage_world.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

// adjust_master_score: consistent, remote up to date, Secondary with unknown peer, all known or Primary.
using Scores = std::array<int, 4>;
constexpr Scores kDefaultScores = {0, 10, 1000, 10000};  // ocf:linbit:drbd: adjust_master_score

Scores scores_of(const AgentRun& run) {
  Scores scores = kDefaultScores;
  std::string_view text = run.parameter("adjust_master_score");
  for (int& score : scores) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    const std::string_view word = text.substr(0, text.find(' '));
    if (!word.empty()) score = to_int(word, score);
    text.remove_prefix(word.size());
  }
  return scores;
}

// The promotion score of this host, or nothing: it is removed. (ocf:linbit:drbd: adjust_master_score)
std::optional<int> promotion_score(const Drbd& drbd, int host, const Scores& scores) {
  if (!drbd.is_up(host) || !drbd.has_quorum(host)) return std::nullopt;
  bool local_good = true, only_consistent = true, peers_known = true, peer_good = true,
       diskless_client = true;
  for (int v = 0; v < drbd.volumes(); ++v) {
    local_good = local_good && drbd.disk(host, v) == DrbdDisk::up_to_date;
    only_consistent = only_consistent && drbd.disk(host, v) == DrbdDisk::consistent;
    const auto& volumes = drbd.config().hosts[static_cast<std::size_t>(host)].volumes;
    diskless_client = diskless_client && volumes[static_cast<std::size_t>(v)].disk == "none";
    bool some_peer_good = false;
    for (int peer = 0; peer < drbd.hosts(); ++peer) {
      if (peer == host) continue;
      peers_known = peers_known && drbd.peer_disk(host, peer, v) != DrbdDisk::unknown;
      some_peer_good = some_peer_good || drbd.peer_disk(host, peer, v) == DrbdDisk::up_to_date;
    }
    peer_good = peer_good && some_peer_good;
  }
  const bool sure = drbd.role(host) == DrbdRole::primary || peers_known;
  int score = 0;
  if (local_good)
    score = sure ? scores[3] : scores[2];
  else if (diskless_client && peer_good)
    score = (sure ? scores[3] : scores[2]) - 1;
  else if (peer_good)
    score = scores[1];
  else if (only_consistent)
    score = scores[0];
  if (score <= 0) return std::nullopt;
  return score;
}

// What this machine's attribute manager was last told, so that a monitor without news tells it nothing.
class ToldScores final : public MachinePart {
 public:
  explicit ToldScores(Machine&) {}
  std::map<std::string, std::optional<int>, std::less<>> by_resource;
};

class DrbdAgent final : public StorageAgent {
 public:
  Script run(Process& self, AgentRun& run) override {
    Machine& machine = self.machine();
    const std::string& action = run.action();
    if (action == "meta-data" || action == "validate-all") co_return ocf::kSuccess;
    DrbdResource* resource = machine.world().part<DrbdModules>().find(run.parameter("drbd_resource"));
    const auto host = resource ? resource->host(machine) : std::nullopt;
    if (!host) {
      run.exit_reason("DRBD resource '" + std::string(run.parameter("drbd_resource")) +
                      "' is not in the configuration of this host: give its .res file under world.drbd");
      co_return action == "stop" ? ocf::kSuccess : ocf::kNotInstalled;
    }
    resource->set_cluster_resource(run.resource());
    const Here here{*resource, *host, self, run};
    machine.part<ResourceTruth>().watch(run.resource(), [&state = resource->state(), host = *host] {
      switch (state.role(host)) {
        case DrbdRole::primary:
          return kPromoted;
        case DrbdRole::secondary:
          return kUnpromoted;
        case DrbdRole::unknown:
          break;
      }
      return kStopped;
    });
    if (action == "monitor" || action == "status") co_return monitor(here);
    if (action == "start") co_return co_await start(here);
    if (action == "promote") co_return co_await promote(here);
    if (action == "demote") co_return co_await demote(here);
    if (action == "stop") co_return co_await stop(here);
    if (action == "notify") co_return notify(here);
    if (action == "reload" || action == "reload-agent") co_return ocf::kSuccess;
    co_return ocf::kUnimplemented;
  }

 protected:
  sim::Distribution work(std::string_view action) const override {
    if (action == "start") return sim::LogNormal{.median = 350ms, .sigma = 0.3};  // module, adjust, attach
    if (action == "promote" || action == "demote") return sim::LogNormal{.median = 120ms, .sigma = 0.3};
    if (action == "stop") return sim::LogNormal{.median = 180ms, .sigma = 0.3};
    return sim::LogNormal{.median = 45ms, .sigma = 0.3};  // drbdadm and drbdsetup status, crm_master
  }

 private:
  struct Here {
    DrbdResource& resource;
    int host;
    Process& self;
    AgentRun& run;
  };

  static int monitor(const Here& here) {
    const Drbd& drbd = here.resource.state();
    update_score(here, here.run.is_probe());
    if (!drbd.is_up(here.host)) return ocf::kNotRunning;
    return drbd.role(here.host) == DrbdRole::primary ? ocf::kRunningPromoted : ocf::kSuccess;
  }

  // Attach and connect, then give the peers wfc_timeout to appear.
  static Script start(Here here) {
    here.resource.act_void([&](Drbd& drbd, SimTime now) { drbd.up(now, here.host); });
    const SimTime patience =
        here.self.world().now() + std::chrono::seconds(to_int(here.run.parameter("wfc_timeout", "5"), 0));
    while (!all_connected(here)) {
      const Duration left = patience - here.self.world().now();
      if (left <= Duration::zero()) break;
      const SystemCall call{.call = "wait-connect", .object = here.resource.name(), .killable = true};
      if (!co_await here.self.wait_at_most(here.resource.changed(here.host), call, left)) break;
    }
    update_score(here, true);
    co_return ocf::kSuccess;
  }

  // Tries every second for as long as it may; only "no access to good data" ends it, after 15 s.
  static Script promote(Here here) {
    for (;;) {
      const DrbdAnswer answer =
          here.resource.act([&](Drbd& drbd, SimTime now) { return drbd.promote(now, here.host); });
      if (answer == DrbdAnswer::done) break;
      here.run.exit_reason(std::string("drbdadm primary: ") + to_string(answer));
      const bool refused_early = answer == DrbdAnswer::peer_is_primary &&
                                 ocf_true(here.run.parameter("fail_promote_early_if_peer_primary", "false"));
      if (answer == DrbdAnswer::no_up_to_date_data || answer == DrbdAnswer::not_configured || refused_early) {
        co_await here.self.sleep(15s - (here.self.world().now() - here.run.began()));
        co_return ocf::kGenericError;
      }
      co_await here.self.sleep(1s);
    }
    here.run.exit_reason("");
    update_score(here, true);
    co_return ocf::kSuccess;
  }

  static Script demote(Here here) {
    while (here.resource.act([&](Drbd& drbd, SimTime now) { return drbd.demote(now, here.host); }) ==
           DrbdAnswer::in_use) {
      here.run.exit_reason("drbdadm secondary: device is held open by someone");
      co_await here.self.sleep(1s);
    }
    if (!here.resource.state().is_up(here.host)) co_return ocf::kNotRunning;
    here.run.exit_reason("");
    update_score(here, true);
    co_return ocf::kSuccess;
  }

  static Script stop(Here here) {
    while (here.resource.act([&](Drbd& drbd, SimTime now) { return drbd.down(now, here.host); }) ==
           DrbdAnswer::in_use) {
      here.run.exit_reason("drbdadm down: device is held open by someone");
      co_await here.self.sleep(1s);
    }
    here.run.exit_reason("");
    update_score(here, true);
    co_return ocf::kSuccess;
  }

  static int notify(const Here& here) {
    if (here.run.meta("notify_type") == "post") update_score(here, false);
    return ocf::kSuccess;
  }

  static bool all_connected(const Here& here) {
    const Drbd& drbd = here.resource.state();
    for (const auto& connection : drbd.config().connections) {
      const bool mine = connection.first == here.host || connection.second == here.host;
      const int peer = connection.first == here.host ? connection.second : connection.first;
      if (mine && drbd.link(here.host, peer) != DrbdLinkState::connected) return false;
    }
    return true;
  }

  // crm_master: a transient attribute of this node. `always`: also when it is what it was.
  static void update_score(const Here& here, bool always) {
    const Drbd& drbd = here.resource.state();
    std::optional<int> score = promotion_score(drbd, here.host, scores_of(here.run));
    if (ocf_true(here.run.parameter("remove_master_score_if_peer_primary", "false"))) {
      for (int peer = 0; peer < drbd.hosts(); ++peer) {
        const bool primary = peer != here.host && drbd.peer_role(here.host, peer) == DrbdRole::primary;
        if (primary && drbd.role(here.host) != DrbdRole::primary) score.reset();
      }
    }
    Machine& machine = here.self.machine();
    auto& told = machine.part<ToldScores>().by_resource;
    const std::string& instance = here.run.command().resource;
    const auto before = told.find(instance);
    if (before != told.end() && before->second == score && !always) return;
    told[instance] = score;
    machine.set_attribute(
        {"master-" + instance, score ? std::optional(std::to_string(*score)) : std::nullopt, {}});
  }
};

}  // namespace

std::unique_ptr<Agent> make_drbd_agent() { return std::make_unique<DrbdAgent>(); }

}  // namespace fencepost::models
