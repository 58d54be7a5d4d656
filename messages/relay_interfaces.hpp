#pragma once

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "messages/fwd.hpp"
#include "messages/relay.hpp"

/// The relay's actors, one typed handle each, one comment a message. actors/README.md draws who
/// watches and ends whom.
namespace liveconnect::relay {

/// The CONNECTION interface: one socket, from its Join_Room to its end.
using connection_actor = caf::typed_actor<
    // From the switch: the socket is gone. Ends with ec::peer_gone and the word for Peer_Left.
    caf::reacts_to<departed>,
    // From the heartbeat: silent or lonely for too long. Has the switch end it.
    caf::reacts_to<lapse>>;

/// The ROOM interface: two seats.
using room_actor = caf::typed_actor<
    // Asks for a seat for the connection named; the switch is told before this is answered. Fails
    // with ec::relay_refused and the refusal's word; then nothing has changed, and the newcomer has
    // learned nothing of the room. A seat is given up by ending: the room watches its connections.
    caf::replies_to<entry, connection_actor>::with<seat>>;

/// The LOBBY interface: finds and makes rooms.
using lobby_actor = caf::typed_actor<
    // From the switch: connections have said their first message. Spawns a connection for each.
    caf::reacts_to<knocks>,
    // Hands the request on to the room named, making it if need be. Fails as the room does.
    caf::replies_to<entry, connection_actor>::with<seat>,
    // From a room: empty. Ended, unless an entry is on its way to it.
    caf::reacts_to<vacant>>;

/// The HEARTBEAT interface: the one ticker of the process.
using heartbeat_actor = caf::typed_actor<
    // Watches a connection until its pulse has ended.
    caf::reacts_to<std::shared_ptr<pulse>, connection_actor>,
    // INTERNAL: look at all.
    caf::reacts_to<atom::tick>>;

} // namespace liveconnect::relay

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<liveconnect::relay::pulse>)
