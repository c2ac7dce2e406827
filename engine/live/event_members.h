// The members of what an engine takes and of what it wants done, for tapes: message_members.h tells how.
#pragma once

#include "engine/live/message_members.h"
#include "engine/node/effect.h"
#include "engine/node/event.h"

namespace fencepost::live {

#define FENCEPOST_MEMBERS(Type, ...)                            \
  template <>                                                   \
  struct Members<Type> {                                        \
    using T = Type;                                             \
    static constexpr auto kList = std::make_tuple(__VA_ARGS__); \
  }

FENCEPOST_MEMBERS(node::CallId, &T::value);
FENCEPOST_MEMBERS(node::TimerId, &T::value);

// --- Commands ---
FENCEPOST_MEMBERS(node::SetStandby, &T::node, &T::on, &T::until_reboot);
FENCEPOST_MEMBERS(node::MoveResource, &T::resource, &T::node, &T::promoted, &T::lifetime);
FENCEPOST_MEMBERS(node::BanResource, &T::resource, &T::node, &T::promoted, &T::lifetime);
FENCEPOST_MEMBERS(node::ClearResource, &T::resource, &T::node);
FENCEPOST_MEMBERS(node::CleanupResource, &T::resource, &T::node);
FENCEPOST_MEMBERS(node::RefreshResource, &T::resource, &T::node);
FENCEPOST_MEMBERS(node::SetProperty, &T::name, &T::value);
FENCEPOST_MEMBERS(node::SetResourceMeta, &T::resource, &T::name, &T::value);
FENCEPOST_MEMBERS(node::SetNodeAttribute, &T::node, &T::name, &T::value, &T::transient);
FENCEPOST_MEMBERS(node::EditCib, &T::edit);
FENCEPOST_MEMBERS(node::FenceNode, &T::node, &T::action);
FENCEPOST_MEMBERS(node::Shutdown);

// --- Events ---
FENCEPOST_MEMBERS(node::TimerFired, &T::timer);
FENCEPOST_MEMBERS(node::MembershipFormed, &T::ring, &T::members, &T::quorate);
FENCEPOST_MEMBERS(node::QuorumChanged, &T::quorate);
FENCEPOST_MEMBERS(node::GroupChanged, &T::members);
FENCEPOST_MEMBERS(node::MessageDelivered, &T::from, &T::message);
FENCEPOST_MEMBERS(node::AgentExit, &T::code, &T::exit_reason, &T::output);
FENCEPOST_MEMBERS(node::AgentExited, &T::call, &T::exit);
FENCEPOST_MEMBERS(node::AgentOverdue, &T::call);
FENCEPOST_MEMBERS(node::AttributeRequested, &T::name, &T::value, &T::dampening);
FENCEPOST_MEMBERS(node::CommandReceived, &T::command);
FENCEPOST_MEMBERS(node::DaemonDied, &T::daemon);

// --- Effects ---
FENCEPOST_MEMBERS(node::AgentCommand, &T::standard, &T::provider, &T::type, &T::resource, &T::action,
                  &T::interval, &T::timeout, &T::parameters, &T::meta);
FENCEPOST_MEMBERS(node::ArmTimer, &T::timer, &T::at);
FENCEPOST_MEMBERS(node::CancelTimer, &T::timer);
FENCEPOST_MEMBERS(node::JoinGroup);
FENCEPOST_MEMBERS(node::LeaveGroup);
FENCEPOST_MEMBERS(node::SendMessage, &T::message);
FENCEPOST_MEMBERS(node::RunAgent, &T::call, &T::command);
FENCEPOST_MEMBERS(node::KillAgent, &T::call);
FENCEPOST_MEMBERS(node::RunFenceAgent, &T::call, &T::command, &T::target);
FENCEPOST_MEMBERS(node::Persist, &T::cib);
FENCEPOST_MEMBERS(node::Journal, &T::entry);
FENCEPOST_MEMBERS(node::StopStack, &T::how, &T::why);

// --- The journal ---
FENCEPOST_MEMBERS(node::ActionName, &T::node, &T::resource, &T::operation, &T::interval);
FENCEPOST_MEMBERS(node::TransitionStarted, &T::id, &T::actions);
FENCEPOST_MEMBERS(node::TransitionAborted, &T::id, &T::reason);
FENCEPOST_MEMBERS(node::TransitionEnded, &T::id, &T::status, &T::completed, &T::skipped, &T::incomplete);
FENCEPOST_MEMBERS(node::ActionInitiated, &T::transition, &T::action, &T::name);
FENCEPOST_MEMBERS(node::ActionStarted, &T::transition, &T::action, &T::name, &T::expected_rc, &T::notify,
                  &T::repeat, &T::call);
FENCEPOST_MEMBERS(node::ActionFinished, &T::transition, &T::action, &T::name, &T::rc, &T::status,
                  &T::exit_reason, &T::notify, &T::repeat, &T::news, &T::started, &T::call);
FENCEPOST_MEMBERS(node::ProcessWillNotDie, &T::name, &T::call);
FENCEPOST_MEMBERS(node::FenceRequested, &T::target, &T::action, &T::reason, &T::transition);
FENCEPOST_MEMBERS(node::FenceBegun, &T::target, &T::action);
FENCEPOST_MEMBERS(node::FenceDeviceStarted, &T::target, &T::action, &T::device, &T::agent, &T::call);
FENCEPOST_MEMBERS(node::FenceDeviceFinished, &T::target, &T::action, &T::device, &T::agent, &T::call, &T::rc,
                  &T::timed_out);
FENCEPOST_MEMBERS(node::FenceFinished, &T::target, &T::action, &T::delegate, &T::device, &T::success, &T::why,
                  &T::originator);
FENCEPOST_MEMBERS(node::DcChanged, &T::dc);
FENCEPOST_MEMBERS(node::PeerChanged, &T::peer, &T::state);
FENCEPOST_MEMBERS(node::QuorumSeen, &T::quorate);
FENCEPOST_MEMBERS(node::ControllerState, &T::state, &T::cause);
FENCEPOST_MEMBERS(node::FailCountChanged, &T::node, &T::resource, &T::operation, &T::interval, &T::value);
FENCEPOST_MEMBERS(node::AttributeWritten, &T::node, &T::name, &T::value);
FENCEPOST_MEMBERS(node::CommandTaken, &T::text);
FENCEPOST_MEMBERS(node::LogLine, &T::text);

#undef FENCEPOST_MEMBERS

}  // namespace fencepost::live
