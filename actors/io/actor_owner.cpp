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

/// What was read for an actor, for as long as it is under way.
class actor_owner::portion {
public:
  portion(std::shared_ptr<actor_owner> owner, size_t bytes)
      : owner_(std::move(owner)), bytes_(bytes) {}
  ~portion() { owner_->give_back(bytes_); }
  portion(const portion&) = delete;
  portion& operator=(const portion&) = delete;

private:
  std::shared_ptr<actor_owner> owner_;
  size_t bytes_;
};

actor_owner::actor_owner(const socket_owner_actor& actor, resume_function resume)
    : address_(actor.address()), resume_(std::move(resume)) {}

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
  // Datagrams may be small: the memory around them counts as well.
  list_bytes_ += data.size() + sizeof(event);
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
  events out;
  out.list = std::exchange(list_, {});
  if (const auto bytes = std::exchange(list_bytes_, 0); bytes > 0) {
    under_way_ += bytes;
    out.credit = std::make_shared<const portion>(shared_from_this(), bytes);
  }
  if (const auto to = actor())
    caf::anon_send(to, std::move(out));
}

bool actor_owner::has_room() {
  if (under_way_ < owner_window_bytes)
    return true;
  full_ = true;
  // Given back between the two lines above, perhaps all: then no call will come.
  if (under_way_ > owner_window_bytes / 2)
    return false;
  // Another socket of ours may wait for that call.
  if (full_.exchange(false))
    resume_(shared_from_this());
  return true;
}

void actor_owner::give_back(size_t bytes) {
  const auto left = under_way_.fetch_sub(bytes) - bytes;
  if (left <= owner_window_bytes / 2 && full_.exchange(false))
    resume_(shared_from_this());
}

std::shared_ptr<const void> actor_owner::hold() const {
  return std::make_shared<const socket_owner_actor>(actor());
}

} // namespace liveconnect::io
