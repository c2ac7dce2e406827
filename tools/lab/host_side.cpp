#include "tools/lab/host_side.h"

#include <fcntl.h>
#include <sys/reboot.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

#include "engine/base/time.h"
#include "engine/live/clock.h"
#include "engine/live/event_loop.h"
#include "tools/lab/freezer.h"
#include "tools/lab/program.h"
#include "tools/lab/sign.h"

namespace fencepost::lab {
namespace {

namespace fs = std::filesystem;

constexpr Duration kLook = 10ms;
constexpr Duration kClock = 50ms;
constexpr std::size_t kPiece = 64 * 1024;
constexpr int kLock = 9;  // what `host begin` locked

class Watcher {
 public:
  Watcher(std::string node, std::string group) : node_(std::move(node)), group_(std::move(group)) {}

  void watch() {
    std::signal(SIGPIPE, SIG_IGN);
    ::fcntl(kLock, F_SETFD, FD_CLOEXEC);
    read_signs();
    start_stack();
    loop_.watch(0, {}, [this](live::EventLoop::Ready) { hear(); });
    look();
    tell_time();
    loop_.run();
  }

 private:
  void read_signs() {
    std::ifstream file(home_ + "/signs");
    std::string resource, object;
    int kind = 0;
    while (file >> resource >> kind >> object) signs_[resource] = {static_cast<Sign::Kind>(kind), object, ""};
  }

  void start_stack() {
    const pid_t child = ::fork();
    if (child < 0) return say("N the cluster stack cannot be started: no more processes");
    if (child > 0) {
      std::ofstream(home_ + "/main.pid") << child << '\n';
      return;
    }
    ::setsid();
    put_into(group_, ::getpid());
    const std::string log = home_ + "/log/" + node_ + ".main", script = home_ + "/files/node-main";
    const int nothing = ::open("/dev/null", O_RDONLY),
              output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(nothing, 0);
    ::dup2(output, 1);
    ::dup2(output, 2);
    const char* const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/root",
                                       nullptr};
    ::execle("/bin/bash", "bash", script.c_str(), node_.c_str(), static_cast<char*>(nullptr), environment);
    _exit(127);
  }

  // --- Telling ---
  void say(const std::string& line, const std::string& bytes = "") {
    const std::string text = line + "\n" + bytes;
    for (std::size_t at = 0; at < text.size();) {
      const ssize_t wrote = ::write(1, text.data() + at, text.size() - at);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return loop_.stop();  // nobody listens any more
      at += static_cast<std::size_t>(wrote);
    }
  }
  void tell_time() {
    say("T " + std::to_string(live::monotonic_now().time_since_epoch().count()));
    loop_.in(kClock, [this] { tell_time(); });
  }
  void look() {
    for (const char* each : {"tape", "log"}) follow_folder(each);
    for (const char* each : {"exits", "ends"}) follow("ctl/" + node_ + "/" + each);
    for (const auto& [resource, sign] : signs_) {
      const std::string role = look_at(sign, {"", "self"});
      if (std::exchange(roles_[resource], role) != role) say("R " + resource + " " + role);
    }
    loop_.in(kLook, [this] { look(); });
  }
  void follow_folder(const std::string& folder) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(home_ + "/" + folder, error))
      follow(folder + "/" + entry.path().filename().string());
  }
  void follow(const std::string& name) {
    std::uint64_t& at = told_[name];
    std::error_code error;
    const std::uintmax_t size = fs::file_size(home_ + "/" + name, error);
    if (error || size <= at) return;
    std::ifstream file(home_ + "/" + name, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    std::string piece(kPiece, '\0');
    while (file.read(piece.data(), kPiece), file.gcount() > 0) {
      const auto got = static_cast<std::size_t>(file.gcount());
      say("F " + name + " " + std::to_string(at) + " " + std::to_string(got), piece.substr(0, got));
      at += got;
    }
  }

  // --- Being told ---
  void hear() {
    char buffer[4096];
    const ssize_t got = ::read(0, buffer, sizeof buffer);
    if (got <= 0) return loop_.stop();
    heard_.append(buffer, static_cast<std::size_t>(got));
    for (std::size_t end = 0; (end = heard_.find('\n')) != std::string::npos;) {
      std::istringstream words(heard_.substr(0, end));
      std::string what, name;
      words >> what;
      std::size_t length = 0;
      if (what == "F") {
        words >> name >> length;
        if (heard_.size() < end + 1 + length) return;  // the rest is to come
        replace(name, heard_.substr(end + 1, length));
      } else if (what == "H") {
        std::vector<std::string> command{"/bin/bash", home_ + "/files/host"};
        for (std::string word; words >> word;) command.push_back(word);
        if (const auto done = run_program(command); !done) say("N " + done.error().message);
      } else if (what == "reset") {
        ::reboot(RB_AUTOBOOT);
      }
      heard_.erase(0, end + 1 + length);
    }
  }
  void replace(const std::string& name, const std::string& content) {
    const std::string path = home_ + "/" + name;
    std::ofstream(path + ".new", std::ios::binary) << content;
    std::error_code error;
    fs::rename(path + ".new", path, error);
    if (error) say("N " + path + " cannot be written: " + error.message());
  }

  const std::string home_ = kHostHome;
  std::string node_, group_;
  live::EventLoop loop_;
  std::map<std::string, Sign> signs_;
  std::map<std::string, std::string> roles_;
  std::map<std::string, std::uint64_t> told_;
  std::string heard_;
};

}  // namespace

int watch_host(const std::string& node, const std::string& group) {
  Watcher(node, group).watch();
  // Whoever listened may be gone.
  const int nothing = ::open("/dev/null", O_RDWR);
  for (const int each : {0, 1, 2}) ::dup2(nothing, each);
  ::fcntl(kLock, F_SETFD, 0);  // until all is clean
  ::execl("/bin/bash", "bash", (std::string(kHostHome) + "/files/host").c_str(), "clean",
          static_cast<char*>(nullptr));
  return 1;
}

}  // namespace fencepost::lab
