// Whether a rule holds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/cib/resource.h"
#include "engine/cib/rule.h"
#include "engine/cib/values.h"

namespace fencepost::cib {

// Where rules look names up: node attributes, a resource's parameters. Null: not set.
class Lookup {
 public:
  virtual ~Lookup() = default;
  virtual const std::string* find(std::string_view name) const = 0;
};

// Against what a rule is evaluated. What is absent makes the expressions that ask for it false.
struct RuleContext {
  WallSeconds now;
  const Lookup* node_attributes = nullptr;
  Role role = Role::unknown;
  const Agent* agent = nullptr;          // for rsc_expression
  const std::string* op_name = nullptr;  // for op_expression
  Milliseconds op_interval{0};
  const Lookup* parameters = nullptr;                 // value-source="param"
  const Lookup* meta = nullptr;                       // value-source="meta"
  const std::vector<std::string>* matches = nullptr;  // what %0 to %9 stand for, after an rsc-pattern
  // Lowered to the earliest time after now at which a date in an evaluated rule changes its answer.
  std::optional<WallSeconds>* next_change = nullptr;
};

bool holds(const Rule& rule, const RuleContext& context);
// No rules hold; of several, one is enough.
bool any_holds(const std::vector<Rule>& rules, const RuleContext& context);

// "%1" replaced by what the pattern's first group matched.
std::string substitute_matches(std::string_view text, const std::vector<std::string>& matches);

}  // namespace fencepost::cib
