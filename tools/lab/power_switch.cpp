#include "tools/lab/power_switch.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

namespace fencepost::lab {
namespace {

namespace fs = std::filesystem;
using Mode = models::fault::FenceMode::Mode;

constexpr int kOk = 0, kFailed = 1, kIsOff = 2;  // the fence agents' API

}  // namespace

PowerSwitch::PowerSwitch(live::EventLoop& loop, std::string directory, const Machines& machines,
                         models::PowerConfig config, sim::Stream luck, Hands hands)
    : loop_(loop),
      directory_(std::move(directory)),
      machines_(machines),
      config_(std::move(config)),
      luck_(luck),
      hands_(std::move(hands)) {
  for (const char* each : {"/asked", "/answered"}) fs::create_directories(directory_ + each);
}

void PowerSwitch::look() {
  std::error_code error;
  std::vector<fs::path> requests;
  for (const auto& entry : fs::directory_iterator(directory_ + "/asked", error))
    requests.push_back(entry.path());
  std::ranges::sort(requests);
  for (const fs::path& each : requests) {
    Request request;
    std::ifstream(each) >> request.action >> request.target >> request.requester >> request.agent >>
        request.device;
    request.id = each.filename().string();
    fs::remove(each, error);
    take(request);
  }
}

void PowerSwitch::take(const Request& request) {
  const models::fault::FenceMode mode = mode_for(request);
  if (mode.mode == Mode::hang) return;  // it never answers
  const bool board = request.agent != "fence_lab";
  const auto target = machines_.find(request.target);
  if (request.action == "monitor" || request.action == "status") {
    const bool fails = mode.mode == Mode::fail_monitor || mode.mode == Mode::unreachable;
    const int code = fails                                                               ? kFailed
                     : request.action == "status" && target && !machines_.is_on(*target) ? kIsOff
                                                                                         : kOk;
    return after(board ? query() : Duration::zero(), [this, request, code] { answer(request, code); });
  }
  if (!target) return answer(request, kFailed, "no machine '" + request.target + "' is plugged in here");
  if (mode.mode == Mode::fail) {
    const Duration takes = mode.seconds > 0s ? mode.seconds : sim::sample(config_.off, luck_);
    return after(takes, [this, request] {
      tell(request, false), answer(request, kFailed, "the switch says that it failed");
    });
  }
  if (mode.mode == Mode::unreachable)
    return after(config_.unreachable_after, [this, request] {
      tell(request, false), answer(request, kFailed, "Unable to connect/login to fencing device");
    });
  const bool lies = mode.mode == Mode::lie;
  const Duration slower = mode.mode == Mode::slow ? mode.seconds : Duration::zero();
  if (!board) return as_the_lab_does(request, *target, slower, lies);
  after(slower, [this, request, target, lies] { as_boards_do(request, *target, lies); });
}

// One order, which is carried out and answered after off_s.
void PowerSwitch::as_the_lab_does(const Request& request, std::size_t target, Duration slower, bool lies) {
  after(sim::sample(config_.off, luck_) + slower, [this, request, target, lies] {
    const bool reboot = request.action == "reboot" && config_.on_after_fence;
    if (!lies && request.action != "on") hands_.off(target, "fenced by " + request.requester);
    if (!lies && (reboot || request.action == "on")) hands_.on(target, "switched on by " + request.requester);
    tell(request, true);
    answer(request, kOk);
  });
}

// Asks for the status, orders off, asks each second until it is off, orders on: as the simulator's do.
void PowerSwitch::as_boards_do(const Request& request, std::size_t target, bool lies) {
  Duration so_far = query();
  if (request.action != "on" && machines_.is_on(target) && !lies) {
    so_far += query();
    const Duration off = sim::sample(config_.board_off, luck_);
    after(so_far + off, [this, request, target] { hands_.off(target, "fenced by " + request.requester); });
    for (Duration polled{}; polled < off;) {
      const Duration step = config_.poll + query();
      polled += step;
      so_far += step;
    }
  }
  if (request.action != "off" && config_.on_after_fence && !lies) {
    so_far += query();
    after(so_far, [this, request, target] { hands_.on(target, "switched on by " + request.requester); });
    so_far += config_.poll;
  }
  after(so_far, [this, request] { tell(request, true), answer(request, kOk); });
}

// --- What the scenario says of it ---

bool PowerSwitch::fits(const models::fault::FenceMode& mode, const Request& request) const {
  const auto resource = resources_.find(request.device);
  const bool device = mode.device == "*" || mode.device == request.device ||
                      (resource != resources_.end() && resource->second == mode.device);
  const bool monitor = request.action == "monitor" || request.action == "status";
  if (monitor && mode.mode != Mode::fail_monitor && mode.mode != Mode::unreachable) return false;
  if (!monitor && mode.mode == Mode::fail_monitor) return false;
  return device && (mode.target.empty() || monitor || mode.target == request.target) &&
         (mode.requester.empty() || mode.requester == request.requester);
}

models::fault::FenceMode PowerSwitch::mode_for(const Request& request) {
  const auto mode = std::ranges::find_if(modes_, [&](const auto& each) { return fits(each, request); });
  if (mode == modes_.end()) return {};
  models::fault::FenceMode found = *mode;
  if (mode->count && --*mode->count <= 0) modes_.erase(mode);
  return found;
}

// --- Small things ---

void PowerSwitch::after(Duration delay, std::function<void()> what) {
  ++at_work_;
  loop_.in(delay, [this, what = std::move(what)] {
    --at_work_;
    what();
  });
}

void PowerSwitch::answer(const Request& request, int code, const std::string& text) {
  const std::string path = directory_ + "/answered/" + request.id;
  std::ofstream(path + ".new") << code << ' ' << text << '\n';
  std::error_code error;  // the asker may be dead, and its lab on the way down
  fs::rename(path + ".new", path, error);
}

void PowerSwitch::tell(const Request& request, bool success) {
  hands_.observe(backend::FenceDeviceActed{request.device, request.target, request.action, success});
}

}  // namespace fencepost::lab
