#include "tools/ctl/ctl.h"

#include <CLI/CLI.hpp>
#include <ctime>
#include <iostream>
#include <memory>

#include <unistd.h>

#include "engine/cib/cib.h"
#include "engine/cib/read.h"
#include "engine/live/control/client.h"
#include "tools/ctl/metrics.h"
#include "tools/ctl/session.h"
#include "tools/ctl/status_page.h"

namespace fencepost::ctl {
namespace {

// As crm_mon has it: "Sun Nov 22 18:00:00 2026".
std::string local_clock(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  localtime_r(&time, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &parts)};
}

WallSeconds now() { return {static_cast<std::int64_t>(std::time(nullptr))}; }

PageOptions page_options(const live::Status& status, bool attributes, bool fail_counts) {
  return {.now = now(),
          .version = status.version,
          .attributes = attributes,
          .fail_counts = fail_counts,
          .clock = local_clock};
}

struct StatusArguments {
  bool attributes = false, fail_counts = false, prometheus = false;
};

int show(const Session& session, const StatusArguments& given) {
  return with_status(session, [&](const live::Status& status, const cib::Cib& cib) {
    std::cout << (given.prometheus
                      ? metrics(cib, status.node, status.is_dc, now())
                      : status_page(cib, page_options(status, given.attributes, given.fail_counts)));
    return kDone;
  });
}

int watch(const Session& session, const StatusArguments& given) {
  auto client = live::ControlClient::connect(session.socket);
  if (!client) return complain(client.error(), kRefused);
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  const auto watched = client->watch([&](const live::Status& status) {
    const auto document = cib::read(status.cib, status.node);
    if (!document) return complain(document.error(), kRefused) == kDone;
    // Home, and what was there is gone below: no flicker.
    if (terminal) std::cout << "\033[H\033[J";
    std::cout << status_page(document->cib, page_options(status, given.attributes, given.fail_counts))
              << (terminal ? "" : "\n") << std::flush;
    return static_cast<bool>(std::cout);
  });
  return watched ? kDone : complain(watched.error(), kRefused);
}

void add_page_options(CLI::App* command, StatusArguments& given) {
  command->add_flag("-A,--show-node-attributes", given.attributes, "attributes of nodes, too");
  command->add_flag("-f,--failcounts", given.fail_counts, "fail counts, too");
}

void add_status(CLI::App& ctl, const SessionPtr& session) {
  auto given = std::make_shared<StatusArguments>();
  CLI::App* status = ctl.add_subcommand("status", "what the cluster looks like, as crm_mon shows it");
  add_page_options(status, *given);
  status->add_flag("--prometheus", given->prometheus, "as metrics, for a scraper or the textfile collector");
  status->callback([given, session] { session->exit_code = show(*session, *given); });

  auto watched = std::make_shared<StatusArguments>();
  CLI::App* live = ctl.add_subcommand("watch", "the same, again whenever it changes; Ctrl-C ends it");
  add_page_options(live, *watched);
  live->callback([watched, session] { session->exit_code = watch(*session, *watched); });
}

}  // namespace

int complain(const Error& error, int code) {
  std::cerr << "fencepost ctl: " << to_string(error) << '\n';
  return code;
}

int send(const Session& session, node::Command command) {
  auto client = live::ControlClient::connect(session.socket);
  if (!client) return complain(client.error(), kRefused);
  const auto answer = client->ask(live::CommandRequest{std::move(command)});
  if (!answer) return complain(answer.error(), kRefused);
  for (const std::string& warning : answer->warnings) std::cerr << "fencepost ctl: " << warning << '\n';
  return kDone;
}

int with_status(const Session& session, const std::function<int(const live::Status&, const cib::Cib&)>& use) {
  auto client = live::ControlClient::connect(session.socket);
  if (!client) return complain(client.error(), kRefused);
  const auto answer = client->ask(live::StatusQuery{});
  if (!answer) return complain(answer.error(), kRefused);
  if (!answer->status) return complain({{}, "the node sent no status"}, kRefused);
  const auto document = cib::read(answer->status->cib, answer->status->node);
  if (!document) return complain(document.error(), kRefused);
  return use(*answer->status, document->cib);
}

void add_ctl(CLI::App& app, int& exit_code) {
  const SessionPtr session(new Session{.exit_code = exit_code});
  CLI::App* ctl = app.add_subcommand("ctl", "ask and tell the node that runs on this machine");
  ctl->require_subcommand(1);
  ctl->add_option("--control", session->socket, "its socket")
      ->envname("FENCEPOST_CONTROL")
      ->capture_default_str();
  add_status(*ctl, session);
  add_commands(*ctl, session);
  add_configuration(*ctl, session);
  ctl->footer(
      "\nExamples:\n"
      "  fencepost ctl status\n"
      "  fencepost ctl move db db2 --lifetime 1h\n"
      "  fencepost ctl cib get > new.xml; vi new.xml; fencepost ctl cib diff new.xml; fencepost ctl cib "
      "replace "
      "new.xml\n"
      "\nExit codes: 0 done, 1 the node said no or cannot be reached, 2 bad usage or input.");
}

}  // namespace fencepost::ctl
