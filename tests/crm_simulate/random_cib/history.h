// What one node's executor and its transient attributes say of a random cluster.
#pragma once

#include "tests/crm_simulate/random_cib/cluster.h"

namespace fencepost::crm_simulate {

// One resource as one node's executor knows it.
struct Entry {
  std::string id;  // of an instance: with its number, if those are told apart
  Member member;
};

struct Operation {
  std::string task;
  int interval_ms = 0;
  int rc = 0;
  int expected = 0;
  int call = 1;
  std::string id;
  int status = 0;
  Pairs more;
};

class History {
 public:
  History(Cluster& cluster, const Node& node, std::vector<Top> tops)
      : cluster_(cluster), dice_(cluster.dice), xml_(cluster.xml), node_(node), tops_(std::move(tops)) {}

  void write();

 private:
  void resources();
  void of_top(const Top& top);
  void of_bundle(const Top& top);
  void of_entry(const Entry& entry);
  void begin_entry(const Entry& entry);

  void of_carriers(const Top& top);
  void of_replicas(const Top& top);
  void of_fate(const Entry& entry);
  void at_home(const Entry& entry, const Fate& fate);
  void elsewhere(const Entry& entry, const Fate& fate);
  void left(const Entry& entry, const Fate& fate);

  void running(const Entry& entry);
  void promoted(const Entry& entry);
  void failed(const Entry& entry);
  void pending(const Entry& entry);
  void migrated(const Entry& entry);
  void stopped(const Entry& entry);
  void probed(const Entry& entry, int rc);
  void monitor(const Entry& entry, int call);
  void operation(const Entry& entry, const Operation& one);
  void count_failure(const Entry& entry, const std::string& task, int interval_ms);
  std::string other_node();
  Pairs transient();

  Cluster& cluster_;
  Dice& dice_;
  XmlText& xml_;
  const Node& node_;
  std::vector<Top> tops_;  // what may have run here
  Pairs fail_counts_;
};

// Whether it carries a remote or guest node.
bool carries_node(const Top& top);

}  // namespace fencepost::crm_simulate
