#pragma once

#include "cli/shell/command.hpp"
#include "relay/reload.hpp"

namespace liveconnect::relay {

/// Runs a relay until a signal ends it, and says how it ended. Standard output has the ready line
/// and nothing else; logs go to standard error and never hold payloads.
///
/// * SIGTERM drains: no new rooms, but partners of clients that wait are still let in. When no
///   client is left, or the time to drain is over, the clients that are left are sent Closing.
/// * A second SIGTERM, or SIGINT at any time: every client is sent Closing at once.
/// * One more signal while that goes on (two seconds at most) ends the process the system's way.
/// * SIGHUP reads the settings again with `read_again` (relay/reload.hpp).
cli::command_end run(const relay_settings& settings, const reloader::source& read_again,
                     cli::output& out);

} // namespace liveconnect::relay
