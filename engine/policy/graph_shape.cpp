// The graph as a graph: cycles, topological order, what a drawing needs, the longest way through. The one
// place that knows Boost.Graph.
#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/topological_sort.hpp>

#include "engine/policy/transition_graph.h"

namespace fencepost::policy {
namespace {

using Shape = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

Shape shape_of(const TransitionGraph& graph) {
  Shape shape(graph.synapses.size());
  for (std::size_t then = 0; then < graph.synapses.size(); ++then) {
    for (std::size_t first : graph.synapses[then].inputs) {
      if (first < graph.synapses.size()) boost::add_edge(first, then, shape);
    }
  }
  return shape;
}

// Empty when there is a cycle.
std::vector<std::size_t> sorted(const Shape& shape) {
  std::vector<std::size_t> order;
  try {
    boost::topological_sort(shape, std::back_inserter(order));
  } catch (const boost::not_a_dag&) {
    return {};
  }
  std::reverse(order.begin(), order.end());
  return order;
}

}  // namespace

std::vector<std::size_t> topological_order(const TransitionGraph& graph) { return sorted(shape_of(graph)); }

bool is_acyclic(const TransitionGraph& graph) { return graph.empty() || !topological_order(graph).empty(); }

std::vector<Edge> reduced_edges(const TransitionGraph& graph) {
  const Shape shape = shape_of(graph);
  const std::vector<std::size_t> order = sorted(shape);
  std::vector<Edge> edges;
  if (order.empty()) {
    for (auto [at, end] = boost::edges(shape); at != end; ++at) {
      edges.push_back({boost::source(*at, shape), boost::target(*at, shape)});
    }
    std::sort(edges.begin(), edges.end());
    return edges;
  }
  std::vector<std::size_t> rank(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  // An edge says nothing new when its end is reached another way; nearer ends are looked at first.
  for (std::size_t first = 0; first < order.size(); ++first) {
    std::vector<std::size_t> ends;
    for (auto [at, end] = boost::adjacent_vertices(first, shape); at != end; ++at) ends.push_back(*at);
    std::sort(ends.begin(), ends.end(), [&](std::size_t a, std::size_t b) { return rank[a] < rank[b]; });
    ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
    std::vector<bool> reached(order.size(), false);
    for (std::size_t then : ends) {
      if (reached[then]) continue;
      edges.push_back({first, then});
      std::vector<std::size_t> open{then};
      while (!open.empty()) {
        const std::size_t at = open.back();
        open.pop_back();
        if (reached[at]) continue;
        reached[at] = true;
        for (auto [next, last] = boost::adjacent_vertices(at, shape); next != last; ++next)
          open.push_back(*next);
      }
    }
  }
  std::sort(edges.begin(), edges.end());
  return edges;
}

std::vector<std::size_t> critical_path(const TransitionGraph& graph, const std::vector<std::int64_t>& cost) {
  const Shape shape = shape_of(graph);
  const std::vector<std::size_t> order = sorted(shape);
  if (order.empty()) return {};
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::int64_t> finished(order.size(), 0);
  std::vector<std::size_t> previous(order.size(), kNone);
  for (std::size_t at : order) {
    finished[at] += at < cost.size() ? cost[at] : 0;
    for (auto [next, end] = boost::adjacent_vertices(at, shape); next != end; ++next) {
      if (finished[at] <= finished[*next] && previous[*next] != kNone) continue;
      finished[*next] = std::max(finished[*next], finished[at]);
      previous[*next] = at;
    }
  }
  std::size_t last = order.front();
  for (std::size_t at : order) {
    if (finished[at] > finished[last]) last = at;
  }
  std::vector<std::size_t> path;
  for (std::size_t at = last; at != kNone; at = previous[at]) path.push_back(at);
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace fencepost::policy
