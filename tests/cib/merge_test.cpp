// The expected values were seen with crm_simulate 2.1.5.
#include "engine/cib/merge.h"

#include <catch2/catch.hpp>
#include <map>

#include "reading.h"

using namespace fencepost;
using namespace fencepost::cib;

namespace {

using Values = std::map<std::string, std::string>;

NvpairBlocks blocks_of(const std::string& xml) {
  return configuration_of("<crm_config>" + xml + "</crm_config>").cluster_properties;
}

Values merged(const std::string& xml, Merge mode = Merge::keep, std::string_view first = {}) {
  const NvpairBlocks blocks = blocks_of(xml);
  NvTable table;
  merge(table, blocks, {.now = time_of("2020-01-01")}, mode, first);
  Values values;
  for (const auto& entry : table) values[std::string(entry.name)] = *entry.value;
  return values;
}

std::string block(const std::string& id, const std::string& attributes, const std::string& value,
                  const std::string& rule = "") {
  return "<cluster_property_set id=\"" + id + "\" " + attributes + ">" + rule + "<nvpair id=\"" + id +
         "-x\" name=\"x\" value=\"" + value + "\"/></cluster_property_set>";
}

}  // namespace

TEST_CASE("merging: the highest score counts, and of equal ones the last", "[cib]") {
  CHECK(merged(block("a", "score=\"1\"", "first") + block("b", "", "second")) == Values{{"x", "first"}});
  CHECK(merged(block("a", "", "first") + block("b", "", "second")) == Values{{"x", "second"}});
}

TEST_CASE("merging: where later values replace earlier ones it is the other way round", "[cib]") {
  CHECK(merged(block("a", "score=\"1\"", "first") + block("b", "", "second"), Merge::overwrite) ==
        Values{{"x", "second"}});
  CHECK(merged(block("a", "", "first") + block("b", "", "second"), Merge::overwrite) ==
        Values{{"x", "first"}});
}

TEST_CASE("merging: the block that comes first does so whatever its score", "[cib]") {
  const std::string xml = block("boot", "score=\"-5\"", "boot") + block("b", "score=\"9\"", "second");
  CHECK(merged(xml, Merge::keep, "boot") == Values{{"x", "boot"}});
}

TEST_CASE("merging: #default takes a value out, even one of a higher score", "[cib]") {
  CHECK(merged(block("a", "score=\"1\"", "first") + block("b", "", "#Default")).empty());
}

TEST_CASE("merging: a block whose rule does not hold is passed over", "[cib]") {
  const std::string rule =
      R"(<rule id="r"><date_expression id="d" operation="gt" start="2021-01-01"/></rule>)";
  CHECK(merged(block("a", "score=\"1\"", "later", rule) + block("b", "", "now")) == Values{{"x", "now"}});
}

TEST_CASE("merging: an empty value is a value", "[cib]") {
  CHECK(merged(block("a", "", "")) == Values{{"x", ""}});
}
