#pragma once

#include <chrono>

#include <caf/actor_system.hpp>

#include "cli/shell/signals.hpp"
#include "relay/relay_server.hpp"

namespace liveconnect::relay {

/// How a drain ended.
struct drain_end {
  /// No room has a member any more.
  bool empty = false;
  /// The signal that cut it short; 0: none.
  int signal = 0;
};

/// Takes no new rooms and waits until the last one is empty, the time is over, or a signal comes.
/// The second member of a room that waits is still let in. An empty relay is done at once.
drain_end drain(caf::actor_system& system, relay_server& server, cli::signal_source& signals,
                std::chrono::milliseconds timeout);

} // namespace liveconnect::relay
