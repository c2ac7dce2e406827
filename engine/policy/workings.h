// What a decision was made with, kept so that what nobody may ask for need not be made beforehand.
#pragma once

#include <memory>

#include "engine/policy/draft.h"

namespace fencepost::policy {

// A draft and what it points to.
struct Workings {
  cib::Cib cib;
  std::shared_ptr<const Configuration> configuration;
  Draft draft;
};

}  // namespace fencepost::policy
