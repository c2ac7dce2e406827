// Messages of any size in pieces that Corosync takes. The group delivers all of a sender's pieces in the
// order sent, or the sender leaves the group: so a piece says how long the whole is and whether it is the
// first, and no more.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace fencepost::live {

inline constexpr std::size_t kPieceHeader = 16;

// Whether some `fencepost node`, perhaps of another version, made these bytes. Programs that talk nonsense in
// the group cannot make such ones by accident: each piece carries a checksum, in the same place in every
// layout after the first.
bool is_piece(std::string_view bytes);

// In the order to be sent; each at most `piece_max` bytes with its header.
std::vector<std::string> split(std::string_view message, std::size_t piece_max);

// A process in the group: a node's manager that was killed and started again is another one.
struct Sender {
  std::uint32_t corosync_id = 0;
  std::uint32_t pid = 0;
  auto operator<=>(const Sender&) const = default;
};

class Reassembly {
 public:
  // The whole message when this piece completes it. After an error the sender's pieces are dropped until a
  // first one.
  Result<std::optional<std::string>> add(Sender sender, std::string_view piece);
  void forget(Sender sender) { partial_.erase(sender); }

 private:
  struct Partial {
    std::size_t size = 0;
    std::string so_far;
  };
  std::map<Sender, Partial> partial_;
};

}  // namespace fencepost::live
