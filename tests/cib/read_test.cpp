#include "engine/cib/read.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "engine/cib/write.h"
#include "golden.h"
#include "reading.h"

using namespace fencepost;
using namespace fencepost::cib;

namespace {

std::string error_of(std::string_view xml) {
  const auto document = read(xml, "cib.xml");
  return document ? "none" : to_string(document.error());
}

Document document_of(std::string_view xml) {
  auto document = read(xml, "cib.xml");
  if (!document) FAIL(to_string(document.error()));
  return std::move(*document);
}

}  // namespace

TEST_CASE("reading: a bare configuration will do", "[cib]") {
  const Cib cib = cib_of(R"(<configuration><nodes><node id="1" uname="db1"/></nodes></configuration>)");
  CHECK(find_node(*cib.configuration, "DB1") != nullptr);
}

TEST_CASE("reading: what is wrong with the XML is told with its place", "[cib]") {
  CHECK(error_of("") == "cib.xml: there is nothing in it: a CIB starts with <cib>");
  CHECK(error_of("<cib>\n <configuration>\n </config>\n</cib>") ==
        "cib.xml:3:4: this end tag does not close the element that is open: check the tags above it");
  CHECK(error_of("<html/>") == "cib.xml:1:2: <html> is no CIB: expected <cib> or <configuration>");
  CHECK(error_of("<cib>\n\xE9</cib>") ==
        "cib.xml:2:1: this is not UTF-8: convert the file, for example with iconv -t UTF-8");
  CHECK(error_of("<!DOCTYPE cib [\n<!ENTITY a \"b\">]><cib/>") ==
        "cib.xml:2:1: entity declarations are not accepted: write the text itself instead");
}

TEST_CASE("reading: what is nearly XML is read, and told with its place", "[cib]") {
  const auto problem_of = [](std::string_view xml) {
    const Document document = document_of(xml);
    return document.problems.empty() ? "none" : to_string(document.problems.front());
  };
  CHECK(problem_of("<cib epoch=\"1\"/>") == "none");
  CHECK(problem_of("<cib>\n<!-- a & b --><configuration/>\n</cib>") == "none");
  CHECK(problem_of("<cib crm_feature_set=\"a & b\"/>") ==
        "cib.xml:1:26: error: this character may not stand here: write & as &amp; and < as &lt;");
  CHECK(problem_of("<cib crm_feature_set=\"&rsc;\"/>") ==
        "cib.xml:1:1: error: there is no such entity: write & as &amp;");
  CHECK(problem_of("<cib/><cib/>") ==
        "cib.xml:1:7: error: something follows the end of the outermost element: leave it out");
}

TEST_CASE("reading: nesting and references have their bounds", "[cib]") {
  std::string nested = "<configuration><resources>";
  for (int i = 0; i < 1000; ++i) nested += "<group id=\"g\">";
  for (int i = 0; i < 1000; ++i) nested += "</group>";
  CHECK(error_of(nested + "</resources></configuration>").find("nested more than 256 deep") !=
        std::string::npos);

  // Each rule holds the next one twice: 2^40 rules, if they were all copied.
  std::string bomb = "<configuration><constraints><rsc_location id=\"l\" rsc=\"A\">";
  for (int i = 0; i < 40; ++i) {
    const std::string next = "<rule id-ref=\"r" + std::to_string(i + 1) + "\"/>";
    bomb += "<rule id=\"r" + std::to_string(i) + "\">" + next + next + "</rule>";
  }
  CHECK(error_of(bomb + "</rsc_location></constraints></configuration>")
            .find("refer to each other without end") != std::string::npos);
}

TEST_CASE("reading: a text that ends too early is read as far as it goes, and told", "[cib]") {
  const Document document = document_of("<cib><configuration><nodes><node id=\"1\" uname=\"db1\"/></nodes>");
  CHECK(document.cib.configuration->nodes.size() == 1);
  REQUIRE(document.problems.size() == 1);
  CHECK(document.problems[0].message == "the file ends inside an element: it is not complete");
  CHECK(document_of("<cib><configuration><nodes><node id=\"1\" uname=\"db1\"/><node id=\"2\" una").cib ==
        document.cib);
}

TEST_CASE("reading: what is not modelled is listed and written back", "[cib]") {
  const Document document = document_of(
      "<configuration><resources>\n<primitive id=\"db\" class=\"ocf\" provider=\"x\" type=\"y\" "
      "colour=\"blue\">\n"
      "<shape id=\"s\">round &amp; flat</shape></primitive></resources>\n<acls><acl_role "
      "id=\"r\"/></acls></configuration>");
  std::string listed;
  for (const NotModelled& what : document.not_modelled)
    listed += to_string(what.where) + ": " + what.what + "\n";
  CHECK(listed ==
        "cib.xml:2:2: attribute 'colour' of <primitive> 'db'\n"
        "cib.xml:3:2: element <shape> 's' in <primitive> 'db'\n"
        "cib.xml:4:2: element <acls> in <configuration>\n");
  const std::string text = write(document.cib, Part::configuration);
  CHECK(text.find("colour=\"blue\"") != std::string::npos);
  CHECK(text.find("<shape id=\"s\">round &amp; flat</shape>") != std::string::npos);
  CHECK(text.find("<acls><acl_role id=\"r\"/></acls>") != std::string::npos);
}

TEST_CASE("reading: an id-ref brings what it names, and is written as an id-ref", "[cib]") {
  const Cib cib = cib_of(R"(<configuration><resources>
      <primitive id="A" class="ocf" provider="x" type="y">
        <meta_attributes id="m" score="3"><nvpair id="m-1" name="priority" value="1"/></meta_attributes>
        <operations id="ops"><op id="o" name="monitor" interval="10s"/></operations></primitive>
      <primitive id="B" class="ocf" provider="x" type="y"><meta_attributes id-ref="m"/>
        <instance_attributes id="i"><nvpair id-ref="m-1" name="other"/></instance_attributes>
        <operations id-ref="ops"/></primitive></resources></configuration>)");
  const Resource* resource = find_resource(*cib.configuration, "B");
  REQUIRE(resource);
  CHECK(*resource->meta.at(0).find("priority") == "1");
  CHECK(resource->meta.at(0).score == Score{3});
  CHECK(*resource->parameters.at(0).find("other") == "1");
  CHECK(resource->operations.at(0).interval == Milliseconds{10'000});
  const std::string text = write(cib);
  CHECK(text.find("<meta_attributes id-ref=\"m\"/>") != std::string::npos);
  CHECK(text.find("<nvpair id-ref=\"m-1\" name=\"other\"/>") != std::string::npos);
  CHECK(text.find("<operations id-ref=\"ops\"/>") != std::string::npos);
}

TEST_CASE("reading: an id-ref that names nothing is told", "[cib]") {
  const Document document =
      document_of(R"(<configuration><resources><primitive id="B" class="ocf" provider="x" type="y">
<meta_attributes id-ref="m"/></primitive></resources></configuration>)");
  REQUIRE(document.problems.size() == 1);
  CHECK(to_string(document.problems[0]) ==
        "cib.xml:2:2: error: id-ref=\"m\" names no <meta_attributes>: give that id to one, or correct the "
        "reference");
}

TEST_CASE("reading: an attribute given twice is told and written once", "[cib]") {
  const Document document = document_of(R"(<configuration><nodes><node uname="b" id="1" uname="a"/></nodes>
      <resources><primitive id="A" x="1" x="2"><operations><op id="o" timeout="1" timeout="2"/></operations></primitive>
      </resources></configuration>)");
  REQUIRE(document.problems.size() == 3);
  CHECK(to_string(document.problems[0]) ==
        "cib.xml:1:24: error: attribute 'uname' of <node> '1' is given twice: take one of them out");
  CHECK(cib_of(write(document.cib)) == document.cib);
}

TEST_CASE("reading: a number with something after it counts as far as it goes", "[cib]") {
  const Document document =
      document_of(R"(<cib epoch="7x" num_updates="many" execution-date="now"><configuration/></cib>)");
  CHECK(document.cib.version == Version{0, 7, 0});
  CHECK(document.cib.execution_date == std::nullopt);
  REQUIRE(document.problems.size() == 3);
  CHECK(to_string(document.problems[0]) ==
        "cib.xml:1:2: error: epoch=\"7x\" in <cib> is no whole number: write digits alone");
  CHECK(cib_of(write(document.cib)) == document.cib);
}

TEST_CASE("reading: history comes as numbers and texts", "[cib]") {
  const Cib cib = cib_of(
      R"(<cib dc-uuid="1" have-quorum="1" execution-date="1795360574" epoch="7" num_updates="32" admin_epoch="0">
    <configuration/><status><node_state id="1" uname="db1" in_ccm="true" crmd="online" join="member" expected="member">
    <lrm id="1"><lrm_resources><lrm_resource id="db" class="ocf" provider="lab" type="Sim">
    <lrm_rsc_op id="db_last_0" operation_key="db_start_0" operation="start" transition-key="43:4:0:x" call-id="-1"
      rc-code="193" op-status="-1" interval="0" last-rc-change="1795360581" exec-time="0" op-force-restart=""/>
    </lrm_resource></lrm_resources></lrm></node_state>
    <tickets><ticket_state id="t" granted="true" colour="red"/></tickets></status></cib>)");
  CHECK(cib.version == Version{0, 7, 32});
  CHECK(cib.have_quorum == true);
  CHECK(cib.execution_date == WallSeconds{1'795'360'574});
  const OpHistory& op = find_history(*find_node_state(cib.status, "db1"), "db")->ops.at(0);
  CHECK(op.status == OpStatus::pending);
  CHECK(op.rc == AgentRc::unknown);
  CHECK(op.call_id == -1);
  CHECK(op.op_force_restart == "");
  CHECK(op.op_secure_params == std::nullopt);
  const TicketState* ticket = find_ticket(cib.status, "t");
  REQUIRE(ticket);
  CHECK(ticket->granted == true);
  CHECK(ticket->attributes == std::vector<Attribute>{{"colour", "red"}});
}

TEST_CASE("files: a bz2 is unpacked, and one that is cut short is refused", "[cib]") {
  const std::string path = golden_path("tiny.xml.bz2");
  const auto document = read_file(path);
  REQUIRE(document);
  CHECK(document->cib.configuration->nodes.at(0).uname == "db1");

  const std::filesystem::path cut = std::filesystem::temp_directory_path() / "fencepost-cib-test-cut.xml.bz2";
  std::filesystem::copy_file(path, cut, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::resize_file(cut, 40);
  const auto refused = read_file(cut.string());
  std::filesystem::remove(cut);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.starts_with("is not a whole bzip2 file"));
}

TEST_CASE("files: one that is not there, or is a folder, is told", "[cib]") {
  CHECK(to_string(read_file("/nowhere/cib.xml").error()) ==
        "/nowhere/cib.xml: cannot be opened (No such file or directory): check the path");
  CHECK(to_string(read_file("/").error()) == "/: cannot be read (Is a directory): is it a file?");
}
