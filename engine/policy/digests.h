// Parameters an operation ran with against those it would run with now (§4.10).
#pragma once

#include "engine/policy/draft.h"

namespace fencepost::policy {

enum class DigestMatch : std::uint8_t { same, all, restart, unknown };

struct Comparison {
  DigestMatch match = DigestMatch::same;
  bool only_private = false;  // what differs is what saved inputs hide
};

// Compares one history entry with the present configuration.
Comparison compare_digests(Draft& d, ResourceId resource, NodeId node, const cib::OpHistory& op);
// Digests of an unfencing device's parameters: all of them, and those that saved inputs show.
struct DeviceDigests {
  std::string all, secure;
};
DeviceDigests digest_device(const Draft& d, ResourceId device, NodeId target);

// A bundle's connection whose address is that of the container's host.
bool has_magic_address(const Draft& d, ResourceId resource);

}  // namespace fencepost::policy
