#include "tests/crm_simulate/random_cib/oracle.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "tests/crm_simulate/random_cib/dice.h"
#include "tools/crm_simulate/conformance.h"
#include "tools/crm_simulate/simulate.h"

namespace fencepost::crm_simulate {

namespace fs = std::filesystem;

namespace {

constexpr WallSeconds kClock{1'750'000'000};  // no cluster asks: each has an execution date

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// The real program has bugs of its own. A failed assertion of the lighter kind switches its log on, on
// standard error: what it logs is no part of the answer.
std::string without_log(const std::string& text) {
  static const std::regex kLogged("\\([a-z_]+\\) \terror: [^\n]*\n");
  if (text.find("(log_assertion_as)") == std::string::npos) return text;
  return std::regex_replace(text, kLogged, "");
}

Reply read_reply(const fs::path& folder, const std::string& whose, bool accepted) {
  return {.text = without_log(read_file(folder / (whose + ".text"))),
          .dot = comparable(Artifact::dot, read_file(folder / (whose + ".dot"))),
          .graph = canonical(Artifact::exp, read_file(folder / (whose + ".graph"))),
          .accepted = accepted};
}

void forget(const fs::path& folder, const std::string& whose) {
  for (const char* kind : {".text", ".dot", ".graph"}) fs::remove(folder / (whose + kind));
}

}  // namespace

Folder::Folder() : path_(fs::temp_directory_path() / ("random_cib-" + std::to_string(getpid()))) {
  fs::create_directories(path_);
}

Folder::~Folder() { fs::remove_all(path_); }

Question random_question(std::uint64_t seed, Focus focus) {
  Question question{random_cib(seed, focus), {}};
  Dice dice(sim::Stream(seed).fork("options"));
  for (const char* option : {"-s", "-U", "-A", "-c"})
    if (dice.chance(0.5)) question.options.emplace_back(option);
  if (dice.chance(0.2)) question.options.emplace_back("-a");
  return question;
}

bool oracle_is_installed() { return std::system("command -v crm_simulate >/dev/null 2>&1") == 0; }

Reply ask_real(const Question& question, const fs::path& folder) {
  write_file(folder / "cib.xml", question.cib);
  forget(folder, "real");
  std::string command =
      "cd '" + folder.string() +
      "' && TZ=UTC LC_ALL=C timeout 60 crm_simulate -x cib.xml -S -D real.dot -G real.graph";
  for (const std::string& option : question.options) command += " " + option;
  const int status = std::system((command + " >real.text 2>&1").c_str());
  Reply reply = read_reply(folder, "real", status == 0);
  // An assertion of the heavier kind ends it. Observed in order_actions (lh_action != rh_action) and in
  // add_sort_index_to_node_weight (node != NULL), in one to three of a hundred clusters: the generator cannot
  // tell beforehand which, so such answers are counted and not compared.
  // Nor can it tell which the real one turns over for ever.
  constexpr int kAborted = 128 + SIGABRT;  // as the shell tells it
  constexpr int kTimedOut = 124;           // as timeout(1) does
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code == kAborted) reply.asked = Asked::died;
  if (code == kTimedOut) reply.asked = Asked::too_late;
  if (reply.asked == Asked::answered && (code < 0 || code > kTimedOut))
    throw std::runtime_error("crm_simulate could not be run: " + command);
  return reply;
}

namespace {

std::string name_of(const Question& question) {
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  std::string text = question.cib;
  for (const std::string& option : question.options) text += " " + option;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return std::to_string(hash);
}

void keep(const Reply& reply, const fs::path& path) {
  std::ofstream file(path, std::ios::binary);
  file << reply.accepted << " " << (reply.asked == Asked::died);
  for (const std::string* part : {&reply.text, &reply.dot, &reply.graph})
    file << " " << part->size() << " " << *part;
}

bool find_kept(Reply& reply, const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  bool died = false;
  file >> reply.accepted >> died;
  reply.asked = died ? Asked::died : Asked::answered;
  for (std::string* part : {&reply.text, &reply.dot, &reply.graph}) {
    std::size_t size = 0;
    if (!(file >> size)) return false;
    part->resize(size);
    file.ignore(1);
    file.read(part->data(), static_cast<std::streamsize>(size));
  }
  return static_cast<bool>(file);
}

}  // namespace

Reply ask_real_once(const Question& question, const fs::path& folder, const fs::path& answers) {
  const fs::path path = answers / name_of(question);
  Reply reply;
  if (find_kept(reply, path)) {
    write_file(folder / "cib.xml", question.cib);
    return reply;
  }
  reply = ask_real(question, folder);
  if (reply.asked != Asked::too_late) keep(reply, path);
  return reply;
}

Reply ask_ours(const Question& question, const fs::path& folder) {
  forget(folder, "ours");
  std::fflush(nullptr);
  const pid_t child = fork();  // a process of its own, for the sake of failed assertions
  if (child == 0) {
    std::vector<std::string> arguments{"-x", "cib.xml", "-S", "-D", "real.dot", "-G", "real.graph"};
    arguments.insert(arguments.end(), question.options.begin(), question.options.end());
    if (std::freopen((folder / "ours.text").c_str(), "w", stderr) == nullptr) _exit(1);
    const Answer answer =
        simulate(cib::read(question.cib, "cib.xml"), *parse_command_line(arguments).options, kClock);
    write_file(folder / "ours.text", answer.both);
    write_file(folder / "ours.dot", answer.dot);
    write_file(folder / "ours.graph", answer.graph);
    _exit(answer.exit_code);
  }
  int status = 0;
  const bool ended = child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status);
  return read_reply(folder, "ours", ended && WEXITSTATUS(status) == 0);
}

std::string differences(const Reply& real, const Reply& ours) {
  if (real.asked != Asked::answered) return "";
  std::string parts;
  const auto compare = [&parts](const char* part, const std::string& left, const std::string& right) {
    if (left != right) parts += (parts.empty() ? "" : " ") + std::string(part);
  };
  compare("text", real.text, ours.text);
  compare("dot", real.dot, ours.dot);
  compare("graph", real.graph, ours.graph);
  return parts;
}

std::string shown_difference(const Reply& real, const Reply& ours, const fs::path& folder) {
  std::string shown;
  const auto diff = [&](const std::string& left, const std::string& right) {
    if (left == right) return;
    write_file(folder / "left", left);
    write_file(folder / "right", right);
    const std::string command =
        "cd '" + folder.string() + "' && diff -U2 --label real --label ours left right >diff";
    static_cast<void>(std::system(command.c_str()));  // it differs: that is known
    shown += read_file(folder / "diff");
  };
  diff(real.text, ours.text);
  diff(real.dot, ours.dot);
  diff(real.graph, ours.graph);
  return shown;
}

}  // namespace fencepost::crm_simulate
