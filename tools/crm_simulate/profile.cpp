#include "tools/crm_simulate/profile.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <vector>

#include "engine/cib/read.h"
#include "engine/policy/decision.h"
#include "tools/crm_simulate/exit_codes.h"
#include "tools/crm_simulate/xml_list.h"

namespace fencepost::crm_simulate {
namespace {

namespace fs = std::filesystem;

// As crm_simulate takes them: *.xml that are not hidden, the last name first.
std::vector<std::string> inputs_in(const std::string& folder, std::error_code& error) {
  std::vector<std::string> files;
  for (fs::directory_iterator it{folder, error}, end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (it->is_regular_file() && name.ends_with(".xml") && !name.starts_with('.'))
      files.push_back(it->path().string());
  }
  std::sort(files.rbegin(), files.rend());
  return files;
}

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// The graph with all its actions say, as one that is carried out needs it; no scores, no drawing, no reasons.
double seconds_for(const cib::Cib& cib, int repeat, WallSeconds clock) {
  policy::Snapshot snapshot;
  snapshot.cib = &cib;
  snapshot.now = cib.execution_date.value_or(clock);
  snapshot.want = {.state = false, .scores = false, .reasons = false, .actions = false};
  const double start = processor_seconds();
  for (int i = 0; i < repeat; ++i) policy::decide(snapshot);
  return processor_seconds() - start;
}

std::string with_digits(double number, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << number;
  return text.str();
}

class Report {
 public:
  explicit Report(const Options& options) : as_xml_(options.format == OutputFormat::xml) {
    xml_.begin("pacemaker-result", {{"api-version", kApiVersion}, {"request", options.command_line}});
    xml_.begin("timings");
    if (!as_xml_) std::cout << "Timings:\n";
  }
  void add(const std::string& file, double seconds) {
    xml_.empty("timing", {{"file", file}, {"duration", with_digits(seconds, 6)}});
    if (!as_xml_)
      std::cout << "  * Testing " << file << " ... " << with_digits(seconds, 2) << " secs" << std::endl;
  }
  void end(int exit_code) {
    xml_.end();
    xml_.empty("status",
               {{"code", std::to_string(exit_code)}, {"message", exit_code == 0 ? "OK" : "Error occurred"}});
    xml_.end();
    if (as_xml_) std::cout << xml_.take();
  }

 private:
  bool as_xml_;
  XmlList xml_;
};

}  // namespace

int profile(const Options& options, WallSeconds clock) {
  std::error_code error;
  const std::vector<std::string> files = inputs_in(options.profile_dir, error);
  if (error) {
    std::cerr << "crm-simulate: " << options.profile_dir << ": " << error.message()
              << ": --profile takes a folder of CIBs\n";
    return kNoInput;
  }
  Report report{options};
  int exit_code = 0;
  for (const std::string& file : files) {
    if (const auto input = cib::read_file(file)) {
      report.add(file, seconds_for(input->cib, options.repeat, clock));
    } else {
      std::cerr << "crm-simulate: " << to_string(input.error()) << '\n';
      exit_code = kDataError;
    }
  }
  report.end(exit_code);
  return exit_code;
}

}  // namespace fencepost::crm_simulate
