#pragma once

#include <memory>
#include <vector>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/room_switch_port.hpp"

namespace liveconnect::relay {

struct room_config {
  uint64_t number = 0;
  std::shared_ptr<room_switch_port> port;
  /// Hears when the room is empty.
  lobby_actor lobby;
};

/// State of a ROOM. Touched by its own actor only.
struct room_state {
  struct member {
    caf::actor_addr who;
    entry from;
  };

  room_config config;
  /// At most two, in the order of their coming. Each is monitored.
  std::vector<member> members;
  /// Requests for a seat so far, refused ones included.
  uint64_t entries_seen = 0;

  /// Whether `who` may come in; the reason if not.
  caf::error check(const entry& newcomer) const;

  static inline const char* name = "room";
};

/// Two seats, and what the two are told of each other (protocol.md 3).
///
/// Knows addresses, tags and notations; frames pass it by, in the switch. Monitors its connections:
/// one that ends with ec::peer_gone has left for the reason in its detail. Ended by the lobby, to
/// which it is linked.
room_actor::behavior_type room(room_actor::stateful_pointer<room_state> self, room_config config);

} // namespace liveconnect::relay
