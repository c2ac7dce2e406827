#include "engine/cib/read.h"

#include <catch2/catch.hpp>

#include "engine/cib/write.h"

using namespace fencepost;
using namespace fencepost::cib;

namespace {

std::string error_of(std::string_view xml) {
  const auto document = read(xml, "cib.xml");
  return document ? "none" : to_string(document.error());
}

}  // namespace

TEST_CASE("reading: a bare configuration will do", "[cib]") {
  const auto document =
      read(R"(<configuration><nodes><node id="1" uname="db1"/></nodes></configuration>)", "cib.xml");
  REQUIRE(document);
  CHECK(find_node(*document->cib.configuration, "DB1") != nullptr);
}

TEST_CASE("reading: what is wrong with the XML is told with its place", "[cib]") {
  CHECK(error_of("") == "cib.xml: there is nothing in it: a CIB starts with <cib>");
  CHECK(error_of("<cib>\n <configuration>\n </config>\n</cib>") ==
        "cib.xml:3:4: this end tag does not close the element that is open: check the tags above it");
  CHECK(error_of("<html/>") == "cib.xml:1:2: <html> is no CIB: expected <cib> or <configuration>");
}
