#include "actors/relay/lobby.hpp"

#include <caf/exit_reason.hpp>
#include <caf/result.hpp>

#include "actors/relay/connection.hpp"
#include "actors/relay/room.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::relay {

namespace {

caf::error no_such_room(uint64_t number) {
  return fail(ec::bad_argument, "there is no room " + std::to_string(number));
}

/// Hands somebody who has knocked on to the room, or has the switch refuse him.
void admit(lobby_actor::stateful_pointer<lobby_state> self, const pending_join& x) {
  auto& st = self->state;
  auto& port = *st.links->port;
  auto wanted = read_join(x.text);
  if (!wanted)
    return port.refuse(x.socket, refusal::join);
  const auto number = wanted->room;
  auto at = st.rooms.find(number);
  if (at == st.rooms.end()) {
    if (const auto why = st.check_new_room())
      return port.refuse(x.socket, *why);
    auto made = self->spawn<caf::linked>(room, room_config{number, st.links});
    at = st.rooms.emplace(number, lobby_state::open_room{std::move(made), 0}).first;
  }
  ++at->second.entries;
  self->send(
      at->second.handle,
      seat_request{x.socket, x.peer, x.how, std::move(*wanted), std::make_shared<liveness>()},
      self->spawn<caf::lazy_init>(connection, connection_config{x.socket, st.links->port}));
}

} // namespace

caf::expected<join_request> read_join(byte_view first_frame) {
  frame_reader reader;
  reader.feed(first_frame);
  const auto read = reader.next();
  if (!read)
    return read.error();
  if (!*read || !(*read)->is(message_number::join_room))
    return fail(ec::bad_frame, "the first message is not Join_Room");
  return parse_join_request((*read)->details);
}

std::optional<refusal> lobby_state::check_new_room() const {
  if (draining)
    return refusal::draining;
  if (rooms_max != 0 && rooms.size() >= rooms_max)
    return refusal::full;
  return std::nullopt;
}

lobby_actor::behavior_type lobby(lobby_actor::stateful_pointer<lobby_state> self,
                                 lobby_config config) {
  self->state.links = std::make_shared<const relay_links>(relay_links{
      std::move(config.port), self, std::move(config.heartbeat), std::move(config.usage)});
  self->state.rooms_max = config.rooms_max;
  return {
      [self](const pending_joins& arrived) {
        for (const auto& x : arrived.list)
          admit(self, x);
      },
      [self](const room_empty& x) {
        auto& rooms = self->state.rooms;
        const auto at = rooms.find(x.room);
        if (at == rooms.end() || at->second.entries != x.requests_seen)
          return;
        self->unlink_from(at->second.handle);
        self->send_exit(at->second.handle, caf::exit_reason::user_shutdown);
        rooms.erase(at);
      },
      [self](const limits_update& x) { self->state.rooms_max = x.rooms_max; },
      [self](atom::drain) { self->state.draining = true; },
      [self](atom::describe) -> room_numbers {
        room_numbers out;
        out.list.reserve(self->state.rooms.size());
        for (const auto& [number, x] : self->state.rooms)
          out.list.push_back(number);
        return out;
      },
      [self](atom::describe what, uint64_t number) -> caf::result<room_description> {
        const auto at = self->state.rooms.find(number);
        if (at == self->state.rooms.end())
          return no_such_room(number);
        return self->delegate(at->second.handle, what);
      },
      [self](atom::kick what, uint64_t number) -> caf::result<uint32_t> {
        const auto at = self->state.rooms.find(number);
        if (at == self->state.rooms.end())
          return no_such_room(number);
        return self->delegate(at->second.handle, what);
      },
  };
}

} // namespace liveconnect::relay
