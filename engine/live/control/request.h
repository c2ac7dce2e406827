// What can be asked of a running node, and what it answers; both as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/result.h"
#include "engine/node/command.h"

namespace fencepost::live {

// The status now; with `watch`, again whenever it has changed, until the asker hangs up.
struct StatusQuery {
  bool watch = false;
};
struct CommandRequest {
  node::Command command;
};
// A transient attribute of this node: what agents ask for through crm_attribute and its relatives.
struct AttributeRequest {
  std::string name;
  std::optional<std::string> value;  // nothing: delete
  std::optional<Duration> delay;     // attrd_updater --delay
};
using Request = std::variant<StatusQuery, CommandRequest, AttributeRequest>;

struct Status {
  std::string node;     // who answers
  std::string version;  // of Fencepost
  bool is_dc = false;
  std::string cib;  // XML
};
struct Answer {
  std::optional<std::string> error;   // why not, and what to do
  std::vector<std::string> warnings;  // it was done all the same
  std::optional<Status> status;
};

std::string to_json(const Request& request);
// Anything unexpected is refused: unknown requests, fields, types, versions; control characters in names.
Result<Request> parse_request(std::string_view json);

std::string to_json(const Answer& answer);
Result<Answer> parse_answer(std::string_view json);

}  // namespace fencepost::live
