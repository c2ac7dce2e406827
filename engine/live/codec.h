// What the engines' messages look like on the wire: a version and the message, as CBOR. A CIB travels as the
// XML that the store and people see, which reads back as the same value (tests/cib/round_trip_test.cpp).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/node/effect.h"
#include "engine/node/event.h"
#include "engine/node/message.h"

namespace fencepost::live {

// Grows with every change of a message. A group speaks one version: others are refused, and the node says so.
inline constexpr int kProtocolVersion = 2;
// A CIB of ten thousand resources with its status is about 30 MB of XML.
inline constexpr std::size_t kMessageSizeMax = std::size_t{64} << 20;

// Nodes are named by their corosync ids, which do not depend on the order of anybody's corosync.conf.
std::string encode(const node::Message& message, const node::Nodelist& nodelist);
// A message that speaks of a node that is not in the nodelist is refused.
Result<node::MessagePtr> decode(std::string_view bytes, const node::Nodelist& nodelist);

// What an engine takes, for tapes (tape.h): reads back as the same value.
std::string encode_event(const node::Event& event, const node::Nodelist& nodelist);
Result<node::Event> decode_event(std::string_view bytes, const node::Nodelist& nodelist);
// What it wants done; only ever compared.
std::string encode_effects(const node::Effects& effects, const node::Nodelist& nodelist);

}  // namespace fencepost::live
