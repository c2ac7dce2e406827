// The members of everything that travels, in the order of declaration: one list for writing and reading. A
// member that somebody forgets changes the size of its struct; codec.cpp asserts that it did not.
#pragma once

#include <algorithm>
#include <cstddef>
#include <tuple>

#include "engine/cib/cib.h"
#include "engine/cib/edit.h"
#include "engine/node/message.h"

namespace fencepost::live {

template <class T>
struct Members;  // the list: Members<T>::kList

#define FENCEPOST_MEMBERS(Type, ...)                            \
  template <>                                                   \
  struct Members<Type> {                                        \
    using T = Type;                                             \
    static constexpr auto kList = std::make_tuple(__VA_ARGS__); \
  }

// --- CIB: values ---
FENCEPOST_MEMBERS(cib::Line, &T::number);
FENCEPOST_MEMBERS(cib::Attribute, &T::name, &T::value);
FENCEPOST_MEMBERS(cib::Extras, &T::attributes, &T::elements);
FENCEPOST_MEMBERS(cib::Version, &T::admin_epoch, &T::epoch, &T::num_updates);
FENCEPOST_MEMBERS(cib::Agent, &T::standard, &T::provider, &T::type);
FENCEPOST_MEMBERS(cib::Edit, &T::verb, &T::scope, &T::xpath, &T::xml, &T::allow_create, &T::only_if);

// --- CIB: rules and constraints ---
FENCEPOST_MEMBERS(cib::AttributeExpression, &T::id, &T::attribute, &T::operation, &T::value, &T::type,
                  &T::value_source, &T::extras, &T::line);
FENCEPOST_MEMBERS(cib::ResourceExpression, &T::id, &T::standard, &T::provider, &T::type, &T::extras,
                  &T::line);
FENCEPOST_MEMBERS(cib::OperationExpression, &T::id, &T::name, &T::interval, &T::extras, &T::line);
FENCEPOST_MEMBERS(cib::DateFields, &T::id, &T::fields);
FENCEPOST_MEMBERS(cib::DateExpression, &T::id, &T::operation, &T::start, &T::end, &T::duration, &T::date_spec,
                  &T::extras, &T::line);
FENCEPOST_MEMBERS(cib::Expression, &T::is);
FENCEPOST_MEMBERS(cib::Rule, &T::id, &T::id_ref, &T::boolean_op, &T::score, &T::score_attribute, &T::role,
                  &T::parts, &T::extras, &T::line);
FENCEPOST_MEMBERS(cib::ResourceSet, &T::id, &T::id_ref, &T::sequential, &T::require_all, &T::ordering,
                  &T::action, &T::role, &T::score, &T::kind, &T::symmetrical, &T::resources, &T::extras,
                  &T::line);
FENCEPOST_MEMBERS(cib::LocationConstraint, &T::id, &T::sets, &T::has_lifetime, &T::lifetime,
                  &T::lifetime_extras, &T::extras, &T::line, &T::resource, &T::resource_pattern, &T::node,
                  &T::score, &T::role, &T::resource_discovery, &T::rules);
FENCEPOST_MEMBERS(cib::ColocationConstraint, &T::id, &T::sets, &T::has_lifetime, &T::lifetime,
                  &T::lifetime_extras, &T::extras, &T::line, &T::dependent, &T::primary, &T::score,
                  &T::dependent_role, &T::primary_role, &T::node_attribute, &T::influence,
                  &T::dependent_instance, &T::primary_instance);
FENCEPOST_MEMBERS(cib::OrderConstraint, &T::id, &T::sets, &T::has_lifetime, &T::lifetime, &T::lifetime_extras,
                  &T::extras, &T::line, &T::first, &T::then, &T::first_action, &T::then_action, &T::kind,
                  &T::score, &T::symmetrical, &T::require_all, &T::first_instance, &T::then_instance);
FENCEPOST_MEMBERS(cib::TicketConstraint, &T::id, &T::sets, &T::has_lifetime, &T::lifetime,
                  &T::lifetime_extras, &T::extras, &T::line, &T::resource, &T::role, &T::ticket,
                  &T::loss_policy);

// --- CIB: history ---
FENCEPOST_MEMBERS(cib::OpHistory, &T::id, &T::operation_key, &T::operation, &T::interval, &T::call_id, &T::rc,
                  &T::status, &T::transition_key, &T::transition_magic, &T::exit_reason, &T::on_node,
                  &T::crm_feature_set, &T::crm_debug_origin, &T::last_rc_change, &T::last_run, &T::exec_time,
                  &T::queue_time, &T::op_digest, &T::op_force_restart, &T::op_restart_digest,
                  &T::op_secure_params, &T::op_secure_digest, &T::migrate_source, &T::migrate_target,
                  &T::extras, &T::line);
FENCEPOST_MEMBERS(cib::ResourceHistory, &T::id, &T::agent, &T::container, &T::shutdown_lock, &T::ops,
                  &T::extras, &T::line);

// --- CIB: changes ---
FENCEPOST_MEMBERS(node::AddNode, &T::id, &T::uname);
FENCEPOST_MEMBERS(node::PutProperty, &T::name, &T::value);
FENCEPOST_MEMBERS(node::PutResourceMeta, &T::resource, &T::name, &T::value);
FENCEPOST_MEMBERS(node::PutNodeAttribute, &T::node, &T::name, &T::value);
FENCEPOST_MEMBERS(node::PutConstraint, &T::constraint);
FENCEPOST_MEMBERS(node::RemoveConstraint, &T::id);
FENCEPOST_MEMBERS(node::ApplyEdit, &T::edit);
FENCEPOST_MEMBERS(node::PutCluster, &T::dc_uuid, &T::have_quorum);
FENCEPOST_MEMBERS(node::PutNodeState, &T::id, &T::node, &T::in_ccm, &T::crmd, &T::join, &T::expected,
                  &T::in_maintenance);
FENCEPOST_MEMBERS(node::PutTransient, &T::id, &T::node, &T::name, &T::value, &T::add_one);
FENCEPOST_MEMBERS(node::EraseTransients, &T::node);
FENCEPOST_MEMBERS(node::PutOp, &T::id, &T::node, &T::resource, &T::agent, &T::op);
FENCEPOST_MEMBERS(node::EraseOp, &T::node, &T::resource, &T::op);
FENCEPOST_MEMBERS(node::EraseResource, &T::node, &T::resource);
FENCEPOST_MEMBERS(node::PutHistory, &T::id, &T::node, &T::resources);
FENCEPOST_MEMBERS(node::EraseHistory, &T::node);

// --- Actions of a transition ---
FENCEPOST_MEMBERS(policy::ActionResource, &T::id, &T::long_id, &T::agent_class, &T::provider, &T::type);
FENCEPOST_MEMBERS(policy::NodeMaintenance, &T::node, &T::in_maintenance);
FENCEPOST_MEMBERS(policy::Action, &T::id, &T::kind, &T::by_dc, &T::task, &T::key, &T::internal_key, &T::node,
                  &T::node_uuid, &T::router_node, &T::shutdown_lock, &T::resource, &T::attributes, &T::downed,
                  &T::maintenance, &T::interval_ms, &T::timeout_ms, &T::start_delay_ms, &T::target_rc,
                  &T::no_wait, &T::can_fail, &T::stonith_action);

// --- Messages ---
FENCEPOST_MEMBERS(node::ChangeCib, &T::changes);
FENCEPOST_MEMBERS(node::MarkCib, &T::round, &T::source);
FENCEPOST_MEMBERS(node::WholeCib, &T::round, &T::cib);
FENCEPOST_MEMBERS(node::Vote, &T::election, &T::cpu_time);
FENCEPOST_MEMBERS(node::NoVote, &T::to, &T::election);
FENCEPOST_MEMBERS(node::JoinAnnounce);
FENCEPOST_MEMBERS(node::JoinOffer, &T::to, &T::round);
FENCEPOST_MEMBERS(node::JoinRequest, &T::to, &T::round, &T::version, &T::job_limit);
FENCEPOST_MEMBERS(node::JoinAck, &T::to, &T::round);
FENCEPOST_MEMBERS(node::JoinConfirm, &T::to, &T::round, &T::history);
FENCEPOST_MEMBERS(node::JobLimit, &T::jobs);
FENCEPOST_MEMBERS(node::ActionId, &T::uuid, &T::transition, &T::action);
FENCEPOST_MEMBERS(node::Order, &T::to, &T::id, &T::action);
FENCEPOST_MEMBERS(node::OrderDone, &T::to, &T::id, &T::success, &T::status, &T::rc);
FENCEPOST_MEMBERS(node::ShutdownRequest);
FENCEPOST_MEMBERS(node::ForgetResource, &T::to, &T::resource);
FENCEPOST_MEMBERS(node::FenceId, &T::origin, &T::number);
FENCEPOST_MEMBERS(node::FenceOrder, &T::target, &T::action, &T::timeout, &T::delay);
FENCEPOST_MEMBERS(node::FenceRelay, &T::to, &T::order);
FENCEPOST_MEMBERS(node::FenceQuery, &T::id, &T::order);
FENCEPOST_MEMBERS(node::FenceAble, &T::device, &T::verified, &T::timeout);
FENCEPOST_MEMBERS(node::FenceOffer, &T::id, &T::devices);
FENCEPOST_MEMBERS(node::FenceExecute, &T::id, &T::by, &T::device, &T::target, &T::action, &T::timeout,
                  &T::delay);
FENCEPOST_MEMBERS(node::FenceExecuted, &T::id, &T::device, &T::success, &T::why);
FENCEPOST_MEMBERS(node::FenceResult, &T::id, &T::order, &T::delegate, &T::device, &T::success, &T::no_device,
                  &T::why);
FENCEPOST_MEMBERS(node::Message, &T::body);

#undef FENCEPOST_MEMBERS

// The size of a struct with these members and no others.
template <class T>
constexpr std::size_t size_of_members() {
  std::size_t size = 0;
  std::size_t align = 1;
  const auto add = [&]<class Member, class Owner>(Member Owner::*) {
    size = (size + alignof(Member) - 1) / alignof(Member) * alignof(Member) + sizeof(Member);
    align = std::max(align, alignof(Member));
  };
  std::apply([&](auto... member) { (add(member), ...); }, Members<T>::kList);
  return size == 0 ? 1 : (size + align - 1) / align * align;
}

}  // namespace fencepost::live
