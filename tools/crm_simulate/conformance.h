// Compares our answers with recorded ones of the real crm_simulate, by the rules of the corpus's README.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace fencepost::crm_simulate {

enum class Artifact { summary, scores, dot, exp };
inline constexpr std::array<Artifact, 4> kArtifacts{Artifact::summary, Artifact::scores, Artifact::dot,
                                                    Artifact::exp};
std::string to_string(Artifact artifact);
Result<Artifact> parse_artifact(const std::string& name);

struct Case {
  std::string name;
  std::vector<std::string> extra_options;  // for scores, dot and exp; never for the summary
};

// A folder with cases.tsv, xml/, summary/, scores/, dot/ and exp/.
struct Corpus {
  std::string folder;
  std::vector<Case> cases;
};
Result<Corpus> open_corpus(const std::string& folder);

using Texts = std::map<Artifact, std::string>;
Texts expected_of(const Corpus& corpus, const Case& one);
Texts ours_of(const Corpus& corpus, const Case& one);

// A text without what does not count, still readable; and the form in which two of them are compared.
std::string comparable(Artifact artifact, const std::string& text);
std::string canonical(Artifact artifact, const std::string& text);

using Passes = std::map<std::string, std::set<Artifact>>;  // by case
Passes read_passes(const std::string& file);
std::string write_passes(const Passes& passes);

}  // namespace fencepost::crm_simulate
