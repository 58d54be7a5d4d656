#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include <caf/actor_addr.hpp>

#include "actors/io/socket_handler.hpp"
#include "messages/interfaces.hpp"

namespace liveconnect::io {

/// Hands an actor what happens to its sockets: one `events` message a loop turn. Refers to the
/// actor strongly while it has sockets and weakly else, so that a loop keeps nobody alive for
/// nothing.
class actor_owner : public socket_handler {
public:
  explicit actor_owner(const socket_owner_actor& actor);

  void on_accepted(socket_id listener, socket_id socket, const endpoint& peer) override;
  void on_connected(socket_id socket, const endpoint& peer) override;
  void on_received(socket_id socket, byte_view data, const endpoint& from) override;
  void on_closed(socket_id socket, close_reason reason, std::string_view text) override;
  void on_turn_end() override;
  bool gone() const override { return gone_; }
  std::shared_ptr<const void> hold() const override;

  /// From any thread: the actor has ended.
  void set_gone() { gone_ = true; }

private:
  /// The actor, or nobody when it is no more.
  socket_owner_actor actor() const;

  const caf::actor_addr address_;
  std::vector<event> list_;
  std::atomic<bool> gone_{false};
};

} // namespace liveconnect::io
