// Habits: what an implementation happens to do, apart from the logic of recovery. The logic reads these
// values and never asks whose they are.
//
// "measured" refers to runs of Corosync 3.1.7 with Pacemaker 2.1.5 (docs/fidelity.md).
#pragma once

#include <optional>
#include <string>

#include "engine/base/time.h"
#include "engine/sim/random.h"

namespace fencepost::node {

struct Profile {
  std::string name;

  // --- Starting and stopping the stack ---

  // Stack started -> controller in the process group. Measured 1.10 to 1.13 s: daemons 0.05 s, then the
  // connections of the attribute manager and the controller.
  sim::Distribution controller_start = sim::Constant{};
  // In the process group -> looks for the DC. Measured 1.0 s: it sleeps before it asks.
  Duration join_pause{};
  // A controller that wakes from that sends its question before it reads what came meanwhile, or after: then
  // an offer of the DC makes it needless. Before in 22 of 31 rejoins; the DC then offers twice.
  double looks_for_dc_before_it_reads = 0;
  // Stack told to stop -> gone, once its resources are stopped. Measured 0.07 to 0.1 s.
  sim::Distribution stack_stop = sim::Constant{};
  // A killed controller is back in the process group. Measured 0.06 s.
  sim::Distribution controller_respawn = sim::Constant{};

  // --- The controller's main loop ---

  // A message, result or notice waits so long for its turn. Measured: result on a node -> DC sends the next
  // action, median 4 ms, 90 % under 12 ms.
  sim::Distribution controller_turn = sim::Constant{};
  // Agent gone -> its result is on the way to the DC. Measured 1 ms.
  sim::Distribution result_turn = sim::Constant{};
  // A new membership -> the controller sees it.
  Duration membership_turn{};
  // The DC's order -> the node's controller acts on it. Measured 0 to 4 ms.
  sim::Distribution order_turn = sim::Constant{};
  // How much later than the first of them the second of the two notices of a lost peer (process group,
  // membership) reaches the controller. If it is later, the DC has gone to sleep for the first and sleeps
  // again for the second: an idle DC that was left alone slept 0, 1, 2 times in 1, 12, 3 cases, one that was
  // left with others in 1, 3, 10.
  sim::Distribution second_notice = sim::Constant{};
  sim::Distribution second_notice_alone = sim::Constant{};

  // --- From an event to a plan ---

  // The DC does not ask for a plan while a CIB call of its own is unanswered. It then sleeps this long, deaf,
  // and looks again. 1 s in Pacemaker; 0 means that it waits for no answers.
  Duration unanswered_sleep{};
  // The DC asks for no plan until it has seen every change of its own in the group's order: a plan without
  // them would fence nodes that have just joined. Who sleeps needs this less.
  bool plans_on_what_is_seen = false;
  // How long a CIB call of the controller is unanswered: after a change of cluster properties it has to read
  // them again.
  sim::Distribution cib_answer = sim::Constant{};
  // The same when a DC writes down a loss, for each of the two notices.
  sim::Distribution cib_answer_alone = sim::Constant{};
  sim::Distribution cib_answer_of_loss = sim::Constant{};  // with others left
  // The same after crm_resource's mark in the properties, when it asked to forget something: none slept after
  // 3 of 41 marks (24 in a run made for it: one resource cleaned up, or three refreshed; the rest in cases).
  sim::Distribution cib_answer_after_mark = sim::Constant{};
  // The same when the DC itself forgets a resource. It shows in a sleep more than the mark's one: of those
  // that ran there after 5 of 12 cleanups of one, 10 of 11 refreshes of three and, without a mark, 3 of 4 of
  // five; of those that did not run there after 2 of 8 refreshes of three and 0 of 4 of six. What it is asked
  // to forget while it sleeps costs no further sleep (0 of 8).
  sim::Distribution cib_answer_after_forget = sim::Constant{};
  sim::Distribution cib_answer_after_forget_idle = sim::Constant{};  // it did not run there
  // The same for the updates that end a join round. Measured: 1 sleep in 58 of 75 cases, none in 13, 2 in 2.
  // Every node that joins has its updates: none slept after 8 of 25 rounds of one or two nodes and after none
  // of 12 rounds of three (the lab's cases).
  sim::Distribution cib_answer_after_join = sim::Constant{};
  sim::Distribution cib_answer_after_join_of_many = sim::Constant{};  // three or more
  // Scheduler asked -> plan there. With reading it 4 to 16 ms for a stack of five resources; after a
  // transition that was stopped 4 ms in the median, 8 in nine of ten (n = 78, in steps of 4 ms).
  sim::Distribution scheduling = sim::Constant{};
  // Plan there -> its first actions are sent. Measured 0 or 4 ms, in steps of 4 (n = 192).
  sim::Distribution plan_reading = sim::Constant{};

  // --- Elections and joins ---

  // All votes counted -> acts as DC. Measured 4 ms when the peer had left in order (shutdown-standby, n = 3).
  // After a loss it takes 0.21 s more, because the votes are late: that is Corosync's
  // (models/network/corosync.cpp).
  sim::Distribution election_pause = sim::Constant{};
  // CPU time that a controller has used, which decides an election among equals: by its start, for each plan
  // that it had made as DC, for each action that it had done as DC, and for each that it does itself.
  // Measured with /proc/PID/schedstat, three nodes, 7 runs: before the first fault an idle node 143-230 ms,
  // the one with the full stack a quarter more (40-62 ms), the DC, idle otherwise, half more (76-114 ms); one
  // of the 21 was 75 ms above that. With two resources the node that runs them lost to an idle one in 3 of 5
  // elections (two-dcs-meet, auto-tie-breaker, shutdown-dc-in-transition), so the start differs by more than
  // those seven tell: by 50 ms.
  sim::Distribution cpu_time = sim::Constant{};
  Duration cpu_time_per_plan{};
  Duration cpu_time_per_order{};
  Duration cpu_time_per_action{};
  // A new DC knows of peers that it never had to do with, neither as their DC nor as theirs, only that they
  // are gone. Pacemaker takes them for stopped in good order: they are not fenced (auto-tie-breaker,
  // dc-and-another-crash).
  bool new_dc_takes_unknown_peers_for_stopped = false;
  // The DC hears that somebody asks for it -> it offers. It takes up the question 0 to 12 ms after the
  // request to join that comes with it (n = 11). Who has joined when the offer comes sees its DC a second
  // time: 4 to 16 ms later in 15 of 53 rejoins, 28 to 40 in 4, and a second later in one where the DC slept
  // meanwhile.
  sim::Distribution announce_turn = sim::Constant{};
  // CIBs merged -> the joining nodes are told so. From the last request to join it is 0 to 20 ms, 11 in the
  // mean (n = 22), 5 of which are messages and turns. That makes a join round of 12 to 48 ms.
  sim::Distribution join_finalize = sim::Constant{};

  // --- Actions on a node ---

  bool meta_data_before_start = false;  // also when it is known
  // Jobs run at once: node-action-limit, in its absence twice the CPUs; halved until the load has been looked
  // at for the first time, this long after the start. 30 s in Pacemaker; 0: never halved.
  Duration low_limit_for{};
  // After SIGKILL at the timeout the executor looks again, and says "will not die" if the process is there.
  Duration will_not_die_after{};
  // So long after that SIGKILL a process that is still there is reported as timed out. Nothing: it is
  // reported only when it is gone, which may be never (measured: monitor reported 16 s late, when the
  // process was let go).
  std::optional<Duration> unkillable_reported_after;
  // Cancelling an operation whose process does not die stops the whole executor until the process is gone.
  bool executor_waits_for_cancelled = false;
  // A supervisor that finds the executor or controller stuck kills and respawns it so long after it got
  // stuck. Measured 34 to 38 s (five tries, 7 s each). Nothing: there is no supervisor.
  std::optional<sim::Distribution> stuck_daemon_killed;
  // How often it is the controller that is found first. Measured 2 of 3.
  double controller_found_first = 0;

  // --- Attributes and commands ---

  // Attribute manager: told of a value -> it is on its way to the CIB. Failed result -> the DC sees the fail
  // count: 4 or 8 ms, seldom 12 (n = 32, in steps of 4 ms); before the transition for the failure alone began
  // in 30 of them.
  sim::Distribution attribute_write = sim::Constant{};
  // Start of a command line tool -> its request is there. Measured 22 to 34 ms.
  sim::Distribution command = sim::Constant{};
  // crm_resource --refresh and --cleanup: one request to forget a resource on a node -> the next. Measured 12
  // to 28 ms for a resource on two nodes (admin).
  sim::Distribution tool_request = sim::Constant{};

  // --- Fencing ---

  // Query answered -> the device is asked to act. Measured: request -> agent running 28 ms, of which the
  // process start is 20.
  sim::Distribution fence_dispatch = sim::Constant{};
  // A device that failed is tried again so much later. Measured 1.0 s.
  Duration fence_retry_pause{};
};

// Pacemaker 2.1.5 as measured: what people run.
Profile pacemaker_profile();
// Our own engine: it has no such waits.
Profile fencepost_profile();

}  // namespace fencepost::node
