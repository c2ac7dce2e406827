#include "models/os/shell.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "models/core/stack.h"
#include "models/machine.h"
#include "models/os/mount_table.h"
#include "models/world.h"

namespace fencepost::models {
namespace shell {
namespace {

// Reads the text once, from left to right.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::vector<Command> all() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\'' || c == '"') {
        quoted(c);
      } else if (c == '\\' && at_ + 1 < text_.size()) {
        add(text_[at_ + 1]);
        at_ += 2;
      } else if (c == '$' && next_is("$(")) {
        substitution();
      } else if (c == '#' && !in_word_) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '>') {
        redirection();
      } else if (next_is("&&")) {
        end_command(Command::When::after_success, 2);
      } else if (next_is("||")) {
        end_command(Command::When::after_failure, 2);
      } else if (c == '|') {
        end_word();
        command_.piped = true;
        ++at_;
      } else if (c == '&') {
        command_.background = true;
        end_command(Command::When::always, 1);
      } else if (c == ';' || c == '\n') {
        end_command(Command::When::always, 1);
      } else if (c == ' ' || c == '\t') {
        end_word();
        ++at_;
      } else {
        add(c);
        ++at_;
      }
    }
    end_command(Command::When::always, 0);
    return std::move(commands_);
  }

 private:
  bool next_is(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  void add(char c) {
    word_ += c;
    in_word_ = true;
  }
  void quoted(char quote) {
    const std::size_t end = std::min(text_.find(quote, at_ + 1), text_.size());
    word_ += text_.substr(at_ + 1, end - at_ - 1);
    in_word_ = true;
    at_ = end + 1;
  }
  // Kept as it is: the program that takes it as an argument knows what it means.
  void substitution() {
    const std::size_t end = std::min(text_.find(')', at_), text_.size() - 1);
    word_ += text_.substr(at_, end + 1 - at_);
    in_word_ = true;
    at_ = end + 1;
  }
  void redirection() {
    if (word_ == "1" || word_ == "2" || word_ == "&") word_.clear(), in_word_ = false;  // a file descriptor
    end_word();
    at_ += next_is(">>") ? 2 : 1;
    if (next_is("&")) ++at_;
    to_file_ = true;
  }
  void end_word() {
    if (!in_word_) return;
    if (std::exchange(to_file_, false)) {
      command_.written_to = word_;
    } else {
      command_.words.push_back(word_);
    }
    word_.clear();
    in_word_ = false;
  }
  void end_command(Command::When next, std::size_t separator) {
    end_word();
    command_.text = std::string(text_.substr(began_, at_ - began_));
    while (!command_.text.empty() && command_.text.front() == ' ') command_.text.erase(0, 1);
    if (!command_.words.empty()) commands_.push_back(std::move(command_));
    command_ = {};
    command_.when = next;
    at_ += separator;
    began_ = at_;
  }

  std::string_view text_;
  std::size_t at_ = 0, began_ = 0;
  std::string word_;
  bool in_word_ = false, to_file_ = false;
  Command command_;
  std::vector<Command> commands_;
};

// sleep(1): a number with s, m, h or d behind it; several add up. Nothing: sleep does not understand it
// either.
std::optional<Duration> sleeps_for(const Words& words) {
  double seconds = 0;
  for (std::size_t i = 1; i < words.size(); ++i) {
    double value = 0;
    const char* const last = words[i].data() + words[i].size();
    const auto [end, error] = std::from_chars(words[i].data(), last, value);
    const std::string_view unit(end, static_cast<std::size_t>(last - end));
    const double factor = unit.empty() || unit == "s" ? 1
                          : unit == "m"               ? 60
                          : unit == "h"               ? 3600
                          : unit == "d"               ? 86400
                                                      : -1;
    if (error != std::errc{} || factor < 0 || !(value >= 0 && value * factor <= 3.2e9)) return std::nullopt;
    seconds += value * factor;
  }
  return Duration{static_cast<std::int64_t>(seconds * 1e9)};
}

// Programs that only look, or write where nothing is modelled.
bool harmless(const std::string& program) {
  static const std::vector<std::string> kNames = {"true",
                                                  "echo",
                                                  "logger",
                                                  "sync",
                                                  "date",
                                                  "cat",
                                                  "ls",
                                                  "ps",
                                                  "df",
                                                  "mkdir",
                                                  "touch",
                                                  "chmod",
                                                  "chown",
                                                  "crm_mon",
                                                  "crm_node",
                                                  "crm_verify",
                                                  "crm_simulate",
                                                  "corosync-cfgtool",
                                                  "corosync-quorumtool",
                                                  "corosync-cmapctl",
                                                  "ss",
                                                  "pidof",
                                                  "pgrep",
                                                  "fuser",
                                                  "wait"};
  const bool mails = program.starts_with("notify-") && program.ends_with(".sh");  // of DRBD's handlers
  return mails || std::ranges::count(kNames, program) > 0;
}

Script sequence(Process& self, std::string text);

Script unmount_or_mount(Process& self, const Words& words) {
  const std::string where = words.back();
  MountTable& table = self.machine().part<MountTable>();
  if (words.front() == "umount") co_return co_await umount(self, where, has(words, "-f"));
  const std::string options = option(words, "-o");
  if (const MountPtr mount = table.at(where); mount && options.find("remount") != std::string::npos) {
    table.set_read_only(*mount, options.find("ro") != std::string::npos);
    co_return 0;
  }
  if (words.size() < 3) co_return 1;
  MountRequest request;
  request.from = words[words.size() - 2];
  request.at = where;
  request.type = option(words, "-t");
  request.options = options;
  co_return co_await table.mount(self, std::move(request)) == Errno::ok ? 0 : 32;
}

// The machine goes down in order, or at once.
bool power_program(Machine& machine, const Command& command) {
  const Words& words = command.words;
  const std::string& program = words.front();
  const bool now = has(words, "-f") || has(words, "--force") || has(words, "-ff");
  bool reboot = program == "reboot";
  if (command.written_to == "/proc/sysrq-trigger") {
    if (words.back() == "b" || words.back() == "c") return machine.reset("sysrq"), true;
    if (words.back() == "o") return machine.power_off("sysrq"), true;
    return false;
  }
  if (program == "shutdown") reboot = has(words, "-r");
  if (program != "reboot" && program != "poweroff" && program != "halt" && program != "shutdown")
    return false;
  const auto down = [&machine, reboot, program] {
    reboot ? machine.reset(program) : machine.power_off(program);
  };
  if (now || !machine.stack().up()) {
    down();
  } else {
    machine.stack().shut_down(down);
  }
  return true;
}

Script sequence(Process& self, std::string text) {
  int status = 0;
  for (Command& command : parse(text)) {
    if (command.when == Command::When::after_success && status != 0) continue;
    if (command.when == Command::When::after_failure && status == 0) continue;
    const std::string what = command.text;
    Process& child = self.fork(what);
    if (command.background) {
      self.exec_in_background(child, run_program(child, std::move(command)));
      status = 0;
      continue;
    }
    status = (co_await self.exec(child, run_program(child, std::move(command)))).code.value_or(128);
    if (status == kNotFound)
      self.world().observe(backend::Noted{"exec: no model understands '" + what + "'; nothing was done"});
  }
  co_return status;
}

}  // namespace

std::vector<Command> parse(std::string_view text) { return Parser(text).all(); }

std::string option(const Words& words, std::string_view short_name, std::string_view long_name) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool is_it = word == short_name || (!long_name.empty() && word == long_name);
    if (is_it) return i + 1 < words.size() ? words[i + 1] : "";
    if (!long_name.empty() && word.starts_with(long_name) && word.size() > long_name.size() &&
        word[long_name.size()] == '=')
      return word.substr(long_name.size() + 1);
  }
  return {};
}

bool has(const Words& words, std::string_view word) { return std::ranges::count(words, word) > 0; }

Script run_program(Process& self, Command command) {
  if (command.piped) co_return kNotFound;
  Machine& machine = self.machine();
  Words& words = command.words;
  for (const char* prefix : {"sudo", "exec", "nohup"}) {
    if (words.front() == prefix && words.size() > 1) words.erase(words.begin());
  }
  words.front() = words.front().substr(words.front().rfind('/') + 1);
  const std::string& program = words.front();

  if (program == "sh" || program == "bash") co_return co_await sequence(self, option(words, "-c"));
  if (program == "sleep" && words.size() > 1) {
    const auto duration = sleeps_for(words);
    if (!duration) co_return kNotFound;
    co_await self.sleep(*duration);
    co_return 0;
  }
  if (program == "false") co_return 1;
  if ((program == "umount" || program == "mount") && words.size() > 1)
    co_return co_await unmount_or_mount(self, words);
  if (power_program(machine, command) || process_program(machine, words) || network_program(machine, words) ||
      cluster_program(machine, words) || harmless(program))
    co_return 0;
  co_return kNotFound;
}

}  // namespace shell

void run_shell(Machine& machine, const std::string& text) {
  Process& process = machine.spawn("sh -c " + text);
  machine.start(process, shell::sequence(process, text));
}

}  // namespace fencepost::models
