#include "tools/crm_simulate/simulate.h"

namespace fencepost::crm_simulate {

Answer simulate(const std::string& cib_xml, const std::string& name, const Options& options) {
  static_cast<void>(cib_xml);
  static_cast<void>(options);
  Answer answer;
  answer.err = name + ": the scheduler is not connected yet\n";
  answer.exit_code = 70;
  return answer;
}

}  // namespace fencepost::crm_simulate
