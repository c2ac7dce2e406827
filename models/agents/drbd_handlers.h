// What DRBD's kernel module calls when it needs the cluster's help: crm-fence-peer.9.sh and
// crm-unfence-peer.9.sh.
#pragma once

#include "models/script.h"

namespace fencepost::models {

class DrbdResource;
class Process;

// Waits until the cluster knows what became of the peer, keeps it from being promoted by a constraint in the
// CIB, and answers the kernel. (crm-fence-peer.9.sh; DRBD user's guide, "Pacemaker fencing")
Script fence_peer(Process& self, DrbdResource& resource, int host, int peer);

// After a resync to this host, or when all is up to date: takes the constraint away.
Script unfence_peer(Process& self, DrbdResource& resource, int host);

}  // namespace fencepost::models
