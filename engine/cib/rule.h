// Rules: conditions on node attributes, roles, dates, resources and operations, as a tree.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/cib/source.h"

namespace fencepost::cib {

// In every struct below an empty string means "the attribute is absent".

struct AttributeExpression {  // on a node attribute; on the role when attribute is "#role"
  std::string id;
  std::string attribute;
  std::string operation;  // lt gt lte gte eq ne defined not_defined
  std::optional<std::string> value;
  std::string type;          // string, integer, number, version
  std::string value_source;  // literal, param, meta
  Extras extras;
  Line line;
  bool operator==(const AttributeExpression&) const = default;
};

struct ResourceExpression {
  std::string id;
  std::string standard;  // XML "class"
  std::string provider;
  std::string type;
  Extras extras;
  Line line;
  bool operator==(const ResourceExpression&) const = default;
};

struct OperationExpression {
  std::string id;
  std::string name;
  std::string interval;
  Extras extras;
  Line line;
  bool operator==(const OperationExpression&) const = default;
};

// A <duration> or <date_spec>: fields such as hours="9-16", in document order.
struct DateFields {
  std::string id;
  std::vector<Attribute> fields;
  bool operator==(const DateFields&) const = default;
};

struct DateExpression {
  std::string id;
  std::string operation;  // in_range, gt, lt, date_spec
  std::string start;
  std::string end;
  std::vector<DateFields> duration;   // none or one
  std::vector<DateFields> date_spec;  // none or one
  Extras extras;
  Line line;
  bool operator==(const DateExpression&) const = default;
};

struct Expression;

struct Rule {
  std::string id;
  std::string id_ref;  // set: everything else was copied from the rule it names
  std::string boolean_op;
  std::string score;
  std::string score_attribute;
  std::string role;
  std::vector<Expression> parts;
  Extras extras;
  Line line;
  bool operator==(const Rule& other) const;
};

struct Expression {
  std::variant<Rule, AttributeExpression, DateExpression, ResourceExpression, OperationExpression> is;
  bool operator==(const Expression&) const = default;
};

}  // namespace fencepost::cib
