#include "actors/lobby.hpp"

#include <caf/exit_reason.hpp>
#include <caf/result.hpp>

#include "actors/connection.hpp"
#include "actors/room.hpp"
#include "messages/error.hpp"

namespace liveconnect::relay {

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
          if (st.config.rooms_max != 0 && st.rooms.size() >= st.config.rooms_max)
            return fail(ec::relay_refused, word_of(refusal::full));
          auto made = self->spawn<caf::linked>(room, room_config{number, st.config.port, self});
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
  };
}

} // namespace liveconnect::relay
