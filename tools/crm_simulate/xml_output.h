// What crm-simulate has to say, as --output-as=xml.
#pragma once

#include "engine/policy/decision.h"
#include "tools/crm_simulate/options.h"
#include "tools/crm_simulate/status_text.h"
#include "tools/crm_simulate/step.h"
#include "tools/crm_simulate/xml_list.h"

namespace fencepost::crm_simulate {

void write_status(XmlList& xml, const policy::ClusterState& state, const StatusDetail& detail);
void write_modifications(XmlList& xml, const Steps& steps);
void write_scores(XmlList& xml, const policy::Decision& decision, const Options& options);
void write_changes(XmlList& xml, const policy::Decision& decision);
void write_transition(XmlList& xml, const Steps& steps);

}  // namespace fencepost::crm_simulate
