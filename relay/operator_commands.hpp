#pragma once

#include "relay/command_line.hpp"

namespace liveconnect::relay {

/// The subcommands that do not run a relay: rooms, kick, drain, status and log-level (each asks a
/// running relay over its admin socket), check, probe and version. Prints what it found, for people
/// or as one JSON object a line, and says how it ended: code 0, 1 (the relay refuses), 2 (not an
/// address to probe), 3 (not reachable) or 75 (busy).
cli::command_end operate(const command_line& asked, cli::output& out);

} // namespace liveconnect::relay
