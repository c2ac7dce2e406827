// A random cluster before it is written down: who is in it and what it uses.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/crm_simulate/random_cib/dice.h"
#include "tests/crm_simulate/random_cib/generator.h"
#include "tests/crm_simulate/random_cib/xml_text.h"

namespace fencepost::crm_simulate {

inline constexpr std::int64_t kNow = 1'700'000'000;

// Which parts of Pacemaker a cluster uses. Each cluster leaves most of them out: what is rare together
// is met in pairs and threes.
struct Themes {
  bool groups = false;
  bool clones = false;
  bool promotable = false;
  bool bundles = false;
  bool guests = false;
  bool remotes = false;
  bool templates = false;
  bool tags = false;
  bool rules = false;
  bool operations = false;  // options of operations
  bool tickets = false;
  bool sets = false;
  bool utilization = false;
  bool failures = false;
  bool migration = false;
  bool notifications = false;
  bool unfencing = false;
  bool health = false;
  bool shutdown = false;  // and its locks
  bool parameters = false;
  bool orphans = false;
  bool pending = false;  // operations and nodes under way
  bool options = false;  // of the cluster
  bool unmanaged = false;
  bool discovery = false;
  bool trouble = false;  // nodes lost, standby, to be fenced
};

struct Node {
  enum class Kind { member, remote, guest };
  Kind kind = Kind::member;
  std::string id;
  std::string name;
  std::string state;  // online, offline, lost, pending, unseen, controller-gone
};

struct Member {  // a primitive, by its configured name
  std::string id;
  std::string agent_class = "ocf";
  std::string provider = "pacemaker";
  std::string type = "Dummy";
  bool promotable = false;
  bool migratable = false;
  int monitor_ms = 0;  // 0: none
  Pairs parameters;
  std::string remote_node;  // the guest this is
  std::string container;    // what it runs in, as its history says
  Pairs more_meta;
  bool parameters_known = true;  // false: Pacemaker makes them, and no digest of them is written
};

// What has become of a resource that carries a remote or guest node, as the histories of all nodes tell it
// together: told by each node on its own, hardly any such node would be up.
struct Fate {
  enum class State {
    running,
    monitor_failed,
    start_failed,
    stop_failed,
    starting,
    stopping,
    stopped,
    migrated,       // from `other` to `host`
    migrating,      // from `other` to `host`, not there yet
    running_twice,  // on `host` and `other`
    unseen,
  };
  State state = State::unseen;
  std::string host;
  std::string other;
};

struct Top {  // a top-level resource
  enum class Kind { primitive, group, clone, bundle };
  Kind kind = Kind::primitive;
  std::string id;
  std::vector<Member> members;
  bool promotable = false;
  bool unique = false;
  bool group_inside = false;  // a cloned group
  int instances = 1;          // of a unique clone, or replicas of a bundle
  std::string engine;         // of a bundle: docker, podman
  bool addresses = false;     // a bundle with an address for each replica
  int per_host = 1;           // replicas of a bundle
};

struct Cluster {
  Dice dice;
  Themes themes;
  Focus focus = Focus::any;
  bool fencing = true;
  std::vector<Node> nodes;
  std::vector<Top> tops;
  std::map<std::string, Fate> fates;  // by resource
  XmlText xml;

  const Top& any_top() { return dice.pick(tops); }
  const std::string& any_node() { return dice.pick(nodes).name; }
  // A member of a group may be named as well as the whole.
  std::string any_resource();
};

Cluster choose_cluster(std::uint64_t seed, Focus focus);
// Where the focus is on them: more remote and guest nodes, and what has become of all of them and of
// replicas.
void choose_remotes(Cluster& cluster);
void choose_fates(Cluster& cluster);

void write_configuration(Cluster& cluster);
void write_constraints(Cluster& cluster);
void write_rule(Cluster& cluster, const std::string& id, const Pairs& attributes);  // of a location or a set
void write_defaults(Cluster& cluster);
void write_tags(Cluster& cluster);
void write_status(Cluster& cluster);

}  // namespace fencepost::crm_simulate
