#include "engine/live/store/store_writer.h"

#include <utility>

#include "engine/base/assert.h"

namespace fencepost::live {

StoreWriter::StoreWriter(StoreOptions options, Tell tell, Duration retry_after)
    : options_(std::move(options)), tell_(std::move(tell)), retry_after_(retry_after) {}

StoreWriter::~StoreWriter() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<std::shared_ptr<const cib::Cib>> StoreWriter::load() {
  HA_ASSERT(!generations_);
  auto opened = Generations::open(options_);
  if (!opened) return tl::unexpected(opened.error());
  generations_ = *std::move(opened);
  for (const std::string& line : generations_->damage()) tell_(line);
  thread_ = std::thread([this] { work(); });
  return generations_->stored();
}

void StoreWriter::persist(std::shared_ptr<const cib::Cib> cib) {
  HA_ASSERT(generations_);
  {
    const std::lock_guard lock(mutex_);
    waiting_ = std::move(cib);
  }
  changed_.notify_all();
}

bool StoreWriter::flush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return (!waiting_ && !writing_) || failing_; });
  return !failing_;
}

void StoreWriter::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return waiting_ || ending_; });
    if (!waiting_) return;
    const std::shared_ptr<const cib::Cib> cib = std::exchange(waiting_, nullptr);
    writing_ = true;
    lock.unlock();
    const auto written = generations_->write(*cib);
    lock.lock();
    writing_ = false;
    if (!written && !waiting_) waiting_ = cib;  // unless a newer one came meanwhile

    const bool news = failing_ != !written.has_value();
    failing_ = !written.has_value();
    changed_.notify_all();
    if (news) {
      lock.unlock();
      tell_(written ? "the configuration is on disk again" : to_string(written.error()));
      lock.lock();
    }
    if (failing_ && ending_) return;
    if (failing_) changed_.wait_for(lock, retry_after_, [this] { return ending_; });
  }
}

}  // namespace fencepost::live
