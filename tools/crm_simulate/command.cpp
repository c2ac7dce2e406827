#include "tools/crm_simulate/command.h"

#include <chrono>
#include <fstream>
#include <iostream>

#include "tools/crm_simulate/profile.h"
#include "tools/crm_simulate/simulate.h"

namespace fencepost::crm_simulate {

namespace {

constexpr int kCannotCreate = 73;  // sysexits(3): EX_CANTCREAT
constexpr int kUsageError = 64;    // sysexits(3): EX_USAGE

WallSeconds clock_on_the_wall() {
  return WallSeconds{
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count()};
}

bool save(const std::string& file, const std::string& text) {
  if (file.empty()) return true;
  if (file == "-") return static_cast<bool>(std::cout << text);
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  if (stream.flush()) return true;
  std::cerr << "crm-simulate: " << file << ": cannot be written\n";
  return false;
}

bool save_all(const Options& options, const Answer& answer) {
  bool saved = save(options.save_input, answer.cib_before);
  saved = save(options.save_dot, answer.dot) && saved;
  saved = save(options.save_graph, answer.graph) && saved;
  saved = save(options.save_output, answer.cib_after) && saved;
  if (options.in_place && answer.exit_code == 0) saved = save(options.xml_file, answer.cib_after) && saved;
  return saved;
}

}  // namespace

int command(const std::vector<std::string>& arguments) {
  const ParsedCommandLine parsed = parse_command_line(arguments);
  if (!parsed.options) {
    (parsed.usage.exit_code == 0 ? std::cout : std::cerr) << parsed.usage.text;
    return parsed.usage.exit_code;
  }
  const Options& options = *parsed.options;
  if (!options.profile_dir.empty()) return profile(options, clock_on_the_wall());
  if (options.xml_file.empty() && !options.xml_pipe) {
    std::cerr << "crm-simulate: no input: name a CIB with --xml-file, or pipe one in with --xml-pipe\n";
    return kUsageError;
  }
  const auto input = cib::read_file(options.xml_pipe ? "-" : options.xml_file);
  const Answer answer = simulate(input, options, clock_on_the_wall());
  std::cerr << answer.err;
  const std::string to = options.output_to.empty() ? "-" : options.output_to;
  if (!save(to, answer.out) || !save_all(options, answer)) return kCannotCreate;
  return answer.exit_code;
}

}  // namespace fencepost::crm_simulate
