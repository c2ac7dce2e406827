// What a record keeps of passwords: nothing.
#include "reporters/secrets.h"

#include <catch2/catch.hpp>

using fencepost::reporters::without_secrets;

TEST_CASE("secrets: those of a CIB and of a graph are hidden, and nothing else is", "[reporters]") {
  CHECK(without_secrets(
            R"(<nvpair id="a" name="passwd" value="geheim"/><nvpair id="b" name="ip" value="10.0.0.1"/>)") ==
        R"(<nvpair id="a" name="passwd" value="********"/><nvpair id="b" name="ip" value="10.0.0.1"/>)");
  CHECK(without_secrets(R"(<nvpair value="a&gt;b" name="community" id="a"/>)") ==
        R"(<nvpair value="********" name="community" id="a"/>)");
  CHECK(without_secrets(R"(<attributes CRM_meta_name="x" passwd="one" port="n1" secret="two"/>)") ==
        R"(<attributes CRM_meta_name="x" passwd="********" port="n1" secret="********"/>)");
  CHECK(without_secrets(R"(<nvpair id="a" name="api_key" value="geheim"/>)") ==
        R"(<nvpair id="a" name="api_key" value="********"/>)");
  CHECK(without_secrets(R"(<lrm_rsc_op id="password" operation_key="pass_start_0"/>)") ==
        R"(<lrm_rsc_op id="password" operation_key="pass_start_0"/>)");
}

TEST_CASE("secrets: a text that is cut off is left as it is", "[reporters]") {
  for (const std::string text :
       {R"(<nvpair name="passwd" value="geh)", "<nvpair ", "<attributes passwd=", ""})
    CHECK(without_secrets(text) == text);
}
