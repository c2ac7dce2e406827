#include "engine/live/systemd_units.h"

#include <poll.h>
#include <systemd/sd-bus.h>

#include <cstring>
#include <optional>
#include <utility>

#include "engine/live/clock.h"

namespace fencepost::live {
namespace {

using node::AgentExit;

constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kManagerPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr Duration kLookAgain = 200ms;  // at a unit that is on its way up or down

// OCF exit codes.
constexpr int kOk = 0, kError = 1, kUnimplemented = 3, kNotInstalled = 5, kNotRunning = 7;

// What `fencepost` knows of a unit, in the form of an OCF agent's own words.
std::string meta_data_of(const std::string& unit) {
  return "<?xml version=\"1.0\"?>\n<resource-agent name=\"" + unit +
         "\">\n  <version>1.1</version>\n  <shortdesc lang=\"en\">systemd unit " + unit +
         "</shortdesc>\n  <parameters/>\n  <actions>\n    <action name=\"start\" timeout=\"100s\"/>\n    "
         "<action "
         "name=\"stop\" timeout=\"100s\"/>\n    <action name=\"monitor\" timeout=\"100s\" "
         "interval=\"60s\"/>\n    "
         "<action name=\"meta-data\" timeout=\"5s\"/>\n  </actions>\n</resource-agent>\n";
}

bool has_suffix(const std::string& type) {
  for (const char* suffix : {".service", ".socket", ".mount", ".timer", ".path", ".target", ".swap", ".slice",
                             ".scope", ".automount"}) {
    const std::size_t length = std::strlen(suffix);
    if (type.size() > length && type.compare(type.size() - length, length, suffix) == 0) return true;
  }
  return false;
}

}  // namespace

std::string unit_name(const std::string& type) { return has_suffix(type) ? type : type + ".service"; }

int ocf_code_of_state(const std::string& active_state) {
  // A unit that has failed does not run: a probe that said otherwise would have it stopped and fenced.
  return active_state == "active" || active_state == "reloading" ? kOk : kNotRunning;
}

class SystemdUnits::Bus {
 public:
  Bus(EventLoop& loop, std::string address) : loop_(loop), address_(std::move(address)) {}
  ~Bus() {
    *alive_ = false;
    close();
  }
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  void run(const node::AgentCommand& command, Answer answer) {
    Request* request = new Request{this, ++last_, command.action, unit_name(command.type), {}, {}};
    requests_.emplace(request->number, std::make_pair(std::unique_ptr<Request>(request), std::move(answer)));
    loop_.soon([this, alive = alive_, number = request->number] {
      if (*alive) begin(number);
    });
  }

 private:
  struct Request {
    Bus* bus;
    std::uint64_t number;
    std::string action, unit;
    std::string job;   // the object path of a job that runs
    std::string path;  // of the unit, once it is loaded
  };

  void begin(std::uint64_t number) {
    const auto found = requests_.find(number);
    if (found == requests_.end()) return;
    Request& request = *found->second.first;
    if (request.action == "meta-data") {
      answer(number, {kOk, {}, meta_data_of(request.unit)});
      return;
    }
    if (const auto problem = open()) {
      answer(number, {kError, *problem, {}});
      return;
    }
    if (request.action == "start" || request.action == "stop") {
      const char* method = request.action == "start" ? "StartUnit" : "StopUnit";
      call(request, method, job_begun);
    } else if (request.action == "monitor") {
      call(request, "LoadUnit", unit_loaded);
    } else {
      answer(number, {kUnimplemented, "systemd units know no action '" + request.action + "'", {}});
    }
    settle();
  }

  // --- The connection ---

  std::optional<std::string> open() {
    if (bus_ != nullptr) return std::nullopt;
    int code = 0;
    if (address_.empty()) {
      code = sd_bus_open_system(&bus_);
    } else {
      code = sd_bus_new(&bus_);
      if (code >= 0) code = sd_bus_set_address(bus_, address_.c_str());
      if (code >= 0) code = sd_bus_set_bus_client(bus_, 1);
      if (code >= 0) code = sd_bus_start(bus_);
    }
    if (code >= 0)
      code = sd_bus_match_signal_async(bus_, nullptr, kService, kManagerPath, kManager, "JobRemoved",
                                       job_removed, nullptr, this);
    // systemd sends signals only to those who have asked once.
    if (code >= 0)
      code = sd_bus_call_method_async(bus_, nullptr, kService, kManagerPath, kManager, "Subscribe", nullptr,
                                      nullptr, "");
    if (code < 0) {
      close();
      return std::string("no connection to systemd over D-Bus: ") + std::strerror(-code);
    }
    watched_ = sd_bus_get_fd(bus_);
    return std::nullopt;
  }

  void close() {
    if (watched_ >= 0) loop_.unwatch(std::exchange(watched_, -1));
    if (std::exchange(timed_, false)) loop_.cancel(timer_);
    bus_ = sd_bus_close_unref(bus_);
  }

  // Handles what has come in, then waits for what the library wants to wait for.
  void settle() {
    int code = 0;
    while (bus_ != nullptr && (code = sd_bus_process(bus_, nullptr)) > 0) continue;
    if (bus_ == nullptr) return;
    if (code < 0) {
      fail_all(std::string("systemd's D-Bus is gone: ") + std::strerror(-code));
      return;
    }
    const int events = sd_bus_get_events(bus_);
    loop_.watch(watched_, {.read = (events & POLLIN) != 0, .write = (events & POLLOUT) != 0},
                [this](EventLoop::Ready) { settle(); });
    if (std::exchange(timed_, false)) loop_.cancel(timer_);
    std::uint64_t at_us = UINT64_MAX;
    if (sd_bus_get_timeout(bus_, &at_us) >= 0 && at_us != UINT64_MAX) {
      timed_ = true;
      timer_ = loop_.at(SimTime{std::chrono::microseconds{static_cast<std::int64_t>(at_us)}}, [this] {
        timed_ = false;
        settle();
      });
    }
  }

  void fail_all(const std::string& why) {
    close();
    while (!requests_.empty()) answer(requests_.begin()->first, {kError, why, {}});
  }

  void answer(std::uint64_t number, AgentExit exit) {
    const auto found = requests_.find(number);
    if (found == requests_.end()) return;
    const Answer tell = std::move(found->second.second);
    requests_.erase(found);
    // Not from inside the library's callback.
    loop_.soon([tell, exit = std::move(exit)] { tell(exit); });
  }

  // --- Calls. Each carries its request, which lives until its one outstanding call is answered or the bus
  // closed.

  void call(Request& request, const char* method, sd_bus_message_handler_t handler) {
    const bool job = handler == job_begun;
    const int code = job ? sd_bus_call_method_async(bus_, nullptr, kService, kManagerPath, kManager, method,
                                                    handler, &request, "ss", request.unit.c_str(), "replace")
                         : sd_bus_call_method_async(bus_, nullptr, kService, kManagerPath, kManager, method,
                                                    handler, &request, "s", request.unit.c_str());
    if (code < 0)
      answer(request.number, {kError, std::string("systemd cannot be asked: ") + std::strerror(-code), {}});
  }

  // True when the message is an error; the request is then answered.
  static bool failed(sd_bus_message* message, const Request& request) {
    const sd_bus_error* error = sd_bus_message_get_error(message);
    if (error == nullptr) return false;
    const bool unknown = sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit") != 0;
    const std::string why = error->message == nullptr ? error->name : error->message;
    // Who stops what is not there has nothing to do.
    const int code = !unknown ? kError : request.action == "stop" ? kOk : kNotInstalled;
    request.bus->answer(request.number, {code, code == kOk ? "" : why, {}});
    return true;
  }

  static int job_begun(sd_bus_message* message, void* data, sd_bus_error*) {
    Request& request = *static_cast<Request*>(data);
    if (failed(message, request)) return 0;
    const char* job = nullptr;
    if (sd_bus_message_read(message, "o", &job) < 0) return 0;
    request.job = job;
    return 0;
  }

  static int job_removed(sd_bus_message* message, void* data, sd_bus_error*) {
    Bus& bus = *static_cast<Bus*>(data);
    std::uint32_t id = 0;
    const char *job = nullptr, *unit = nullptr, *result = nullptr;
    if (sd_bus_message_read(message, "uoss", &id, &job, &unit, &result) < 0) return 0;
    for (auto& [number, entry] : bus.requests_) {
      if (entry.first->job != job) continue;
      const bool done = std::string(result) == "done" || std::string(result) == "skipped";
      bus.answer(number,
                 {done ? kOk : kError, done ? "" : "systemd says of the job: " + std::string(result), {}});
      return 0;
    }
    return 0;
  }

  static int unit_loaded(sd_bus_message* message, void* data, sd_bus_error*) {
    Request& request = *static_cast<Request*>(data);
    if (failed(message, request)) return 0;
    const char* path = nullptr;
    if (sd_bus_message_read(message, "o", &path) < 0) return 0;
    request.path = path;
    request.bus->ask_state(request);
    return 0;
  }

  void ask_state(Request& request) {
    const int code = sd_bus_call_method_async(bus_, nullptr, kService, request.path.c_str(),
                                              "org.freedesktop.DBus.Properties", "Get", state_told, &request,
                                              "ss", "org.freedesktop.systemd1.Unit", "ActiveState");
    if (code < 0)
      answer(request.number, {kError, std::string("systemd cannot be asked: ") + std::strerror(-code), {}});
  }

  static int state_told(sd_bus_message* message, void* data, sd_bus_error*) {
    Request& request = *static_cast<Request*>(data);
    if (failed(message, request)) return 0;
    const char* state = nullptr;
    if (sd_bus_message_read(message, "v", "s", &state) < 0) return 0;
    const std::string text(state);
    Bus& bus = *request.bus;
    if (text != "activating" && text != "deactivating") {
      bus.answer(request.number, {ocf_code_of_state(text), {}, {}});
      return 0;
    }
    bus.loop_.in(kLookAgain, [&bus, alive = bus.alive_, number = request.number] {
      if (!*alive) return;
      const auto found = bus.requests_.find(number);
      if (found == bus.requests_.end() || bus.bus_ == nullptr) return;
      bus.ask_state(*found->second.first);
      bus.settle();
    });
    return 0;
  }

  EventLoop& loop_;
  std::string address_;
  sd_bus* bus_ = nullptr;
  int watched_ = -1;
  sim::EventHandle timer_;
  bool timed_ = false;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::pair<std::unique_ptr<Request>, Answer>> requests_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

SystemdUnits::SystemdUnits(EventLoop& loop, std::string address)
    : bus_(std::make_unique<Bus>(loop, std::move(address))) {}
SystemdUnits::~SystemdUnits() = default;
void SystemdUnits::run(const node::AgentCommand& command, Answer answer) {
  bus_->run(command, std::move(answer));
}

}  // namespace fencepost::live
