#include "actors/io/actor_owner.hpp"

#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

namespace liveconnect::io {

namespace {

event make_event(event_kind kind, socket_id socket) {
  event out;
  out.kind = kind;
  out.socket = socket;
  return out;
}

} // namespace

actor_owner::actor_owner(const socket_owner_actor& actor) : address_(actor.address()) {}

void actor_owner::on_accepted(socket_id listener, socket_id socket, const endpoint& peer) {
  auto x = make_event(event_kind::accepted, socket);
  x.listener = listener;
  x.peer = peer;
  list_.push_back(std::move(x));
}

void actor_owner::on_connected(socket_id socket, const endpoint& peer) {
  auto x = make_event(event_kind::connected, socket);
  x.peer = peer;
  list_.push_back(std::move(x));
}

void actor_owner::on_received(socket_id socket, byte_view data, const endpoint& from) {
  auto x = make_event(event_kind::received, socket);
  x.peer = from;
  x.data = data.copy();
  list_.push_back(std::move(x));
}

void actor_owner::on_closed(socket_id socket, close_reason reason, std::string_view text) {
  auto x = make_event(event_kind::closed, socket);
  x.reason = reason;
  x.data = byte_view(text).copy();
  list_.push_back(std::move(x));
}

socket_owner_actor actor_owner::actor() const {
  return caf::actor_cast<socket_owner_actor>(caf::actor_cast<caf::strong_actor_ptr>(address_));
}

void actor_owner::on_turn_end() {
  if (list_.empty())
    return;
  if (const auto to = actor())
    caf::anon_send(to, events{std::exchange(list_, {})});
  list_.clear();
}

std::shared_ptr<const void> actor_owner::hold() const {
  return std::make_shared<const socket_owner_actor>(actor());
}

} // namespace liveconnect::io
