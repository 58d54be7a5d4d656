#include "actors/io/loop_gate.hpp"

#include "messages/base/error.hpp"

namespace liveconnect::io {

namespace {

socket_id id_of(const listening& x) {
  return x.socket;
}

socket_id id_of(socket_id x) {
  return x;
}

} // namespace

template<class Answer, class Command>
caf::result<Answer> loop_gate_state::open(pointer self, const Command& what,
                                          const socket_owner_actor& owner) const {
  const auto open_loop = loop.lock();
  if (!open_loop)
    return fail(ec::stopped, "the byte loop has ended");
  const auto made = open_loop->prepare(what, open_loop->handler_for(owner));
  if (!made)
    return made.error();
  auto promise = self->make_response_promise<Answer>();
  promise.deliver(*made);
  open_loop->start(id_of(*made));
  return promise;
}

byte_loop_actor::behavior_type loop_gate(byte_loop_actor::stateful_pointer<loop_gate_state> self,
                                         std::weak_ptr<byte_loop> loop) {
  self->state.loop = std::move(loop);
  return {
      [self](const listen& what, const socket_owner_actor& owner) {
        return self->state.open<listening>(self, what, owner);
      },
      [self](const connect& what, const socket_owner_actor& owner) {
        return self->state.open<socket_id>(self, what, owner);
      },
      [self](send& what) {
        if (const auto open_loop = self->state.loop.lock())
          open_loop->send(what.socket, std::move(what.data));
      },
      [self](send_to& what) {
        if (const auto open_loop = self->state.loop.lock())
          open_loop->send_to(what.socket, what.to, std::move(what.data));
      },
      [self](const close& what) {
        if (const auto open_loop = self->state.loop.lock())
          open_loop->close(what.socket, what.flush);
      },
  };
}

} // namespace liveconnect::io
