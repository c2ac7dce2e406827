// Who stands around a running node and never steers it: the journal, the control socket, the heartbeat.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/live/control/control_panel.h"
#include "engine/live/live_node.h"
#include "engine/live/ocf.h"
#include "engine/live/safety/heartbeat.h"
#include "reporters/journal_writer.h"
#include "tools/node/node_log.h"

namespace fencepost::tools {

struct AttendantSettings {
  std::string journal;   // a folder
  std::string control;   // a socket
  std::string watchdog;  // a device; empty: none
  Duration watchdog_timeout = 10s;
  live::AgentPaths paths;
};

class Attendants {
 public:
  // An Error says what a person has to do. A journal that cannot be written is only told of.
  static Result<std::unique_ptr<Attendants>> attend(live::LiveNode& node, const AttendantSettings& settings,
                                                    NodeLog& log);
  ~Attendants();
  Attendants(const Attendants&) = delete;
  Attendants& operator=(const Attendants&) = delete;

  // Nothing runs here any more, so the machine need not be reset.
  void ended_in_order(const std::string& why);

 private:
  Attendants(live::LiveNode& node, NodeLog& log) : node_(node), log_(log) {}
  void open_journal(const std::string& folder);
  Result<void> open_control(const AttendantSettings& settings);
  Result<void> start_heart(const AttendantSettings& settings);

  live::LiveNode& node_;
  NodeLog& log_;
  std::unique_ptr<reporters::JournalWriter> journal_;
  std::unique_ptr<live::ControlPanel> panel_;
  std::unique_ptr<live::Heartbeat> heartbeat_;
};

}  // namespace fencepost::tools
