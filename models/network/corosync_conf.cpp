// Reads corosync.conf: sections in braces, `name: value` lines, comments (corosync.conf(5)).
#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "models/network/corosync_options.h"

namespace fencepost::models {

// --- What the options mean ---

Duration effective_token(const TotemOptions& totem, std::size_t nodes) {
  return totem.token + totem.token_coefficient * static_cast<std::int64_t>(nodes > 2 ? nodes - 2 : 0);
}

Duration effective_consensus(const TotemOptions& totem, std::size_t nodes) {
  return totem.consensus.value_or(effective_token(totem, nodes) * 12 / 10);
}

Duration ping_interval(const TotemOptions& totem, std::size_t nodes) {
  return totem.knet_ping_interval.value_or(effective_token(totem, nodes) / (totem.knet_pong_count * 2));
}

Duration ping_timeout(const TotemOptions& totem, std::size_t nodes) {
  return totem.knet_ping_timeout.value_or(effective_token(totem, nodes) / totem.knet_pong_count);
}

node::Nodelist nodelist(const CorosyncOptions& options) {
  node::Nodelist nodes;
  for (const CorosyncNode& node : options.nodes) nodes.push_back({.name = node.name, .corosync_id = node.id});
  return nodes;
}

namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

// What one option wants and where it stands.
struct Option {
  std::string_view name, value;
  const Where& where;

  Result<std::int64_t> number(std::int64_t least) const {
    std::int64_t result = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc{} || end != value.data() + value.size() || result < least) {
      return failure(where, std::string(name) + ": " + quoted(value) + " is not a whole number of at least " +
                                std::to_string(least));
    }
    return result;
  }
  Result<void> read(int& into, std::int64_t least = 0) const {
    return number(least).map([&](std::int64_t n) { into = static_cast<int>(n); });
  }
  Result<void> read(bool& into) const {
    if (value == "yes" || value == "no") return (into = value == "yes"), Result<void>{};
    return number(0).map([&](std::int64_t n) { into = n != 0; });
  }
  Result<void> read_ms(Duration& into) const {
    return number(1).map([&](std::int64_t n) { into = std::chrono::milliseconds(n); });
  }
  template <class T>
  Result<void> read(std::optional<T>& into) const {
    T read_value{};
    return read(read_value).map([&] { into = read_value; });
  }
  Result<void> read_ms(std::optional<Duration>& into) const {
    Duration read_value{};
    return read_ms(read_value).map([&] { into = read_value; });
  }
};

// Nothing: an option that is not modelled.
std::optional<Result<void>> set_totem(TotemOptions& totem, const Option& option) {
  if (option.name == "token") return option.read_ms(totem.token);
  if (option.name == "token_coefficient") {
    return option.number(0).map(
        [&](std::int64_t n) { totem.token_coefficient = std::chrono::milliseconds(n); });
  }
  if (option.name == "consensus") return option.read_ms(totem.consensus);
  if (option.name == "merge") return option.read_ms(totem.merge);
  if (option.name == "knet_pong_count") return option.read(totem.knet_pong_count, 1);
  if (option.name == "knet_ping_interval") return option.read_ms(totem.knet_ping_interval);
  if (option.name == "knet_ping_timeout") return option.read_ms(totem.knet_ping_timeout);
  return std::nullopt;
}

std::optional<Result<void>> set_quorum(QuorumOptions& quorum, const Option& option) {
  if (option.name == "expected_votes") return option.read(quorum.expected_votes);
  if (option.name == "two_node") return option.read(quorum.two_node);
  if (option.name == "wait_for_all") return option.read(quorum.wait_for_all);
  if (option.name == "last_man_standing") return option.read(quorum.last_man_standing);
  if (option.name == "last_man_standing_window") return option.read_ms(quorum.last_man_standing_window);
  if (option.name == "auto_tie_breaker") return option.read(quorum.auto_tie_breaker);
  if (option.name == "auto_tie_breaker_node")
    return (quorum.auto_tie_breaker_node = option.value), Result<void>{};
  if (option.name == "allow_downscale") return option.read(quorum.allow_downscale);
  return std::nullopt;
}

std::optional<Result<void>> set_device(QdeviceOptions& device, const std::string& section,
                                       const Option& option) {
  if (section == "quorum.device") {
    if (option.name == "votes") return option.read(device.votes, 1);
    if (option.name == "timeout") return option.read_ms(device.timeout);
    if (option.name == "sync_timeout") return option.read_ms(device.sync_timeout);
    if (option.name == "model") {
      if (option.value == "net") return Result<void>{};
      return Result<void>{
          failure(option.where, "quorum.device.model: " + quoted(option.value) + " is not 'net'")};
    }
  }
  if (section == "quorum.device.net") {
    if (option.name == "host") return (device.host = option.value), Result<void>{};
    if (option.name == "algorithm") {
      if (option.value != "ffsplit" && option.value != "lms") {
        return Result<void>{
            failure(option.where, "algorithm: " + quoted(option.value) + " is neither ffsplit nor lms")};
      }
      device.algorithm =
          option.value == "lms" ? QdeviceOptions::Algorithm::lms : QdeviceOptions::Algorithm::ffsplit;
      return Result<void>{};
    }
  }
  return std::nullopt;
}

std::optional<Result<void>> set_node(CorosyncNode& node, const Option& option) {
  if (option.name == "name") return (node.name = option.value), Result<void>{};
  if (option.name == "nodeid") {
    return option.number(1).map([&](std::int64_t n) { node.id = static_cast<std::uint32_t>(n); });
  }
  if (option.name == "quorum_votes") return option.read(node.votes);
  if (option.name.starts_with("ring") && option.name.ends_with("_addr")) {
    node.addresses.emplace_back(option.value);
    return Result<void>{};
  }
  return std::nullopt;
}

// Sections that say how Corosync logs, encrypts and finds its files: nothing that a run could show.
bool is_harmless(const std::string& section) {
  return section.starts_with("logging") || section.starts_with("system") ||
         section.starts_with("resources") || section.starts_with("nozzle") || section.starts_with("uidgid");
}

class ConfReader {
 public:
  ConfReader(std::string_view text, std::string_view file) : text_(text), where_{std::string(file), 0, 0} {}

  Result<CorosyncOptions> read() {
    while (!text_.empty()) {
      const auto end = text_.find('\n');
      const std::string_view line = trimmed(text_.substr(0, end));
      text_ = end == std::string_view::npos ? std::string_view{} : text_.substr(end + 1);
      ++where_.line;
      if (auto done = read_line(line); !done) return tl::unexpected<Error>(done.error());
    }
    if (!sections_.empty()) {
      return failure(where_, "section " + quoted(sections_.back()) + " is not closed: add '}'");
    }
    return finish();
  }

 private:
  Result<void> read_line(std::string_view line) {
    if (line.empty() || line.front() == '#') return {};
    if (line == "}") return close();
    if (line.back() == '{') return open(trimmed(line.substr(0, line.size() - 1)));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
      return failure(where_, quoted(line) + " is neither 'name: value' nor a section");
    }
    return set(
        {.name = trimmed(line.substr(0, colon)), .value = trimmed(line.substr(colon + 1)), .where = where_});
  }

  Result<void> open(std::string_view name) {
    if (name.empty()) return failure(where_, "a section without a name: write 'totem {'");
    sections_.push_back(sections_.empty() ? std::string(name) : sections_.back() + "." + std::string(name));
    if (sections_.back() == "nodelist.node")
      options_.nodes.push_back({.name = "", .id = 0, .votes = 1, .addresses = {}});
    if (sections_.back() == "quorum.device" && !options_.quorum.qdevice) options_.quorum.qdevice.emplace();
    return {};
  }

  Result<void> close() {
    if (sections_.empty()) return failure(where_, "'}' closes nothing");
    sections_.pop_back();
    return {};
  }

  Result<void> set(const Option& option) {
    if (sections_.empty()) return failure(where_, quoted(option.name) + " stands outside any section");
    const std::string& section = sections_.back();
    std::optional<Result<void>> done;
    if (section == "totem" && option.name == "cluster_name") {
      options_.cluster_name = option.value;
      return {};
    }
    if (section == "totem") done = set_totem(options_.totem, option);
    if (section == "quorum") done = set_quorum(options_.quorum, option);
    if (section == "nodelist.node") done = set_node(options_.nodes.back(), option);
    if (options_.quorum.qdevice) {
      if (auto device = set_device(*options_.quorum.qdevice, section, option)) done = device;
    }
    if (done) return *done;
    const bool known = (section == "totem" && option.name == "version") ||
                       (section == "totem" && option.name == "transport" && option.value == "knet") ||
                       (section == "quorum" && option.name == "provider") || is_harmless(section);
    if (!known) {
      options_.ignored.push_back(section + "." + std::string(option.name) + " (line " +
                                 std::to_string(where_.line) + ")");
    }
    return {};
  }

  Result<CorosyncOptions> finish() {
    for (std::size_t i = 0; i < options_.nodes.size(); ++i) {
      CorosyncNode& node = options_.nodes[i];
      if (node.id == 0) return failure(where_, "a node of the nodelist has no nodeid: knet needs one");
      if (node.name.empty())
        node.name = node.addresses.empty() ? "node" + std::to_string(node.id) : node.addresses[0];
      for (std::size_t j = 0; j < i; ++j) {
        if (options_.nodes[j].id == node.id)
          return failure(where_, "nodeid " + std::to_string(node.id) + " is there twice");
        if (options_.nodes[j].name == node.name)
          return failure(where_, "node " + quoted(node.name) + " is there twice");
      }
    }
    if (options_.totem.consensus && *options_.totem.consensus < options_.totem.token * 12 / 10) {
      return failure(where_, "consensus must be at least 1.2 times token: raise it or leave it out");
    }
    return std::move(options_);
  }

  std::string_view text_;
  Where where_;
  std::vector<std::string> sections_;  // "quorum", "quorum.device"
  CorosyncOptions options_;
};

}  // namespace

Result<CorosyncOptions> parse_corosync_conf(std::string_view text, std::string_view file) {
  return ConfReader(text, file).read();
}

// What lab scripts say of the transport and the like changes nothing here.
Result<void> set_totem_option(TotemOptions& totem, std::string_view name, std::string_view value,
                              const Where& where) {
  return set_totem(totem, {.name = name, .value = value, .where = where}).value_or(Result<void>{});
}

Result<void> set_quorum_option(QuorumOptions& quorum, std::string_view name, std::string_view value,
                               const Where& where) {
  return set_quorum(quorum, {.name = name, .value = value, .where = where}).value_or(Result<void>{});
}

}  // namespace fencepost::models
