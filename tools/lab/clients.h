// The clients of a lab's databases, on a machine of their own: they write through the service's address and
// remember what was acknowledged; whoever serves them must have it. The writing is done by files/client.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/backend/record.h"
#include "engine/live/child_process.h"
#include "engine/live/event_loop.h"
#include "tools/lab/machines.h"
#include "tools/lab/support.h"

namespace fencepost::lab {

class Clients {
 public:
  using Observe = std::function<void(backend::Observation)>;

  Clients(live::EventLoop& loop, std::string directory, std::vector<Support::Client> wanted, Observe observe);

  Result<void> begin(Machines& machines);
  // What they have found since the last call.
  void look();
  // They are to look once more and end.
  void finish();
  bool finished() const;

  struct Balance {
    std::string database;
    std::int64_t acknowledged = 0, missing = 0;  // at the last look
    std::int64_t earlier = 0;                    // of those, acknowledged before the last connection began
    bool finished = false;                       // it looked once more when it was asked to
  };
  std::vector<Balance> balances() const;

 private:
  struct Client {
    Support::Client what;
    std::string folder;
    std::uint64_t looks_read = 0;
    Balance balance;
    std::int64_t worst = 0;
    std::unique_ptr<live::ChildProcess> process;
  };

  live::EventLoop& loop_;
  std::string directory_;
  std::vector<Client> clients_;
  Observe observe_;
};

}  // namespace fencepost::lab
