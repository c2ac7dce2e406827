// Writes the CIB while the engine goes on: a slow disk must not hold up a fencing.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "engine/base/time.h"
#include "engine/live/cib_store.h"
#include "engine/live/store/generations.h"

namespace fencepost::live {

// A later CIB replaces one that is still waiting. What could not be written is tried again.
class StoreWriter final : public CibStore {
 public:
  // Told of each first failure and of the recovery, on the writer's own thread.
  using Tell = std::function<void(const std::string&)>;

  StoreWriter(StoreOptions options, Tell tell, Duration retry_after = 5s);
  ~StoreWriter() override;  // tries once more to write what waits
  StoreWriter(const StoreWriter&) = delete;
  StoreWriter& operator=(const StoreWriter&) = delete;

  // Before anything is persisted.
  Result<std::shared_ptr<const cib::Cib>> load() override;
  void persist(std::shared_ptr<const cib::Cib> cib) override;
  // Until everything persisted so far is on disk; false if it could not be written.
  bool flush();

 private:
  void work();

  StoreOptions options_;
  std::optional<Generations> generations_;  // from load() on; then the writer's alone
  Tell tell_;
  Duration retry_after_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const cib::Cib> waiting_;
  bool writing_ = false, failing_ = false, ending_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace fencepost::live
