#include "engine/base/name_values.h"

#include <catch2/catch.hpp>
#include <string>

namespace fencepost {

TEST_CASE("name-values: pairs come out as they went in, and are found by name", "[base]") {
  NameValues pairs{{"ip", "192.0.2.10"}, {"nic", ""}};
  pairs.add("CRM_meta_timeout", "20000");
  pairs.add("nic", "a later one is not heard");
  std::string text;
  for (const auto [name, value] : pairs) text += std::string(name) + "=" + std::string(value) + ";";
  CHECK(text == "ip=192.0.2.10;nic=;CRM_meta_timeout=20000;nic=a later one is not heard;");
  CHECK(pairs.find("ip") == "192.0.2.10");
  CHECK(pairs.find("nic") == "");
  CHECK(pairs.find("CRM_meta_", "timeout") == "20000");
  CHECK_FALSE(pairs.find("timeout").has_value());
  CHECK_FALSE(pairs.find("CRM_meta_", "").has_value());
}

TEST_CASE("name-values: where one ends and the next begins is part of what they are", "[base]") {
  CHECK(NameValues{{"ab", "c"}} == NameValues{{"ab", "c"}});
  CHECK(NameValues{{"ab", "c"}} != NameValues{{"a", "bc"}});
  CHECK(NameValues{{"a", "b"}, {"c", "d"}} != NameValues{{"c", "d"}, {"a", "b"}});
}

}  // namespace fencepost
