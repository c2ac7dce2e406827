// The options of DRBD's sections: their names, units, limits and defaults, as drbd.conf-9.0(5) has them.
#include "models/storage/drbd_options.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace fencepost::models {
namespace {

using Problem = std::optional<Error>;

// "60", "10M": plain numbers are multiplied by the option's own scale (drbd.conf(5), "File format").
std::optional<std::int64_t> to_scaled(std::string_view text, std::int64_t plain_scale) {
  if (text.empty()) return std::nullopt;
  std::int64_t scale = plain_scale;
  switch (text.back()) {
    case 's':
      scale = 512;
      break;
    case 'K':
    case 'k':
      scale = std::int64_t{1} << 10;
      break;
    case 'M':
    case 'm':
      scale = std::int64_t{1} << 20;
      break;
    case 'G':
    case 'g':
      scale = std::int64_t{1} << 30;
      break;
    default:
      break;
  }
  if (scale != plain_scale || text.back() > '9') text.remove_suffix(1);
  const auto number = to_drbd_number(text);
  if (!number || *number < 0 || *number > (std::int64_t{1} << 53) / scale) return std::nullopt;
  return *number * scale;
}

// --- Options: each has a name and a setter; a section is a table of them ---

template <class Options>
struct Option {
  std::string_view name;
  std::function<Problem(const DrbdStatement&, Options&)> set;
};

template <class Options>
Option<Options> number(std::string_view name, std::int64_t low, std::int64_t high, int Options::*field) {
  return {name, [=](const DrbdStatement& s, Options& o) -> Problem {
            const auto value = s.words.size() == 2 ? to_drbd_number(s.words[1]) : std::nullopt;
            if (!value || *value < low || *value > high) {
              return not_understood(
                  s, "use a whole number from " + std::to_string(low) + " to " + std::to_string(high));
            }
            o.*field = static_cast<int>(*value);
            return {};
          }};
}

// Whole units of time; limits as in drbd.conf(5).
template <class Options>
Option<Options> time(std::string_view name, Duration unit, std::int64_t low, std::int64_t high,
                     Duration Options::*field) {
  return {name, [=](const DrbdStatement& s, Options& o) -> Problem {
            const auto value = s.words.size() == 2 ? to_drbd_number(s.words[1]) : std::nullopt;
            if (!value || *value < low || *value > high) {
              return not_understood(s, "use a whole number from " + std::to_string(low) + " to " +
                                           std::to_string(high) + ", in units of " +
                                           (unit == 1s ? "1 s" : "0.1 s"));
            }
            o.*field = *value * unit;
            return {};
          }};
}

template <class Options>
Option<Options> rate(std::string_view name, std::int64_t plain_scale, std::int64_t Options::*field) {
  return {name, [=](const DrbdStatement& s, Options& o) -> Problem {
            const auto value = s.words.size() == 2 ? to_scaled(s.words[1], plain_scale) : std::nullopt;
            if (!value || *value == 0) return not_understood(s, "use a rate as in 100M");
            o.*field = *value;
            return {};
          }};
}

template <class Options, class Value>
Option<Options> choice(std::string_view name, std::vector<std::pair<std::string_view, Value>> words,
                       Value Options::*field) {
  return {name, [=](const DrbdStatement& s, Options& o) -> Problem {
            std::string known;
            for (const auto& [word, value] : words) {
              if (s.words.size() == 2 && s.words[1] == word) {
                o.*field = value;
                return {};
              }
              known += (known.empty() ? "" : ", ") + std::string(word);
            }
            return not_understood(s, "use one of " + known);
          }};
}

// drbd.conf(5): a flag may stand alone for "yes".
template <class Options>
Option<Options> flag(std::string_view name, bool Options::*field) {
  return {name, [=](const DrbdStatement& s, Options& o) -> Problem {
            if (s.words.size() == 1 || (s.words.size() == 2 && s.words[1] == "yes")) {
              o.*field = true;
            } else if (s.words.size() == 2 && s.words[1] == "no") {
              o.*field = false;
            } else {
              return not_understood(s, "use yes or no");
            }
            return {};
          }};
}

template <class Options>
Option<Options> text(std::string_view name, std::string Options::*field) {
  return {name, [=](const DrbdStatement& s, Options& o) -> Problem {
            if (s.words.size() != 2) return not_understood(s, "give one value, in \"\" if it has blanks");
            o.*field = s.words[1];
            return {};
          }};
}

using Sb = AfterSplitBrain;

// Its last word names a node: discard-node-db2.
Problem set_after_sb_0pri(const DrbdStatement& s, DrbdNetOptions& o) {
  static const Option<DrbdNetOptions> fixed =
      choice<DrbdNetOptions, Sb>("after-sb-0pri",
                                 {{"disconnect", Sb::disconnect},
                                  {"discard-younger-primary", Sb::discard_younger_primary},
                                  {"discard-older-primary", Sb::discard_older_primary},
                                  {"discard-zero-changes", Sb::discard_zero_changes},
                                  {"discard-least-changes", Sb::discard_least_changes}},
                                 &DrbdNetOptions::after_sb_0pri);
  static constexpr std::string_view kNode = "discard-node-";
  const std::string word = s.words.size() == 2 ? s.words[1] : "";
  o.discard_node = word.starts_with(kNode) ? word.substr(kNode.size()) : "";
  if (!o.discard_node.empty()) {
    o.after_sb_0pri = Sb::discard_node;
    return {};
  }
  Problem problem = fixed.set(s, o);
  if (problem) problem->message += ", discard-node-NAME";
  return problem;
}

const std::vector<Option<DrbdNetOptions>>& net_table() {
  using O = DrbdNetOptions;
  static const std::vector<Option<O>> table = {
      choice<O, DrbdProtocol>(
          "protocol", {{"A", DrbdProtocol::a}, {"B", DrbdProtocol::b}, {"C", DrbdProtocol::c}}, &O::protocol),
      time<O>("timeout", 100ms, 1, 600, &O::timeout),
      time<O>("ping-int", 1s, 1, 120, &O::ping_interval),
      time<O>("ping-timeout", 100ms, 1, 300, &O::ping_timeout),
      time<O>("connect-int", 1s, 1, 120, &O::connect_interval),
      number<O>("ko-count", 0, 200, &O::ko_count),
      flag<O>("allow-two-primaries", &O::allow_two_primaries),
      choice<O, DrbdFencing>("fencing",
                             {{"dont-care", DrbdFencing::dont_care},
                              {"resource-only", DrbdFencing::resource_only},
                              {"resource-and-stonith", DrbdFencing::resource_and_stonith}},
                             &O::fencing),
      {"after-sb-0pri", set_after_sb_0pri},
      choice<O, Sb>("after-sb-1pri",
                    {{"disconnect", Sb::disconnect},
                     {"consensus", Sb::consensus},
                     {"violently-as0p", Sb::violently_as0p},
                     {"discard-secondary", Sb::discard_secondary},
                     {"call-pri-lost-after-sb", Sb::call_pri_lost_after_sb}},
                    &O::after_sb_1pri),
      choice<O, Sb>("after-sb-2pri",
                    {{"disconnect", Sb::disconnect},
                     {"violently-as0p", Sb::violently_as0p},
                     {"call-pri-lost-after-sb", Sb::call_pri_lost_after_sb}},
                    &O::after_sb_2pri),
  };
  return table;
}

const std::vector<Option<DrbdDiskOptions>>& disk_table() {
  using O = DrbdDiskOptions;
  static const std::vector<Option<O>> table = {
      choice<O, DeviceIoErrorPolicy>("on-io-error",
                                     {{"detach", DeviceIoErrorPolicy::detach},
                                      {"pass_on", DeviceIoErrorPolicy::pass_on},
                                      {"call-local-io-error", DeviceIoErrorPolicy::call_local_io_error}},
                                     &O::on_io_error),
      number<O>("al-extents", 7, 65536, &O::al_extents),
      rate<O>("c-max-rate", 1 << 10, &O::c_max_rate),
      rate<O>("resync-rate", 1 << 10, &O::resync_rate),
      number<O>("c-plan-ahead", 0, 300, &O::c_plan_ahead),
      time<O>("disk-timeout", 100ms, 0, 6000, &O::disk_timeout),
  };
  return table;
}

Problem set_quorum(const DrbdStatement& s, DrbdResourceOptions& o) {
  using Quorum = DrbdQuorum::Kind;
  const std::string word = s.words.size() == 2 ? s.words[1] : "";
  if (word == "off")
    o.quorum = {Quorum::off, 0};
  else if (word == "majority")
    o.quorum = {Quorum::majority, 0};
  else if (word == "all")
    o.quorum = {Quorum::all, 0};
  else if (const auto n = to_drbd_number(word); n && *n >= 1 && *n <= 32)
    o.quorum = {Quorum::number, static_cast<int>(*n)};
  else
    return not_understood(s, "use off, majority, all or a number from 1 to 32");
  return {};
}

const std::vector<Option<DrbdResourceOptions>>& options_table() {
  using O = DrbdResourceOptions;
  static const std::vector<Option<O>> table = {
      {"quorum", set_quorum},
      choice<O, DrbdNoQuorum>(
          "on-no-quorum", {{"suspend-io", DrbdNoQuorum::suspend_io}, {"io-error", DrbdNoQuorum::io_error}},
          &O::on_no_quorum),
      choice<O, bool>("on-no-data-accessible", {{"io-error", false}, {"suspend-io", true}},
                      &O::on_no_data_suspend),
      flag<O>("auto-promote", &O::auto_promote),
  };
  return table;
}

const std::vector<Option<DrbdHandlers>>& handlers_table() {
  using O = DrbdHandlers;
  static const std::vector<Option<O>> table = {
      text<O>("fence-peer", &O::fence_peer),
      text<O>("unfence-peer", &O::unfence_peer),
      text<O>("pri-lost-after-sb", &O::pri_lost_after_sb),
      text<O>("split-brain", &O::split_brain),
      text<O>("quorum-lost", &O::quorum_lost),
      text<O>("local-io-error", &O::local_io_error),
  };
  return table;
}

// What drbd.conf-9.0(5) knows and the model does without. Anything else is a mistake in the file.
const std::map<std::string_view, std::set<std::string_view>>& known_without_effect() {
  static const std::map<std::string_view, std::set<std::string_view>> known = {
      {"net",
       {"always-asbp",
        "cram-hmac-alg",
        "csums-alg",
        "csums-after-crash-only",
        "data-integrity-alg",
        "max-buffers",
        "max-epoch-size",
        "on-congestion",
        "congestion-fill",
        "congestion-extents",
        "socket-check-timeout",
        "rcvbuf-size",
        "rr-conflict",
        "shared-secret",
        "sndbuf-size",
        "tcp-cork",
        "transport",
        "use-rle",
        "verify-alg",
        "allow-remote-read",
        "rdma-ctrl-rcvbuf-size",
        "rdma-ctrl-sndbuf-size",
        "tls",
        "tls-keyring",
        "tls-privkey",
        "tls-certificate",
        "load-balance-paths"}},
      {"disk",
       {"al-updates", "disk-barrier", "disk-flushes", "disk-drain", "md-flushes", "read-balancing",
        "resync-after", "rs-discard-granularity", "discard-zeroes-if-aligned", "disable-write-same",
        "c-delay-target", "c-fill-target", "c-min-rate", "bitmap", "size", "fencing"}},
      {"options",
       {"cpu-mask", "peer-ack-window", "peer-ack-delay", "quorum-minimum-redundancy", "auto-promote-timeout",
        "twopc-timeout", "twopc-retry-timeout", "on-suspended-primary-outdated", "max-io-depth"}},
      {"handlers",
       {"after-resync-target", "before-resync-target", "before-resync-source", "out-of-sync",
        "initial-split-brain", "pri-lost", "pri-on-incon-degr", "disconnected"}},
  };
  return known;
}

template <class Options>
Problem apply(const DrbdStatement& section, std::string_view name, const std::vector<Option<Options>>& table,
              Options& into, const NoteStatement& not_modelled) {
  for (const DrbdStatement& s : section.body) {
    const auto option =
        std::find_if(table.begin(), table.end(), [&](const auto& o) { return o.name == s.keyword(); });
    if (option != table.end()) {
      if (auto problem = option->set(s, into)) return problem;
    } else if (known_without_effect().at(name).contains(s.keyword())) {
      not_modelled(s);
    } else {
      return Error{s.where, "drbd.conf(5) knows no " + std::string(name) + " option '" + s.keyword() +
                                "': check its spelling and its section"};
    }
  }
  return {};
}

}  // namespace

std::optional<std::int64_t> to_drbd_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Error not_understood(const DrbdStatement& s, const std::string& remedy) {
  const std::string value = s.words.size() > 1 ? " '" + s.words[1] + "'" : "";
  return Error{s.where, s.keyword() + value + " is not understood: " + remedy};
}

std::optional<Error> apply_net(const DrbdStatement& section, DrbdNetOptions& into,
                               const NoteStatement& note) {
  return apply(section, "net", net_table(), into, note);
}

std::optional<Error> apply_disk(const DrbdStatement& section, DrbdDiskOptions& into,
                                const NoteStatement& note) {
  return apply(section, "disk", disk_table(), into, note);
}

std::optional<Error> apply_options(const DrbdStatement& section, DrbdResourceOptions& into,
                                   const NoteStatement& note) {
  return apply(section, "options", options_table(), into, note);
}

std::optional<Error> apply_handlers(const DrbdStatement& section, DrbdHandlers& into,
                                    const NoteStatement& note) {
  return apply(section, "handlers", handlers_table(), into, note);
}

}  // namespace fencepost::models
