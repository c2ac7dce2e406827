#include "tools/crm_simulate/conformance.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

#include "tools/crm_simulate/simulate.h"

namespace fencepost::crm_simulate {

namespace {

// When the real answers were recorded matters to no case; a time well after all of their histories will do.
constexpr WallSeconds kClock{1'750'000'000};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// Words separated by blanks; single and double quotes hold one together.
std::vector<std::string> shell_words(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
      inside = true;
    } else if (quote == 0 && (c == ' ' || c == '\t')) {
      if (inside) words.push_back(word);
      word.clear();
      inside = false;
    } else {
      word += c;
      inside = true;
    }
  }
  if (inside) words.push_back(word);
  return words;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

std::string with_new_spellings(std::string text) {
  replace_all(text, "ocf::", "ocf:");
  replace_all(text, "Masters:", "Promoted:");
  replace_all(text, "Slaves:", "Unpromoted:");
  replace_all(text, " Master ", " Promoted ");
  replace_all(text, " Slave ", " Unpromoted ");
  return text;
}

void drop_attribute(std::string& text, const std::string& name) {
  const std::string start = name + "=\"";
  for (std::size_t at = text.find(start); at != std::string::npos; at = text.find(start, at)) {
    const std::size_t end = text.find('"', at + start.size());
    text.erase(at, end == std::string::npos ? std::string::npos : end + 1 - at);
  }
}

std::string without_blanks(const std::string& text) {
  std::vector<std::string> kept;
  for (std::string line : lines_of(text)) {
    std::erase_if(line, [](unsigned char c) { return std::isspace(c) != 0; });
    if (!line.empty()) kept.push_back(std::move(line));
  }
  return joined(kept);
}

std::string sorted_scores(const std::string& text) {
  std::vector<std::string> lines = lines_of(text);
  std::sort(lines.begin(), lines.end());
  return joined(lines);
}

// First and last line in place, those between sorted and made unique.
std::string sorted_dot(const std::string& text) {
  std::vector<std::string> lines = lines_of(text);
  if (lines.size() > 2) {
    std::sort(lines.begin() + 1, lines.end() - 1);
    lines.erase(std::unique(lines.begin() + 1, lines.end() - 1), lines.end() - 1);
  }
  return joined(lines);
}

Options options_of(std::vector<std::string> arguments) {
  return parse_command_line(arguments).options.value_or(Options{});
}

}  // namespace

std::string to_string(Artifact artifact) {
  switch (artifact) {
    case Artifact::summary:
      return "summary";
    case Artifact::scores:
      return "scores";
    case Artifact::dot:
      return "dot";
    case Artifact::exp:
      return "exp";
  }
  return "";
}

Result<Artifact> parse_artifact(const std::string& name) {
  for (const Artifact artifact : kArtifacts)
    if (to_string(artifact) == name) return artifact;
  return failure({}, "'" + name + "' is no artifact: use summary, scores, dot or exp");
}

Result<Corpus> open_corpus(const std::string& folder) {
  std::ifstream list(folder + "/cases.tsv");
  if (!list) return failure({folder, 0, 0}, "is no corpus: it has no readable cases.tsv");
  Corpus corpus{folder, {}};
  std::string line;
  std::getline(list, line);  // the header
  while (std::getline(list, line)) {
    std::vector<std::string> columns;
    std::istringstream stream(line);
    for (std::string column; std::getline(stream, column, '\t');) columns.push_back(column);
    if (columns.empty()) continue;
    corpus.cases.push_back(
        {columns[0], columns.size() > 2 ? shell_words(columns[2]) : std::vector<std::string>{}});
  }
  return corpus;
}

Texts expected_of(const Corpus& corpus, const Case& one) {
  Texts texts;
  for (const Artifact artifact : kArtifacts) {
    const std::string kind = to_string(artifact);
    texts[artifact] = read_file(corpus.folder + "/" + kind + "/" + one.name + "." + kind);
  }
  return texts;
}

Texts ours_of(const Corpus& corpus, const Case& one) {
  const std::string name = corpus.folder + "/xml/" + one.name + ".xml";
  const auto cib = cib::read(read_file(name), name);
  const Answer summary = simulate(cib, options_of({"-x", name, "-S"}), kClock);

  std::vector<std::string> arguments{"-x", name, "-sSQ", "-D", "dot", "-G", "graph"};
  arguments.insert(arguments.end(), one.extra_options.begin(), one.extra_options.end());
  const Answer detail = simulate(cib, options_of(arguments), kClock);
  return {{Artifact::summary, summary.both},
          {Artifact::scores, detail.out},
          {Artifact::dot, detail.dot},
          {Artifact::exp, detail.graph}};
}

std::string comparable(Artifact artifact, const std::string& text) {
  switch (artifact) {
    case Artifact::summary:
      return with_new_spellings(text);
    case Artifact::scores:
      return sorted_scores(text);
    case Artifact::dot:
      return sorted_dot(text);
    case Artifact::exp:
      break;
  }
  std::string graph = text;
  drop_attribute(graph, "crm_feature_set");
  drop_attribute(graph, "batch-limit");
  return graph;
}

std::string canonical(Artifact artifact, const std::string& text) {
  return without_blanks(comparable(artifact, text));
}

Passes read_passes(const std::string& file) {
  Passes passes;
  for (const std::string& line : lines_of(read_file(file))) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    std::string name;
    words >> name;
    for (std::string kind; words >> kind;)
      if (const auto artifact = parse_artifact(kind)) passes[name].insert(*artifact);
  }
  return passes;
}

std::string write_passes(const Passes& passes) {
  std::string text =
      "# What agrees with the recorded answers of crm_simulate, by case. Written by tools/conformance "
      "--update;\n"
      "# a line may grow but not shrink.\n";
  for (const auto& [name, artifacts] : passes) {
    if (artifacts.empty()) continue;
    text += name;
    for (const Artifact artifact : artifacts) text += " " + to_string(artifact);
    text += "\n";
  }
  return text;
}

}  // namespace fencepost::crm_simulate
