#pragma once

#include <memory>
#include <string_view>

#include "messages/interfaces/io.hpp"

namespace liveconnect::io {

/// Hears what becomes of a socket, on the loop's own thread: code that must not wait, block or
/// throw. Actors are served through one of these (byte_loop::handler_for); the relay's switch is
/// another. A handler may call any method of its byte_loop from within any of these.
class socket_handler {
public:
  virtual ~socket_handler() = default;

  /// A listener of ours took a connection; the new socket's handler is this one too.
  virtual void on_accepted(socket_id listener, socket_id socket, const endpoint& peer);

  /// A connection that we started stands (udp: at once).
  virtual void on_connected(socket_id socket, const endpoint& peer);

  /// Bytes of a stream, or one whole datagram and its source. `data` is the loop's own buffer and
  /// lives until this returns.
  virtual void on_received(socket_id socket, byte_view data, const endpoint& from);

  /// What was queued for this stream has all gone to the system. Called only after a write that did
  /// not go at once.
  virtual void on_drained(socket_id socket);

  /// The time given to byte_loop::set_timer has come; the timer is unset.
  virtual void on_timer(socket_id socket);

  /// The socket is gone and its id is free; nothing follows for it. `text` is the system's word
  /// when the reason is `failed`.
  virtual void on_closed(socket_id socket, close_reason reason, std::string_view text);

  /// The end of a loop turn in which one of the above was called, or byte_loop::request_turn_end.
  virtual void on_turn_end();

  /// Whether the owner takes bytes now: asked before each look at one of its sockets. After a no,
  /// none of them is read until the loop hears that it does.
  virtual bool has_room();

  /// Whether the owner behind this has ended, so that its sockets must go.
  virtual bool gone() const;

  /// What the loop keeps for as long as it has a socket of this owner, from prepare() on; so an
  /// owner lives until its last event has been handed over. Called on any thread.
  virtual std::shared_ptr<const void> hold() const;

private:
  friend class byte_loop;
  bool turn_end_requested_ = false;
};

} // namespace liveconnect::io
