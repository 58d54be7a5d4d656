#include "actors/relay/connection.hpp"

#include "messages/base/error.hpp"

namespace liveconnect::relay {

connection_actor::behavior_type
connection(connection_actor::stateful_pointer<connection_state> self, connection_config config) {
  self->state.config = std::move(config);
  return {
      [self](connection_closed& x) { self->quit(fail(ec::peer_gone, std::move(x.why))); },
      [self](const timed_out& x) {
        self->state.config.port->refuse(self->state.config.socket, x.what);
      },
  };
}

} // namespace liveconnect::relay
