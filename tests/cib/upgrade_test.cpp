#include <catch2/catch.hpp>

#include "engine/cib/write.h"
#include "golden.h"
#include "reading.h"

using namespace fencepost;
using namespace fencepost::cib;

// golden/old.upgraded holds what `cibadmin --upgrade` of Pacemaker 2.1.5 made of old.xml, but for the version
// and the order of elements, which are as written here.
TEST_CASE("old schemas: a configuration is brought to today's words as cibadmin --upgrade does", "[cib]") {
  const auto document = read_file(golden_path("old.xml"));
  REQUIRE(document);
  check_golden("old.upgraded", write(document->cib));
}

TEST_CASE("old schemas: a configuration of today's keeps old words as they are", "[cib]") {
  const Cib cib = cib_of(R"(<cib validate-with="pacemaker-3.0"><configuration><nodes>
      <node id="1" uname="a" type="normal"/></nodes></configuration></cib>)");
  CHECK(cib.configuration->nodes.at(0).type == "normal");
}
