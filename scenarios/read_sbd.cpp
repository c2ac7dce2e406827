// world: {sbd: {devices: [/dev/disk/by-id/sbd], watchdog_timeout: 15s, msgwait: 30s}}

#include "engine/cib/cib.h"
#include "engine/cib/edit.h"
#include "engine/cib/values.h"
#include "scenarios/parts.h"

namespace fencepost::scenarios {
namespace {

// Pacemaker does not start with a stonith-watchdog-timeout that a watchdog may outlast (Pacemaker Explained,
// cluster options). Negative means twice the watchdog's.
void check_timeout(const cib::Configuration& configuration, const models::SbdConfig& sbd, const Value& at,
                   Problems& problems) {
  const std::string* given = cib::find_property(configuration, "stonith-watchdog-timeout");
  const auto timeout = given == nullptr ? std::nullopt : cib::parse_timeout(*given);
  if (!timeout || given->starts_with('-') || Duration{*timeout} == Duration::zero()) return;
  if (Duration{*timeout} <= sbd.watchdog_timeout)
    problems.add(at, "stonith-watchdog-timeout " + *given + " must be longer than watchdog_timeout " +
                         format_duration(sbd.watchdog_timeout) +
                         ": Pacemaker refuses to start; use twice as much");
}

}  // namespace

void read_sbd(Fields& world, Scenario& scenario) {
  const Value* section = world.take("sbd");
  if (section == nullptr) return;
  models::SbdConfig& sbd = scenario.world.sbd.emplace();
  Fields inner(*section, "sbd", world.problems());
  inner.read("devices", sbd.devices);
  inner.read("watchdog_timeout", sbd.watchdog_timeout);
  inner.read("msgwait", sbd.msgwait);
  inner.read("loop", sbd.loop);
  inner.read("io_timeout", sbd.io_timeout);
  inner.read("delay_start", sbd.delay_start);
  std::size_t kind = 0;
  if (inner.choose("watchdog", {"hardware", "softdog"}, kind)) sbd.hardware_watchdog = kind == 0;
  inner.finish();
  if (sbd.watchdog_timeout <= Duration::zero() || sbd.loop <= Duration::zero())
    world.problems().add(*section, "watchdog_timeout and loop must be above 0");
  if (!scenario.cib) return;
  check_timeout(*scenario.cib->configuration, sbd, *section, world.problems());
  cib::Cib with = *scenario.cib;
  cib::set_configuration(with, cib::with_property(*with.configuration, "have-watchdog", "true"));
  scenario.cib = std::make_shared<const cib::Cib>(std::move(with));
}

}  // namespace fencepost::scenarios
