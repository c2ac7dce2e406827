#pragma once

namespace fencepost {

// Of Fencepost; CMakeLists.txt reads it here. The same version, scenario and seed give the same fingerprint.
inline constexpr const char* kVersion = "0.1.0";

}  // namespace fencepost
