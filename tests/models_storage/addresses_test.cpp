// Clients and their ARP caches.
#include <catch2/catch.hpp>

#include "models/services/addresses.h"
#include "models/services/clients.h"
#include "rig.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

const std::string kAddress = "10.0.0.100";

StorageConfig with_clients() {
  StorageConfig storage;
  storage.clients = {.network = "lan", .arp_timeout = 60s};
  return storage;
}

void cut_clients(Rig& rig, bool up) {
  rig.world.network().set_port(*rig.world.network().find_endpoint("clients"), std::nullopt, up);
}

}  // namespace

TEST_CASE("clients go where the last announcement that they heard said", "[ip]") {
  Rig rig(with_clients());
  const Addresses& addresses = rig.world.part<Addresses>();
  REQUIRE(rig.rc("db1", "ip", "start") == 0);
  CHECK(addresses.owner(kAddress) == "db1");
  REQUIRE(rig.rc("db1", "ip", "stop") == 0);
  REQUIRE(rig.rc("db2", "ip", "start") == 0);
  CHECK(addresses.owner(kAddress) == "db2");
}

TEST_CASE("clients that missed the announcement go to the old place until their ARP entry times out",
          "[ip]") {
  Rig rig(with_clients());
  const Addresses& addresses = rig.world.part<Addresses>();
  REQUIRE(rig.rc("db1", "ip", "start") == 0);
  cut_clients(rig, false);
  REQUIRE(rig.rc("db1", "ip", "stop") == 0);
  REQUIRE(rig.rc("db2", "ip", "start") == 0);
  cut_clients(rig, true);
  rig.pass(55s);
  CHECK(addresses.owner(kAddress) == "db1");
  rig.pass(10s);
  CHECK(addresses.owner(kAddress) == "db2");
}

TEST_CASE("a service on a machine that clients do not reach serves nobody", "[ip][clients]") {
  StorageConfig storage = with_drbd();
  storage.clients = {.network = "lan", .arp_timeout = 60s};
  Rig rig(storage);
  rig.stack_on("db1");
  CHECK(rig.seen<backend::ServiceChanged>().back().available);
  cut_clients(rig, false);
  CHECK_FALSE(rig.seen<backend::ServiceChanged>().back().available);
  cut_clients(rig, true);
  CHECK(rig.seen<backend::ServiceChanged>().back().available);
}

TEST_CASE("ip_duplicate takes the clients while it lasts", "[ip]") {
  Rig rig(with_clients());
  const Addresses& addresses = rig.world.part<Addresses>();
  REQUIRE(rig.rc("db1", "ip", "start") == 0);
  rig.fault("ip_duplicate", {{"address", kAddress}, {"for", "1m"}});
  CHECK(addresses.owner(kAddress) != "db1");
  rig.pass(61s);
  CHECK(addresses.owner(kAddress) == "db1");
}
