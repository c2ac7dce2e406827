// How long a service was down, and what the time went into. Measured on the world's truth; the split uses the
// engines' journals.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/backend/record.h"

namespace fencepost::reporters {

// Each instant of an outage belongs to one cause, the first of these that is going on:
//   fence    a fencing was requested and is not over
//   stop     a stop or demote runs
//   promote  a promote runs
//   start    a start runs
// and when none is: `detect` until the cluster first learnt that something is wrong, `client` after the last
// action (everything runs, clients are not served yet), else `decide`.
enum class OutageCause : std::uint8_t { detect, decide, fence, stop, promote, start, client };
inline constexpr std::size_t kOutageCauses = 7;
std::string_view to_string(OutageCause cause);

struct Outage {
  std::string resource;
  SimTime from;
  SimTime until;                                   // when it ended, or the end of the run
  bool open = false;                               // it had not ended
  std::array<Duration, kOutageCauses> by_cause{};  // sums to until - from

  Duration length() const { return until - from; }
};

// Counts an outage from the moment a service that was available no longer is. Resources of which the world
// reports no service count as served while some node has them Started, or Promoted once they ever were.
class OutageAnalyser : public backend::Observer {
 public:
  void observe(const backend::Record& record) override;
  // Outages so far, by resource and time; those still going on are cut at `end`.
  std::vector<Outage> outages(SimTime end) const;

 private:
  struct Marker {  // something that matters to the split
    SimTime at;
    enum class What : std::uint8_t { news, begin, end, node_gone } what = What::news;
    OutageCause activity = OutageCause::detect;
    std::string node;  // that acts; empty for fencing, which is the cluster's
  };
  struct Service {
    bool reported = false;  // by ServiceChanged; then roles do not count
    bool ever_promoted = false;
    std::map<std::string, std::string> roles;  // node -> role
    bool available = false;
    std::optional<SimTime> down_since;
    std::vector<Outage> past;
  };

  void learn(const node::JournalEntry& entry, SimTime at);
  void see(const backend::Observation& observation, SimTime at);
  void set_available(Service& service, const std::string& resource, bool available, SimTime at);
  void split(Outage& outage) const;
  static Marker news(SimTime at);

  std::map<std::string, Service> services_;
  std::vector<Marker> markers_;  // in order of time
};

}  // namespace fencepost::reporters
