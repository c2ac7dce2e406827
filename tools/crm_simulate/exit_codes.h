// How crm_simulate ends when something is wrong: the codes of sysexits(3), as seen of the real one.
#pragma once

namespace fencepost::crm_simulate {

constexpr int kUsageError = 64;        // EX_USAGE
constexpr int kDataError = 65;         // EX_DATAERR
constexpr int kNoInput = 66;           // EX_NOINPUT
constexpr int kSoftware = 70;          // EX_SOFTWARE
constexpr int kCannotCreate = 73;      // EX_CANTCREAT
constexpr int kBadConfiguration = 78;  // EX_CONFIG

}  // namespace fencepost::crm_simulate
