#pragma once

#include <memory>

#include "actors/relay/room_switch_port.hpp"

namespace liveconnect::relay {

/// Whom a relay's connections and rooms talk to: the same for all of them, so they share one.
struct relay_links {
  std::shared_ptr<room_switch_port> port;
  lobby_actor lobby;
  heartbeat_actor heartbeat;
  /// Gets the record of each room that is over; may be null.
  std::shared_ptr<room_usage_port> usage;
};

} // namespace liveconnect::relay
