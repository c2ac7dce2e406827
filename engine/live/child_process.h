// A program that runs for the node: in a process group and session of its own, with an environment of its
// own, its input given and its output kept up to a bound.
//
// Every child is written down in a directory before it begins, so that whatever a killed node leaves behind
// can be found and ended by the next life: an old start must not finish behind the back of a new probe. The
// child waits for a word from its parent; if the parent dies before, it never begins.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/live/descriptor.h"
#include "engine/live/event_loop.h"

namespace fencepost::live {

inline constexpr std::size_t kOutputMax = 256 * 1024;  // of each of the two; the rest is read and dropped

struct Program {
  std::vector<std::string> arguments;    // the first is the path
  std::vector<std::string> environment;  // NAME=value, complete
  std::string input;
  std::string working_directory = "/";
};

struct ProgramEnd {
  std::optional<int> code;  // nothing: a signal ended it, or it could not be run
  std::string output, errors;
  std::optional<Error> not_run;  // it never began
  bool not_found = false;        // because there is no such program
};

class ChildProcess {
 public:
  using Ended = std::function<void(ProgramEnd)>;

  // `ended` is called once, from the loop, when the process is gone; unless this object is gone before.
  ChildProcess(EventLoop& loop, const Program& program, const std::string& register_directory, Ended ended);
  ~ChildProcess();  // of a process that still runs: it is left alone
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void signal_group(int signal);
  pid_t pid() const { return pid_; }

 private:
  struct Stream {
    Descriptor end;
    std::string text;
  };

  std::optional<Error> start(const Program& program);
  void watch(Stream& stream);
  bool read_some(Stream& stream);
  void write_some();
  void stop_watching(Descriptor& end);
  void gone();

  EventLoop& loop_;
  std::string register_directory_;
  Ended ended_;
  std::string name_;
  pid_t pid_ = -1;
  Descriptor pidfd_;
  Descriptor input_, failed_;
  std::string to_write_;
  Stream output_, errors_;
  std::optional<Error> not_run_;
  std::string registered_;  // the file that names it
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// Kills what the register names and is still running, and waits for it: at most so long. Says what is left.
std::vector<std::string> end_leftovers(const std::string& register_directory, Duration at_most);

}  // namespace fencepost::live
