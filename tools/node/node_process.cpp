#include "tools/node/node_process.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <random>
#include <thread>

#include "engine/cib/read.h"
#include "engine/live/clock.h"
#include "engine/live/safety/machine.h"
#include "engine/node/profile.h"

namespace fencepost::tools {
namespace {

constexpr Duration kCorosyncPause = 100ms;  // between two tries to reach it
constexpr Duration kLeftoversPause = 10s;   // between two remarks about processes that do not die

Result<void> make_directory(const std::string& path, mode_t mode) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error)
    return failure({path, 0, 0}, "cannot be made: " + error.message() + "; fencepost node runs as root");
  if (::chmod(path.c_str(), mode) != 0)
    return failure({path, 0, 0}, std::string("is not this user's: ") + std::strerror(errno));
  return {};
}

// Of this life alone: random fencing delays must differ between nodes and lives.
std::uint64_t seed_of_this_life() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

NodeProcess::NodeProcess(NodeSettings settings, NodeLog& log) : settings_(std::move(settings)), log_(log) {}
NodeProcess::~NodeProcess() = default;

Result<void> NodeProcess::start() {
  std::signal(SIGPIPE, SIG_IGN);
  if (const auto alone = live::without_pacemaker(); !alone) return alone;
  // What is in it is guarded by itself: the control socket is for a group.
  if (const auto made = make_directory(settings_.paths.run_directory, 0755); !made) return made;
  if (const auto made = make_directory(live::AgentRunner::register_directory(settings_.paths), 0700); !made)
    return made;
  if (const auto made = make_directory(settings_.state_directory, 0750); !made) return made;
  if (const auto locked = take_the_lock(); !locked) return locked;
  end_what_ran_before();
  if (const auto known = know_thyself(); !known) return known;
  // From here on, nothing of an earlier life runs, and we know who we are.

  store_ = std::make_unique<live::StoreWriter>(
      live::StoreOptions{.folder = settings_.state_directory + "/cib"},
      [this](const std::string& text) { log_.say(LogLevel::error, text); });
  auto stored = first_cib();
  if (!stored) return tl::unexpected(stored.error());

  const auto take = [this](node::Event event) { node_->take(std::move(event)); };
  agents_ = std::make_unique<live::AgentRunner>(loop_, settings_.paths,
                                                identity_.nodelist[identity_.self.index()].name, take);
  auto group = live::CorosyncGroup::connect(
      loop_, identity_.nodelist,
      {take, [this](const std::string& text) { log_.say(LogLevel::warning, text); },
       [this](const std::string& why) {
         end(kStackFailed, LogLevel::error, why + "; this node's stack ends");
       }});
  if (!group) return tl::unexpected(group.error());
  group_ = std::move(*group);

  node::NodeOptions options;
  options.self = identity_.self;
  options.nodelist = std::make_shared<const node::Nodelist>(identity_.nodelist);
  options.profile = std::make_shared<const node::Profile>(node::fencepost_profile());
  options.seed = seed_of_this_life();
  options.cpus = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  options.journal_repeats = !settings_.tape.empty();  // who plays it wants to see monitors, too
  if (!settings_.tape.empty()) {
    auto tape = live::TapeWriter::create(settings_.tape, options);
    if (!tape) return tl::unexpected(tape.error());
    tape_ = *std::move(tape);
  }
  node_ = std::make_unique<live::LiveNode>(
      loop_, options, live::LiveNode::Parts{group_.get(), agents_.get(), agents_.get(), store_.get()},
      [this](node::StopStack::How how, const std::string& why) { stopped(how, why); });
  node_->record_on(tape_.get());
  node_->add_observer(&log_);
  for (const std::string& each : *stored ? live::missing_agents(*(*stored)->configuration, settings_.paths)
                                         : std::vector<std::string>{})
    log_.say(LogLevel::warning, each);
  auto attendants = Attendants::attend(*node_,
                                       {.journal = settings_.state_directory + "/journal",
                                        .control = settings_.paths.run_directory + "/control",
                                        .watchdog = settings_.watchdog,
                                        .paths = settings_.paths},
                                       log_);
  if (!attendants) return tl::unexpected(attendants.error());
  attendants_ = *std::move(attendants);
  loop_.on_signals({SIGTERM, SIGINT, SIGHUP}, [this](int signal) { signalled(signal); });
  log_.say(LogLevel::notice,
           "fencepost node is " + node_->name() + " of cluster '" + identity_.cluster_name + "'");
  loop_.soon([this, cib = *stored] { node_->boot(cib); });
  return {};
}

int NodeProcess::run() {
  loop_.run();
  if (tape_)
    if (const auto trouble = tape_->trouble()) log_.say(LogLevel::warning, to_string(*trouble));
  store_->flush();  // what could not be written was complained of
  return exit_code_;
}

Result<void> NodeProcess::take_the_lock() {
  const std::string path = settings_.paths.run_directory + "/lock";
  lock_ = live::Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_) return failure({path, 0, 0}, std::strerror(errno));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0)
    return failure({path, 0, 0}, "another fencepost node runs on this machine: stop it first");
  return {};
}

Result<void> NodeProcess::know_thyself() {
  const SimTime until = live::monotonic_now() + settings_.corosync_wait;
  for (;;) {
    auto identity = live::corosync_identity();
    if (identity) {
      identity_ = std::move(*identity);
      std::vector<std::string> names;
      for (const node::NodelistEntry& each : identity_.nodelist) names.push_back(each.name);
      log_.name_nodes(std::move(names));
      return {};
    }
    if (live::monotonic_now() >= until) return tl::unexpected(identity.error());
    std::this_thread::sleep_for(kCorosyncPause);
  }
}

// A start that an earlier life began must not end behind the back of this life's probe. A process that does
// not die keeps this node out: better absent than wrong.
void NodeProcess::end_what_ran_before() {
  for (;;) {
    const auto left =
        live::end_leftovers(live::AgentRunner::register_directory(settings_.paths), kLeftoversPause);
    if (left.empty()) return;
    for (const std::string& each : left)
      log_.say(LogLevel::error,
               each + " of an earlier life does not die; this node waits for it before it joins");
  }
}

Result<std::shared_ptr<const cib::Cib>> NodeProcess::first_cib() {
  auto stored = store_->load();
  if (!stored || *stored != nullptr || settings_.first_cib.empty()) return stored;
  Result<cib::Document> document = cib::read_file(settings_.first_cib);
  if (!document) return tl::unexpected(document.error());
  for (const cib::Problem& each : cib::check(document->cib, settings_.first_cib)) {
    if (each.severity == cib::Severity::error) return failure(each.where, each.message);
  }
  for (const std::string& each : live::missing_agents(*document->cib.configuration, settings_.paths))
    return failure({settings_.first_cib, 0, 0}, each);
  return std::make_shared<const cib::Cib>(std::move(document->cib));
}

void NodeProcess::signalled(int signal) {
  if (signal == SIGHUP) return;  // nothing is read again; the CIB is changed through the cluster
  if (std::exchange(told_to_stop_, true)) {
    log_.say(LogLevel::notice, "asked again to stop; it stops as soon as its resources have");
    return;
  }
  node_->take(node::CommandReceived{node::Shutdown{}});
}

void NodeProcess::stopped(node::StopStack::How how, const std::string& why) {
  switch (how) {
    case node::StopStack::How::orderly:
      attendants_->ended_in_order(why);
      end(kStoppedInOrder, LogLevel::notice, "stopped: " + why);
      return;
    case node::StopStack::How::failed:
      end(kStackFailed, LogLevel::error, "gives up: " + why);
      return;
    case node::StopStack::How::panic:
      // In a pid namespace this ends the namespace, on a machine the machine: at once, without writing
      // anything back, and before a log that nobody reads can hold it up.
      if (settings_.reset_on_panic && ::reboot(RB_AUTOBOOT) != 0)
        log_.say(LogLevel::error, std::string("the machine cannot be reset: ") + std::strerror(errno));
      end(kPanicked, LogLevel::error, "must not go on: " + why);
      return;
  }
}

void NodeProcess::end(int code, LogLevel level, const std::string& text) {
  log_.say(level, text);
  exit_code_ = code;
  loop_.stop();
}

}  // namespace fencepost::tools
