#pragma once

#include <memory>
#include <optional>
#include <unordered_map>

#include <caf/result.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/relay/relay_links.hpp"

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

/// What a first frame asks for. Fails with ec::bad_frame when it is no Join_Room with a room number
/// greater than zero and perhaps a tag.
caf::expected<join_request> read_join(byte_view first_frame);

/// State of the LOBBY. Touched by its own actor only.
struct lobby_state {
  struct open_room {
    room_actor handle;
    /// Seat requests handed on to it; it ends only when it has seen them all.
    uint64_t requests = 0;
  };

  /// What it hands to connections and rooms; the lobby in it is this one.
  std::shared_ptr<const relay_links> links;
  size_t rooms_max = 0;
  std::unordered_map<uint64_t, open_room> rooms;
  bool draining = false;

  using pointer = lobby_actor::stateful_pointer<lobby_state>;

  /// Hands a connection on to the room that it asks for, or has the switch refuse it.
  void admit(pointer self, const pending_join& x);
  /// Why no further room may be opened; none when one may.
  std::optional<refusal> check_new_room() const;
  /// A room has no members: ends it, unless a seat request is on its way there.
  void on_room_empty(pointer self, const room_empty& x);
  room_numbers numbers() const;
  /// Has the room of that number answer; fails with ec::bad_argument when there is none.
  template<class Answer, class Atom>
  caf::result<Answer> ask_room(pointer self, Atom what, uint64_t number) const;

  static inline const char* name = "lobby";
};

/// Finds and makes rooms, and spawns a connection for each join request.
///
/// Rooms are linked to it and end with it. A room that says it is empty ends, unless a seat
/// request is on its way there.
lobby_actor::behavior_type lobby(lobby_actor::stateful_pointer<lobby_state> self,
                                 lobby_config config);

} // namespace liveconnect::relay
