#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor_clock.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/relay/relay_links.hpp"
#include "actors/relay/room_switch_port.hpp"

namespace liveconnect::relay {

struct room_config {
  uint64_t number = 0;
  /// The lobby in it hears when the room is empty.
  std::shared_ptr<const relay_links> links;
};

/// State of a ROOM. Touched by its own actor only.
struct room_state {
  using time_point = caf::actor_clock::time_point;

  struct member {
    /// Weak: the room watches its members, it does not keep them.
    caf::actor_addr who;
    io::socket_id socket;
    endpoint peer;
    notation how;
    std::shared_ptr<liveness> life;
    time_point since;
  };

  room_config config;
  /// At most two, in the order of their coming. Each is monitored.
  std::vector<member> members;
  /// The tag that those inside have brought.
  std::string tag;
  /// Of the room since its first member came; begins anew as the record does.
  std::shared_ptr<room_account> account;
  /// Requests for a seat so far, refused ones included.
  uint64_t requests_seen = 0;

  /// What the usage record will say; begins anew when the first member comes into an empty room.
  room_usage so_far;
  time_point opened;
  /// When two met for the first time, and when they parted.
  std::optional<time_point> met;
  std::optional<time_point> parted;

  /// Why the newcomer may not come in; none if it may.
  std::optional<refusal> check(const seat_request& newcomer) const;
  /// Whether `who` brings the tag of those inside. The tag is derived from the invitation's key, so
  /// unequal tags mean unequal keys; both may have none.
  bool knows_tag(const seat_request& newcomer) const;

  /// Notes that a member came, or that `x`, no member any more, went for the reason `why`.
  void note_arrival(const seat_request& newcomer, time_point now);
  void note_departure(const member& x, const std::string& why, time_point now);
  /// Hands in the record; the last member has gone.
  void close_record(time_point now);
  room_description describe(time_point now) const;

  using pointer = room_actor::stateful_pointer<room_state>;

  /// Gives the newcomer a seat, or turns it away.
  void on_seat_request(pointer self, const seat_request& newcomer, const connection_actor& who);
  /// Says why, and counts a wrong tag against the address.
  void turn_away(pointer self, const seat_request& newcomer, const connection_actor& who,
                 refusal why) const;
  /// What the switch is told of a newcomer, greeting and news for the other seat included.
  room_switch_port::seating seat(const seat_request& newcomer, const connection_actor& who) const;
  /// A member's connection has ended.
  void on_down(pointer self, const caf::down_msg& msg);
  /// Ends the room; answers how many were in it.
  uint32_t kick() const;

  static inline const char* name = "room";
};

/// Two seats, and what the two are told of each other (docs/protocol.md 3).
///
/// Knows addresses, tags and notations; frames pass it by, in the switch. Monitors its connections:
/// one that ends with ec::peer_gone has left for the reason in its detail. Ended by the lobby, to
/// which it is linked.
room_actor::behavior_type room(room_actor::stateful_pointer<room_state> self, room_config config);

} // namespace liveconnect::relay
