// One cluster, decided by us and by the real crm_simulate.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/crm_simulate/random_cib/generator.h"

namespace fencepost::crm_simulate {

struct Question {
  std::string cib;
  std::vector<std::string> options;  // beside -x, -S, -D and -G
};
Question random_question(std::uint64_t seed, Focus focus = Focus::any);

// How asking ended. Only what was answered can be compared.
enum class Asked : std::uint8_t {
  answered,
  died,      // by an assertion, always for the same question
  too_late,  // within the time limit nothing was said: another time, on another machine, it may be
};

struct Reply {
  std::string text;   // standard output and error
  std::string dot;    // sorted
  std::string graph;  // without what depends on the version
  bool accepted = true;
  Asked asked = Asked::answered;
  bool operator==(const Reply&) const = default;
};

// A folder of this process, gone when it ends.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

bool oracle_is_installed();
// Both work in `folder`: the file's name is a part of some answers.
Reply ask_real(const Question& question, const std::filesystem::path& folder);
Reply ask_ours(const Question& question,
               const std::filesystem::path& folder);  // an internal error is one of its texts

// What the real one says about a question stays the same: once kept in `answers`, it is not asked again. That
// it was too late is not kept.
Reply ask_real_once(const Question& question, const std::filesystem::path& folder,
                    const std::filesystem::path& answers);

// Which parts differ: "text dot graph", "" if none or if the real one did not answer.
std::string differences(const Reply& real, const Reply& ours);
// The lines that differ, as diff -u shows them.
std::string shown_difference(const Reply& real, const Reply& ours, const std::filesystem::path& folder);

// The smallest cluster we find about which we differ in the same way: elements and attributes are taken
// away as long as that remains so.
Question shrunk(Question question, const std::filesystem::path& folder);

}  // namespace fencepost::crm_simulate
