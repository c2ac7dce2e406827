#include "engine/live/fragments.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/live/codec.h"

namespace fencepost::live {
namespace {

// "FPG" and the version of this layout; then whether it is the first piece; then the size of the whole
// message, low byte first.
constexpr std::string_view kMagic = "FPG\x01";
constexpr std::size_t kFirstAt = 4, kSizeAt = 8;

std::string header(bool first, std::size_t size) {
  std::string text(kMagic);
  text.resize(kPieceHeader, '\0');
  text[kFirstAt] = first ? '\1' : '\0';
  for (std::size_t i = 0; i < 4; ++i) text[kSizeAt + i] = static_cast<char>((size >> (8 * i)) & 0xff);
  return text;
}

std::size_t size_in(std::string_view piece) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i)
    size |= std::size_t{static_cast<unsigned char>(piece[kSizeAt + i])} << (8 * i);
  return size;
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
    pieces.push_back(header(at == 0, message.size()).append(message.substr(at, body_max)));
  return pieces;
}

Result<std::optional<std::string>> Reassembly::add(Sender sender, std::string_view piece) {
  if (piece.size() <= kPieceHeader || piece.substr(0, kMagic.size()) != kMagic) {
    forget(sender);
    return refused(sender, "a message that is not of this cluster manager, or of another version");
  }
  const std::size_t size = size_in(piece);
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
