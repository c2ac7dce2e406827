#include "models/storage/nfs.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace fencepost::models {
namespace {

std::optional<int> number_after(std::string_view word, std::string_view name) {
  if (!word.starts_with(name)) return std::nullopt;
  word.remove_prefix(name.size());
  int value = -1;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc{} && end == word.data() + word.size() ? value : -1;
}

}  // namespace

Result<NfsOptions> nfs_options(std::string_view options) {
  NfsOptions result;
  while (!options.empty()) {
    const std::string_view word = options.substr(0, options.find(','));
    options.remove_prefix(std::min(options.size(), word.size() + 1));
    if (word == "hard") result.hard = true;
    if (word == "soft" || word == "softerr") result.hard = false;
    if (word == "ro") result.read_only = true;
    if (const auto timeo = number_after(word, "timeo=")) {
      if (*timeo <= 0)
        return failure({}, "'" + std::string(word) + "': timeo is a number of tenths of a second, above 0");
      result.timeo = *timeo * 100ms;
    }
    if (const auto retrans = number_after(word, "retrans=")) {
      if (*retrans < 0)
        return failure({}, "'" + std::string(word) + "': retrans is a number of retransmissions");
      result.retrans = *retrans;
    }
  }
  return result;
}

Duration gives_up_after(const NfsOptions& options) { return options.timeo * (1 + options.retrans); }

Duration tcp_resumes_after(Duration outage) {
  constexpr Duration kRtoMin = 200ms, kRtoMax = 120s;
  Duration sent = kRtoMin;
  for (Duration rto = 2 * kRtoMin; sent < outage; rto = std::min(2 * rto, kRtoMax)) sent += rto;
  return sent;
}

}  // namespace fencepost::models
