// A fault that an area of the models does itself (fault::Other): what it was given, and how it ends.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "models/core/overlaps.h"
#include "models/faults.h"

namespace fencepost::models {

class Machine;

class Given {
 public:
  using Ended = std::function<void()>;
  Given(World& world, const fault::Other& fault, Ended ended)
      : world_(world), fault_(fault), ended_(std::move(ended)) {}

  World& world() const { return world_; }
  std::string text(const std::string& name) const;  // "" if it was not given
  Result<std::string> required(const std::string& name) const;
  Result<double> number(const std::string& name, double otherwise) const;  // above 0
  // "10m", "90s", "250ms", "1.5s", "2h"; a plain number is in seconds.
  Result<Duration> duration(const std::string& name, Duration otherwise) const;
  Result<Machine*> node() const;  // and it is up
  Result<Machine*> any_node() const;
  tl::unexpected<Error> impossible(const std::string& why) const;

  // From now on, until `for` is over, if that was given.
  Result<void> press(Pressure pressure) const;
  Result<void> press(std::vector<Pressure> pressures) const;

 private:
  World& world_;
  const fault::Other& fault_;
  Ended ended_;
};

FaultVerb given_verb(const char* name, const char* family, const char* arguments, const char* about,
                     const char* example, Result<void> (*inject)(const Given&));

}  // namespace fencepost::models
