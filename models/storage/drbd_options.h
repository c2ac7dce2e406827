// The options that may stand in DRBD's net, disk, options and handlers sections.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "models/storage/drbd_config.h"
#include "models/storage/drbd_file.h"

namespace fencepost::models {

// Told of each option that drbd.conf(5) knows and the model has no use for.
using NoteStatement = std::function<void(const DrbdStatement&)>;

std::optional<Error> apply_net(const DrbdStatement& section, DrbdNetOptions& into, const NoteStatement& note);
std::optional<Error> apply_disk(const DrbdStatement& section, DrbdDiskOptions& into,
                                const NoteStatement& note);
std::optional<Error> apply_options(const DrbdStatement& section, DrbdResourceOptions& into,
                                   const NoteStatement& note);
std::optional<Error> apply_handlers(const DrbdStatement& section, DrbdHandlers& into,
                                    const NoteStatement& note);

std::optional<std::int64_t> to_drbd_number(std::string_view text);
Error not_understood(const DrbdStatement& statement, const std::string& remedy);

}  // namespace fencepost::models
