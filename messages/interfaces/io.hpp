#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/timespan.hpp>

#include "messages/base/bytes.hpp"
#include "messages/base/endpoint.hpp"

/// What actors say to the byte loop (actors/io), which owns every socket of the process, and what
/// it tells them. docs/design/architecture.md "Decision 3". None of this leaves the process.
namespace liveconnect::io {

/// Names one socket for as long as the process lives: its loop, a slot there and a generation, so
/// that a late command never meets a reused descriptor. 0 names none.
struct socket_id {
  uint64_t value = 0;

  static constexpr uint32_t slots_max = 1u << 24;

  static constexpr socket_id of(uint32_t generation, uint8_t loop, uint32_t slot) {
    return {uint64_t{generation} << 32 | uint64_t{loop} << 24 | slot};
  }
  /// The number of the loop that has it (io::loop_config::number).
  constexpr uint8_t loop() const { return static_cast<uint8_t>(value >> 24); }
  /// Its place there, below slots_max; taken anew once the socket is gone.
  constexpr uint32_t slot() const { return static_cast<uint32_t>(value) & (slots_max - 1); }
};
inline bool operator==(socket_id x, socket_id y) {
  return x.value == y.value;
}
inline bool operator!=(socket_id x, socket_id y) {
  return x.value != y.value;
}
inline bool operator<(socket_id x, socket_id y) {
  return x.value < y.value;
}

enum class transport : uint8_t { tcp, udp };

/// Binds and listens (tcp) or binds (udp). Port 0 lets the system choose.
struct listen {
  endpoint at;
  transport how = transport::tcp;
};

/// Answer to `listen`: the socket and the address it really has.
struct listening {
  socket_id socket;
  endpoint at;
};

/// Opens a connection (tcp), or a UDP socket bound to one peer, so that an answer from elsewhere
/// never arrives. The id is answered at once; `connected` or `closed` follows as an event.
struct connect {
  endpoint to;
  transport how = transport::tcp;
  /// Only for tcp; greater than zero.
  caf::timespan deadline = std::chrono::seconds(5);
};

/// Queues bytes on a tcp or connected udp socket. An unknown (closed) socket: dropped silently, its
/// owner was told. Past the loop's bound of queued bytes the socket is closed with `overflow`.
struct send {
  socket_id socket;
  bytes data;
};

/// One datagram to `to` from a bound udp socket.
struct send_to {
  socket_id socket;
  endpoint to;
  bytes data;
};

/// Closes: after what is queued has gone (`flush`, bounded by the loop's linger deadline), or at
/// once. The owner hears `closed` in either case.
struct close {
  socket_id socket;
  bool flush = true;
};

enum class event_kind : uint8_t {
  /// tcp connect succeeded (udp: at once). `peer` is the other end.
  connected,
  /// A listener took a connection: `socket` is the new one, `listener` the old. Its owner is the
  /// listener's owner.
  accepted,
  /// Bytes of a stream, or one datagram with `peer` as its source.
  received,
  /// The socket is gone; nothing follows for it. `reason` says why.
  closed,
};

enum class close_reason : uint8_t {
  none,
  /// Our own close.
  local,
  /// The other end finished in order.
  peer,
  /// Reset, unreachable, refused: the system's word is in `data` as text.
  failed,
  /// The connect deadline passed.
  timed_out,
  /// More bytes were queued than the bound allows.
  overflow,
};

struct event {
  event_kind kind = event_kind::received;
  socket_id socket;
  socket_id listener;
  endpoint peer;
  close_reason reason = close_reason::none;
  bytes data;
};

/// What one loop turn brought for one owner, in order.
struct events {
  std::vector<event> list;
  /// Goes with the message: while too much is under way to an owner, the loop reads none of its
  /// sockets, and the peers are slowed down. An owner that passes bytes on, and would wait for
  /// the next actor to take them, passes this on with them. Empty where nothing was read.
  std::shared_ptr<const void> credit = nullptr;
};

} // namespace liveconnect::io

// Local by design: a socket's bytes have no business in another process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::io::socket_id)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::io::listen)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::io::listening)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::io::connect)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::io::send)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::io::send_to)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::io::close)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::io::events)
