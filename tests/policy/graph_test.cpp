// The transition graph as a value: order, cycles, what a drawing shows.
#include <catch2/catch.hpp>

#include "engine/policy/transition_graph.h"

using namespace fencepost::policy;

namespace {

TransitionGraph chain_with_shortcut() {
  TransitionGraph graph;
  for (std::uint32_t id = 1; id <= 3; ++id) {
    Action action;
    action.id = id;
    graph.actions.push_back(action);
  }
  graph.synapses = {{.priority = 0, .action = 0, .inputs = {}},
                    {.priority = 0, .action = 1, .inputs = {0}},
                    {.priority = 0, .action = 2, .inputs = {0, 1}}};
  return graph;
}

}  // namespace

TEST_CASE("graph: what must come first comes first in the topological order", "[graph]") {
  CHECK(topological_order(chain_with_shortcut()) == std::vector<std::size_t>{0, 1, 2});
}

TEST_CASE("graph: a drawing leaves out what follows from the rest", "[graph]") {
  CHECK(reduced_edges(chain_with_shortcut()) == std::vector<Edge>{{0, 1}, {1, 2}});
}

TEST_CASE("graph: a cycle is noticed", "[graph]") {
  TransitionGraph graph = chain_with_shortcut();
  CHECK(is_acyclic(graph));
  graph.synapses[0].inputs = {2};
  CHECK_FALSE(is_acyclic(graph));
}

TEST_CASE("graph: the critical path is the costliest way through", "[graph]") {
  CHECK(critical_path(chain_with_shortcut(), {1, 5, 1}) == std::vector<std::size_t>{0, 1, 2});
}
