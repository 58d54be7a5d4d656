#pragma once

#include <memory>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/relay/room_switch_port.hpp"

namespace liveconnect::relay {

struct connection_config {
  io::socket_id socket;
  std::shared_ptr<room_switch_port> port;
};

/// State of a CONNECTION. Touched by its own actor only. Kept small: ten thousand idle
/// connections have one each.
struct connection_state {
  connection_config config;

  static inline const char* name = "connection";
};

/// One socket of the relay from its Join_Room on: the room watches it as one of its members, and
/// the switch and the heartbeat tell it what the room must know.
///
/// Ends with ec::peer_gone and the reason's word once its socket is gone or there is no seat for
/// it. Spawned by the lobby with caf::lazy_init: it costs no turn of a worker, and no behavior,
/// before something happens to it. Kept alive by the switch.
connection_actor::behavior_type
connection(connection_actor::stateful_pointer<connection_state> self, connection_config config);

} // namespace liveconnect::relay
