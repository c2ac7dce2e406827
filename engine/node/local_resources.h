// The controller's hand on its own node: takes the DC's orders, has the executor run them, and writes down
// what came of it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/cib/status.h"
#include "engine/node/attributes.h"
#include "engine/node/executor.h"
#include "engine/node/message.h"
#include "engine/node/step.h"

namespace fencepost::node {

class LocalResources {
 public:
  // Not for do_shutdown, which is the controller's own matter.
  void order(Step& step, NodeId dc, const Order& order, Executor& executor, Attributes& attributes,
             const cib::Cib& cib);
  void result(Step& step, const JobResult& result, Executor& executor);
  // Forgets a resource here and in the CIB; what runs of it is not touched.
  void forget(Step& step, const std::string& resource, Executor& executor);

  // What has run here, for a DC that does not know.
  const std::vector<cib::SharedValue<cib::ResourceHistory>>& history() const { return history_.resources; }
  // Whether a history that is about to be written lacks results of this node that the CIB has.
  bool loses_results(const PutHistory& written, const cib::Cib& before) const;
  void lose_memory();

 private:
  struct Waiting {  // for meta-data
    NodeId dc;
    Order order;
  };

  void run(Step& step, NodeId dc, const Order& order, Executor& executor);
  void cancel(Step& step, NodeId dc, const Order& order, Executor& executor);
  bool needs_meta_data(const Step& step, const policy::Action& action) const;
  void record(Step& step, const Job& job, cib::SharedValue<cib::OpHistory> op);
  void erase_op(Step& step, const std::string& resource, const std::string& op);

  cib::NodeState history_;
  std::set<std::string> known_agents_;                   // whose meta-data has been read
  std::map<std::string, std::vector<Waiting>> waiting_;  // by agent
};

// What an order means for the agent: parameters, meta-attributes, timeout.
AgentCommandPtr command_of(const policy::Action& action);

// Deletes the fail counts of a resource on this node.
void clear_fail_counts(Step& step, const std::string& resource, Attributes& attributes, const cib::Cib& cib);

}  // namespace fencepost::node
