// The subcommand `fencepost ctl`.
#pragma once

namespace CLI {
class App;
}

namespace fencepost::ctl {

// Adds it to the command line. When it was called, `exit_code` is 0 (done), 1 (the node said no, or cannot be
// reached) or 2 (bad usage or input).
void add_ctl(CLI::App& app, int& exit_code);

}  // namespace fencepost::ctl
