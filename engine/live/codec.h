// What the engines' messages look like on the wire: a version and the message, as CBOR. A CIB travels as the
// XML that the store and people see, which reads back as the same value (tests/cib/round_trip_test.cpp).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/node/event.h"
#include "engine/node/message.h"

namespace fencepost::live {

// Grows with every change of a message. A group speaks one version: others are refused, and the node says so.
inline constexpr int kProtocolVersion = 1;
// A CIB of ten thousand resources with its status is about 30 MB of XML.
inline constexpr std::size_t kMessageSizeMax = std::size_t{64} << 20;

std::string encode(const node::Message& message);

// `nodes`: how many nodes the nodelist has; a message that speaks of others is refused.
Result<node::MessagePtr> decode(std::string_view bytes, std::size_t nodes);

}  // namespace fencepost::live
