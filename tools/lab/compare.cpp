#include "tools/lab/compare.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "reporters/describe.h"

namespace fencepost::lab {
namespace {

constexpr Duration kTolerance = 500ms;

std::string result_of(const node::ActionFinished& action) {
  if (action.status == node::OpStatus::timeout) return "timeout";
  return action.rc ? cib::rc_text(*action.rc) : "no result";
}

struct Pair {
  const Deed* first;
  const Deed* second;
};

// The first of its name with the first, the second with the second …
std::vector<Pair> match(const std::vector<Deed>& first, const std::vector<Deed>& second, Comparison& result) {
  std::vector<Pair> pairs;
  std::vector<bool> taken(second.size(), false);
  for (const Deed& deed : first) {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < second.size() && !found; ++i)
      if (!taken[i] && second[i].what == deed.what) found = i;
    if (!found) {
      result.only_first.push_back(deed.what);
      continue;
    }
    taken[*found] = true;
    pairs.push_back({&deed, &second[*found]});
  }
  for (std::size_t i = 0; i < second.size(); ++i)
    if (!taken[i]) result.only_second.push_back(second[i].what);
  return pairs;
}

}  // namespace

void Deeds::begin(SimTime t0) { t0_ = t0; }

void Deeds::add(std::string what, SimTime begin, SimTime end) {
  if (t0_ == kNever || begin < t0_) return;
  deeds_.push_back({std::move(what), SimTime{begin - t0_}, SimTime{end - t0_}});
}

void Deeds::observe(const backend::Record& record) {
  const auto* entry = std::get_if<node::JournalEntry>(&record.what);
  if (entry == nullptr) return;
  if (const auto* action = std::get_if<node::ActionFinished>(entry)) {
    if (action->repeat && !action->news) return;
    if (action->status == node::OpStatus::cancelled) return;
    add(action->name.resource + ":" + action->name.operation + " " + names_[record.node.index()] + " " +
            result_of(*action) + (action->notify.empty() ? "" : " " + action->notify),
        action->started, record.time);
  } else if (const auto* request = std::get_if<node::FenceRequested>(entry)) {
    fences_.try_emplace(request->target, record.time);
  } else if (const auto* fence = std::get_if<node::FenceFinished>(entry)) {
    // Every node is told; the first one counts.
    const auto requested = fences_.find(fence->target);
    if (requested == fences_.end()) return;
    add("fence " + fence->target + (fence->success ? "" : " failed"), requested->second, record.time);
    fences_.erase(requested);
  }
}

Comparison compare(const std::vector<Deed>& predicted, const std::vector<Deed>& happened) {
  Comparison result;
  const std::vector<Pair> pairs = match(predicted, happened, result);
  result.deeds = pairs.size();
  // One before the other is over before the other begins; what overlaps has no order.
  for (const Pair& a : pairs)
    for (const Pair& b : pairs)
      if (a.first != b.first && a.first->end <= b.first->begin && b.second->end <= a.second->begin)
        result.out_of_order.push_back(b.second->what + " before " + a.second->what);
  for (const Pair& pair : pairs) {
    for (const auto& [first, second] :
         {std::pair{pair.first->begin, pair.second->begin}, std::pair{pair.first->end, pair.second->end}}) {
      const Duration error = std::max(first - second, second - first);
      if (error > result.error_max) result.error_max = error, result.worst = pair.first->what;
      if (error <= kTolerance) continue;
      const Duration since = std::max(first.time_since_epoch(), second.time_since_epoch());
      result.relative_max = std::max(result.relative_max, to_seconds(error) / to_seconds(since));
    }
  }
  return result;
}

}  // namespace fencepost::lab
