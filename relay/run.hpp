#pragma once

#include "relay/reload.hpp"

namespace liveconnect::relay {

/// Runs a relay until a signal comes; the program's exit code. Standard output has the ready line
/// (and, with `json`, a result line) and nothing else; logs go to standard error and never hold
/// payloads.
///
/// * SIGTERM drains: no new rooms, partners of those who wait are still let in. When nobody is
/// left,
///   or the time to drain is over, whoever is there is told Closing; 0.
/// * A second SIGTERM, or SIGINT at any time: everybody is told Closing at once; 143 or 130.
/// * One more signal while that goes on (two seconds at most) ends the process the system's way.
/// * An address that cannot be listened on: two sentences, 1.
/// * SIGHUP reads the settings anew with `read_again` (relay/reload.hpp).
int run(const relay_settings& settings, const reloader::source& read_again, bool json);

} // namespace liveconnect::relay
