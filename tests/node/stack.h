// The cluster of the tests: two nodes, a promotable volume, and a file system, an address and a database
// where it is promoted; one fence device for each node.
#pragma once

#include <memory>
#include <string>

#include "engine/backend/tiny_cluster.h"
#include "engine/cib/read.h"

namespace fencepost::tests {

inline std::shared_ptr<const cib::Cib> cib_of(const std::string& xml) {
  auto document =
      cib::read("<cib validate-with=\"pacemaker-3.9\" epoch=\"1\" num_updates=\"0\" admin_epoch=\"0\">" +
                    xml + "<status/></cib>",
                "test");
  if (!document) throw std::runtime_error(to_string(document.error()));
  return std::make_shared<const cib::Cib>(std::move(document->cib));
}

struct StackOptions {
  std::string properties;  // more nvpairs
  std::string defaults;    // of resources
  std::string fence1;      // more instance attributes of the device that fences n1
  std::string constraints;
  std::string more;  // after <constraints>
};

inline std::string nv(const std::string& name, const std::string& value) {
  return "<nvpair id=\"nv-" + name + "-" + std::to_string(std::hash<std::string>{}(value) % 100000) +
         "\" name=\"" + name + "\" value=\"" + value + "\"/>";
}

inline std::shared_ptr<const cib::Cib> stack(const StackOptions& with = {}) {
  const auto primitive = [](const std::string& id, const std::string& interval) {
    return "<primitive id=\"" + id + "\" class=\"ocf\" provider=\"test\" type=\"Dummy\"><operations>" +
           "<op id=\"" + id + "-monitor\" name=\"monitor\" interval=\"" + interval + "\" timeout=\"5s\"/>" +
           "<op id=\"" + id + "-start\" name=\"start\" interval=\"0\" timeout=\"8s\"/>" + "<op id=\"" + id +
           "-stop\" name=\"stop\" interval=\"0\" timeout=\"8s\"/></operations></primitive>";
  };
  const auto device = [](const std::string& id, const std::string& node, const std::string& more) {
    return "<primitive id=\"" + id + "\" class=\"stonith\" type=\"fence_test\"><instance_attributes id=\"" +
           id + "-i\"><nvpair id=\"" + id + "-h\" name=\"pcmk_host_list\" value=\"" + node + "\"/>" + more +
           "</instance_attributes><operations><op id=\"" + id +
           "-m\" name=\"monitor\" interval=\"60s\" timeout=\"10s\"/></operations></primitive>";
  };
  return cib_of(
      "<configuration><crm_config><cluster_property_set id=\"cib-bootstrap-options\">"
      "<nvpair id=\"p1\" name=\"stonith-timeout\" value=\"10s\"/>"
      "<nvpair id=\"p2\" name=\"dc-deadtime\" value=\"2s\"/>" +
      with.properties + "</cluster_property_set></crm_config><nodes/><resources>" +
      device("fence1", "n1", with.fence1) + device("fence2", "n2", "") +
      "<clone id=\"drbd-clone\"><meta_attributes id=\"dm\"><nvpair id=\"dm1\" name=\"promotable\" "
      "value=\"true\"/>"
      "<nvpair id=\"dm2\" name=\"notify\" value=\"true\"/><nvpair id=\"dm3\" name=\"clone-max\" value=\"2\"/>"
      "</meta_attributes><primitive id=\"drbd\" class=\"ocf\" provider=\"test\" "
      "type=\"Stateful\"><operations>"
      "<op id=\"d1\" name=\"monitor\" interval=\"5s\" timeout=\"4s\" role=\"Promoted\"/>"
      "<op id=\"d2\" name=\"monitor\" interval=\"7s\" timeout=\"4s\" role=\"Unpromoted\"/>"
      "</operations></primitive></clone><group id=\"app\">" +
      primitive("fs", "4s") + primitive("ip", "3s") + primitive("db", "5s") +
      "</group></resources><constraints>"
      "<rsc_location id=\"l1\" rsc=\"drbd-clone\"><rule id=\"l1r\" role=\"Promoted\" score=\"20\">"
      "<expression id=\"l1e\" attribute=\"#uname\" operation=\"eq\" value=\"n1\"/></rule></rsc_location>"
      "<rsc_colocation id=\"c1\" rsc=\"app\" with-rsc=\"drbd-clone\" with-rsc-role=\"Promoted\" "
      "score=\"INFINITY\"/>"
      "<rsc_order id=\"o1\" first=\"drbd-clone\" first-action=\"promote\" then=\"app\" "
      "then-action=\"start\"/>"
      "<rsc_location id=\"f1\" rsc=\"fence1\" node=\"n1\" score=\"-INFINITY\"/>"
      "<rsc_location id=\"f2\" rsc=\"fence2\" node=\"n2\" score=\"-INFINITY\"/>" +
      with.constraints + "</constraints>" + with.more +
      "<rsc_defaults><meta_attributes id=\"rd\"><nvpair id=\"rd1\" name=\"resource-stickiness\" "
      "value=\"100\"/>" +
      with.defaults + "</meta_attributes></rsc_defaults></configuration>");
}

// Both nodes up, n1 first and so the DC, everything running on n1.
struct RunningStack : backend::TinyCluster {
  explicit RunningStack(const StackOptions& with = {}, node::Profile profile = node::pacemaker_profile())
      : TinyCluster(
            {.nodes = {"n1", "n2"}, .cib = stack(with), .profile = std::move(profile), .two_node = true}) {
    boot("n1");
    // Alone, n1 would have to fence n2 first, so it waits for it.
    boot("n2");
    run_until(90s, [this] { return where("db") == "n1" && role("n2", "drbd") == "Started"; });
    run_for(2s);
  }
};

}  // namespace fencepost::tests
