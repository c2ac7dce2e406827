// The configuration as a whole: what cibadmin and crm_diff do.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/cib/cib.h"
#include "engine/cib/edit.h"
#include "engine/cib/read.h"
#include "engine/cib/write.h"
#include "engine/live/control/client.h"
#include "tools/ctl/session.h"

extern char** environ;

namespace fencepost::ctl {
namespace {

namespace fs = std::filesystem;

// For a change to come back in the cluster's order.
constexpr int kLooks = 20;
constexpr std::chrono::milliseconds kBetweenLooks{50};

// Everything but the status, which only the cluster writes.
std::string without_status(cib::Cib cib) {
  cib.status = {};
  return cib::write(cib);
}

int get(const Session& session, bool status) {
  return with_status(session, [&](const live::Status&, const cib::Cib& cib) {
    std::cout << (status ? cib::write(cib) : without_status(cib)) << std::flush;
    return std::cout ? kDone : complain({{}, "the configuration could not be written out"}, kBadInput);
  });
}

// A file that was taken from the cluster has its epoch; one written by hand has none, and counts as new.
bool is_outdated(const cib::Cib& file, const cib::Cib& now) {
  const bool versioned = file.version.admin_epoch != 0 || file.version.epoch != 0;
  return versioned && std::pair(file.version.admin_epoch, file.version.epoch) <
                          std::pair(now.version.admin_epoch, now.version.epoch);
}

// Without the nodes, which the cluster fills in.
std::string text_of(cib::Configuration configuration) {
  configuration.nodes.clear();
  cib::Cib cib;
  cib.configuration = std::make_shared<const cib::Configuration>(std::move(configuration));
  return cib::write(cib, cib::Part::configuration);
}

// The node checks the guard, and so does every replica when the change comes, in the cluster's one order:
// another person's may be there first. Who was first shows in the configuration.
int send_guarded(const Session& session, cib::Edit edit, const cib::Configuration& wanted) {
  const cib::Version before = *edit.only_if;
  const int sent = send(session, node::EditCib{std::make_shared<const cib::Edit>(std::move(edit))});
  if (sent != kDone) return sent;
  for (int tries = 0; tries < kLooks; ++tries) {
    auto client = live::ControlClient::connect(session.socket);
    if (!client) return complain(client.error(), kRefused);
    const auto answer = client->ask(live::StatusQuery{});
    if (!answer) return complain(answer.error(), kRefused);
    const auto now = cib::read(answer->status->cib, "the cluster's CIB");
    if (!now) return complain(now.error(), kRefused);
    const cib::Version& version = now->cib.version;
    if (version.admin_epoch != before.admin_epoch || version.epoch != before.epoch) {
      if (text_of(*now->cib.configuration) == text_of(wanted)) return kDone;
      return complain(
          {{},
           "the configuration is not what was sent: somebody else changed it in the same moment; see `cib "
           "diff`"},
          kRefused);
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return kDone;  // the same as before: nothing had to change
}

int replace(const Session& session, const std::string& path, bool force) {
  const auto file = cib::read_file(path);
  if (!file) return complain(file.error(), kBadInput);
  return with_status(session, [&](const live::Status&, const cib::Cib& now) {
    if (!force && is_outdated(file->cib, now))
      return complain({{path, 0, 0},
                       "it was taken at epoch " + std::to_string(file->cib.version.epoch) +
                           ", and the configuration has changed since (epoch " +
                           std::to_string(now.version.epoch) + "): see `cib diff`, or use --force"},
                      kBadInput);
    cib::Edit edit{.verb = cib::Edit::Verb::replace, .scope = "configuration"};
    edit.xml = cib::write(file->cib, cib::Part::configuration);
    if (force) return send(session, node::EditCib{std::make_shared<const cib::Edit>(std::move(edit))});
    edit.only_if = now.version;
    return send_guarded(session, std::move(edit), *file->cib.configuration);
  });
}

int edit(const Session& session, cib::Edit edit) {
  return send(session, node::EditCib{std::make_shared<const cib::Edit>(std::move(edit))});
}

struct TemporaryFolder {
  std::string path = (fs::temp_directory_path() / "fencepost-diff-XXXXXX").string();
  bool made = mkdtemp(path.data()) != nullptr;
  ~TemporaryFolder() {
    std::error_code ignored;  // it is in nobody's way
    if (made) fs::remove_all(path, ignored);
  }
};

// diff(1) says 0: the same, 1: different, 2: trouble; so do we.
int run_diff(const std::string& before, const std::string& after, const std::string& path) {
  std::vector<std::string> words = {"diff", "-u", "--label", "cluster", "--label", path, before, after};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawnp(&child, "diff", nullptr, nullptr, arguments.data(), environ) != 0)
    return complain({{}, "diff cannot be run: install diffutils"}, kBadInput);
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return kBadInput;
  return WEXITSTATUS(status);
}

int diff(const Session& session, const std::string& path) {
  const auto file = cib::read_file(path);
  if (!file) return complain(file.error(), kBadInput);
  return with_status(session, [&](const live::Status&, const cib::Cib& now) {
    const TemporaryFolder folder;
    const std::string before = folder.path + "/cluster.xml", after = folder.path + "/file.xml";
    std::ofstream(before) << cib::write(now, cib::Part::configuration);
    std::ofstream(after) << cib::write(file->cib, cib::Part::configuration);
    std::cout.flush();
    return run_diff(before, after, path);
  });
}

void add_get(CLI::App& cib, const SessionPtr& session) {
  auto status = std::make_shared<bool>(false);
  CLI::App* command = cib.add_subcommand("get", "print it");
  command->add_flag("--status", *status,
                    "with what is known of nodes and resources, as crm_simulate -x reads it");
  command->callback([status, session] { session->exit_code = get(*session, *status); });
}

void add_replace(CLI::App& cib, const SessionPtr& session) {
  auto path = std::make_shared<std::string>();
  auto force = std::make_shared<bool>(false);
  CLI::App* command = cib.add_subcommand("replace", "put another in its place, once it has been checked");
  command->add_option("file", *path, "CIB XML; - for standard input")->required();
  command->add_flag("--force", *force, "even if it was taken from an older one");
  command->callback([path, force, session] { session->exit_code = replace(*session, *path, *force); });
}

void add_edit(CLI::App& cib, const SessionPtr& session, const char* name, const char* about,
              cib::Edit::Verb verb) {
  auto given = std::make_shared<cib::Edit>();
  given->verb = verb;
  given->allow_create = true;
  CLI::App* command = cib.add_subcommand(name, about);
  command->add_option("xml", given->xml, "the element, with its id")->required();
  command->add_option("-o,--scope", given->scope, "crm_config, nodes, resources, constraints …");
  command->callback([given, session] { session->exit_code = edit(*session, *given); });
}

void add_diff(CLI::App& cib, const SessionPtr& session) {
  auto path = std::make_shared<std::string>();
  CLI::App* command =
      cib.add_subcommand("diff", "what a file would change; exit code 0: nothing, 1: something, 2: trouble");
  command->add_option("file", *path, "CIB XML; - for standard input")->required();
  command->callback([path, session] { session->exit_code = diff(*session, *path); });
}

}  // namespace

void add_configuration(CLI::App& ctl, const SessionPtr& session) {
  CLI::App* cib = ctl.add_subcommand("cib", "the configuration");
  cib->require_subcommand(1);
  add_get(*cib, session);
  add_replace(*cib, session);
  add_edit(*cib, session, "modify", "change or add one element", cib::Edit::Verb::modify);
  add_edit(*cib, session, "delete", "take one element out", cib::Edit::Verb::erase);
  add_diff(*cib, session);
}

}  // namespace fencepost::ctl
