#include "actors/relay/lobby.hpp"

#include <caf/exit_reason.hpp>

#include "actors/relay/connection.hpp"
#include "actors/relay/room.hpp"
#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::relay {

caf::expected<join_request> read_join(byte_view first_frame) {
  frame_reader reader;
  reader.feed(first_frame);
  const auto read = reader.next();
  if (!read)
    return read.error();
  if (!*read || !(*read)->is(message_number::join_room))
    return fail(ec::bad_frame, "the first message is no Join_Room");
  return parse_join_request((*read)->details);
}

void lobby_state::admit(pointer self, const pending_join& x) {
  auto& port = *links->port;
  auto wanted = read_join(x.text);
  if (!wanted)
    return port.refuse(x.socket, refusal::join);
  const auto number = wanted->room;
  auto at = rooms.find(number);
  if (at == rooms.end()) {
    if (const auto why = check_new_room())
      return port.refuse(x.socket, *why);
    auto made = self->spawn<caf::linked>(room, room_config{number, links});
    at = rooms.emplace(number, open_room{std::move(made), 0}).first;
  }
  ++at->second.requests;
  self->send(
      at->second.handle,
      seat_request{x.socket, x.peer, x.how, std::move(*wanted), std::make_shared<liveness>()},
      self->spawn<caf::lazy_init>(connection, connection_config{x.socket, links->port}));
}

std::optional<refusal> lobby_state::check_new_room() const {
  if (draining)
    return refusal::draining;
  if (rooms_max != 0 && rooms.size() >= rooms_max)
    return refusal::full;
  return std::nullopt;
}

void lobby_state::on_room_empty(pointer self, const room_empty& x) {
  const auto at = rooms.find(x.room);
  if (at == rooms.end())
    return;
  LC_ASSERT_OR(x.requests_seen <= at->second.requests, return );
  if (x.requests_seen != at->second.requests)
    return;
  self->unlink_from(at->second.handle);
  self->send_exit(at->second.handle, caf::exit_reason::user_shutdown);
  rooms.erase(at);
}

room_numbers lobby_state::numbers() const {
  room_numbers out;
  out.list.reserve(rooms.size());
  for (const auto& [number, x] : rooms)
    out.list.push_back(number);
  return out;
}

template<class Answer, class Atom>
caf::result<Answer> lobby_state::ask_room(pointer self, Atom what, uint64_t number) const {
  const auto at = rooms.find(number);
  if (at == rooms.end())
    return fail(ec::bad_argument, "there is no room " + std::to_string(number));
  return self->delegate(at->second.handle, what);
}

lobby_actor::behavior_type lobby(lobby_actor::stateful_pointer<lobby_state> self,
                                 lobby_config config) {
  self->state.links = std::make_shared<const relay_links>(relay_links{
      std::move(config.port), self, std::move(config.heartbeat), std::move(config.usage)});
  self->state.rooms_max = config.rooms_max;
  return {
      [self](const pending_joins& arrived) {
        for (const auto& x : arrived.list)
          self->state.admit(self, x);
      },
      [self](const room_empty& x) { self->state.on_room_empty(self, x); },
      [self](const limits_update& x) { self->state.rooms_max = x.rooms_max; },
      [self](atom::drain) { self->state.draining = true; },
      [self](atom::describe) { return self->state.numbers(); },
      [self](atom::describe what, uint64_t number) {
        return self->state.ask_room<room_description>(self, what, number);
      },
      [self](atom::kick what, uint64_t number) {
        return self->state.ask_room<uint32_t>(self, what, number);
      },
  };
}

} // namespace liveconnect::relay
