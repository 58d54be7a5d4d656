#pragma once

#include "relay/settings.hpp"

namespace liveconnect::relay {

/// Runs a relay until a signal comes; the program's exit code. Standard output has the ready line
/// (and, with `json`, a result line) and nothing else; logs go to standard error and never hold
/// payloads.
///
/// * SIGTERM: everybody is told Closing, then 0.
/// * SIGINT: the same, then 130.
/// * A second signal while that goes on ends the process at once (143 or 130 as the shell sees it).
/// * An address that cannot be listened on: two sentences, 1.
int run(const relay_settings& settings, bool json);

} // namespace liveconnect::relay
