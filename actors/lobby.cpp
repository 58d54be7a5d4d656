#include "actors/lobby.hpp"

#include <caf/exit_reason.hpp>
#include <caf/result.hpp>

#include "actors/connection.hpp"
#include "actors/room.hpp"
#include "messages/error.hpp"

namespace liveconnect::relay {

namespace {

caf::error no_such_room(uint64_t number) {
  return fail(ec::bad_argument, "there is no room " + std::to_string(number));
}

} // namespace

caf::error lobby_state::check_new_room() const {
  if (draining)
    return fail(ec::relay_refused, word_of(refusal::draining));
  if (config.rooms_max != 0 && rooms.size() >= config.rooms_max)
    return fail(ec::relay_refused, word_of(refusal::full));
  return caf::none;
}

lobby_actor::behavior_type lobby(lobby_actor::stateful_pointer<lobby_state> self,
                                 lobby_config config) {
  self->state.config = std::move(config);
  return {
      [self](const knocks& arrived) {
        const auto& known = self->state.config;
        for (const auto& x : arrived.list)
          self->spawn(connection, connection_config{x, self, known.heartbeat, known.port});
      },
      [self](const entry& newcomer, const connection_actor& who) -> caf::result<seat> {
        auto& st = self->state;
        const auto number = newcomer.wanted.room;
        auto at = st.rooms.find(number);
        if (at == st.rooms.end()) {
          if (auto error = st.check_new_room())
            return error;
          auto made = self->spawn<caf::linked>(
              room, room_config{number, st.config.port, self, st.config.usage});
          at = st.rooms.emplace(number, lobby_state::open_room{std::move(made), 0}).first;
        }
        ++at->second.entries;
        return self->delegate(at->second.handle, newcomer, who);
      },
      [self](const vacant& x) {
        auto& rooms = self->state.rooms;
        const auto at = rooms.find(x.room);
        if (at == rooms.end() || at->second.entries != x.entries_seen)
          return;
        self->unlink_from(at->second.handle);
        self->send_exit(at->second.handle, caf::exit_reason::user_shutdown);
        rooms.erase(at);
      },
      [self](const bounds& x) { self->state.config.rooms_max = x.rooms_max; },
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
