#include "models/agents/drbd_handlers.h"

#include <memory>
#include <string>

#include "engine/cib/cib.h"
#include "engine/cib/edit.h"
#include "models/core/stack.h"
#include "models/machine.h"
#include "models/os/drbd_modules.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

constexpr Duration kPatience = 90s;  // crm-fence-peer.9.sh --timeout
constexpr int kOutdated = 4, kFenced = 7, kFailed = 1;

const cib::Cib* cib_of(const Machine& machine) {
  const Engine* engine = machine.stack().engine();
  return engine ? engine->cib() : nullptr;
}

enum class Fate { unknown, member, gone };

// What the cluster knows of a node: still one of us, or gone for certain. In between, a fence is pending.
Fate fate_of(const cib::Cib& cib, const std::string& node) {
  const cib::NodeState* state = cib::find_node_state(cib.status, node);
  if (!state) return Fate::unknown;
  const bool member =
      state->in_ccm == "true" || (state->in_ccm != "false" && state->in_ccm != "0" && !state->in_ccm.empty());
  if (member && state->join == "member") return Fate::member;
  if (!member && state->expected == "down" && state->join == "down") return Fate::gone;
  return Fate::unknown;
}

// The clone of the primitive that stands for this DRBD resource; empty if none has run.
std::string promotable_clone(const cib::Cib& cib, const std::string& primitive) {
  const cib::Resource* parent = cib::find_parent(*cib.configuration, primitive);
  return parent ? parent->id : primitive;
}

std::string constraint_id(const std::string& drbd, const std::string& clone) {
  return "drbd-fence-by-handler-" + drbd + "-" + clone;
}

std::string constraint_xml(const std::string& id, const std::string& clone, const std::string& good_node) {
  return "<rsc_location rsc=\"" + clone + "\" id=\"" + id +
         "\"><rule role=\"Promoted\" score=\"-INFINITY\" id=\"" + id +
         "-rule\"><expression attribute=\"#uname\" operation=\"ne\" value=\"" + good_node + "\" id=\"" + id +
         "-expr\"/></rule></rsc_location>";
}

}  // namespace

Script fence_peer(Process& self, DrbdResource& resource, int host, int peer) {
  Machine& machine = self.machine();
  const std::string peer_name = resource.state().config().hosts[static_cast<std::size_t>(peer)].name;
  const SimTime limit = machine.world().now() + kPatience;
  int code = kFailed;
  while (machine.world().now() < limit) {
    co_await self.sleep(1s);  // the script itself polls
    const cib::Cib* cib = cib_of(machine);
    if (!cib || !cib->have_quorum.value_or(false)) continue;
    const Fate fate = fate_of(*cib, peer_name);
    if (fate == Fate::unknown) continue;
    const std::string clone = promotable_clone(*cib, resource.cluster_resource());
    const std::string id = constraint_id(resource.name(), clone);
    auto edit = std::make_shared<cib::Edit>();
    edit->verb = cib::Edit::Verb::modify;
    edit->scope = "constraints";
    edit->xml = constraint_xml(id, clone, machine.name());
    edit->allow_create = true;
    machine.command(node::EditCib{edit});
    // cibadmin returns when the constraint is in the CIB.
    while (machine.world().now() < limit && cib_of(machine) &&
           !cib::find_constraint(*cib_of(machine)->configuration, id)) {
      co_await self.sleep(100ms);
    }
    code = fate == Fate::gone ? kFenced : kOutdated;
    break;
  }
  resource.act_void([&](Drbd& drbd, SimTime now) { drbd.fence_peer_answered(now, host, peer, code); });
  co_return code;
}

Script unfence_peer(Process& self, DrbdResource& resource, int) {
  Machine& machine = self.machine();
  co_await self.sleep(200ms);
  const cib::Cib* cib = cib_of(machine);
  if (!cib) co_return kFailed;
  const std::string id = constraint_id(resource.name(), promotable_clone(*cib, resource.cluster_resource()));
  if (!cib::find_constraint(*cib->configuration, id)) co_return 0;
  auto edit = std::make_shared<cib::Edit>();
  edit->verb = cib::Edit::Verb::erase;
  edit->xpath = "//rsc_location[@id='" + id + "']";
  machine.command(node::EditCib{edit});
  co_return 0;
}

}  // namespace fencepost::models
