#include "scenarios/run_parts.h"

#include "engine/base/assert.h"
#include "engine/cib/cib.h"
#include "engine/cib/edit.h"
#include "engine/cib/read.h"
#include "engine/cib/write.h"
#include "models/network/corosync_options.h"
#include "scenarios/judge.h"

namespace fencepost::scenarios {

std::shared_ptr<const cib::Cib> first_cib() {
  static const auto boot = [] {
    const auto document = cib::read(
        R"(<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0">
<configuration><crm_config><cluster_property_set id="cib-bootstrap-options">
<nvpair id="cib-bootstrap-options-dc-deadtime" name="dc-deadtime" value="1s"/>
<nvpair id="cib-bootstrap-options-stonith-enabled" name="stonith-enabled" value="false"/>
</cluster_property_set></crm_config><nodes/><resources/><constraints/></configuration><status/></cib>)",
        "the empty CIB");
    HA_ASSERT(document.has_value());
    return std::make_shared<const cib::Cib>(document->cib);
  }();
  return boot;
}

node::EditCib load_configuration(const Scenario& scenario) {
  auto edit = std::make_shared<cib::Edit>();
  edit->scope = "configuration";
  edit->xml = cib::write(*scenario.cib, cib::Part::configuration);
  edit->allow_create = true;
  return {std::move(edit)};
}

Duration fault_shows_within(const Scenario& scenario) {
  const Duration token = models::effective_token(scenario.world.corosync.totem, scenario.nodes.size());
  Duration longest = token * 22 / 10 + 2s;
  cib::for_each_resource(scenario.cib->configuration->resources,
                         [&](const cib::Resource& resource, const cib::Resource*) {
                           for (const cib::Operation& operation : resource.operations)
                             if (operation.interval <= 15s)
                               longest = std::max(longest, Duration{operation.interval} + 1500ms);
                         });
  return longest;
}

models::InvariantOptions invariant_options(const Scenario& scenario) {
  models::InvariantOptions options;
  const cib::Configuration& configuration = *scenario.cib->configuration;
  options.configuration = scenario.cib->configuration;
  for (const cib::Resource& top : configuration.resources)
    if (top.kind == cib::ResourceKind::clone || top.kind == cib::ResourceKind::bundle)
      cib::for_each_resource(top.children, [&](const cib::Resource& resource, const cib::Resource*) {
        options.clones.insert(resource.id);
      });
  const std::string* policy = cib::find_property(configuration, "no-quorum-policy");
  options.service_needs_quorum = policy == nullptr || (*policy != "ignore" && *policy != "freeze");
  return options;
}

void conclude(const Scenario& scenario, const Witnesses& witnesses, bool begun, Outcome& outcome) {
  for (reporters::Outage& outage : witnesses.outages.outages(outcome.end))
    if (begun && outage.until > outcome.t0) outcome.outages.push_back(std::move(outage));
  for (const Seen& seen : witnesses.witness.seen())
    if (seen.at >= outcome.t0 && (seen.kind == Seen::Kind::fence || seen.kind == Seen::Kind::fence_try))
      outcome.fences.push_back({seen.what, seen.at, seen.result, seen.kind == Seen::Kind::fence});
  if (!begun) outcome.findings.push_back({"the cluster starts", Verdict::undecided, outcome.ended});
  for (const std::string& refused : witnesses.refused)
    outcome.findings.push_back({"every fault can be done", Verdict::undecided, refused});
  for (const std::string& fault : witnesses.never_came)
    outcome.findings.push_back({"every fault comes", Verdict::undecided, fault});
  if (begun) {
    if (witnesses.recording) HA_ASSERT(witnesses.recording->finish(run_result(outcome)).has_value());
    const Evidence evidence{witnesses.witness,
                            outcome.outages,
                            outcome.t0,
                            outcome.end,
                            scenario.nodes,
                            witnesses.recording,
                            witnesses.invariants.verdicts()};
    for (Finding& finding : judge(scenario.expect, evidence)) outcome.findings.push_back(std::move(finding));
  }
  outcome.verdict = verdict_of(outcome.findings);
}

}  // namespace fencepost::scenarios
