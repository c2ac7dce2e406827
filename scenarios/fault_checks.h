// Whether what a fault names is there: nodes, hosts, resources, mounts … What is not is an error with its
// place and what there is instead, before anything runs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/cib/cib.h"
#include "models/fault_arguments.h"
#include "scenarios/fields.h"
#include "scenarios/scenario.h"

namespace fencepost::scenarios {

class FaultChecks {
 public:
  FaultChecks(const Scenario& scenario, Problems& problems);

  void node(const Value& at, const std::string& name) const;    // or @dc, @any …
  void host(const Value& at, const std::string& name) const;    // a node, or another host on the networks
  void resource(const Value& at, const std::string& id) const;  // of the CIB
  void fence_device(const Value& at, const std::string& name) const;
  void network(const Value& at, const std::string& name) const;
  void daemon(const Value& at, const std::string& name) const;
  void action(const Value& at, const std::string& name) const;  // of an agent
  // An argument of a verb that an area of the models brings.
  void argument(const Value& at, const models::FaultVerb& verb, const models::FaultArgument& argument) const;

 private:
  using Names = std::vector<std::string>;
  // "there is no switch 'sw9'; there are sw1 or sw2"
  void one_of_these(const Value& at, const char* what, const std::string& name, const Names& known,
                    const char* remedy) const;
  void named(const Value& at, const models::FaultVerb& verb, const std::string& argument) const;
  Names hosts() const;
  Names mount_points() const;
  Names resources_of(const std::vector<std::string_view>& agent_types) const;

  const Scenario& scenario_;
  Problems& problems_;
  Names resources_;
};

}  // namespace fencepost::scenarios
