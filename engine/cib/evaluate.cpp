#include "engine/cib/evaluate.h"

#include <algorithm>
#include <charconv>
#include <compare>

#include "engine/cib/date.h"

namespace fencepost::cib {
namespace {

// --- Attributes

enum class Comparison { string, integer, number, version };

// A number with whatever follows ignored, as C reads one: blanks before it, a sign, hexadecimal after 0x.
std::optional<double> to_double(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\n\v\f\r"), text.size()));
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with('-')) return std::nullopt;
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  double value = 0;
  std::from_chars_result result{};
  if (hexadecimal) {
    result = std::from_chars(text.data() + 2, text.data() + text.size(), value, std::chars_format::hex);
  } else {
    result = std::from_chars(text.data(), text.data() + text.size(), value);
  }
  if (result.ec != std::errc()) return std::nullopt;
  return negative ? -value : value;
}

std::strong_ordering ordering(int order) { return order <=> 0; }

std::strong_ordering compare_texts(std::string_view a, std::string_view b) {
  const auto lowered = [](char c) {
    return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  };
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (lowered(a[i]) != lowered(b[i])) return lowered(a[i]) <=> lowered(b[i]);
  }
  return a.size() <=> b.size();
}

// Numbers between dots; one that is missing counts as 0.
std::strong_ordering compare_versions(std::string_view a, std::string_view b) {
  const auto take = [](std::string_view& text) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    const std::int64_t number = parse_integer(text.substr(0, dot)).value_or(0);
    text.remove_prefix(std::min(dot + 1, text.size()));
    return number;
  };
  while (!a.empty() || !b.empty()) {
    const auto order = take(a) <=> take(b);
    if (order != 0) return order;
  }
  return std::strong_ordering::equal;
}

Comparison comparison_of(const AttributeExpression& e, std::string_view left, std::string_view right) {
  if (equal_ignoring_case(e.type, "string")) return Comparison::string;
  if (equal_ignoring_case(e.type, "integer")) return Comparison::integer;
  if (equal_ignoring_case(e.type, "number")) return Comparison::number;
  if (equal_ignoring_case(e.type, "version")) return Comparison::version;
  const bool orders =
      e.operation == "lt" || e.operation == "lte" || e.operation == "gt" || e.operation == "gte";
  if (!orders) return Comparison::string;
  const bool has_point = left.find('.') != left.npos || right.find('.') != right.npos;
  return has_point ? Comparison::number : Comparison::integer;
}

std::strong_ordering compare_values(Comparison by, std::string_view left, std::string_view right) {
  if (by == Comparison::version) return compare_versions(left, right);
  if (by == Comparison::integer) {
    const auto a = parse_integer(left);
    const auto b = parse_integer(right);
    if (a && b) return *a <=> *b;
  }
  if (by == Comparison::number) {
    const auto a = to_double(left);
    const auto b = to_double(right);
    if (a && b) return *a < *b ? std::strong_ordering::less : ordering(*a > *b);
  }
  return compare_texts(left, right);
}

// What the attribute is compared with; null if there is nothing. An empty value is nothing.
const std::string* right_side(const AttributeExpression& e, const RuleContext& context) {
  if (!e.value || e.value->empty()) return nullptr;
  if (e.value_source == "param") return context.parameters ? context.parameters->find(*e.value) : nullptr;
  if (e.value_source == "meta") return context.meta ? context.meta->find(*e.value) : nullptr;
  return &*e.value;
}

bool holds_for_attribute(const AttributeExpression& e, const RuleContext& context) {
  if (!context.node_attributes) return false;
  const bool substitutes = context.matches && e.attribute.find('%') != e.attribute.npos;
  const std::string* left = context.node_attributes->find(
      substitutes ? substitute_matches(e.attribute, *context.matches) : e.attribute);
  if (e.operation == "defined") return left != nullptr;
  if (e.operation == "not_defined") return left == nullptr;

  const std::string* right = right_side(e, context);
  if (!left || !right) {
    const bool equal = !left && !right;
    return e.operation == "eq" ? equal : e.operation == "ne" && !equal;
  }
  const auto order = compare_values(comparison_of(e, *left, *right), *left, *right);
  if (e.operation == "eq") return order == 0;
  if (e.operation == "ne") return order != 0;
  if (e.operation == "lt") return order < 0;
  if (e.operation == "lte") return order <= 0;
  if (e.operation == "gt") return order > 0;
  if (e.operation == "gte") return order >= 0;
  return false;
}

bool holds_for_role(const AttributeExpression& e, const RuleContext& context) {
  if (context.role == Role::unknown) return false;
  const bool promotable = context.role > Role::started;
  if (e.operation == "defined") return promotable;
  if (e.operation == "not_defined") return !promotable;
  const auto wanted = e.value ? parse_role(*e.value) : std::nullopt;
  if (e.operation == "eq") return wanted == context.role;
  if (e.operation == "ne") return promotable && wanted != context.role;
  return false;
}

bool holds(const AttributeExpression& e, const RuleContext& context) {
  return equal_ignoring_case(e.attribute, "#role") ? holds_for_role(e, context)
                                                   : holds_for_attribute(e, context);
}

// --- Dates

void will_change(const RuleContext& context, WallSeconds when) {
  if (!context.next_change || when <= context.now) return;
  auto& next = *context.next_change;
  if (!next || when < *next) next = when;
}

std::optional<WallSeconds> end_of(const DateExpression& e, std::optional<WallSeconds> start,
                                  WallSeconds now) {
  const auto end = e.end.empty() ? std::nullopt : parse_date(e.end, now);
  if (end) return end;
  if (!start || e.duration.empty()) return std::nullopt;
  DateSpan span;
  for (const Attribute& field : e.duration.front().fields) {
    const std::int64_t value = parse_integer(field.value).value_or(0);
    if (field.name == "years") span.years = value;
    if (field.name == "months") span.months = value;
    if (field.name == "weeks") span.weeks = value;
    if (field.name == "days") span.days = value;
    if (field.name == "hours") span.hours = value;
    if (field.name == "minutes") span.minutes = value;
    if (field.name == "seconds") span.seconds = value;
  }
  return add(*start, span);
}

bool in_range(std::optional<WallSeconds> start, std::optional<WallSeconds> end, const RuleContext& context) {
  if (!start && !end) return false;
  if (start && context.now < *start) {
    will_change(context, *start);
    return false;
  }
  if (!end) return true;
  if (context.now > *end) return false;
  will_change(context, {end->since_epoch + 1});
  return true;
}

// "9", "9-16", "9-" or "-16". A text of any other form lets every value pass.
bool in_field(std::string_view text, std::int64_t value) {
  const auto number = [](std::string_view digits) -> std::optional<std::int64_t> {
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return n;
  };
  const std::size_t dash = text.find('-');
  if (dash == text.npos) {
    const auto only = number(text);
    return !only || *only == value;
  }
  const std::string_view low_text = text.substr(0, dash);
  const std::string_view high_text = text.substr(dash + 1);
  const auto low = number(low_text);
  const auto high = number(high_text);
  const bool understood = (low || low_text.empty()) && (high || high_text.empty()) && (low || high);
  if (!understood) return true;
  return (!low || value >= *low) && (!high || value <= *high);
}

bool matches(const DateFields& spec, WallSeconds now) {
  const CalendarTime time = calendar(now);
  const auto current = [&time](std::string_view field) -> std::optional<std::int64_t> {
    if (field == "years") return time.year;
    if (field == "months") return time.month;
    if (field == "monthdays") return time.day;
    if (field == "hours") return time.hour;
    if (field == "minutes") return time.minute;
    if (field == "seconds") return time.second;
    if (field == "yeardays") return time.day_of_year;
    if (field == "weekyears") return time.week_year;
    if (field == "weeks") return time.week;
    if (field == "weekdays") return time.weekday;
    if (field == "moon") return moon_phase(time);
    return std::nullopt;
  };
  return std::ranges::all_of(spec.fields, [&current](const Attribute& field) {
    const auto value = current(field.name);
    return !value || in_field(field.value, *value);
  });
}

bool holds(const DateExpression& e, const RuleContext& context) {
  if (e.operation == "date_spec") return e.date_spec.empty() || matches(e.date_spec.front(), context.now);
  const auto start = e.start.empty() ? std::nullopt : parse_date(e.start, context.now);
  const auto end = end_of(e, start, context.now);
  if (e.operation.empty() || e.operation == "in_range") return in_range(start, end, context);
  if (e.operation == "gt" && start) {
    if (context.now > *start) return true;
    will_change(context, {start->since_epoch + 1});
  }
  if (e.operation == "lt" && end && context.now < *end) {
    will_change(context, *end);
    return true;
  }
  return false;
}

// --- Resources and operations

bool holds(const ResourceExpression& e, const RuleContext& context) {
  if (!context.agent) return false;
  return (e.standard.empty() || e.standard == context.agent->standard) &&
         e.provider == context.agent->provider && (e.type.empty() || e.type == context.agent->type);
}

bool holds(const OperationExpression& e, const RuleContext& context) {
  if (!context.op_name || e.name != *context.op_name) return false;
  return e.interval.empty() || parse_interval(e.interval).value_or(Milliseconds{0}) == context.op_interval;
}

}  // namespace

bool holds(const Rule& rule, const RuleContext& context) {
  const bool any = equal_ignoring_case(rule.boolean_op, "or");
  for (const Expression& part : rule.parts) {
    const bool passes = std::visit([&context](const auto& e) { return holds(e, context); }, part.is);
    if (passes == any) return any;
  }
  return !any;
}

bool any_holds(const std::vector<Rule>& rules, const RuleContext& context) {
  return rules.empty() ||
         std::ranges::any_of(rules, [&context](const Rule& rule) { return holds(rule, context); });
}

std::string substitute_matches(std::string_view text, const std::vector<std::string>& matches) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool refers = text[i] == '%' && i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9';
    if (!refers) {
      result += text[i];
      continue;
    }
    const auto group = static_cast<std::size_t>(text[++i] - '0');
    if (group < matches.size()) result += matches[group];
  }
  return result;
}

}  // namespace fencepost::cib
