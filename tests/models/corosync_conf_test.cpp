// corosync.conf, as people write it.
#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

#include "models/network/corosync_options.h"

using namespace fencepost;
using namespace fencepost::models;

TEST_CASE("corosync.conf: sections, comments and defaults", "[corosync.conf]") {
  const auto read = parse_corosync_conf(R"(# ours
totem {
    version: 2
    cluster_name: shop
    token: 5000
    crypto_cipher: aes256
    interface {
        linknumber: 0
    }
}
nodelist {
    node {
        ring0_addr: 10.0.0.1
        ring1_addr: 10.1.0.1
        name: db1
        nodeid: 1
    }
    node {
        ring0_addr: 10.0.0.2
        name: db2
        nodeid: 2
        quorum_votes: 2
    }
}
quorum {
    provider: corosync_votequorum
    last_man_standing: 1
    device {
        model: net
        net {
            host: q.example
            algorithm: lms
        }
    }
}
logging { 
    to_syslog: yes
}
)",
                                        "corosync.conf");
  REQUIRE(read);
  CHECK(read->cluster_name == "shop");
  CHECK(read->totem.token == 5s);
  REQUIRE(read->nodes.size() == 2);
  CHECK(read->nodes[0].name == "db1");
  CHECK(read->nodes[0].addresses.size() == 2);
  CHECK(read->nodes[1].votes == 2);
  CHECK(read->quorum.last_man_standing);
  REQUIRE(read->quorum.qdevice);
  CHECK(read->quorum.qdevice->host == "q.example");
  CHECK(read->quorum.qdevice->algorithm == QdeviceOptions::Algorithm::lms);
  // What changes nothing here is listed, not dropped.
  CHECK(read->ignored ==
        std::vector<std::string>{"totem.crypto_cipher (line 6)", "totem.interface.linknumber (line 8)"});
}

TEST_CASE("corosync.conf: the timers that follow from it", "[corosync.conf]") {
  // corosync.conf(5): 3650 ms at 3 nodes, 6900 at 8, with the defaults; consensus 1.2 times that.
  const TotemOptions defaults;
  CHECK(effective_token(defaults, 2) == 3s);
  CHECK(effective_token(defaults, 3) == 3650ms);
  CHECK(effective_token(defaults, 8) == 6900ms);
  CHECK(effective_consensus(defaults, 2) == 3600ms);
  CHECK(effective_consensus(defaults, 3) == 4380ms);
  CHECK(ping_interval(defaults, 2) == 750ms);
  CHECK(ping_timeout(defaults, 2) == 1500ms);
}

TEST_CASE("corosync.conf: errors have a place and a remedy", "[corosync.conf]") {
  const auto message = [](const char* text) {
    const auto read = parse_corosync_conf(text, "c.conf");
    return read ? std::string("read") : to_string(read.error());
  };
  CHECK(message("totem {\n token: fast\n}\n") ==
        "c.conf:2: token: 'fast' is not a whole number of at least 1");
  CHECK(message("totem {\n token 1000\n}\n").starts_with("c.conf:2: 'token 1000' is neither"));
  CHECK(message("totem {\n").find("is not closed: add '}'") != std::string::npos);
  CHECK(message("}\n") == "c.conf:1: '}' closes nothing");
  CHECK(message("token: 1000\n").find("outside any section") != std::string::npos);
  CHECK(message("nodelist {\nnode {\nname: a\n}\n}\n").find("no nodeid") != std::string::npos);
  CHECK(message("totem {\ntoken: 1000\nconsensus: 1000\n}\n").find("at least 1.2 times token") !=
        std::string::npos);
}

TEST_CASE("corosync.conf: the main job's file is read", "[corosync.conf]") {
  std::ifstream file(FENCEPOST_SOURCE_DIR "/scenarios/ha-database/corosync.conf");
  std::stringstream text;
  text << file.rdbuf();
  const auto read = parse_corosync_conf(text.str(), "corosync.conf");
  REQUIRE(read);
  CHECK(nodelist(*read) == node::Nodelist{{"db1", 1}, {"db2", 2}});
  CHECK(read->quorum.two_node);
  CHECK(read->quorum.wait_for_all == true);
  CHECK(read->ignored.empty());
}

TEST_CASE("corosync.conf: a transport other than the default is told to have no effect", "[corosync.conf]") {
  const auto ignored = [](const std::string& transport) {
    const auto read = parse_corosync_conf("totem {\ntransport: " + transport + "\n}\n", "corosync.conf");
    REQUIRE(read);
    return read->ignored;
  };
  CHECK(ignored("knet").empty());
  CHECK(ignored("udpu") == std::vector<std::string>{"totem.transport (line 2)"});
}
