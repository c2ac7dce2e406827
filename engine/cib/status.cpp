#include "engine/cib/status.h"

#include <charconv>

namespace fencepost::cib {
namespace {

// Takes a number and the mark after it off the front of text.
bool take_number(std::string_view& text, char mark, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty() || text.front() != mark) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<TransitionKey> parse_transition_key(std::string_view text) {
  TransitionKey key;
  const bool numbers = take_number(text, ':', key.action) && take_number(text, ':', key.transition) &&
                       take_number(text, ':', key.target_rc);
  if (!numbers) return std::nullopt;
  key.uuid = text;
  return key;
}

std::string to_string(const TransitionKey& key) {
  return std::to_string(key.action) + ":" + std::to_string(key.transition) + ":" +
         std::to_string(key.target_rc) + ":" + std::string(key.uuid);
}

std::optional<TransitionMagic> parse_transition_magic(std::string_view text) {
  TransitionMagic magic;
  if (!take_number(text, ':', magic.op_status) || !take_number(text, ';', magic.rc)) return std::nullopt;
  const auto key = parse_transition_key(text);
  if (!key) return std::nullopt;
  magic.key = *key;
  return magic;
}

std::string to_string(const TransitionMagic& magic) {
  return std::to_string(magic.op_status) + ":" + std::to_string(magic.rc) + ";" + to_string(magic.key);
}

const NodeState* find_node_state(const Status& status, std::string_view uname) {
  for (const auto& state : status.nodes) {
    if (equal_ignoring_case(state->uname, uname)) return &*state;
  }
  return nullptr;
}

const ResourceHistory* find_history(const NodeState& state, std::string_view resource) {
  for (const auto& history : state.resources) {
    if (history->id == resource) return &*history;
  }
  return nullptr;
}

const OpHistory* find_op(const ResourceHistory& history, std::string_view id) {
  for (const OpHistory& op : history.ops) {
    if (op.id == id) return &op;
  }
  return nullptr;
}

const TicketState* find_ticket(const Status& status, std::string_view id) {
  for (const TicketState& ticket : status.tickets) {
    if (ticket.id == id) return &ticket;
  }
  return nullptr;
}

}  // namespace fencepost::cib
