// Takes a cluster apart, line by line: the generator writes one element a line, children deeper than parents.
#include <sstream>

#include "tests/crm_simulate/random_cib/oracle.h"

namespace fencepost::crm_simulate {

namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string text_of(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::size_t depth_of(const std::string& line) { return line.find_first_not_of(' '); }

// Where the element that begins in this line ends: one past its last line.
std::size_t end_of(const Lines& lines, std::size_t begin) {
  if (lines[begin].size() >= 2 && lines[begin].compare(lines[begin].size() - 2, 2, "/>") == 0)
    return begin + 1;
  std::size_t end = begin + 1;
  while (end < lines.size() && depth_of(lines[end]) > depth_of(lines[begin])) ++end;
  return end + 1;
}

// Lines whose attributes may be left out one by one. Without its own, a history says something else entirely.
bool may_lose_attributes(const std::string& line) {
  for (const char* tag : {"<rsc_", "<resource_set", "<rule", "<op "})
    if (line.compare(depth_of(line), std::string(tag).size(), tag) == 0) return true;
  return false;
}

// The first line that differs, without numbers: actions are counted anew in a smaller cluster.
std::string first_difference(const std::string& left, const std::string& right) {
  std::istringstream a(left), b(right);
  std::string real, ours;
  while (true) {
    const bool more = static_cast<bool>(std::getline(a, real));
    if (!std::getline(b, ours) && !more) return "";
    if (!more) real.clear();
    if (real == ours) continue;
    std::string line = real + "|" + ours;
    std::erase_if(line, [](char c) { return c >= '0' && c <= '9'; });
    return line;
  }
}

bool closes(const std::string& line) { return line.compare(depth_of(line), 2, "</") == 0; }

class Shrinker {
 public:
  Shrinker(Question question, std::filesystem::path folder)
      : question_(std::move(question)), folder_(std::move(folder)), difference_(difference(question_)) {}

  Question shrink() {
    if (difference_.empty()) return question_;
    while (without_options() || without_elements() || without_attributes()) {
    }
    return question_;
  }

 private:
  // How we part first: what a smaller cluster must show as well.
  std::string difference(const Question& question) const {
    const Reply real = ask_real(question, folder_);
    if (real.asked != Asked::answered) return "";
    const Reply ours = ask_ours(question, folder_);
    if (real.text != ours.text) return "text " + first_difference(real.text, ours.text);
    if (real.dot != ours.dot) return "dot " + first_difference(real.dot, ours.dot);
    return real.graph == ours.graph ? "" : "graph " + first_difference(real.graph, ours.graph);
  }
  bool still(const Question& smaller) {
    if (difference(smaller) != difference_) return false;
    question_ = smaller;
    return true;
  }
  bool still(const Lines& lines) { return still(Question{text_of(lines), question_.options}); }

  bool without_options() {
    bool shrank = false;
    for (std::size_t i = 0; i < question_.options.size();) {
      Question smaller = question_;
      smaller.options.erase(smaller.options.begin() + static_cast<std::ptrdiff_t>(i));
      if (still(smaller))
        shrank = true;
      else
        ++i;
    }
    return shrank;
  }

  bool without_elements() {
    bool shrank = false;
    Lines lines = lines_of(question_.cib);
    for (std::size_t i = 1; i < lines.size();) {
      if (!closes(lines[i])) {
        Lines smaller = lines;
        smaller.erase(smaller.begin() + static_cast<std::ptrdiff_t>(i),
                      smaller.begin() + static_cast<std::ptrdiff_t>(end_of(lines, i)));
        if (still(smaller)) {
          lines = smaller;
          shrank = true;
          continue;
        }
      }
      ++i;
    }
    return shrank;
  }

  bool without_attributes() {
    bool shrank = false;
    Lines lines = lines_of(question_.cib);
    for (std::size_t i = 1; i < lines.size(); ++i) {
      if (!may_lose_attributes(lines[i])) continue;
      for (std::size_t at = lines[i].find("=\""); at != std::string::npos;) {
        const std::size_t begin = lines[i].rfind(' ', at);
        const std::size_t end = lines[i].find('"', at + 2) + 1;
        Lines smaller = lines;
        smaller[i].erase(begin, end - begin);
        if (still(smaller)) {
          lines = smaller;
          shrank = true;
          at = lines[i].find("=\"", begin);
        } else {
          at = lines[i].find("=\"", end);
        }
      }
    }
    return shrank;
  }

  Question question_;
  std::filesystem::path folder_;
  std::string difference_;
};

}  // namespace

Question shrunk(Question question, const std::filesystem::path& folder) {
  return Shrinker(std::move(question), folder).shrink();
}

}  // namespace fencepost::crm_simulate
