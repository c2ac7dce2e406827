#include "engine/live/child_process.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "engine/base/assert.h"
#include "engine/live/clock.h"

// glibc 2.36 forgot to say that it is C (fixed in 2.37).
extern "C" {
#include <sys/pidfd.h>
}

namespace fencepost::live {
namespace {

struct Ends {
  Descriptor read, write;
};

std::optional<Ends> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  return Ends{Descriptor(ends[0]), Descriptor(ends[1])};
}

void do_not_block(const Descriptor& end) { fcntl(end.get(), F_SETFL, O_NONBLOCK); }

Error cannot(const std::string& what, int error) {
  return {{}, "cannot run " + what + ": " + std::strerror(error)};
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& each : texts)
    result.push_back(const_cast<char*>(each.c_str()));  // exec writes to none
  result.push_back(nullptr);
  return result;
}

// When a process began, in ticks since boot: with its number, who it is. Field 22 of proc(5) stat; the second
// field, its name, may hold blanks and ends with the last parenthesis.
std::string began(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return "";
  std::size_t at = name_end + 1;
  for (int field = 3; field < 22; ++field) at = text.find(' ', at + 1);
  const std::size_t begin = text.find_first_not_of(' ', at);
  return text.substr(begin, text.find(' ', begin) - begin);
}

// The number has been given to somebody else since, so that the group of that number is gone too.
bool is_another(pid_t pid, const std::string& start) {
  const std::string now = began(pid);
  return !now.empty() && now != start;
}

// Whether a process of this group still runs: the leader, or one that it left behind, perhaps in D state.
bool group_lives(pid_t group) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    if (std::atoi(entry.path().filename().c_str()) <= 0) continue;
    std::ifstream file(entry.path() / "stat");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) continue;
    char state = 0;
    pid_t parent = 0, its_group = 0;
    std::istringstream(text.substr(name_end + 1)) >> state >> parent >> its_group;
    if (its_group == group && state != 'Z' && state != 'X') return true;
  }
  return false;
}

// In the child, between fork and exec: nothing but system calls.
[[noreturn]] void become(const std::vector<char*>& arguments, const std::vector<char*>& environment,
                         const char* directory, int go, int in, int out, int err, int failed) {
  setsid();
  char word = 0;
  if (::read(go, &word, 1) != 1) _exit(127);  // the parent died: nothing was begun
  for (int signal = 1; signal < NSIG; ++signal)
    std::signal(signal, SIG_DFL);  // those that cannot be set stay
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  umask(022);
  int error = 0;
  if (chdir(directory) != 0) {
    error = errno;
  } else {
    execve(arguments[0], arguments.data(), environment.data());
    error = errno;
  }
  [[maybe_unused]] const ssize_t told = ::write(failed, &error, sizeof error);
  _exit(127);
}

}  // namespace

ChildProcess::ChildProcess(EventLoop& loop, const Program& program, const std::string& register_directory,
                           Ended ended)
    : loop_(loop), register_directory_(register_directory), ended_(std::move(ended)) {
  not_run_ = start(program);
  if (!not_run_) return;
  loop_.soon([this, alive = alive_] {
    if (*alive) ended_({.not_run = not_run_});
  });
}

std::optional<Error> ChildProcess::start(const Program& program) {
  HA_ASSERT(!program.arguments.empty());
  const std::string& name = name_ = program.arguments.front();
  auto go = make_pipe(), in = make_pipe(), out = make_pipe(), err = make_pipe(), failed = make_pipe();
  if (!go || !in || !out || !err || !failed) return cannot(name, errno);
  const std::vector<char*> arguments = pointers(program.arguments),
                           environment = pointers(program.environment);
  // 0, 1 and 2 are open in every sane parent, so none of the pipes is one of them.
  const pid_t pid = fork();
  if (pid < 0) return cannot(name, errno);
  if (pid == 0) {
    // Its own copy of this end would keep it waiting for a parent that is gone.
    go->write.close();
    become(arguments, environment, program.working_directory.c_str(), go->read.get(), in->read.get(),
           out->write.get(), err->write.get(), failed->write.get());
  }

  pidfd_ = Descriptor(pidfd_open(pid, 0));
  const std::string file = register_directory_ + "/" + std::to_string(pid);
  std::ofstream registration(file);
  registration << began(pid) << ' ' << name << '\n' << std::flush;
  if (!pidfd_ || !registration) {
    const int error = errno;
    go->write.close();  // it never begins
    waitpid(pid, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    pidfd_ = {};
    return cannot(name, error);
  }
  registered_ = file;
  const bool sent = ::write(go->write.get(), "g", 1) == 1;
  HA_ASSERT(sent);
  pid_ = pid;

  failed_ = std::move(failed->read);
  input_ = std::move(in->write);
  output_.end = std::move(out->read);
  errors_.end = std::move(err->read);
  do_not_block(input_);
  do_not_block(failed_);
  to_write_ = program.input;
  write_some();
  watch(output_);
  watch(errors_);
  loop_.watch(pidfd_.get(), {}, [this](EventLoop::Ready) { gone(); });
  return std::nullopt;
}

ChildProcess::~ChildProcess() {
  *alive_ = false;
  stop_watching(input_);
  stop_watching(output_.end);
  stop_watching(errors_.end);
  stop_watching(pidfd_);
}

void ChildProcess::signal_group(int signal) {
  if (pid_ > 0) ::kill(-pid_, signal);  // ESRCH: it is gone, and gone() will say so
}

void ChildProcess::watch(Stream& stream) {
  do_not_block(stream.end);
  loop_.watch(stream.end.get(), {}, [this, &stream](EventLoop::Ready) {
    if (!read_some(stream)) stop_watching(stream.end);
  });
}

// False at the end of the stream. Takes turns: a program that never stops writing does not stop the node.
bool ChildProcess::read_some(Stream& stream) {
  std::array<char, 16384> buffer;
  const ssize_t got = ::read(stream.end.get(), buffer.data(), buffer.size());
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  const std::size_t room = kOutputMax - stream.text.size();
  stream.text.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
  return true;
}

void ChildProcess::write_some() {
  while (!to_write_.empty()) {
    const ssize_t wrote = ::write(input_.get(), to_write_.data(), to_write_.size());
    if (wrote < 0 && errno == EAGAIN) {
      loop_.watch(input_.get(), {.read = false, .write = true}, [this](EventLoop::Ready) { write_some(); });
      return;
    }
    if (wrote < 0) break;  // it does not want to know (EPIPE)
    to_write_.erase(0, static_cast<std::size_t>(wrote));
  }
  stop_watching(input_);  // end of the input
}

void ChildProcess::stop_watching(Descriptor& end) {
  if (!end) return;
  loop_.unwatch(end.get());
  end.close();
}

// What it wrote before its end is in the pipes now. What others write, who hold them still, is not waited
// for.
void ChildProcess::gone() {
  siginfo_t info{};
  HA_ASSERT(waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG) == 0);
  if (info.si_pid == 0) return;  // what was ready had this descriptor's number before
  for (Stream* each : {&output_, &errors_}) {
    while (each->end && each->text.size() < kOutputMax) {
      const std::size_t before = each->text.size();
      if (!read_some(*each) || each->text.size() == before) break;
    }
    stop_watching(each->end);
  }
  stop_watching(input_);
  stop_watching(pidfd_);
  std::error_code ignored;  // a file that is left names a process that is gone
  std::filesystem::remove(registered_, ignored);
  pid_ = -1;
  ProgramEnd end;
  int error = 0;
  if (::read(failed_.get(), &error, sizeof error) == ssize_t{sizeof error}) {
    end.not_run = cannot(name_, error);
    end.not_found = error == ENOENT;
  } else if (info.si_code == CLD_EXITED) {
    end.code = info.si_status;
  }
  end.output = std::move(output_.text);
  end.errors = std::move(errors_.text);
  const Ended ended = std::move(ended_);
  ended(std::move(end));  // may delete this
}

std::vector<std::string> end_leftovers(const std::string& register_directory, Duration at_most) {
  const SimTime until = monotonic_now() + at_most;
  std::vector<std::string> left;
  do {
    left.clear();
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(register_directory, error)) {
      const pid_t pid = static_cast<pid_t>(std::atoi(entry.path().filename().c_str()));
      std::string start, name;
      std::ifstream(entry.path()) >> start >> name;
      // A file without a time: the parent died while it wrote, and the child with it.
      if (pid <= 1 || start.empty() || is_another(pid, start) || !group_lives(pid)) {
        std::filesystem::remove(entry.path(), error);
        continue;
      }
      ::kill(-pid, SIGKILL);
      left.push_back(name + " (process " + std::to_string(pid) + ")");
    }
    if (!left.empty()) usleep(20'000);
  } while (!left.empty() && monotonic_now() < until);
  return left;
}

}  // namespace fencepost::live
