#include "engine/live/codec.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/assert.h"
#include "engine/cib/read.h"
#include "engine/cib/write.h"
#include "engine/live/event_members.h"
#include "engine/live/message_members.h"
#include "engine/node/event.h"

namespace fencepost::live {
namespace {

using Json = nlohmann::json;

constexpr int kDepthMax = 100;  // rules within rules are the deepest; people write three

template <class T>
concept Listed = requires {
  Members<T>::kList;
};

// Enums of ours end somewhere; the CIB's op-status and rc-code keep numbers that nobody knows.
constexpr std::int64_t last_of(cib::Edit::Verb) { return static_cast<std::int64_t>(cib::Edit::Verb::erase); }
constexpr std::int64_t last_of(policy::ActionKind) {
  return static_cast<std::int64_t>(policy::ActionKind::cluster);
}
constexpr std::int64_t last_of(cib::OpStatus) { return INT32_MAX; }
constexpr std::int64_t last_of(cib::AgentRc) { return INT32_MAX; }
constexpr std::int64_t last_of(node::DaemonDied::Daemon) {
  return static_cast<std::int64_t>(node::DaemonDied::Daemon::scheduler);
}

// --- Writing ---

class Writer {
 public:
  explicit Writer(const node::Nodelist& nodelist) : nodelist_(nodelist) {}

  template <class T>
  Json write(const std::vector<T>& list) const {
    Json result = Json::array();
    for (const T& each : list) result.push_back(write(each));
    return result;
  }
  template <class T>
  Json write(const std::optional<T>& value) const {
    return value ? Json::array({write(*value)}) : Json::array();
  }
  template <class... T>
  Json write(const std::variant<T...>& value) const {
    return Json::array({value.index(), std::visit([this](const auto& v) { return this->write(v); }, value)});
  }
  template <class T>
  Json write(const std::shared_ptr<const T>& value) const {
    HA_ASSERT(value != nullptr);
    return write(*value);
  }
  template <class T>
  Json write(const cib::SharedValue<T>& value) const {
    return write(*value);
  }
  template <class Rep, class Period>
  Json write(const std::chrono::duration<Rep, Period>& value) const {
    return value.count();
  }
  Json write(const WallSeconds& value) const { return value.since_epoch; }
  Json write(const SimTime& value) const { return value.time_since_epoch().count(); }
  Json write(const NameValues& value) const {
    Json result = Json::array();
    for (const auto [name, text] : value) result.push_back(Json::array({name, text}));
    return result;
  }
  Json write(const node::Booted& value) const {
    return value.stored ? Json::array({write(*value.stored)}) : Json::array();
  }
  // What it was decided from and what came of it stands in the effects around it.
  Json write(const node::TransitionCalculated& value) const { return Json::array({value.id, value.reason}); }
  Json write(const std::string& value) const { return value; }
  Json write(const cib::Cib& value) const { return cib::write(value); }
  Json write(const node::NodeId& value) const {
    HA_ASSERT(value.index() < nodelist_.size());
    return nodelist_[value.index()].corosync_id;
  }

  template <class T>
  Json write(const T& value) const {
    if constexpr (Listed<T>) {
      static_assert(sizeof(T) == size_of_members<T>(), "a member is missing in message_members.h");
      Json result = Json::array();
      std::apply([&](auto... member) { (result.push_back(write(value.*member)), ...); }, Members<T>::kList);
      return result;
    } else if constexpr (std::is_enum_v<T>) {
      return static_cast<std::int64_t>(value);
    } else {
      static_assert(std::is_integral_v<T>);
      return value;
    }
  }

 private:
  const node::Nodelist& nodelist_;
};

// --- Reading: anything may come; what fits no message is refused, and the first thing that does not fit is
// named ---

class Reader {
 public:
  explicit Reader(const node::Nodelist& nodelist) : nodelist_(nodelist) {}

  const std::string& problem() const { return problem_; }

  template <class T>
  bool read(const Json& from, T& to) {
    if constexpr (Listed<T>) {
      return read_members(from, to);
    } else if constexpr (std::is_enum_v<T>) {
      std::int64_t number = 0;
      if (!read(from, number)) return false;
      if (number < -1 || number > last_of(T{}) ||
          (number < 0 && !std::is_signed_v<std::underlying_type_t<T>>))
        return wrong("a number that names nothing");
      to = static_cast<T>(number);
      return true;
    } else {
      static_assert(std::is_integral_v<T>);
      return read_number(from, to);
    }
  }

  bool read(const Json& from, bool& to) {
    if (!from.is_boolean()) return wrong("no truth value where there should be one");
    to = from.get<bool>();
    return true;
  }
  bool read(const Json& from, std::string& to) {
    if (!from.is_string()) return wrong("no text where there should be one");
    to = from.get_ref<const std::string&>();
    return true;
  }
  bool read(const Json& from, node::NodeId& to) {
    std::uint32_t number = 0;
    if (!read_number(from, number)) return false;
    for (std::size_t i = 0; i < nodelist_.size(); ++i) {
      if (nodelist_[i].corosync_id != number) continue;
      to = node::NodeId{i};
      return true;
    }
    return wrong("a node that is not in the nodelist");
  }
  bool read(const Json& from, WallSeconds& to) { return read_number(from, to.since_epoch); }
  bool read(const Json& from, NameValues& to) {
    if (!from.is_array()) return wrong("no list where there should be one");
    to = {};
    for (const Json& each : from) {
      std::string name, value;
      if (!each.is_array() || each.size() != 2) return wrong("no name and value where they should be");
      if (!read(each[0], name) || !read(each[1], value)) return false;
      to.add(name, value);
    }
    return true;
  }
  bool read(const Json& from, node::Booted& to) {
    if (!from.is_array() || from.size() > 1) return wrong("no stored CIB where there should be one");
    to.stored = nullptr;
    return from.empty() || read(from[0], to.stored);
  }
  template <class Rep, class Period>
  bool read(const Json& from, std::chrono::duration<Rep, Period>& to) {
    Rep count = 0;
    if (!read_number(from, count)) return false;
    to = std::chrono::duration<Rep, Period>{count};
    return true;
  }
  template <class T>
  bool read(const Json& from, std::vector<T>& to) {
    if (!from.is_array()) return wrong("no list where there should be one");
    to.clear();
    for (const Json& each : from) {
      if (!read(each, to.emplace_back())) return false;
    }
    return true;
  }
  template <class T>
  bool read(const Json& from, std::optional<T>& to) {
    if (!from.is_array() || from.size() > 1) return wrong("no optional value where there should be one");
    to.reset();
    return from.empty() || read(from[0], to.emplace());
  }
  template <class... T>
  bool read(const Json& from, std::variant<T...>& to) {
    if (!from.is_array() || from.size() != 2) return wrong("no alternative where there should be one");
    std::size_t index = 0;
    if (!read_number(from[0], index)) return false;
    if (index >= sizeof...(T)) return wrong("an alternative that is unknown");
    return read_alternative(from[1], index, to, std::index_sequence_for<T...>{});
  }
  template <class T>
  bool read(const Json& from, std::shared_ptr<const T>& to) {
    auto value = std::make_shared<T>();
    if (!read(from, *value)) return false;
    to = std::move(value);
    return true;
  }
  template <class T>
  bool read(const Json& from, cib::SharedValue<T>& to) {
    return read(from, to.edit());
  }
  bool read(const Json& from, cib::Cib& to) {
    std::string text;
    if (!read(from, text)) return false;
    Result<cib::Document> document = cib::read(text, "a peer's CIB");
    if (!document) return wrong(to_string(document.error()));
    to = std::move(document->cib);
    return true;
  }

 private:
  bool wrong(std::string what) {
    if (problem_.empty()) problem_ = std::move(what);
    return false;
  }

  template <class T>
  bool read_number(const Json& from, T& to) {
    if (from.is_number_unsigned()) {
      const std::uint64_t value = from.get<std::uint64_t>();
      if (std::in_range<T>(value)) {
        to = static_cast<T>(value);
        return true;
      }
    } else if (from.is_number_integer()) {
      const std::int64_t value = from.get<std::int64_t>();
      if (std::in_range<T>(value)) {
        to = static_cast<T>(value);
        return true;
      }
    }
    return wrong("no number that fits where there should be one");
  }

  template <class T>
  bool read_members(const Json& from, T& to) {
    constexpr std::size_t count = std::tuple_size_v<std::remove_const_t<decltype(Members<T>::kList)>>;
    if (!from.is_array() || from.size() != count) return wrong("a record with another number of members");
    std::size_t next = 0;
    return std::apply([&](auto... member) { return (read(from[next++], to.*member) && ...); },
                      Members<T>::kList);
  }

  template <class Variant, std::size_t... Index>
  bool read_alternative(const Json& from, std::size_t index, Variant& to, std::index_sequence<Index...>) {
    bool ok = false;
    static_cast<void>(((index == Index && (ok = read(from, to.template emplace<Index>()), true)) || ...));
    return ok;
  }

  const node::Nodelist& nodelist_;
  std::string problem_;
};

// The library's reader is recursive; what is nested too deeply never gets to it.
class DepthCheck final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return false; }  // no message has one
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return false; }
  bool key(string_t&) override { return false; }
  bool end_object() override { return false; }
  bool start_array(std::size_t) override { return ++depth_ <= kDepthMax; }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  int depth_ = 0;
};

// Of anything that fits the bounds; an error says what is wrong with it.
tl::expected<Json, std::string> parse(std::string_view bytes) {
  DepthCheck depth;
  if (!Json::sax_parse(bytes.begin(), bytes.end(), &depth, Json::input_format_t::cbor))
    return tl::unexpected<std::string>("that is not CBOR as it is used here");
  return Json::from_cbor(bytes.begin(), bytes.end(), true, false);
}

Error refused(const std::string& why) {
  return {Where{"group message", 0, 0}, why + ". Do all nodes run the same version of fencepost?"};
}

}  // namespace

std::string encode(const node::Message& message, const node::Nodelist& nodelist) {
  std::string bytes;
  Json::to_cbor(Json::array({kProtocolVersion, Writer(nodelist).write(message.body)}), bytes);
  return bytes;
}

Result<node::MessagePtr> decode(std::string_view bytes, const node::Nodelist& nodelist) {
  if (bytes.size() > kMessageSizeMax) return tl::unexpected(refused("a message of more than 64 MB"));
  const auto parsed = parse(bytes);
  if (!parsed) return tl::unexpected(refused("a message " + parsed.error()));
  const Json& whole = *parsed;
  if (!whole.is_array() || whole.size() != 2) return tl::unexpected(refused("a message without a version"));
  if (whole[0] != kProtocolVersion)
    return tl::unexpected(refused("a message of protocol version " +
                                  whole[0].dump(-1, ' ', false, Json::error_handler_t::replace) +
                                  ", where this node speaks " + std::to_string(kProtocolVersion)));
  auto message = std::make_shared<node::Message>();
  Reader reader(nodelist);
  if (!reader.read(whole[1], message->body))
    return tl::unexpected(refused("a message with " + reader.problem()));
  return message;
}

std::string encode_event(const node::Event& event, const node::Nodelist& nodelist) {
  std::string bytes;
  Json::to_cbor(Writer(nodelist).write(event), bytes);
  return bytes;
}

Result<node::Event> decode_event(std::string_view bytes, const node::Nodelist& nodelist) {
  const auto parsed = parse(bytes);
  if (!parsed) return failure({"tape", 0, 0}, "an event " + parsed.error());
  node::Event event;
  Reader reader(nodelist);
  if (!reader.read(*parsed, event)) return failure({"tape", 0, 0}, "an event with " + reader.problem());
  return event;
}

std::string encode_effects(const node::Effects& effects, const node::Nodelist& nodelist) {
  std::string bytes;
  Json::to_cbor(Writer(nodelist).write(effects), bytes);
  return bytes;
}

}  // namespace fencepost::live
