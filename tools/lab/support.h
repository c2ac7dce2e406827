// What of a scenario a lab can do, told before anything begins.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "scenarios/scenario.h"

namespace fencepost::lab {

struct Support {
  std::vector<std::string> cannot;  // what and why; empty: it can be run
  std::vector<std::string> notes;   // what is not quite as on real machines
  std::set<std::string> stand_ins;  // agents, as "linbit/drbd"
  std::set<std::string> agents;     // all OCF agents that it has, the same way
  std::set<std::string> fence_agents;
  struct Image {
    std::string device;   // as the nodes see it, /dev/drbd0
    std::string fs_type;  // ext4
    std::string pgdata;   // a database is made there, relative to its root; empty: none
  };
  std::vector<Image> images;
  struct Client {
    std::string database, address, psql;
    int port = 5432;
    double writes_per_second = 20;
  };
  std::vector<Client> clients;  // of databases whose address the scenario names
};

struct Abilities {
  bool freezes = true;
  bool stucks = true;  // what is frozen survives SIGKILL
  bool loops = true;   // loop devices
  bool hosts =
      false;  // the nodes are named machines, which have disks, networks and fence devices of their own
  bool cuts = true;  // links
};

Support examine(const scenarios::Scenario& scenario, const Abilities& abilities);

}  // namespace fencepost::lab
