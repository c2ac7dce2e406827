#include "tools/crm_simulate/step.h"

#include <algorithm>

namespace fencepost::crm_simulate {

namespace {

std::string node_text(const Step& step) {
  if (step.task == "Online") return "Bringing node " + step.subject + " online";
  if (step.task == "Offline") return "Taking node " + step.subject + " offline";
  return "Failing node " + step.subject;
}

std::string ticket_text(const Step& step) {
  if (step.task == "Standby") return "Making ticket " + step.subject + " standby";
  return step.task + " ticket " + step.subject;
}

std::string resource_text(const Step& step) {
  std::string name = step.subject;
  name.resize(std::max<std::size_t>(name.size(), 15), ' ');
  const std::string interval = step.value.empty() ? "" : "=" + step.value;
  return "Resource action: " + name + " " + step.task + interval + " on " + step.node;
}

}  // namespace

std::string to_text(const Step& step) {
  using Kind = Step::Kind;
  switch (step.kind) {
    case Kind::quorum:
      return "Setting quorum: " + step.value;
    case Kind::watchdog:
      return "Setting watchdog: " + step.value;
    case Kind::node:
      return node_text(step);
    case Kind::ticket:
      return ticket_text(step);
    case Kind::spec:
      return "Injecting " + step.subject + " into the configuration";
    case Kind::attribute:
      return "Injecting attribute " + step.subject + "=" + step.value + " into /node_state '" + step.node +
             "'";
    case Kind::pseudo:
      return "Pseudo action:   " + step.subject + (step.node.empty() ? "" : " on " + step.node);
    case Kind::resource:
      return resource_text(step);
    case Kind::cluster:
      return "Cluster action:  " + step.task + (step.subject.empty() ? "" : " for " + step.subject) + " on " +
             step.node;
    case Kind::fencing:
      return "Fencing " + step.node + " (" + step.task + ")";
    case Kind::pretended:
      return "Pretending action " + step.subject + " failed with rc=" + step.value;
  }
  return "";
}

}  // namespace fencepost::crm_simulate
