// The whole of crm-simulate with no file and no terminal: a CIB and options in, texts out.
#pragma once

#include <string>
#include <vector>

#include "engine/base/time.h"
#include "engine/cib/read.h"
#include "tools/crm_simulate/options.h"

namespace fencepost::crm_simulate {

struct Piece {
  bool complaint = false;  // for standard error
  std::string text;
};

struct Answer {
  std::string out;            // standard output
  std::string err;            // standard error
  std::string both;           // the two as a terminal shows them
  std::vector<Piece> pieces;  // the same, in turn
  int exit_code = 0;          // as crm_simulate's
  std::string dot;            // for --save-dotfile
  std::string graph;          // for --save-graph
  std::string cib_before;     // for --save-input: the CIB with the events injected
  std::string cib_after;      // for --save-output and --in-place: the CIB after the transition
};

// `clock` is what the clock on the wall says: results of simulated actions carry it, and it is the time at
// which the cluster decides unless the options or the CIB name another.
Answer simulate(const Result<cib::Document>& input, const Options& options, WallSeconds clock);

}  // namespace fencepost::crm_simulate
