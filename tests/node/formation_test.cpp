#include <catch2/catch.hpp>

#include "engine/backend/tiny_cluster.h"
#include "engine/cib/status.h"
#include "engine/node/journal.h"

using namespace fencepost;
using backend::TinyCluster;

namespace {

std::string member_state(const TinyCluster& cluster, const std::string& seen_by, const std::string& node) {
  const cib::NodeState* state = cib::find_node_state(cluster.cib(seen_by).status, node);
  if (state == nullptr) return "unknown";
  return state->in_ccm + " " + state->crmd + " " + state->join + " " + state->expected;
}

}  // namespace

TEST_CASE("formation: nodes that find no DC wait for dc-deadtime and elect one", "[node][formation]") {
  TinyCluster cluster{{.nodes = {"n1", "n2"}}};
  cluster.boot_all();

  cluster.run_for(20s);
  CHECK(cluster.dc() == "");
  cluster.run_for(5s);
  const std::string dc = cluster.dc();
  CHECK((dc == "n1" || dc == "n2"));
  for (const std::string who : {"n1", "n2"}) {
    CHECK(member_state(cluster, who, "n1") == "true online member member");
    CHECK(member_state(cluster, who, "n2") == "true online member member");
  }
  CHECK(cluster.cib("n1") == cluster.cib("n2"));
}

TEST_CASE("formation: a node that boots later joins the DC and gets its CIB", "[node][formation]") {
  TinyCluster cluster{{.nodes = {"n1", "n2"}, .two_node = true}};
  cluster.boot("n1");
  cluster.run_for(30s);
  REQUIRE(cluster.dc() == "n1");
  CHECK(member_state(cluster, "n1", "n2") == "unknown");

  cluster.boot("n2");
  cluster.run_for(10s);
  CHECK(cluster.dc() == "n1");
  CHECK(member_state(cluster, "n2", "n2") == "true online member member");
  CHECK(cluster.cib("n1") == cluster.cib("n2"));
}

// A node that asks for its DC and is offered a join at the same time answers two offers.
TEST_CASE("formation: a node that boots later joins whatever the luck", "[node][formation]") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    TinyCluster cluster{{.nodes = {"n1", "n2"}, .seed = seed, .two_node = true}};
    cluster.boot("n1");
    cluster.run_for(30s);
    cluster.boot("n2");
    cluster.run_for(10s);
    CHECK(member_state(cluster, "n1", "n2") == "true online member member");
  }
}

TEST_CASE("formation: with equal chances the first name is elected", "[node][election]") {
  TinyCluster cluster{{.nodes = {"n2", "n1", "n3"}, .profile = node::fencepost_profile()}};
  cluster.boot_all();
  cluster.run_for(30s);
  CHECK(cluster.dc() == "n1");
}

TEST_CASE("formation: the DC crashes and another node takes over", "[node][election]") {
  TinyCluster cluster{{.nodes = {"n1", "n2", "n3"}}};
  cluster.boot_all();
  cluster.run_for(30s);
  const std::string first = cluster.dc();
  REQUIRE(first != "");

  cluster.power_off(first);
  cluster.run_for(4s);
  const std::string second = cluster.dc();
  CHECK(second != "");
  CHECK(second != first);
  CHECK(member_state(cluster, second, first) == "false offline down member");
}

TEST_CASE("formation: two halves of a cluster agree on one DC when they meet again", "[node][election]") {
  TinyCluster cluster{{.nodes = {"n1", "n2", "n3"}}};
  cluster.boot_all();
  cluster.run_for(30s);
  cluster.partition({{"n1"}, {"n2", "n3"}});
  cluster.run_for(10s);
  CHECK(cluster.dc() == "");  // one on each side

  cluster.heal();
  cluster.run_for(10s);
  const std::string dc = cluster.dc();
  CHECK(dc != "");
  for (const std::string who : {"n1", "n2", "n3"}) {
    CHECK(member_state(cluster, dc, who) == "true online member member");
    CHECK(cluster.cib(dc) == cluster.cib(who));
  }
}

TEST_CASE("formation: the newest configuration wins when nodes join", "[node][join]") {
  auto old = std::make_shared<cib::Cib>();
  TinyCluster cluster{{.nodes = {"n1", "n2"}, .two_node = true}};
  cluster.boot("n1");
  cluster.run_for(30s);
  cluster.command("n1", node::SetProperty{"maintenance-mode", "true"});
  cluster.run_for(1s);
  cluster.boot("n2");
  cluster.run_for(10s);
  const std::string* there = cib::find_property(*cluster.cib("n2").configuration, "maintenance-mode");
  REQUIRE(there != nullptr);
  CHECK(*there == "true");
}
