#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include <caf/actor_addr.hpp>

#include "actors/io/socket_handler.hpp"
#include "messages/interfaces/interfaces.hpp"

namespace liveconnect::io {

/// Bytes that may be under way to one actor, which has not taken them yet, before the loop stops to
/// read for it. What one turn reads beyond that is still handed over.
inline constexpr size_t owner_window_bytes = 1u << 20;

/// Hands an actor what happens to its sockets: one `events` message per loop turn. Refers to the
/// actor strongly while it has sockets and weakly else, so that a loop keeps no actor alive for
/// nothing.
///
/// A message counts as under way until the last copy of its `credit` is gone: until the actor has
/// handled it, and the actor that it has passed its bytes on to. So no mailbox grows faster
/// than it is emptied.
class actor_owner : public socket_handler, public std::enable_shared_from_this<actor_owner> {
public:
  /// Called on any thread when the actor takes bytes again; the loop then reads on for it.
  using resume_function = std::function<void(std::shared_ptr<actor_owner>)>;

  actor_owner(const socket_owner_actor& actor, resume_function resume);

  void on_accepted(socket_id listener, socket_id socket, const endpoint& peer) override;
  void on_connected(socket_id socket, const endpoint& peer) override;
  void on_received(socket_id socket, byte_view data, const endpoint& from) override;
  void on_closed(socket_id socket, close_reason reason, std::string_view text) override;
  void on_turn_end() override;
  bool has_room() override;
  bool gone() const override { return gone_; }
  std::shared_ptr<const void> hold() const override;

  /// From any thread: the actor has ended.
  void set_gone() { gone_ = true; }

private:
  class portion;

  /// The actor, or null when it has ended.
  socket_owner_actor actor() const;
  /// From any thread.
  void give_back(size_t bytes);

  const caf::actor_addr address_;
  const resume_function resume_;
  std::vector<event> list_;
  size_t list_bytes_ = 0;
  std::atomic<size_t> under_way_{0};
  /// The loop has been told no, and waits to hear.
  std::atomic<bool> full_{false};
  std::atomic<bool> gone_{false};
};

} // namespace liveconnect::io
