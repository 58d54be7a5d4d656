#pragma once

#include <memory>
#include <string>

#include "actors/relay/room_account.hpp"
#include "messages/interfaces/relay_interfaces.hpp"

namespace liveconnect::relay {

/// What the relay's actors may tell the switch that moves the bytes (actors/relay/room_switch.hpp).
/// An interface, so that actors are tested without sockets. Calls may come from any thread, never
/// wait, and those of one actor act in their order. A socket that is gone is met with silence,
/// except in place().
class room_switch_port {
public:
  virtual ~room_switch_port() = default;

  /// A connection gets a seat.
  struct seating {
    io::socket_id socket;
    /// Hears connection_closed when the socket goes; at once when it has gone already.
    connection_actor who;
    std::shared_ptr<liveness> life;
    /// Its room's; the same for both seats.
    std::shared_ptr<room_account> account;
    /// What the newcomer is told.
    bytes greeting;
    /// The socket in the other seat (value 0: that seat is empty), and what it is told. From here
    /// on their frames go to each other.
    io::socket_id partner;
    bytes news;
  };
  virtual void place(seating what) = 0;

  /// Sends a message of the relay's own, whole, between two frames.
  virtual void tell(io::socket_id socket, bytes text) = 0;

  /// Says `Refused` with the reason, counts it, and closes. A seated one's connection hears
  /// connection_closed with the reason's word.
  virtual void refuse(io::socket_id socket, refusal why) = 0;

  /// The connection of `socket` named a tag that is not its room's: held against its address.
  virtual void wrong_guess(io::socket_id socket) = 0;
};

} // namespace liveconnect::relay
