// Two machines with the storage stack and no cluster: the story runs agents by hand, as an executor would.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/backend/record.h"
#include "models/os/storage_world.h"
#include "models/world.h"

namespace fencepost::models {

using Parameters = std::map<std::string, std::string>;

// How a run of an agent ended, and when. No code: a signal ended it.
struct Ran {
  bool ended = false;
  std::optional<int> code;
  SimTime at{};
  std::string reason;
};

class Rig : public backend::Observer, public AgentWatcher {
 public:
  explicit Rig(StorageConfig storage = {}, std::uint64_t seed = 1);

  // Lets time pass until the agent has ended, but no longer than its timeout and a minute.
  Ran run(const std::string& node, const std::string& resource, const std::string& action,
          Duration timeout = 60s);
  // Only orders it; see result().
  int order(const std::string& node, const std::string& resource, const std::string& action,
            Duration timeout = 60s);
  const Ran& result(int order) const { return results_.at(static_cast<std::size_t>(order)); }
  // rc of a run, or -1 if it did not end by itself
  int rc(const std::string& node, const std::string& resource, const std::string& action,
         Duration timeout = 60s);

  // fs, ip, db and drbd are the resources of the usual stack; parameters may be changed before they are used.
  std::map<std::string, Parameters> parameters, meta;
  // drbd promoted, fs, ip and db started on this node; drbd started on the other.
  void stack_on(const std::string& node);

  void fault(const std::string& verb, std::map<std::string, std::string> arguments);
  void pass(Duration duration) { world.run_for(duration); }
  Machine& machine(const std::string& name) { return *world.find_machine(name); }
  SimTime now() const { return world.now(); }

  // --- The record ---
  template <class T>
  std::vector<T> seen() const {
    std::vector<T> all;
    for (const auto& what : observations_) {
      if (const T* found = std::get_if<T>(&what)) all.push_back(*found);
    }
    return all;
  }
  bool saw_change(const std::string& kind, const std::string& to) const;
  std::vector<std::string> broken() const;           // invariants, in order
  std::string score(const std::string& node) const;  // the last promotion score an agent wrote; "" if removed

  World world;

 private:
  class Hand;
  static EngineFactory hands(Rig& rig);
  void observe(const backend::Record& record) override;
  void agent_began(const Machine&, const AgentRun&) override {}
  void agent_ended(const Machine& machine, const AgentRun& run, const ExitStatus& status) override;

  std::vector<backend::Observation> observations_;
  std::vector<Ran> results_;
  std::map<std::string, std::string> scores_;
};

// DRBD resource r0 on db1 and db2, with these words in its net and options sections.
StorageConfig with_drbd(const std::string& net = "", const std::string& options = "");

}  // namespace fencepost::models
