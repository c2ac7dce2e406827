// Where crm-simulate takes its input from.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tools/crm_simulate/command.h"

using namespace fencepost::crm_simulate;

namespace {

namespace fs = std::filesystem;

const std::string kCase = FENCEPOST_SOURCE_DIR "/tests/crm_simulate/cases/xml/three-spread.xml";

struct Said {
  int exit_code = 0;
  std::string out;
  std::string err;
};

Said run(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  std::streambuf* const old_out = std::cout.rdbuf(out.rdbuf());
  std::streambuf* const old_err = std::cerr.rdbuf(err.rdbuf());
  const int exit_code = command(arguments);
  std::cout.rdbuf(old_out);
  std::cerr.rdbuf(old_err);
  return {exit_code, out.str(), err.str()};
}

}  // namespace

TEST_CASE("live check: the cluster's CIB is the one that CIB_file names", "[crm_simulate]") {
  setenv("CIB_file", kCase.c_str(), 1);
  const Said live = run({"-L", "-S"});
  unsetenv("CIB_file");
  CHECK(live.exit_code == 0);
  CHECK(live.out == run({"-x", kCase, "-S"}).out);
}

TEST_CASE("live check: without a cluster to ask there is no input", "[crm_simulate]") {
  unsetenv("CIB_file");
  const Said said = run({"-L", "-S"});
  CHECK(said.exit_code == 66);
  CHECK(said.out.empty());
  CHECK(said.err.find("CIB query failed: Input file not available") != std::string::npos);
}

TEST_CASE("input: what cannot be read is told, as XML too if that was asked for", "[crm_simulate]") {
  const Said said = run({"-x", "/nonexistent/cib.xml", "-S"});
  CHECK(said.exit_code == 78);
  CHECK(said.out.empty());
  CHECK(said.err.find("/nonexistent/cib.xml") != std::string::npos);
  const Said as_xml = run({"-x", "/nonexistent/cib.xml", "--output-as=xml"});
  CHECK(as_xml.exit_code == 78);
  CHECK(as_xml.out.find("<status code=\"78\" message=\"Invalid configuration\"/>") != std::string::npos);
  CHECK(as_xml.err.find("/nonexistent/cib.xml") != std::string::npos);
}

TEST_CASE("input: a CIB that turns validation off draws a warning", "[crm_simulate]") {
  const fs::path file = fs::temp_directory_path() / "fencepost-unvalidated-test.xml";
  std::ofstream(file) << "<cib validate-with=\"none\"><configuration><crm_config/><nodes/><resources/>"
                         "<constraints/></configuration><status/></cib>";
  const Said said = run({"-x", file.string()});
  fs::remove(file);
  CHECK(said.exit_code == 0);
  CHECK(said.err.find("Schema validation of configuration is disabled") == 0);
}

TEST_CASE("profile: every CIB of a folder is timed, the last name first", "[crm_simulate]") {
  const fs::path folder = fs::temp_directory_path() / "fencepost-profile-test";
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const char* name : {"b.xml", "c.xml", "a.xml", ".hidden.xml", "notes.txt"})
    fs::copy_file(kCase, folder / name);
  const Said said = run({"-P", folder.string(), "-N", "2"});
  fs::remove_all(folder);

  CHECK(said.exit_code == 0);
  const std::size_t a = said.out.find("a.xml ... ");
  const std::size_t b = said.out.find("b.xml ... ");
  const std::size_t c = said.out.find("c.xml ... ");
  REQUIRE(a != std::string::npos);
  CHECK((c < b && b < a));
  CHECK(said.out.find("hidden") == std::string::npos);
  CHECK(said.out.find("notes") == std::string::npos);
}
