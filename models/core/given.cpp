#include "models/core/given.h"

#include <charconv>
#include <optional>

#include "models/machine.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

constexpr double kNumberMax = 1e9;

std::optional<Duration> to_duration(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (error != std::errc{} || !(value >= 0)) return std::nullopt;
  double seconds = -1;
  if (unit.empty() || unit == "s" || unit == "sec") seconds = 1;
  if (unit == "ms" || unit == "msec") seconds = 1e-3;
  if (unit == "m" || unit == "min") seconds = 60;
  if (unit == "h" || unit == "hr") seconds = 3600;
  if (seconds < 0 || !(value * seconds <= 3.2e9)) return std::nullopt;
  return Duration{static_cast<std::int64_t>(value * seconds * 1e9)};
}

}  // namespace

std::string Given::text(const std::string& name) const {
  const auto found = fault_.arguments.find(name);
  return found == fault_.arguments.end() ? "" : found->second;
}

Result<std::string> Given::required(const std::string& name) const {
  if (std::string value = text(name); !value.empty()) return value;
  return impossible(name + " is missing: see 'fencepost faults " + fault_.verb + "'");
}

Result<double> Given::number(const std::string& name, double otherwise) const {
  const std::string value = text(name);
  if (value.empty()) return otherwise;
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  // from_chars reads "inf" and "nan" too.
  if (error == std::errc{} && end == value.data() + value.size() && number > 0 && number <= kNumberMax)
    return number;
  return impossible(name + " '" + value + "' is no number above 0 and up to a billion");
}

Result<Duration> Given::duration(const std::string& name, Duration otherwise) const {
  const std::string value = text(name);
  if (value.empty()) return otherwise;
  if (const auto duration = to_duration(value)) return *duration;
  return impossible(name + " '" + value + "' is no duration: write 90s, 10m or 250ms");
}

Result<Machine*> Given::any_node() const {
  const auto id = resolve(world_, text("node"));
  if (!id) return tl::unexpected(id.error());
  return &world_.machine(*id);
}

Result<Machine*> Given::node() const {
  auto machine = any_node();
  if (machine && !(*machine)->up()) return impossible("node " + (*machine)->name() + " is not up");
  return machine;
}

tl::unexpected<Error> Given::impossible(const std::string& why) const {
  return failure({}, fault_.verb + ": " + why);
}

Result<void> Given::press(Pressure pressure) const { return press(std::vector{std::move(pressure)}); }

Result<void> Given::press(std::vector<Pressure> pressures) const {
  const auto lasts = duration("for", Duration::zero());
  if (!lasts) return tl::unexpected(lasts.error());
  const bool ends = *lasts > Duration::zero();
  std::vector<Overlaps::End> all;
  for (Pressure& each : pressures) all.push_back(world_.part<Overlaps>().begin(std::move(each), ends));
  if (!ends) return {};
  world_.at(world_.now() + *lasts, [all = std::move(all), ended = ended_] {
    for (const Overlaps::End& end : all) end();
    if (ended) ended();
  });
  return {};
}

FaultVerb given_verb(const char* name, const char* family, const char* arguments, const char* about,
                     const char* example, Result<void> (*inject)(const Given&)) {
  return {name,
          family,
          arguments,
          about,
          example,
          [inject](World& world, const fault::Other& fault, Given::Ended ended) {
            return inject(Given(world, fault, std::move(ended)));
          }};
}

}  // namespace fencepost::models
