#pragma once

#include <memory>
#include <unordered_map>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/room_switch_port.hpp"

namespace liveconnect::relay {

struct lobby_config {
  std::shared_ptr<room_switch_port> port;
  heartbeat_actor heartbeat;
  /// Further rooms are refused with `full`; a waiting room is never given up for a newcomer. 0: no
  /// bound.
  size_t rooms_max = 0;
  /// Hears of every room that is over; may be null.
  std::shared_ptr<room_usage_port> usage;
};

/// State of the LOBBY. Touched by its own actor only.
struct lobby_state {
  struct open_room {
    room_actor handle;
    /// Entries handed on to it; it ends only when it has seen them all.
    uint64_t entries = 0;
  };

  lobby_config config;
  std::unordered_map<uint64_t, open_room> rooms;
  bool draining = false;

  /// Why no further room may be opened; none when one may.
  caf::error check_new_room() const;

  static inline const char* name = "lobby";
};

/// Finds and makes rooms, and spawns a connection for everyone who knocks.
///
/// Rooms are linked to it and end with it. A room that says it is empty ends, unless an entry is on
/// its way there.
lobby_actor::behavior_type lobby(lobby_actor::stateful_pointer<lobby_state> self,
                                 lobby_config config);

} // namespace liveconnect::relay
