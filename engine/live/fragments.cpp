#include "engine/live/fragments.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/live/codec.h"

namespace fencepost::live {
namespace {

// "FPG" and the version of this layout; then whether it is the first piece; then the size of the whole
// message and the checksum of all else, low byte first. The first layout had no checksum.
constexpr std::string_view kName = "FPG", kMagic = "FPG\x02";
constexpr std::size_t kVersionAt = 3, kFirstAt = 4, kSizeAt = 8, kSumAt = 12;

// FNV-1a: against accidents, not against malice; who is in the group is a member of the cluster.
std::uint32_t sum_of(std::string_view piece) {
  std::uint32_t sum = 2166136261u;
  for (std::size_t at = 0; at < piece.size(); ++at)
    if (at < kSumAt || at >= kPieceHeader) sum = (sum ^ static_cast<unsigned char>(piece[at])) * 16777619u;
  return sum;
}

void put(std::string& piece, std::size_t at, std::uint32_t number) {
  for (std::size_t i = 0; i < 4; ++i) piece[at + i] = static_cast<char>((number >> (8 * i)) & 0xff);
}
std::uint32_t number_at(std::string_view piece, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i)
    number |= std::uint32_t{static_cast<unsigned char>(piece[at + i])} << (8 * i);
  return number;
}

std::string piece_of(bool first, std::size_t size, std::string_view body) {
  std::string text(kMagic);
  text.resize(kPieceHeader, '\0');
  text[kFirstAt] = first ? '\1' : '\0';
  put(text, kSizeAt, static_cast<std::uint32_t>(size));
  text += body;
  put(text, kSumAt, sum_of(text));
  return text;
}

tl::unexpected<Error> refused(Sender from, const std::string& why) {
  return failure({"group message of node " + std::to_string(from.corosync_id), 0, 0},
                 why + "; it is ignored. Do all nodes run the same version of fencepost?");
}

}  // namespace

std::vector<std::string> split(std::string_view message, std::size_t piece_max) {
  HA_ASSERT(piece_max > kPieceHeader);
  HA_ASSERT(!message.empty() && message.size() <= kMessageSizeMax);
  const std::size_t body_max = piece_max - kPieceHeader;
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < message.size(); at += body_max)
    pieces.push_back(piece_of(at == 0, message.size(), message.substr(at, body_max)));
  return pieces;
}

bool is_piece(std::string_view bytes) {
  if (bytes.size() <= kPieceHeader || bytes.substr(0, kName.size()) != kName) return false;
  return bytes[kVersionAt] < kMagic[kVersionAt] || number_at(bytes, kSumAt) == sum_of(bytes);
}

Result<std::optional<std::string>> Reassembly::add(Sender sender, std::string_view piece) {
  if (!is_piece(piece) || piece.substr(0, kMagic.size()) != kMagic) {
    forget(sender);
    return refused(sender, "a message that is not of this cluster manager, or of another version");
  }
  const std::size_t size = number_at(piece, kSizeAt);
  if (piece[kFirstAt] == '\1') {
    partial_[sender] = {size, {}};  // from one sender, a new message ends the one before
  }
  const auto found = partial_.find(sender);
  if (found == partial_.end())
    return std::optional<std::string>{};  // of a message whose beginning we did not see
  Partial& partial = found->second;
  const std::string_view body = piece.substr(kPieceHeader);
  if (size != partial.size || size > kMessageSizeMax || partial.so_far.size() + body.size() > size) {
    forget(sender);
    return refused(sender, "a message in pieces that do not fit together, or of more than 64 MB");
  }
  partial.so_far.append(body);
  if (partial.so_far.size() < size) return std::optional<std::string>{};
  std::optional<std::string> whole = std::move(partial.so_far);
  partial_.erase(found);
  return whole;
}

}  // namespace fencepost::live
