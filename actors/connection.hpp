#pragma once

#include <memory>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/room_switch_port.hpp"

namespace liveconnect::relay {

struct connection_config {
  /// Its first frame and where it came from.
  knock first;
  lobby_actor lobby;
  heartbeat_actor heartbeat;
  std::shared_ptr<room_switch_port> port;
};

/// State of a CONNECTION. Touched by its own actor only.
struct connection_state {
  connection_config config;
  std::shared_ptr<pulse> life = std::make_shared<pulse>();

  static inline const char* name = "connection";
};

/// What a first frame asks for. Fails with ec::bad_frame when it is no Join_Room with a room number
/// greater than zero and perhaps a tag.
caf::expected<join_request> read_join(byte_view first_frame);

/// One socket of the relay from its Join_Room on: asks for a seat, then stands for the person in
/// the room.
///
/// Ends with ec::relay_refused when there is no seat, and with ec::peer_gone and the reason's word
/// once its socket is gone; its room hears that. Kept alive by the switch.
connection_actor::behavior_type
connection(connection_actor::stateful_pointer<connection_state> self, connection_config config);

} // namespace liveconnect::relay
