// What crm_attribute, crm_master and attrd_updater have in common.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/live/control/request.h"

namespace fencepost::cib {
struct Cib;
}

namespace fencepost::agent_tools {

// What an agent's environment says (engine/live/ocf.cpp sets it).
struct Surroundings {
  std::string socket, node, resource;
};

enum class Verb { query, update, erase };

struct AttributeCall {
  Verb verb = Verb::query;
  std::string name, value, node;
  std::optional<std::string> otherwise;  // what a query says when there is none
  std::optional<Duration> delay;
  bool transient = false;  // lifetime reboot
  bool cluster = false;    // a property of the cluster
  bool quiet = false;
  bool as_attrd_updater = false;  // how a query is answered
};

// An Error is bad usage.
Result<AttributeCall> parse_call(const std::string& tool, std::vector<std::string> arguments,
                                 const Surroundings& around);

// What to ask the node for, to update or erase.
live::Request request_for(const AttributeCall& call, const Surroundings& around);
// The value now.
std::optional<std::string> find_value(const cib::Cib& cib, const AttributeCall& call);

}  // namespace fencepost::agent_tools
