#include <catch2/catch.hpp>

#include "engine/cib/expand.h"
#include "reading.h"

using namespace fencepost;
using namespace fencepost::cib;

namespace {

const char* const kTemplate = R"(<template id="T" class="ocf" provider="heartbeat" type="Dummy">
    <meta_attributes id="T-m"><nvpair id="T-m1" name="priority" value="1"/></meta_attributes>
    <operations>
      <op id="T-o1" name="monitor" interval="10s" role="Started"/>
      <op id="T-o2" name="monitor" interval="20s" role="Promoted"/>
      <op id="T-o3" name="start" interval="0"/>
    </operations>
  </template>)";

Result<Resource> expanded(const std::string& primitive) {
  const Configuration configuration =
      configuration_of("<resources>" + std::string(kTemplate) + primitive + "</resources>");
  return expand_template(configuration, configuration.resources.at(0));
}

}  // namespace

TEST_CASE("template: the resource's own operation hides one of the same name and role, at any interval",
          "[cib]") {
  const auto resource = expanded(R"(<primitive id="A" template="T"><operations>
      <op id="A-o1" name="monitor" interval="33s"/></operations></primitive>)");
  REQUIRE(resource);
  REQUIRE(resource->operations.size() == 3);
  CHECK(resource->operations[0].id == "A-o1");
  CHECK(resource->operations[1].id == "T-o2");
  CHECK(resource->operations[2].id == "T-o3");
  CHECK(to_string(resource->agent) == "ocf:heartbeat:Dummy");
}

TEST_CASE("template: its blocks stand before the resource's own, which so beat them", "[cib]") {
  const auto resource = expanded(R"(<primitive id="A" template="T"><meta_attributes id="A-m"/></primitive>)");
  REQUIRE(resource);
  REQUIRE(resource->meta.size() == 2);
  CHECK(resource->meta[0].id == "T-m");
  CHECK(resource->meta[1].id == "A-m");
}

TEST_CASE("template: one that does not exist is an error", "[cib]") {
  const auto resource = expanded(R"(<primitive id="A" template="U"/>)");
  REQUIRE_FALSE(resource);
  CHECK(resource.error().message ==
        "resource 'A' follows the template 'U', which does not exist: define <template id=\"U\"> or correct "
        "the name");
}
