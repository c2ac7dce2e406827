// Our answers about clusters of our own making, compared with the recorded ones of the real crm_simulate.
#include <catch2/catch.hpp>
#include <sstream>
#include <string>

#include "tools/crm_simulate/conformance.h"

using namespace fencepost::crm_simulate;

namespace {

const std::string kFolder = FENCEPOST_SOURCE_DIR "/tests/crm_simulate/cases";

// The first line in which two texts part, with the one before it for a hint.
std::string first_difference(const std::string& expected, const std::string& ours) {
  std::istringstream left(expected), right(ours);
  std::string before, a, b;
  while (true) {
    const bool more_left = static_cast<bool>(std::getline(left, a));
    const bool more_right = static_cast<bool>(std::getline(right, b));
    if (!more_left && !more_right) return "";
    if (!more_left) a = "(end)";
    if (!more_right) b = "(end)";
    if (a != b) return "after:    " + before + "\nexpected: " + a + "\nours:     " + b;
    before = a;
  }
}

}  // namespace

TEST_CASE("crm-simulate: every case of our own is answered as the real one answers it", "[crm_simulate]") {
  const auto corpus = open_corpus(kFolder);
  REQUIRE(corpus);
  REQUIRE(corpus->cases.size() >= 80);
  const Passes passes = read_passes(kFolder + "/passing.txt");
  for (const Case& one : corpus->cases) {
    const auto listed = passes.find(one.name);
    if (listed == passes.end()) continue;
    const Texts expected = expected_of(*corpus, one);
    const Texts ours = ours_of(*corpus, one);
    for (const Artifact artifact : listed->second) {
      INFO(one.name << ": " << to_string(artifact));
      CHECK(first_difference(canonical(artifact, expected.at(artifact)),
                             canonical(artifact, ours.at(artifact))) == "");
    }
  }
}

TEST_CASE("crm-simulate: comparing ignores blanks, old spellings and the order of scores, and nothing else",
          "[crm_simulate]") {
  CHECK(canonical(Artifact::summary, "  * a\t(ocf::heartbeat:Dummy):\t Started n1 \n\n") ==
        canonical(Artifact::summary, "* a (ocf:heartbeat:Dummy): Started n1\n"));
  CHECK(canonical(Artifact::summary, "Masters: [ n1 ]\n") ==
        canonical(Artifact::summary, "Promoted: [ n1 ]\n"));
  CHECK(canonical(Artifact::summary, "Started n1\n") != canonical(Artifact::summary, "Started n2\n"));
  CHECK(canonical(Artifact::scores, "b\na\n") == canonical(Artifact::scores, "a\nb\n"));
  CHECK(canonical(Artifact::dot, "{\nb\na\na\n}\n") == canonical(Artifact::dot, "{\na\nb\n}\n"));
  CHECK(canonical(Artifact::exp, "<g batch-limit=\"0\" x=\"1\">\n") ==
        canonical(Artifact::exp, "<g  x=\"1\">\n"));
  CHECK(canonical(Artifact::exp, "<a id=\"1\"/>\n<a id=\"2\"/>\n") !=
        canonical(Artifact::exp, "<a id=\"2\"/>\n<a id=\"1\"/>\n"));
}

TEST_CASE("crm-simulate: a pass list reads back as it was written", "[crm_simulate]") {
  const Passes passes{{"one", {Artifact::summary, Artifact::dot}}, {"two", {Artifact::exp}}, {"none", {}}};
  const std::string text = write_passes(passes);
  CHECK(text.find("one summary dot\n") != std::string::npos);
  CHECK(text.find("none") == std::string::npos);
}
