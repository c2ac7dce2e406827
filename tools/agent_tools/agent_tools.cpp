#include "tools/agent_tools/agent_tools.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>

#include "engine/cib/cib.h"
#include "engine/cib/read.h"
#include "engine/live/control/client.h"
#include "tools/agent_tools/attribute_tool.h"

namespace fencepost::agent_tools {
namespace {

// Pacemaker's exit codes, crm_error(8).
constexpr int kOk = 0;
constexpr int kError = 1;
constexpr int kUsage = 64;
constexpr int kDisconnected = 102;
constexpr int kNoSuch = 105;

std::string environment(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

Surroundings surroundings() {
  return {environment("FENCEPOST_SOCKET", "/run/fencepost/control"), environment("FENCEPOST_NODE"),
          environment("OCF_RESOURCE_INSTANCE")};
}

int complain(const std::string& tool, const Error& error, int code) {
  std::cerr << tool << ": " << to_string(error) << '\n';
  return code;
}

struct Known {
  live::Status status;
  cib::Cib cib;
};

Result<Known> ask_status(const Surroundings& around) {
  auto client = live::ControlClient::connect(around.socket);
  if (!client) return tl::unexpected(client.error());
  const auto answer = client->ask(live::StatusQuery{});
  if (!answer) return tl::unexpected(answer.error());
  if (!answer->status) return failure({around.socket, 0, 0}, "the node sent no status");
  auto document = cib::read(answer->status->cib, answer->status->node);
  if (!document) return tl::unexpected(document.error());
  return Known{*answer->status, std::move(document->cib)};
}

int query(const std::string& tool, const AttributeCall& call, const Surroundings& around) {
  const auto known = ask_status(around);
  if (!known) return complain(tool, known.error(), kDisconnected);
  auto value = find_value(known->cib, call);
  if (!value) value = call.otherwise;
  if (!value)
    return complain(tool, Error{{}, "Error performing operation: No such device or address"}, kNoSuch);
  if (call.quiet) {
    std::cout << *value << '\n';
  } else if (call.as_attrd_updater) {
    std::cout << "name=\"" << call.name << "\" host=\"" << call.node << "\" value=\"" << *value << "\"\n";
  } else {
    std::cout << "scope="
              << (call.cluster     ? "crm_config"
                  : call.transient ? "status"
                                   : "nodes")
              << "  name=" << call.name << " value=" << *value << '\n';
  }
  return kOk;
}

int attribute(const std::string& tool, const std::vector<std::string>& arguments) {
  const Surroundings around = surroundings();
  const auto call = parse_call(tool, arguments, around);
  if (!call) return complain(tool, call.error(), kUsage);
  if (call->verb == Verb::query) return query(tool, *call, around);
  auto client = live::ControlClient::connect(around.socket);
  if (!client) return complain(tool, client.error(), kDisconnected);
  const auto answer = client->ask(request_for(*call, around));
  return answer ? kOk : complain(tool, answer.error(), kError);
}

// The only thing that many agents want is the name, which needs no question.
int node_tool(const std::string& tool, const std::vector<std::string>& arguments) {
  const auto asks = [&](const char* brief, const char* whole) {
    return std::any_of(arguments.begin(), arguments.end(),
                       [&](const std::string& word) { return word == brief || word == whole; });
  };
  const Surroundings around = surroundings();
  if (asks("-n", "--name") && !around.node.empty()) {
    std::cout << around.node << '\n';
    return kOk;
  }
  const auto known = ask_status(around);
  if (!known) return complain(tool, known.error(), kDisconnected);
  const auto members = [&](const char* separator) {
    for (const auto& state : known->cib.status.nodes)
      if (state->in_ccm == "true") std::cout << state->uname << separator;
  };
  if (asks("-n", "--name")) {
    std::cout << known->status.node << '\n';
  } else if (asks("-q", "--quorum")) {
    std::cout << (known->cib.have_quorum.value_or(false) ? 1 : 0) << '\n';
  } else if (asks("-p", "--partition")) {
    members(" ");
    std::cout << '\n';
  } else if (asks("-l", "--list")) {
    for (const cib::Node& node : known->cib.configuration->nodes) {
      const cib::NodeState* state = cib::find_node_state(known->cib.status, node.uname);
      std::cout << node.id << ' ' << node.uname << ' '
                << (state != nullptr && state->in_ccm == "true" ? "member" : "lost") << '\n';
    }
  } else {
    return complain(tool, Error{{}, "use --name, --quorum, --partition or --list"}, kUsage);
  }
  return kOk;
}

constexpr std::array kAttributeTools = {"crm_attribute", "crm_master", "attrd_updater"};

}  // namespace

bool is_agent_tool(const std::string& name) {
  return name == "crm_node" ||
         std::find(kAttributeTools.begin(), kAttributeTools.end(), name) != kAttributeTools.end();
}

int run(const std::string& name, const std::vector<std::string>& arguments) {
  return name == "crm_node" ? node_tool(name, arguments) : attribute(name, arguments);
}

}  // namespace fencepost::agent_tools
