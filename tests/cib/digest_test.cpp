#include "engine/cib/digest.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace fencepost::cib;

TEST_CASE("digest: the texts are those real Pacemaker records in op-digest", "[cib]") {
  CHECK(digest(std::vector<DigestField>{}) == "f2317cad3d54cec5d7d7aa7d0bf35cf8");
}
