// What people type and what they get to read.
#include <catch2/catch.hpp>

#include "tools/crm_simulate/names.h"
#include "tools/crm_simulate/options.h"
#include "tools/crm_simulate/status_edit.h"
#include "tools/crm_simulate/step.h"
#include "tools/crm_simulate/text_list.h"

using namespace fencepost;
using namespace fencepost::crm_simulate;

TEST_CASE("operation specs: resource names and tasks may hold underscores", "[crm_simulate]") {
  const auto spec = parse_operation_spec("my_fs:0_migrate_to_0@node-1.example.com=7");
  REQUIRE(spec);
  CHECK(spec->resource == "my_fs:0");
  CHECK(spec->task == "migrate_to");
  CHECK(spec->interval_ms == 0);
  CHECK(spec->node == "node-1.example.com");
  CHECK(spec->rc == 7);
}

TEST_CASE("operation specs: what is none says how far it was understood", "[crm_simulate]") {
  CHECK(parse_operation_spec("bogus").error().message ==
        "Invalid operation spec: bogus.  Only found 1 fields");
  CHECK(parse_operation_spec("a_stop_0@n1=x").error().message ==
        "Invalid operation spec: a_stop_0@n1=x.  Only found 2 fields");
  CHECK_FALSE(parse_operation_spec("stop@n1=1"));
}

TEST_CASE("command line: flags cluster, and options repeat", "[crm_simulate]") {
  const auto parsed =
      parse_command_line({"-sSQ", "-x", "cib.xml", "-u", "n1", "--node-up=n2", "-D", "out.dot"});
  REQUIRE(parsed.options);
  CHECK(parsed.options->show_scores);
  CHECK(parsed.options->simulate);
  CHECK(parsed.options->quiet);
  CHECK(parsed.options->injections.node_up == std::vector<std::string>{"n1", "n2"});
  CHECK(parsed.options->save_dot == "out.dot");
}

TEST_CASE("command line: an unknown option is a usage error", "[crm_simulate]") {
  const auto parsed = parse_command_line({"--bogus"});
  CHECK_FALSE(parsed.options);
  CHECK(parsed.usage.exit_code == 64);
}

TEST_CASE("command line: a quorum alone is no event", "[crm_simulate]") {
  CHECK_FALSE(parse_command_line({"-x", "c", "-q", "1"}).options->injections.any());
  CHECK(parse_command_line({"-x", "c", "-q", "1", "-d", "n1"}).options->injections.any());
}

TEST_CASE("lists: titles, blanks and bullets, or none of them", "[crm_simulate]") {
  const auto print = [](bool plain) {
    TextList list(plain);
    list.begin("Title");
    list.begin("Inner");
    list.item("text");
    list.end();
    list.end();
    return list.take();
  };
  CHECK(print(false) == "Title:\n  * Inner:\n    * text\n");
  CHECK(print(true) == "text\n");
}

TEST_CASE("nodes: the word that matters most comes first", "[crm_simulate]") {
  policy::NodeState node;
  node.standby = true;
  CHECK(node_status(node) == "OFFLINE (standby)");
  node.online = true;
  CHECK(node_status(node) == "standby");
  node.active_resources = 1;
  CHECK(node_status(node) == "standby (with active resources)");
  node.unclean = true;
  CHECK(node_status(node) == "UNCLEAN (online)");
}

TEST_CASE("steps: a resource's name is padded", "[crm_simulate]") {
  CHECK(to_text(Step{Step::Kind::resource, "db", "monitor", "n1", "10000"}) ==
        "Resource action: db              monitor=10000 on n1");
}
