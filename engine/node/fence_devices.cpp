#include "engine/node/fence_devices.h"

#include <algorithm>
#include <regex>
#include <set>

#include "engine/cib/evaluate.h"
#include "engine/cib/expand.h"
#include "engine/cib/merge.h"

namespace fencepost::node {
namespace {

constexpr int kTries = 2;  // pcmk_reboot_retries and the like, fencing.rst

std::vector<std::string> words(std::string_view text, std::string_view separators) {
  std::vector<std::string> result;
  std::size_t at = text.find_first_not_of(separators);
  while (at != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    result.emplace_back(text.substr(at, end - at));
    at = text.find_first_not_of(separators, end);
  }
  return result;
}

// "node1:1;node2:2,3"
std::map<std::string, std::string> host_map(std::string_view text) {
  std::map<std::string, std::string> result;
  for (const std::string& pair : words(text, " ;\t\n")) {
    const std::size_t colon = pair.find_first_of(":=");
    if (colon != std::string::npos) result[pair.substr(0, colon)] = pair.substr(colon + 1);
  }
  return result;
}

std::optional<Duration> duration_of(const std::string& text) {
  if (const auto ms = cib::parse_timeout(text)) return Duration{*ms};
  return std::nullopt;
}

const std::string* find(const std::map<std::string, std::string>& in, const std::string& name) {
  const auto found = in.find(name);
  return found == in.end() ? nullptr : &found->second;
}

struct NodeAttributes : cib::Lookup {
  std::map<std::string, std::string, std::less<>> values;
  const std::string* find(std::string_view name) const override {
    const auto found = values.find(name);
    return found == values.end() ? nullptr : &found->second;
  }
};

NodeAttributes attributes_of(const cib::Cib& cib, const std::string& node) {
  NodeAttributes result;
  result.values["#uname"] = node;
  const cib::Node* configured = cib::find_node(*cib.configuration, node);
  if (configured == nullptr) return result;
  result.values["#id"] = configured->id;
  for (const cib::NvpairBlock& block : configured->attributes) {
    for (const cib::Nvpair& pair : block.pairs) {
      if (pair.value) result.values.emplace(pair.name, *pair.value);
    }
  }
  return result;
}

// Of location constraints only the verdict for this node is of interest.
Score location_score(const cib::LocationConstraint& constraint, const std::string& node,
                     const cib::RuleContext& context) {
  if (!constraint.node.empty())
    return cib::equal_ignoring_case(constraint.node, node) ? cib::parse_score(constraint.score) : Score{};
  Score sum;
  for (const cib::Rule& rule : constraint.rules) {
    if (cib::holds(rule, context)) sum += cib::parse_score(rule.score);
  }
  return sum;
}

bool may_use(const cib::Cib& cib, const cib::Resource& device, const std::string& node, WallSeconds now) {
  const NodeAttributes attributes = attributes_of(cib, node);
  cib::RuleContext context;
  context.now = now;
  context.node_attributes = &attributes;
  const std::string* symmetric = cib::find_property(*cib.configuration, "symmetric-cluster");
  Score score = symmetric == nullptr || cib::is_true(*symmetric) ? Score{} : Score::minus_infinity();
  bool asked_for = false;
  for (const cib::Constraint& constraint : cib.configuration->constraints) {
    const auto* location = std::get_if<cib::LocationConstraint>(&constraint);
    if (location == nullptr || location->resource != device.id) continue;
    const Score here = location_score(*location, node, context);
    asked_for = asked_for || here > Score{};
    score = !asked_for || !score.is_minus_infinite() ? score + here : here;
  }
  return score >= Score{};
}

FenceDevice read_device(const cib::Resource& resource, WallSeconds now) {
  FenceDevice device;
  device.id = resource.id;
  device.agent = resource.agent.type;
  cib::RuleContext context;
  context.now = now;
  cib::NvTable table;
  cib::merge(table, resource.parameters, context);
  for (const auto& [name, value] : table) {
    if (name.substr(0, 5) == "pcmk_") {
      device.pcmk.emplace(name, *value);
    } else {
      device.options.add(name, *value);
    }
  }
  if (const std::string* map = find(device.pcmk, "pcmk_host_map")) device.hosts = host_map(*map);
  if (const std::string* list = find(device.pcmk, "pcmk_host_list")) {
    for (const std::string& host : words(*list, " ,;\t\n")) device.hosts.try_emplace(host, host);
  }
  const std::string* check = find(device.pcmk, "pcmk_host_check");
  const std::string how = check != nullptr ? *check : device.hosts.empty() ? "dynamic-list" : "static-list";
  device.check = how == "none"           ? HostCheck::none
                 : how == "status"       ? HostCheck::status
                 : how == "dynamic-list" ? HostCheck::dynamic_list
                                         : HostCheck::static_list;
  const std::string* argument = find(device.pcmk, "pcmk_host_argument");
  device.host_argument = argument == nullptr ? "port" : *argument;
  return device;
}

bool is_disabled(const cib::Resource& device) {
  for (const cib::NvpairBlock& block : device.meta) {
    const std::string* role = block.find("target-role");
    if (role != nullptr && cib::parse_role(*role) == cib::Role::stopped) return true;
  }
  return false;
}

bool concerns(const cib::FencingLevel& level, const cib::Cib& cib, const std::string& target) {
  if (!level.target.empty()) return cib::equal_ignoring_case(level.target, target);
  if (!level.target_pattern.empty()) {
    try {
      return std::regex_search(target, std::regex(level.target_pattern, std::regex::extended));
    } catch (const std::regex_error&) {
      return false;  // cib::check tells people about it
    }
  }
  const std::string* value = attributes_of(cib, target).find(level.target_attribute);
  return value != nullptr && *value == level.target_value;
}

}  // namespace

// --- One device ---

Duration FenceDevice::delay_base(const std::string& target) const {
  const std::string* text = find(pcmk, "pcmk_delay_base");
  if (text == nullptr) return {};
  if (text->find(':') == std::string::npos) return duration_of(*text).value_or(Duration{});
  const auto delays = host_map(*text);  // one for each target
  const std::string* own = find(delays, target);
  return own == nullptr ? Duration{} : duration_of(*own).value_or(Duration{});
}

Duration FenceDevice::delay_max() const {
  const std::string* text = find(pcmk, "pcmk_delay_max");
  return text == nullptr ? Duration{} : duration_of(*text).value_or(Duration{});
}

std::optional<Duration> FenceDevice::timeout(const std::string& action) const {
  const std::string* text = find(pcmk, "pcmk_" + action + "_timeout");
  return text == nullptr ? std::nullopt : duration_of(*text);
}

int FenceDevice::tries(const std::string& action) const {
  const std::string* text = find(pcmk, "pcmk_" + action + "_retries");
  if (text == nullptr) return kTries;
  return static_cast<int>(std::clamp<std::int64_t>(cib::parse_integer(*text).value_or(kTries), 1, 100));
}

std::string FenceDevice::agent_action(const std::string& action) const {
  const std::string* text = find(pcmk, "pcmk_" + action + "_action");
  return text == nullptr ? action : *text;
}

// --- All of them ---

std::vector<FenceDevice> fence_devices(const cib::Cib& cib, const std::string& node, WallSeconds now) {
  std::vector<FenceDevice> result;
  cib::for_each_resource(cib.configuration->resources, [&](const cib::Resource& r, const cib::Resource*) {
    if (r.kind != cib::ResourceKind::primitive) return;
    const Result<cib::Resource> expanded = cib::expand_template(*cib.configuration, r);
    if (!expanded || expanded->agent.standard != "stonith") return;
    if (!is_disabled(*expanded) && may_use(cib, *expanded, node, now))
      result.push_back(read_device(*expanded, now));
  });
  return result;
}

// stonith-watchdog-timeout: counts only with have-watchdog; negative: twice SBD_WATCHDOG_TIMEOUT (Pacemaker
// Explained, cluster options). Where no watchdog ends a node that should fence itself, nobody may count on
// it.
Duration self_fencing_time(const cib::Cib& cib, Duration watchdog) {
  if (watchdog <= Duration::zero()) return {};
  const cib::Configuration& configuration = *cib.configuration;
  const std::string* have = cib::find_property(configuration, "have-watchdog");
  if (have == nullptr || !cib::is_true(*have)) return {};
  const std::string* given = cib::find_property(configuration, "stonith-watchdog-timeout");
  if (given == nullptr) given = cib::find_property(configuration, "fencing-watchdog-timeout");
  if (given == nullptr || given->empty()) return {};
  return given->front() == '-' ? 2 * watchdog : duration_of(*given).value_or(Duration{});
}

std::vector<std::vector<std::string>> fence_topology(const cib::Cib& cib, const std::string& target) {
  std::map<std::int64_t, std::vector<std::string>> levels;
  for (const cib::FencingLevel& level : cib.configuration->fencing_levels) {
    if (!concerns(level, cib, target)) continue;
    levels.try_emplace(cib::parse_integer(level.index).value_or(1), level.devices);
  }
  std::vector<std::vector<std::string>> result;
  for (auto& [index, devices] : levels) result.push_back(std::move(devices));
  return result;
}

AgentCommandPtr fence_command(const FenceDevice& device, const std::string& action, const std::string& target,
                              Duration timeout) {
  AgentCommand command;
  command.standard = AgentClass::stonith;
  command.type = device.agent;
  command.resource = device.id;
  command.action = device.agent_action(action);
  command.timeout = timeout;
  // What the configuration sets itself is left as it is.
  std::map<std::string_view, std::string_view> options;
  for (const auto [name, value] : device.options) options.emplace(name, value);
  options.emplace("action", command.action);
  if (!target.empty()) {
    options.emplace("nodename", target);
    const std::string* alias = find(device.hosts, target);
    if (device.host_argument != "none")
      options.emplace(device.host_argument, alias == nullptr ? target : *alias);
  }
  for (const auto& [name, value] : options) command.parameters.add(name, value);
  return std::make_shared<const AgentCommand>(std::move(command));
}

std::vector<std::string> listed_hosts(std::string_view output) {
  std::set<std::string> hosts;
  for (const std::string& line : words(output, " ;\t\r\n")) {
    for (std::string& name : words(line, ",")) hosts.insert(std::move(name));
  }
  return {hosts.begin(), hosts.end()};
}

}  // namespace fencepost::node
