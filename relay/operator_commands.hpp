#pragma once

#include <string>

#include "relay/command_line.hpp"

namespace liveconnect::relay {

/// The subcommands that are no relay themselves: rooms, kick, drain, status, log-level (each asks a
/// running relay over its admin socket), check, probe and version. Says what it found on stdout,
/// for people or as one JSON object a line; what went wrong on stderr in two sentences. The exit
/// code of docs/design/cli.md "Exit codes": 0, 1 (the relay says no), 2 (no address to probe), 3
/// (not reachable), 75 (busy).
int operate(const command_line& asked);

} // namespace liveconnect::relay
