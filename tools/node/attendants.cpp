#include "tools/node/attendants.h"

#include <utility>

#include "engine/live/safety/machine.h"
#include "engine/live/safety/service_manager.h"

namespace fencepost::tools {

Result<std::unique_ptr<Attendants>> Attendants::attend(live::LiveNode& node,
                                                       const AttendantSettings& settings, NodeLog& log) {
  std::unique_ptr<Attendants> attendants(new Attendants(node, log));
  attendants->open_journal(settings.journal);
  if (const auto open = attendants->open_control(settings); !open) return tl::unexpected(open.error());
  if (const auto beats = attendants->start_heart(settings); !beats) return tl::unexpected(beats.error());
  return attendants;
}

Attendants::~Attendants() = default;

void Attendants::open_journal(const std::string& folder) {
  reporters::RunInfo info;
  info.scenario = "node " + node_.name();
  info.profile = "fencepost";
  for (const node::NodelistEntry& each : node_.nodelist()) info.nodes.push_back(each.name);
  // From the writer's thread, which may outlive us: the log does, too.
  const auto tell = [&log = log_](const std::string& text) {
    log.say(LogLevel::warning, "journal: " + text);
  };
  auto journal = reporters::Journal::open({.folder = folder}, info, tell);
  if (!journal) return log_.say(LogLevel::warning, "no journal is written: " + to_string(journal.error()));
  journal_ = std::make_unique<reporters::JournalWriter>(*std::move(journal), tell);
  node_.add_observer(journal_.get());
}

Result<void> Attendants::open_control(const AttendantSettings& settings) {
  panel_ = std::make_unique<live::ControlPanel>(
      node_, [paths = settings.paths](const cib::Configuration& configuration) {
        return live::missing_agents(configuration, paths);
      });
  live::ServerOptions options;
  options.path = settings.control;
  return panel_->listen(options);
}

Result<void> Attendants::start_heart(const AttendantSettings& settings) {
  std::optional<live::Watchdog> watchdog;
  if (!settings.watchdog.empty()) {
    auto armed = live::Watchdog::arm(settings.watchdog, settings.watchdog_timeout);
    if (!armed) return tl::unexpected(armed.error());
    watchdog = *std::move(armed);
  }
  heartbeat_ =
      std::make_unique<live::Heartbeat>(node_.loop(), std::move(watchdog),
                                        [this](const std::string& text) { log_.say(LogLevel::error, text); });
  live::ServiceManager().ready("node " + node_.name());
  return {};
}

void Attendants::ended_in_order(const std::string& why) {
  live::ServiceManager().stopping(why);
  heartbeat_->end_in_order();
}

}  // namespace fencepost::tools
