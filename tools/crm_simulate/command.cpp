#include "tools/crm_simulate/command.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tools/crm_simulate/exit_codes.h"
#include "tools/crm_simulate/profile.h"
#include "tools/crm_simulate/simulate.h"
#include "tools/crm_simulate/xml_list.h"

namespace fencepost::crm_simulate {

namespace {

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
  // What came from the cluster or a pipe is not written back.
  const bool to_file = options.in_place && !options.xml_file.empty();
  if (to_file && answer.exit_code == 0) saved = save(options.xml_file, answer.cib_after) && saved;
  return saved;
}

std::string source_of(const Options& options) {
  if (options.xml_pipe) return "-";
  if (!options.xml_file.empty() || !options.live_check) return options.xml_file;
  const char* file = std::getenv("CIB_file");  // what Pacemaker's own tools ask instead of a cluster
  std::error_code error;                       // of any kind: it cannot be had
  return file != nullptr && std::filesystem::is_regular_file(file, error) ? file : "";
}

int no_input(const Options& options) {
  if (!options.live_check) {
    std::cerr << "crm-simulate: no input: name a CIB with --xml-file, or pipe one in with --xml-pipe\n";
    return kUsageError;
  }
  if (options.format == OutputFormat::xml) {
    XmlList xml;
    xml.begin("pacemaker-result", {{"api-version", kApiVersion}, {"request", options.command_line}});
    xml.empty("status", {{"code", std::to_string(kNoInput)}, {"message", "Input file not available"}});
    xml.end();
    std::cout << xml.take();
  }
  std::cerr << "crm-simulate: CIB query failed: Input file not available: "
               "let CIB_file name the cluster's CIB, or name it with --xml-file\n";
  return kNoInput;
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
  const std::string source = source_of(options);
  if (source.empty()) return no_input(options);
  const auto input = cib::read_file(source);
  const Answer answer = simulate(input, options, clock_on_the_wall());
  const bool to_file = !options.output_to.empty() && options.output_to != "-";
  for (const Piece& piece : answer.pieces) {  // in turn: both may go to the same place
    if (piece.complaint) {
      std::cerr << piece.text << std::flush;
    } else if (!to_file) {
      std::cout << piece.text << std::flush;
    }
  }
  if (to_file && !save(options.output_to, answer.out)) return kCannotCreate;
  if (!std::cout || !save_all(options, answer)) return kCannotCreate;
  return answer.exit_code;
}

}  // namespace fencepost::crm_simulate
