#include "actors/io/loop_gate.hpp"

#include "messages/base/error.hpp"

namespace liveconnect::io {

namespace {

caf::error loop_is_gone() {
  return fail(ec::stopped, "the byte loop has ended");
}

} // namespace

byte_loop_actor::behavior_type loop_gate(byte_loop_actor::pointer self,
                                         std::weak_ptr<byte_loop> gated) {
  return {
      [self, gated](const listen& what, const socket_owner_actor& owner) -> caf::result<listening> {
        const auto loop = gated.lock();
        if (!loop)
          return loop_is_gone();
        const auto made = loop->prepare(what, loop->handler_for(owner));
        if (!made)
          return made.error();
        // Answer first, start second: the owner knows the id before its first event.
        auto promise = self->make_response_promise<listening>();
        promise.deliver(*made);
        loop->start(made->socket);
        return promise;
      },
      [self, gated](const connect& what,
                    const socket_owner_actor& owner) -> caf::result<socket_id> {
        const auto loop = gated.lock();
        if (!loop)
          return loop_is_gone();
        const auto made = loop->prepare(what, loop->handler_for(owner));
        if (!made)
          return made.error();
        auto promise = self->make_response_promise<socket_id>();
        promise.deliver(*made);
        loop->start(*made);
        return promise;
      },
      [gated](send& what) {
        if (const auto loop = gated.lock())
          loop->send(what.socket, std::move(what.data));
      },
      [gated](send_to& what) {
        if (const auto loop = gated.lock())
          loop->send_to(what.socket, what.to, std::move(what.data));
      },
      [gated](const close& what) {
        if (const auto loop = gated.lock())
          loop->close(what.socket, what.flush);
      },
  };
}

} // namespace liveconnect::io
