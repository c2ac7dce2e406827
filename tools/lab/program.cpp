#include "tools/lab/program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/live/descriptor.h"

namespace fencepost::lab {
namespace {

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got > 0)
      text.append(buffer, static_cast<std::size_t>(got));
    else if (got == 0 || errno != EINTR)
      return text;
  }
}

}  // namespace

Result<std::string> run_program(const std::vector<std::string>& arguments, const std::string& input) {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) != 0) return failure({}, std::string("no pipe: ") + std::strerror(errno));
  live::Descriptor in_read(in[0]), in_write(in[1]);
  if (::pipe2(out, O_CLOEXEC) != 0) return failure({}, std::string("no pipe: ") + std::strerror(errno));
  live::Descriptor out_read(out[0]), out_write(out[1]);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in_read.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, out_write.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, out_write.get(), 2);
  std::vector<char*> words;
  for (const std::string& each : arguments)
    words.push_back(const_cast<char*>(each.c_str()));  // spawn writes to none
  words.push_back(nullptr);
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
  char* environment[] = {path, locale, nullptr};
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  in_read.close();
  out_write.close();
  if (error != 0)
    return failure({arguments.front(), 0, 0}, std::string("cannot be run: ") + std::strerror(error));
  // Inputs are shorter than a pipe holds, so that nobody waits for anybody.
  [[maybe_unused]] const ssize_t wrote = ::write(in_write.get(), input.data(), input.size());
  in_write.close();
  std::string text = read_all(out_read.get());
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
  std::string command;
  for (const std::string& each : arguments) command += (command.empty() ? "" : " ") + each;
  return failure({}, command + ": " + (text.empty() ? "failed without a word" : text));
}

}  // namespace fencepost::lab
