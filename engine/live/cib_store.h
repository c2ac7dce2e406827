// Where the configuration lies between two lives of a node.
#pragma once

#include <memory>
#include <string>

#include "engine/backend/backend.h"
#include "engine/base/result.h"

namespace fencepost::live {

// What `fencepost node` needs of a store besides backend::Store: what is in it.
class CibStore : public backend::Store {
 public:
  // The newest good CIB; null on a node that never had one. An Error only if nothing that is there can be
  // used.
  virtual Result<std::shared_ptr<const cib::Cib>> load() = 0;
};

}  // namespace fencepost::live
