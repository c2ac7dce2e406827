// What a scraper gets.
#include "tools/ctl/metrics.h"

#include <catch2/catch.hpp>
#include <regex>
#include <sstream>

#include "engine/cib/cib.h"
#include "engine/cib/read.h"

using namespace fencepost;
using Catch::Contains;

namespace {

cib::Cib cib_in(const std::string& name) {
  auto document = cib::read_file(FENCEPOST_SOURCE_DIR "/tests/crm_simulate/cases/xml/" + name);
  if (!document) FAIL(to_string(document.error()));
  return std::move(document->cib);
}

}  // namespace

TEST_CASE("metrics: nodes, resources and failures have their values", "[ctl]") {
  const std::string text = ctl::metrics(cib_in("stack-stop-failed.xml"), "n2", true, {1700000000});
  CHECK_THAT(text, Contains("fencepost_info{node=\"n2\"} 1\n"));
  CHECK_THAT(text, Contains("fencepost_is_dc 1\n"));
  CHECK_THAT(text, Contains("fencepost_node{node=\"n1\",status=\"unclean\"} 1\n"));
  CHECK_THAT(text, Contains("fencepost_node{node=\"n2\",status=\"dc\"} 1\n"));
  CHECK_THAT(text, Contains("role=\"promoted\"} 1\n"));
  CHECK_THAT(text, Contains("{resource=\"b\",agent=\"ocf:pacemaker:Dummy\",node=\"\",role=\"stopped\"} 0\n"));
  CHECK_THAT(text, Contains("fencepost_resource_failed{resource=\"a\"} 1\n"));
  CHECK_THAT(text, Contains("fencepost_fail_count{resource=\"a\",node=\"n1\"} 1000000\n"));
}

TEST_CASE("metrics: every line is as Prometheus wants it, and each metric is announced once", "[ctl]") {
  const std::regex sample(R"(fencepost_[a-z_]+(\{[a-z]+="[^"\\\n]*"(,[a-z]+="[^"\\\n]*")*\})? -?[0-9]+)");
  std::istringstream lines(ctl::metrics(cib_in("bundle.xml"), "n1", false, {1700000000}));
  std::string announced;
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    if (line.starts_with("# HELP ")) {
      announced = line.substr(7, line.find(' ', 7) - 7);
    } else if (line.starts_with("# TYPE ")) {
      CHECK(line == "# TYPE " + announced + " gauge");
    } else {
      CHECK(std::regex_match(line, sample));
      CHECK(line.substr(0, line.find_first_of("{ ")) == announced);
    }
  }
}
