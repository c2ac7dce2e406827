#include "engine/live/control/request.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "engine/base/assert.h"
#include "engine/cib/edit.h"

namespace fencepost::live {
namespace {

using nlohmann::json;
using namespace node;

constexpr int kProtocol = 1;
// Requests are an object of plain values; answers hold a list and an object. What is nested deeper never gets
// as far as a value.
constexpr int kDepthMax = 4;

// --- What each command consists of, for both directions ---

template <class Fields>
void visit(Fields& f, SetStandby& x) {
  f("node", x.node);
  f("on", x.on);
  f("until_reboot", x.until_reboot);
}
template <class Fields, class MoveOrBan>
void visit_move(Fields& f, MoveOrBan& x) {
  f("resource", x.resource);
  f("node", x.node);
  f("promoted", x.promoted);
  f("lifetime_s", x.lifetime);
}
template <class Fields>
void visit(Fields& f, MoveResource& x) {
  visit_move(f, x);
}
template <class Fields>
void visit(Fields& f, BanResource& x) {
  visit_move(f, x);
}
template <class Fields, class Where>
void visit_where(Fields& f, Where& x) {
  f("resource", x.resource);
  f("node", x.node);
}
template <class Fields>
void visit(Fields& f, ClearResource& x) {
  visit_where(f, x);
}
template <class Fields>
void visit(Fields& f, CleanupResource& x) {
  visit_where(f, x);
}
template <class Fields>
void visit(Fields& f, RefreshResource& x) {
  visit_where(f, x);
}
template <class Fields>
void visit(Fields& f, SetProperty& x) {
  f("name", x.name);
  f("value", x.value);
}
template <class Fields>
void visit(Fields& f, SetResourceMeta& x) {
  f("resource", x.resource);
  f("name", x.name);
  f("value", x.value);
}
template <class Fields>
void visit(Fields& f, SetNodeAttribute& x) {
  f("node", x.node);
  f("name", x.name);
  f("value", x.value);
  f("transient", x.transient);
}
template <class Fields>
void visit(Fields& f, cib::Edit& x) {
  f("verb", x.verb);
  f("scope", x.scope);
  f("xpath", x.xpath);
  f.text("xml", x.xml);
  f("allow_create", x.allow_create);
  f("only_if", x.only_if);
}
template <class Fields>
void visit(Fields& f, EditCib& x) {
  cib::Edit edit = x.edit ? *x.edit : cib::Edit{};
  visit(f, edit);
  x.edit = std::make_shared<const cib::Edit>(std::move(edit));
}
template <class Fields>
void visit(Fields& f, FenceNode& x) {
  f("node", x.node);
  f("action", x.action);
}
template <class Fields>
void visit(Fields&, Shutdown&) {}
template <class Fields>
void visit(Fields& f, AttributeRequest& x) {
  f("name", x.name);
  f("value", x.value);
  f("delay_s", x.delay);
}

// In the order of node::Command.
constexpr std::array kCommands = {"standby",  "move", "ban",       "clear",    "cleanup", "refresh",
                                  "property", "meta", "attribute", "edit-cib", "fence",   "shutdown"};
static_assert(kCommands.size() == std::variant_size_v<Command>);

constexpr const char* kAttribute = "own-attribute";

constexpr std::array kVerbs = {"create", "modify", "replace", "erase"};  // in the order of cib::Edit::Verb

class Writer {
 public:
  explicit Writer(json& to) : to_(to) {}
  void operator()(const char* name, const std::string& value) { to_[name] = value; }
  void operator()(const char* name, bool value) { to_[name] = value; }
  void operator()(const char* name, const std::optional<std::string>& value) {
    if (value) to_[name] = *value;
  }
  void operator()(const char* name, const std::optional<Duration>& value) {
    if (value) to_[name] = std::chrono::duration_cast<std::chrono::seconds>(*value).count();
  }
  void operator()(const char* name, const std::optional<cib::Version>& value) {
    if (value) to_[name] = json::array({value->admin_epoch, value->epoch});
  }
  void operator()(const char* name, cib::Edit::Verb value) {
    to_[name] = kVerbs.at(static_cast<std::size_t>(value));
  }
  void text(const char* name, const std::string& value) { to_[name] = value; }

 private:
  json& to_;
};

// Takes each field out of the object; what is left at the end was not expected.
class Reader {
 public:
  explicit Reader(json& from) : from_(from) {}

  void operator()(const char* name, std::string& value) {
    text(name, value);
    if (std::any_of(value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
      wrong(name, "has a control character");
  }
  void operator()(const char* name, bool& value) {
    if (const auto field = take(name, &json::is_boolean, "true or false")) value = field->get<bool>();
  }
  void operator()(const char* name, std::optional<std::string>& value) {
    std::string text;
    if (!from_.contains(name)) return;
    (*this)(name, text);
    value = std::move(text);
  }
  void operator()(const char* name, std::optional<Duration>& value) {
    const auto field = take(name, &json::is_number_unsigned, "a number of seconds");
    if (!field) return;
    const auto seconds = field->get<std::uint64_t>();
    if (seconds == 0 || seconds > kLifetimeMax) return wrong(name, "is 1 second to 100 years");
    value = std::chrono::seconds{static_cast<std::int64_t>(seconds)};
  }
  // admin_epoch and epoch.
  void operator()(const char* name, std::optional<cib::Version>& value) {
    constexpr const char* kKind = "a list of two whole numbers";
    const auto field = take(name, &json::is_array, kKind);
    if (!field) return;
    const auto fits = [](const json& each) {
      return each.is_number_unsigned() && each.get<std::uint64_t>() <= INT32_MAX;
    };
    if (field->size() != 2 || !std::all_of(field->begin(), field->end(), fits))
      return wrong(name, std::string("has to be ") + kKind);
    value.emplace();
    value->admin_epoch = (*field)[0].get<std::int32_t>();
    value->epoch = (*field)[1].get<std::int32_t>();
  }
  void operator()(const char* name, cib::Edit::Verb& value) {
    std::string word;
    text(name, word);
    const auto found = std::find(kVerbs.begin(), kVerbs.end(), word);
    if (found == kVerbs.end()) return wrong(name, "is create, modify, replace or erase");
    value = static_cast<cib::Edit::Verb>(found - kVerbs.begin());
  }
  void text(const char* name, std::string& value) {
    if (const auto field = take(name, &json::is_string, "a text")) value = field->get<std::string>();
  }
  void text(const char* name, std::optional<std::string>& value) {
    if (!from_.contains(name)) return;
    text(name, value.emplace());
  }

  // Nothing if all was well.
  std::optional<Error> error() const {
    if (error_ || from_.empty()) return error_;
    return Error{{}, "'" + from_.begin().key() + "' is not expected here"};
  }

 private:
  static constexpr std::uint64_t kLifetimeMax = 100ull * 366 * 86400;

  std::optional<json> take(const char* name, bool (json::*is)() const noexcept, const char* kind) {
    const auto found = from_.find(name);
    if (found == from_.end()) return std::nullopt;
    json field = std::move(*found);
    from_.erase(found);
    if ((field.*is)()) return field;
    wrong(name, std::string("has to be ") + kind);
    return std::nullopt;
  }
  void wrong(const char* name, const std::string& what) {
    if (!error_) error_ = Error{{}, "'" + std::string(name) + "' " + what};
  }

  json& from_;
  std::optional<Error> error_;
};

// An object, or nothing.
std::optional<json> parse_object(std::string_view text) {
  bool too_deep = false;
  const auto guard = [&](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || depth > kDepthMax;
    return depth <= kDepthMax;
  };
  json value = json::parse(text.begin(), text.end(), guard, /*allow_exceptions=*/false);
  if (too_deep || !value.is_object()) return std::nullopt;
  return value;
}

std::string dump(const json& value) {
  // A text that is no UTF-8 (an agent's exit reason) must not stop an answer.
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <std::size_t I = 0>
Command command_of_kind(std::size_t kind) {
  if constexpr (I + 1 < std::variant_size_v<Command>) {
    if (kind != I) return command_of_kind<I + 1>(kind);
  }
  return std::variant_alternative_t<I, Command>{};
}

Result<Request> read_command(Reader& reader, const std::string& word) {
  const auto found = std::find(kCommands.begin(), kCommands.end(), word);
  if (found == kCommands.end())
    return failure({}, "'" + word + "' is nothing this node can be asked for: is it an older version?");
  Command command = command_of_kind(static_cast<std::size_t>(found - kCommands.begin()));
  std::visit([&](auto& one) { visit(reader, one); }, command);
  if (const auto wrong = reader.error()) return tl::unexpected(*wrong);
  return CommandRequest{std::move(command)};
}

}  // namespace

std::string to_json(const Request& request) {
  json object{{"protocol", kProtocol}};
  Writer writer(object);
  if (const auto* query = std::get_if<StatusQuery>(&request)) {
    object["request"] = "status";
    writer("watch", query->watch);
  } else if (const auto* attribute = std::get_if<AttributeRequest>(&request)) {
    object["request"] = kAttribute;
    AttributeRequest fields = *attribute;
    visit(writer, fields);
  } else {
    Command command = std::get<CommandRequest>(request).command;
    object["request"] = kCommands.at(command.index());
    std::visit([&](auto& one) { visit(writer, one); }, command);
  }
  return dump(object);
}

Result<Request> parse_request(std::string_view text) {
  auto object = parse_object(text);
  if (!object) return failure({}, "this is no request: a JSON object is expected");
  const auto protocol = object->find("protocol");
  if (protocol == object->end() || *protocol != kProtocol)
    return failure({}, "this node speaks protocol " + std::to_string(kProtocol) +
                           ": use the fencepost command of the same version");
  object->erase(protocol);

  Reader reader(*object);
  std::string word;
  reader("request", word);
  if (word == kAttribute) {
    AttributeRequest attribute;
    visit(reader, attribute);
    if (const auto wrong = reader.error()) return tl::unexpected(*wrong);
    return attribute;
  }
  if (word != "status") return read_command(reader, word);
  StatusQuery query;
  reader("watch", query.watch);
  if (const auto wrong = reader.error()) return tl::unexpected(*wrong);
  return query;
}

std::string to_json(const Answer& answer) {
  json object{{"ok", !answer.error}};
  if (answer.error) object["error"] = *answer.error;
  if (!answer.warnings.empty()) object["warnings"] = answer.warnings;
  if (const auto& status = answer.status)
    object["status"] = {
        {"node", status->node}, {"version", status->version}, {"dc", status->is_dc}, {"cib", status->cib}};
  return dump(object);
}

Result<Answer> parse_answer(std::string_view text) {
  const auto bad =
      failure({}, "the node's answer makes no sense: use the fencepost command of the same version");
  auto object = parse_object(text);
  if (!object) return bad;
  Answer answer;
  bool ok = false;
  json warnings = json::array(), status;
  if (const auto found = object->find("warnings"); found != object->end())
    warnings = std::exchange(*found, {});
  if (const auto found = object->find("status"); found != object->end()) status = std::exchange(*found, {});
  object->erase("warnings");
  object->erase("status");
  Reader reader(*object);
  reader("ok", ok);
  reader.text("error", answer.error);
  if (reader.error() || ok == answer.error.has_value() || !warnings.is_array()) return bad;
  for (const json& each : warnings) {
    if (!each.is_string()) return bad;
    answer.warnings.push_back(each.get<std::string>());
  }
  if (status.is_null()) return answer;
  if (!status.is_object()) return bad;
  Reader inner(status);
  Status& to = answer.status.emplace();
  inner("node", to.node);
  inner("version", to.version);
  inner("dc", to.is_dc);
  inner.text("cib", to.cib);
  if (inner.error()) return bad;
  return answer;
}

}  // namespace fencepost::live
