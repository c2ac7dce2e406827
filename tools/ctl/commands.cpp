// What changes the cluster without an editor: the verbs of crm_resource, crm_attribute and stonith_admin.
#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/cib/values.h"
#include "tools/ctl/session.h"

namespace fencepost::ctl {
namespace {

using namespace node;

struct Placing {
  std::string resource, node, lifetime;
  bool promoted = false;
};

// "1h", "90s", "PT30M"; nothing if none was given.
Result<std::optional<Duration>> lifetime_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto parsed = cib::parse_timeout(text);
  if (!parsed || *parsed < 1s)
    return failure({}, "'" + text + "' is no lifetime: use 90s, 10min, 2h or PT30M");
  return Duration{*parsed};
}

template <class MoveOrBan>
void add_placing(CLI::App& ctl, const SessionPtr& session, const char* name, const char* about,
                 const char* where) {
  auto given = std::make_shared<Placing>();
  CLI::App* command = ctl.add_subcommand(name, about);
  command->add_option("resource", given->resource, "a resource, group or clone")->required();
  command->add_option("node", given->node, where);
  command->add_flag("--promoted", given->promoted, "only its promoted role");
  command->add_option("--lifetime", given->lifetime, "for so long: 90s, 10min, 2h; for good without");
  command->callback([given, session] {
    const auto lifetime = lifetime_of(given->lifetime);
    session->exit_code =
        lifetime ? send(*session, MoveOrBan{given->resource, given->node, given->promoted, *lifetime})
                 : complain(lifetime.error(), kBadInput);
  });
}

template <class Forget>
void add_forget(CLI::App& ctl, const SessionPtr& session, const char* name, const char* about,
                bool needs_resource) {
  auto given = std::make_shared<Placing>();
  CLI::App* command = ctl.add_subcommand(name, about);
  command->add_option("resource", given->resource, needs_resource ? "which" : "only this one")
      ->required(needs_resource);
  command->add_option("--node", given->node, "only on this node");
  command->callback([given, session] {
    session->exit_code = send(*session, Forget{given->resource, given->node});
  });
}

void add_standby(CLI::App& ctl, const SessionPtr& session) {
  auto given = std::make_shared<SetStandby>();
  auto off = std::make_shared<bool>(false);
  CLI::App* command = ctl.add_subcommand("standby", "have a node run nothing, or let it again");
  command->add_option("node", given->node)->required();
  command->add_flag("--off", *off, "let it run resources again");
  command->add_flag("--until-reboot", given->until_reboot, "forgotten when the node restarts");
  command->callback([given, off, session] {
    given->on = !*off;
    session->exit_code = send(*session, *given);
  });
}

struct Setting {
  std::string resource, node;
  bool transient = false;
  std::vector<std::string> pairs, deleted;

  Command command(const std::string& name, const std::optional<std::string>& value) const {
    if (!resource.empty()) return SetResourceMeta{resource, name, value};
    if (!node.empty()) return SetNodeAttribute{node, name, value, transient};
    return SetProperty{name, value};
  }
};

void add_maintenance(CLI::App& ctl, const SessionPtr& session) {
  auto given = std::make_shared<Setting>();
  auto on = std::make_shared<std::string>();
  CLI::App* command =
      ctl.add_subcommand("maintenance", "leave everything alone as it is, or manage it again");
  command->add_option("state", *on)->required()->check(CLI::IsMember({"on", "off"}));
  auto* node = command->add_option("--node", given->node, "only this node");
  command->add_option("--resource", given->resource, "only this resource")->excludes(node);
  command->callback([given, on, session] {
    const bool everything = given->resource.empty() && given->node.empty();
    const auto value = *on == "on" ? std::optional<std::string>{"true"} : std::nullopt;
    session->exit_code =
        send(*session, given->command(everything ? "maintenance-mode" : "maintenance", value));
  });
}

int set_all(const Session& session, const Setting& given) {
  for (const std::string& pair : given.pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      return complain({{}, "'" + pair + "' is no setting: write NAME=VALUE, or --delete NAME"}, kBadInput);
  }
  for (const std::string& pair : given.pairs) {
    const std::size_t equals = pair.find('=');
    if (const int code = send(session, given.command(pair.substr(0, equals), pair.substr(equals + 1))))
      return code;
  }
  for (const std::string& name : given.deleted) {
    if (const int code = send(session, given.command(name, std::nullopt))) return code;
  }
  if (given.pairs.empty() && given.deleted.empty())
    return complain({{}, "nothing to set: write NAME=VALUE, or --delete NAME"}, kBadInput);
  return kDone;
}

void add_set(CLI::App& ctl, const SessionPtr& session) {
  auto given = std::make_shared<Setting>();
  CLI::App* command = ctl.add_subcommand(
      "set", "set properties of the cluster, meta attributes of a resource, attributes of a node");
  command->add_option("settings", given->pairs, "NAME=VALUE …");
  command->add_option("--delete", given->deleted, "take NAME out");
  auto* node = command->add_option("--node", given->node, "an attribute of this node");
  command->add_option("--resource", given->resource, "a meta attribute of this resource")->excludes(node);
  command->add_flag("--transient", given->transient, "forgotten when the node restarts")->needs(node);
  command->footer(
      "\nExamples:\n"
      "  fencepost ctl set no-quorum-policy=freeze\n"
      "  fencepost ctl set target-role=Stopped --resource db\n"
      "  fencepost ctl set --delete rack --node db1");
  command->callback([given, session] { session->exit_code = set_all(*session, *given); });
}

void add_fence(CLI::App& ctl, const SessionPtr& session) {
  auto given = std::make_shared<FenceNode>();
  CLI::App* command = ctl.add_subcommand("fence", "take a node by force");
  command->add_option("node", given->node)->required();
  command->add_option("--action", given->action, "how")
      ->check(CLI::IsMember({"reboot", "off", "on"}))
      ->capture_default_str();
  command->callback([given, session] { session->exit_code = send(*session, *given); });
}

}  // namespace

void add_commands(CLI::App& ctl, const SessionPtr& session) {
  const char* to = "where to; without, away from where it is";
  add_placing<MoveResource>(ctl, session, "move", "move a resource, and keep it there", to);
  add_placing<BanResource>(ctl, session, "ban", "keep a resource away from a node",
                           "where from; without, from where it is");
  add_forget<ClearResource>(ctl, session, "clear", "undo moves and bans", true);
  add_forget<CleanupResource>(ctl, session, "cleanup", "forget failures, and look again", false);
  add_forget<RefreshResource>(ctl, session, "refresh", "forget all that is known, and look again", false);
  add_standby(ctl, session);
  add_maintenance(ctl, session);
  add_fence(ctl, session);
  add_set(ctl, session);
  CLI::App* shutdown = ctl.add_subcommand("shutdown", "stop or move what runs here, then leave the cluster");
  shutdown->callback([session] { session->exit_code = send(*session, Shutdown{}); });
}

}  // namespace fencepost::ctl
