// The status page beside what Pacemaker's own crm_mon printed for the same CIB:
//   TZ=UTC CIB_file=X.xml crm_mon -1 -r -f -A | grep -v 'Last updated' > crm_mon/X.txt
#include "tools/ctl/status_page.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/cib/cib.h"
#include "engine/cib/read.h"
#include "tools/crm_simulate/names.h"

using namespace fencepost;
namespace fs = std::filesystem;

namespace {

const fs::path kCases = fs::path(FENCEPOST_SOURCE_DIR) / "tests/crm_simulate/cases/xml";
const fs::path kExpected = fs::path(FENCEPOST_SOURCE_DIR) / "tests/ctl/crm_mon";

std::string content(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

cib::Cib cib_in(const fs::path& path) {
  auto document = cib::read_file(path.string());
  if (!document) FAIL(to_string(document.error()));
  return std::move(document->cib);
}

// Lines that tell when, and by which program, are not compared.
std::string comparable(const std::string& page) {
  std::istringstream lines(page);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  * Last ") || line.starts_with("  * Stack:")) continue;
    if (const auto version = line.find(" (version "); version != std::string::npos)
      line.erase(version, line.find(')') + 1 - version);
    kept += line + "\n";
  }
  return kept;
}

ctl::PageOptions options() {
  return {.now = {1700000000},
          .version = "1.2",
          .attributes = true,
          .fail_counts = true,
          .clock = crm_simulate::clock_text};
}

}  // namespace

TEST_CASE("status page: it is what crm_mon prints", "[ctl]") {
  int compared = 0;
  for (const auto& expected : fs::directory_iterator(kExpected)) {
    const std::string name = expected.path().stem().string();
    INFO(name);
    CHECK(comparable(ctl::status_page(cib_in(kCases / (name + ".xml")), options())) ==
          comparable(content(expected.path())));
    ++compared;
  }
  CHECK(compared > 10);
}

TEST_CASE("status page: the summary says who leads, when, and who changed what last", "[ctl]") {
  cib::Cib cib = cib_in(kCases / "stack-start.xml");
  cib.extras.attributes = {{"cib-last-written", "Sun Nov 22 18:00:00 2026"},
                           {"update-origin", "n1"},
                           {"update-client", "cibadmin"},
                           {"update-user", "root"}};
  const std::string page = ctl::status_page(cib, options());
  CHECK_THAT(page,
             Catch::Contains("  * Last updated: Tue Nov 14 22:13:20 2023\n"
                             "  * Last change:  Sun Nov 22 18:00:00 2026 by root via cibadmin on n1\n"));
}
