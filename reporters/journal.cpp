#include "reporters/journal.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/assert.h"
#include "reporters/sqlite.h"

namespace fencepost::reporters {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "journal-";
constexpr std::string_view kSuffix = ".sqlite";
constexpr std::string_view kPartial = ".partial";

std::string name_of(std::uint64_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, digits.size() < 6 ? 6 - digits.size() : 0, '0');  // so that `ls` has them in order
  return std::string(kPrefix) + digits + std::string(kSuffix);
}

std::optional<std::uint64_t> number_of(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), number);
  return code == std::errc{} && end == name.data() + name.size() ? std::optional{number} : std::nullopt;
}

// By number; a partial one stands for itself.
std::map<std::uint64_t, std::string> files_in(const std::string& folder) {
  std::map<std::uint64_t, std::string> found;
  std::error_code code;
  for (fs::directory_iterator each(folder, code), end; !code && each != end; each.increment(code)) {
    std::string name = each->path().filename().string();
    std::string_view whole = name;
    if (whole.ends_with(kPartial)) whole.remove_suffix(kPartial.size());
    if (const auto number = number_of(whole)) found[*number] = each->path().string();
  }
  return found;
}

// What a crash interrupted is rolled back as the file is opened; then it stands for itself.
void keep_what_a_crash_left(const std::string& partial) {
  {
    sqlite3* raw = nullptr;
    const bool opened = sqlite3_open_v2(partial.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK;
    const DatabasePtr database{raw};
    Statement query{opened ? raw : nullptr, "SELECT count(*) FROM run"};
    if (!query.step()) return;  // nothing that could be read; it goes with the old ones
  }
  std::error_code ignored;  // what cannot be renamed can still be read
  fs::remove(partial + "-journal", ignored);
  fs::rename(partial, partial.substr(0, partial.size() - kPartial.size()), ignored);
}

}  // namespace

Journal::Journal(JournalOptions options, RunInfo info, Tell tell)
    : options_(std::move(options)), info_(std::move(info)), tell_(std::move(tell)) {}

Result<std::unique_ptr<Journal>> Journal::open(JournalOptions options, RunInfo info, Tell tell) {
  HA_ASSERT(options.files >= 2);
  std::error_code code;
  fs::create_directories(options.folder, code);
  if (code)
    return failure({options.folder, 0, 0},
                   "cannot be made (" + code.message() + "): name another folder, or run as root");
  std::unique_ptr<Journal> journal(new Journal(std::move(options), std::move(info), std::move(tell)));
  for (const auto& [number, path] : files_in(journal->options_.folder)) {
    if (path.ends_with(kPartial)) keep_what_a_crash_left(path);
    journal->number_ = number;
  }
  return journal;
}

Journal::~Journal() { end(); }

void Journal::observe(const backend::Record& record) {
  last_ = record.time;
  if (failing_ && record.time < failed_at_ + options_.retry_after) return;
  if (!recorder_) {
    if (const auto begun = begin(record.time); !begun) {
      if (!std::exchange(failing_, true)) tell_(to_string(begun.error()));
      failed_at_ = record.time;
      return;
    }
    if (std::exchange(failing_, false)) tell_("the journal is written again, to " + path_);
  }
  backend::Record numbered = record;
  numbered.sequence = in_file_++;
  recorder_->observe(numbered);
}

void Journal::flush() {
  if (!recorder_) return;
  recorder_->flush();
  if (recorder_->failed()) {
    end();
    failing_ = true;
    failed_at_ = last_;
    return;
  }
  std::error_code code;
  const auto size = fs::file_size(path_ + std::string(kPartial), code);
  if (!code && size >= options_.bytes_each) end();
}

Result<void> Journal::begin(SimTime at) {
  forget_old_files();
  path_ = options_.folder + "/" + name_of(++number_);
  auto created = Recorder::create(path_, info_);
  if (!created) return tl::unexpected(created.error());
  recorder_ = *std::move(created);
  recorder_->begin(at);
  in_file_ = 0;
  return {};
}

void Journal::end() {
  if (!recorder_) return;
  const auto finished = recorder_->finish({.end = last_, .verdict = "", .fingerprint = ""});
  recorder_.reset();
  if (!finished) tell_(to_string(finished.error()));
}

// Room for the one that is about to begin.
void Journal::forget_old_files() const {
  auto files = files_in(options_.folder);
  while (files.size() >= static_cast<std::size_t>(options_.files)) {
    std::error_code ignored;  // the next time tries again
    const std::string& oldest = files.begin()->second;
    fs::remove(oldest, ignored);
    fs::remove(oldest + "-journal", ignored);
    files.erase(files.begin());
  }
}

}  // namespace fencepost::reporters
