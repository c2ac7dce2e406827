// Cluster options: texts to values, with Pacemaker's defaults (pacemaker-schedulerd(7)).
#include "engine/policy/compile.h"

namespace fencepost::policy {
namespace {

class Properties {
 public:
  Properties(const cib::NvpairBlocks& blocks, const cib::RuleContext& context) {
    cib::merge(table_, blocks, context, cib::Merge::keep, "cib-bootstrap-options");
  }

  const std::string* find(std::string_view name) const { return table_.find(name); }

  bool boolean(std::string_view name, bool fallback) const {
    const std::string* text = find(name);
    return text == nullptr ? fallback : cib::parse_boolean(*text).value_or(fallback);
  }

  std::int64_t seconds(std::string_view name, std::int64_t fallback) const {
    const std::string* text = find(name);
    if (text == nullptr) return fallback;
    const auto value = cib::parse_interval(*text);
    return value ? value->count() / 1000 : fallback;
  }

  std::int64_t integer(std::string_view name, std::int64_t fallback) const {
    const std::string* text = find(name);
    return text == nullptr ? fallback : cib::parse_integer(*text).value_or(fallback);
  }

  std::string time_text(std::string_view name, std::string fallback) const {
    const std::string* text = find(name);
    return text != nullptr && cib::parse_interval(*text) ? *text : fallback;
  }

  Score score(std::string_view name, Score fallback) const {
    const std::string* text = find(name);
    return text == nullptr ? fallback : cib::parse_score(*text);
  }

 private:
  cib::NvTable table_;
};

template <class Value>
struct Choice {
  std::string_view text;
  Value value;
};

template <class Value, std::size_t N>
Value choose(const Properties& properties, std::string_view name, const Choice<Value> (&choices)[N]) {
  const std::string* text = properties.find(name);
  if (text == nullptr) return choices[0].value;
  for (const Choice<Value>& choice : choices) {
    if (cib::equal_ignoring_case(choice.text, *text)) return choice.value;
  }
  return choices[0].value;
}

constexpr Choice<QuorumPolicy> kQuorumPolicies[] = {{"stop", QuorumPolicy::stop},
                                                    {"freeze", QuorumPolicy::freeze},
                                                    {"ignore", QuorumPolicy::ignore},
                                                    {"demote", QuorumPolicy::demote},
                                                    {"suicide", QuorumPolicy::suicide}};

constexpr Choice<PlacementStrategy> kPlacements[] = {{"default", PlacementStrategy::standard},
                                                     {"utilization", PlacementStrategy::utilization},
                                                     {"minimal", PlacementStrategy::minimal},
                                                     {"balanced", PlacementStrategy::balanced}};

constexpr Choice<HealthStrategy> kHealthStrategies[] = {{"none", HealthStrategy::none},
                                                        {"migrate-on-red", HealthStrategy::migrate_on_red},
                                                        {"only-green", HealthStrategy::only_green},
                                                        {"progressive", HealthStrategy::progressive},
                                                        {"custom", HealthStrategy::custom}};

constexpr Choice<std::string_view> kStonithActions[] = {
    {"reboot", "reboot"}, {"off", "off"}, {"poweroff", "off"}};

cib::HealthScores health_scores(const Properties& properties, HealthStrategy strategy) {
  switch (strategy) {
    case HealthStrategy::none:
      return {};
    case HealthStrategy::migrate_on_red:
      return {Score::minus_infinity(), Score{0}, Score{0}};
    case HealthStrategy::only_green:
      return {Score::minus_infinity(), Score::minus_infinity(), Score{0}};
    default:
      break;
  }
  return {properties.score("node-health-red", Score::minus_infinity()),
          properties.score("node-health-yellow", Score{0}), properties.score("node-health-green", Score{0})};
}

}  // namespace

Options read_options(const cib::Configuration& configuration, const cib::RuleContext& context) {
  const Properties properties{configuration.cluster_properties, context};
  Options options;
  options.no_quorum = choose(properties, "no-quorum-policy", kQuorumPolicies);
  options.placement = choose(properties, "placement-strategy", kPlacements);
  options.health = choose(properties, "node-health-strategy", kHealthStrategies);
  options.health_scores = health_scores(properties, options.health);
  options.health_base = properties.score("node-health-base", Score{0});
  options.symmetric = properties.boolean("symmetric-cluster", true);
  options.maintenance_mode = properties.boolean("maintenance-mode", false);
  options.start_failure_is_fatal = properties.boolean("start-failure-is-fatal", true);
  options.startup_probes = properties.boolean("enable-startup-probes", true);
  options.shutdown_lock = properties.boolean("shutdown-lock", false);
  options.shutdown_lock_limit_s = properties.seconds("shutdown-lock-limit", 0);
  options.stonith = properties.boolean("stonith-enabled", true);
  options.stonith_action = choose(properties, "stonith-action", kStonithActions);
  options.stonith_timeout = properties.time_text("stonith-timeout", "60s");
  options.have_watchdog = properties.boolean("have-watchdog", false);
  options.concurrent_fencing = properties.boolean("concurrent-fencing", false);
  options.startup_fencing = !options.stonith || properties.boolean("startup-fencing", true);
  options.priority_fencing_delay_s = properties.seconds("priority-fencing-delay", 0);
  options.cluster_delay = properties.time_text("cluster-delay", "60s");
  options.batch_limit = std::to_string(properties.integer("batch-limit", 0));
  options.migration_limit = properties.integer("migration-limit", -1);
  options.stop_all_resources = properties.boolean("stop-all-resources", false);
  options.stop_orphan_resources = properties.boolean("stop-orphan-resources", true);
  options.stop_orphan_actions = properties.boolean("stop-orphan-actions", true);
  options.remove_after_stop = properties.boolean("remove-after-stop", false);
  if (const std::string* name = properties.find("cluster-name")) options.cluster_name = *name;
  // no-quorum-policy=suicide needs fencing; whether it may act at all is known with the status.
  if (options.no_quorum == QuorumPolicy::suicide && !options.stonith) options.no_quorum = QuorumPolicy::stop;
  return options;
}

}  // namespace fencepost::policy
