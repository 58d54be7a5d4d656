#pragma once

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "messages/interfaces/fwd.hpp"
#include "messages/interfaces/relay.hpp"

/// The relay's actors, one typed handle each, one comment a message. actors/README.md draws who
/// watches and ends whom.
namespace liveconnect::relay {

/// The CONNECTION interface: one socket, from its Join_Room to its end.
using connection_actor = caf::typed_actor<
    // From the switch: the socket is gone; or from the room: there is no seat. Ends with
    // ec::peer_gone and the word for Peer_Left.
    caf::reacts_to<connection_closed>,
    // From the heartbeat: silent or lonely for too long. Has the switch end it.
    caf::reacts_to<timed_out>>;

/// The ROOM interface: two seats.
using room_actor = caf::typed_actor<
    // From the lobby: the connection named wants a seat. With one, the switch and the heartbeat are
    // told; without one, the switch refuses it and the connection ends, and the newcomer has
    // learned nothing of the room. A seat is given up by ending: the room watches its connections.
    caf::reacts_to<seat_request, connection_actor>,
    // What the room is like now.
    caf::replies_to<atom::describe>::with<room_description>,
    // The operator ends the room: its members are refused as kicked. Answers how many those are.
    caf::replies_to<atom::kick>::with<uint32_t>>;

/// The LOBBY interface: finds and makes rooms.
using lobby_actor = caf::typed_actor<
    // From the switch: connections have said their first message. Spawns a connection for each
    // that may come in, and hands it on to the room named, making that if need be.
    caf::reacts_to<pending_joins>,
    // From a room: empty. Ended, unless a seat request is on its way to it.
    caf::reacts_to<room_empty>,
    // Takes no new rooms from now on, for good: a request for one is refused as draining. Rooms
    // that exist are entered as before. A repeat is a no-op.
    caf::reacts_to<atom::drain>,
    // Another bound for rooms; those that exist stay.
    caf::reacts_to<limits_update>,
    // The rooms that there are, in no order.
    caf::replies_to<atom::describe>::with<room_numbers>,
    // Asks the room of that number; fails with ec::bad_argument when there is none.
    caf::replies_to<atom::describe, uint64_t>::with<room_description>,
    caf::replies_to<atom::kick, uint64_t>::with<uint32_t>>;

/// The HEARTBEAT interface: the one ticker of the process.
using heartbeat_actor = caf::typed_actor<
    // Watches a connection until its liveness has ended.
    caf::reacts_to<std::shared_ptr<liveness>, connection_actor>,
    // The silence and loneliness that count from the next look on.
    caf::reacts_to<limits_update>,
    // INTERNAL: look at all.
    caf::reacts_to<atom::tick>>;

} // namespace liveconnect::relay

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<liveconnect::relay::liveness>)
