#include "actors/connection.hpp"

#include "messages/error.hpp"

namespace liveconnect::relay {

caf::expected<join_request> read_join(byte_view first_frame) {
  frame_reader reader;
  reader.feed(first_frame);
  auto read = reader.next();
  if (!read)
    return read.error();
  if (!*read || !(*read)->is(message_number::join_room))
    return fail(ec::bad_frame, "the first message is no Join_Room");
  return parse_join_request((*read)->details);
}

connection_actor::behavior_type
connection(connection_actor::stateful_pointer<connection_state> self, connection_config config) {
  self->state.config = std::move(config);
  auto& st = self->state;
  const auto refuse = [self](refusal why) {
    self->state.config.port->refuse(self->state.config.first.socket, why);
    self->quit(fail(ec::relay_refused, word_of(why)));
  };
  const auto& first = st.config.first;
  if (auto wanted = read_join(first.text)) {
    const entry newcomer{first.socket, first.peer, first.how, std::move(*wanted), st.life};
    // Without a timeout: the switch's join deadline ends the wait for a seat, while CAF's clock
    // would keep every connection's timer, and so its actor, for the timeout's whole length.
    self->request(st.config.lobby, caf::infinite, newcomer, connection_actor{self})
        .then(
            [self](const seat&) {
              self->send(self->state.config.heartbeat, self->state.life, connection_actor{self});
            },
            [refuse](const caf::error& error) {
              auto why = refusal::full;
              refusal_of(detail_of(error), why);
              refuse(why);
            });
  } else {
    refuse(refusal::join);
  }
  return {
      [self](departed& x) { self->quit(fail(ec::peer_gone, std::move(x.why))); },
      [self](const lapse& x) {
        self->state.config.port->refuse(self->state.config.first.socket, x.what);
      },
  };
}

} // namespace liveconnect::relay
