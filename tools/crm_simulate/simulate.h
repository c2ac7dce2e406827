// The whole of crm-simulate with no file and no terminal: a CIB and options in, texts out.
#pragma once

#include <string>

#include "tools/crm_simulate/options.h"

namespace fencepost::crm_simulate {

struct Answer {
  std::string out;         // standard output
  std::string err;         // standard error
  int exit_code = 0;       // as crm_simulate's
  std::string dot;         // for --save-dotfile
  std::string graph;       // for --save-graph
  std::string cib_before;  // for --save-input: the CIB with the events injected
  std::string cib_after;   // for --save-output and --in-place: the CIB after the transition
};

// `name` is the file's name in messages.
Answer simulate(const std::string& cib_xml, const std::string& name, const Options& options);

}  // namespace fencepost::crm_simulate
