#include "models/invariants/recovery_bound.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <optional>
#include <type_traits>

#include "engine/cib/expand.h"
#include "engine/cib/values.h"
#include "engine/sim/portable_math.h"
#include "models/invariants/recovery_path.h"

namespace fencepost::models {
namespace {

using cib::Configuration;
using cib::Resource;

// Pacemaker Explained, cluster options and operation properties.
constexpr Duration kOperationTimeout = 20s;
constexpr Duration kClusterDelay = 60s;
constexpr Duration kDcDeadtime = 20s;
constexpr Duration kStonithTimeout = 60s;
constexpr Duration kRecheckInterval = 15min;
constexpr int kFenceOverheadPercent = 120;  // the fencer's own factor on every timeout

std::optional<Duration> to_duration(const std::string* text) {
  if (text == nullptr) return std::nullopt;
  const auto parsed = cib::parse_interval(*text);
  return parsed ? std::optional<Duration>(*parsed) : std::nullopt;
}

// A duration that is drawn has no end: this is one that is rarely passed (three deviations, 1 in 750).
Duration longest(const sim::Distribution& distribution) {
  return std::visit(
      [](const auto& d) -> Duration {
        using Kind = std::decay_t<decltype(d)>;
        if constexpr (std::is_same_v<Kind, sim::Constant>) return d.value;
        if constexpr (std::is_same_v<Kind, sim::Uniform>) return d.max;
        if constexpr (std::is_same_v<Kind, sim::Exponential>) return 7 * d.mean;
        if constexpr (std::is_same_v<Kind, sim::LogNormal>)
          return Duration{static_cast<std::int64_t>(static_cast<double>(d.median.count()) *
                                                    sim::portable_exp(3 * d.sigma))};
        if constexpr (std::is_same_v<Kind, sim::Empirical>) return *std::ranges::max_element(d.samples);
      },
      distribution);
}

class Bound {
 public:
  Bound(const Configuration& configuration, const WorldConfig& world, const StorageConfig& storage,
        std::string_view resource)
      : configuration_(configuration), world_(world), storage_(storage) {
    for (const Resource* member : recovery_path(configuration, resource)) {
      auto whole = cib::expand_template(configuration, *member);
      path_.push_back(whole ? std::move(*whole) : *member);
    }
  }

  RecoveryBound made() {
    part("a lost node is noticed, token and consensus", membership());
    part("a failure is noticed, monitor interval and timeout", monitoring());
    part("the action in progress ends", longest_action() + property("cluster-delay", kClusterDelay));
    part("stops", chain({"demote", "stop"}));
    part("fencing, once in vain and once more", 2 * fencing());
    part("a node boots and joins", boot());
    part("failures expire and are looked at", expiry());
    part("starts", chain({"start", "promote"}));
    part("a DRBD volume is copied whole", resync());
    part("the guest boots", guest_boot());
    return std::move(bound_);
  }

 private:
  void part(const char* what, Duration takes) {
    if (takes > Duration::zero()) bound_.parts.push_back({what, takes});
  }

  Duration property(std::string_view name, Duration otherwise) const {
    return to_duration(cib::find_property(configuration_, name)).value_or(otherwise);
  }

  Duration membership() const {
    const std::size_t nodes = world_.nodes.size();
    return effective_token(world_.corosync.totem, nodes) + effective_consensus(world_.corosync.totem, nodes);
  }

  // An operation's timeout: its own, the default of all, or Pacemaker's.
  Duration timeout(const cib::Operation& operation) const {
    if (const auto own = to_duration(operation.setting("timeout"))) return *own;
    for (const cib::NvpairBlocks* blocks : {&operation.meta, &configuration_.operation_defaults}) {
      for (const cib::NvpairBlock& block : *blocks) {
        if (const auto given = to_duration(block.find("timeout"))) return *given;
      }
    }
    return kOperationTimeout;
  }

  // What the resource is asked to do; zero if it knows no such action.
  Duration timeout(const Resource& resource, const char* action) const {
    for (const cib::Operation& operation : resource.operations) {
      if (operation.name == action && operation.interval.count() == 0) return timeout(operation);
    }
    const std::string name = action;
    const bool of_promotable = name == "promote" || name == "demote";
    if (of_promotable && !is_promotable(resource)) return {};
    static const cib::Operation kUnset{};
    return timeout(kUnset);
  }

  bool is_promotable(const Resource& resource) const {
    const std::string* promotable = find_meta(configuration_, resource.id, "promotable");
    const Resource* parent = cib::find_parent(configuration_, resource.id);
    return (promotable != nullptr && cib::is_true(*promotable)) ||
           (parent != nullptr && parent->legacy_master);
  }

  Duration monitoring() const {
    Duration slowest{};
    for (const Resource& resource : path_) {
      for (const cib::Operation& operation : resource.operations) {
        if (operation.name == "monitor" && operation.interval.count() > 0)
          slowest = std::max<Duration>(slowest, operation.interval + timeout(operation));
      }
    }
    return slowest;
  }

  // A transition is given up only when what runs in it has ended, whatever resource that is of.
  Duration longest_action() const {
    Duration found{};
    cib::for_each_resource(configuration_.resources, [&](const Resource& resource, const Resource*) {
      for (const cib::Operation& operation : resource.operations) {
        if (operation.interval.count() == 0) found = std::max(found, timeout(operation));
      }
    });
    return std::max(found, kOperationTimeout);
  }

  Duration chain(const std::array<const char*, 2>& actions) const {
    Duration sum{};
    for (const Resource& resource : path_) {
      for (const char* action : actions) sum += timeout(resource, action);
    }
    return sum;
  }

  // --- Fencing ---

  bool fences() const {
    const std::string* enabled = cib::find_property(configuration_, "stonith-enabled");
    if (enabled == nullptr) enabled = cib::find_property(configuration_, "fencing-enabled");
    return enabled == nullptr || cib::is_true(*enabled);
  }

  Duration fencing() const {
    if (!fences()) return {};
    std::map<std::string, Duration> devices;
    Duration slowest{};
    cib::for_each_resource(configuration_.resources, [&](const Resource& resource, const Resource*) {
      if (resource.agent.standard != "stonith") return;
      slowest = std::max(slowest, devices[resource.id] = device(resource));
    });
    for (const auto& [target, sum] : levels(devices)) slowest = std::max(slowest, sum);
    if (devices.empty() && world_.sbd) slowest = self_fencing();
    return slowest * kFenceOverheadPercent / 100 + property("priority-fencing-delay", {});
  }

  Duration device(const Resource& resource) const {
    const auto parameter = [&](std::string_view name) -> const std::string* {
      for (const cib::NvpairBlock& block : resource.parameters) {
        if (const std::string* value = block.find(name)) return value;
      }
      return nullptr;
    };
    const Duration takes =
        to_duration(parameter("pcmk_reboot_timeout")).value_or(property("stonith-timeout", kStonithTimeout));
    const std::string* base = parameter("pcmk_delay_base");
    return takes + longest_delay(base) + to_duration(parameter("pcmk_delay_max")).value_or(Duration{});
  }

  // "5s", or one for each target: "db1:0s;db2:10s".
  static Duration longest_delay(const std::string* text) {
    if (text == nullptr) return {};
    if (text->find(':') == std::string::npos) return to_duration(text).value_or(Duration{});
    Duration found{};
    for (std::size_t at = text->find(':'); at != std::string::npos; at = text->find(':', at + 1)) {
      const std::string one = text->substr(at + 1, text->find_first_of("; ", at) - at - 1);
      found = std::max(found, to_duration(&one).value_or(Duration{}));
    }
    return found;
  }

  // All devices of all levels of a target may be tried in turn.
  std::map<std::string, Duration> levels(const std::map<std::string, Duration>& devices) const {
    std::map<std::string, Duration> sums;
    for (const cib::FencingLevel& level : configuration_.fencing_levels) {
      for (const std::string& name : level.devices) {
        const auto known = devices.find(name);
        if (known != devices.end())
          sums[level.target + level.target_pattern + level.target_value] += known->second;
      }
    }
    return sums;
  }

  Duration self_fencing() const {
    const std::string* given = cib::find_property(configuration_, "stonith-watchdog-timeout");
    const Duration own = to_duration(given).value_or(Duration{});
    return std::max({own, 2 * world_.sbd->watchdog_timeout, msgwait(*world_.sbd)});
  }

  // --- Coming back ---

  Duration boot() const {
    Duration slowest{};
    for (const node::NodelistEntry& node : world_.nodes) {
      const auto known = world_.hardware.find(node.name);
      slowest = std::max(
          slowest, longest(known == world_.hardware.end() ? HardwareConfig{}.boot : known->second.boot));
    }
    const Duration sbd = world_.sbd ? world_.sbd->delay_start.value_or(Duration{}) : Duration{};
    return slowest + sbd + property("dc-deadtime", kDcDeadtime);
  }

  Duration expiry() const {
    Duration slowest{};
    for (const Resource& resource : path_) {
      const auto given = to_duration(find_meta(configuration_, resource.id, "failure-timeout"));
      slowest = std::max(slowest, given.value_or(Duration{}));
    }
    if (slowest == Duration::zero()) return {};
    return slowest + property("cluster-recheck-interval", kRecheckInterval);
  }

  // --- What serves only later than it starts, or may not start before ---

  bool in_path(std::string_view type) const {
    return std::ranges::any_of(path_, [&](const Resource& resource) { return resource.agent.type == type; });
  }

  Duration resync() const {
    if (!in_path("drbd") || storage_.drbd.network_rate <= 0) return {};
    return std::chrono::seconds(storage_.drbd.volume_size_bytes / storage_.drbd.network_rate + 1);
  }

  Duration guest_boot() const {
    if (!in_path("VirtualDomain")) return {};
    Duration slowest = longest(VirtualMachineConfig{}.boot);
    for (const VirtualMachineConfig& guest : storage_.virtual_machines)
      slowest = std::max(slowest, longest(guest.boot));
    return slowest;
  }

  const Configuration& configuration_;
  const WorldConfig& world_;
  const StorageConfig& storage_;
  std::vector<Resource> path_;  // with their templates worked in
  RecoveryBound bound_;
};

std::string clock(Duration duration) {
  const auto seconds = (duration + 999ms) / 1s;
  const std::string rest = std::to_string(seconds % 60) + "s";
  if (seconds < 60) return rest;
  return std::to_string(seconds / 60) + "m" + (seconds % 60 == 0 ? "" : " " + rest);
}

}  // namespace

Duration RecoveryBound::total() const {
  return std::accumulate(parts.begin(), parts.end(), Duration{},
                         [](Duration sum, const Part& part) { return sum + part.takes; });
}

std::string to_string(const RecoveryBound& bound) {
  std::string text = clock(bound.total());
  const char* joined = " = ";
  for (const RecoveryBound::Part& part : bound.parts) {
    text += joined + part.what + " " + clock(part.takes);
    joined = " + ";
  }
  return text;
}

RecoveryBound recovery_bound(const Configuration& configuration, const WorldConfig& world,
                             const StorageConfig& storage, std::string_view resource) {
  return Bound(configuration, world, storage, resource).made();
}

}  // namespace fencepost::models
