#pragma once

#include <chrono>
#include <cstddef>

#include "messages/wire/frame.hpp"

namespace liveconnect::relay {

/// Every bound of the relay with its default, in one place (docs/design/safety.md 6.5). 0 in a
/// count means no bound.
struct relay_limits {
  using milliseconds = std::chrono::milliseconds;

  /// A frame, counted after `#` has been replaced, without the newline behind it.
  size_t frame_bytes_max = liveconnect::frame_bytes_max;
  /// The first message must be complete within so many bytes, blanks included (docs/protocol.md 3),
  /// ...
  size_t join_bytes_max = 128;
  /// ... and so much time.
  milliseconds join_deadline = std::chrono::seconds(10);
  /// A frame must be complete so long after its first byte.
  milliseconds frame_deadline = std::chrono::seconds(30);
  /// A connection without any byte for so long is dropped: 90 s (docs/protocol.md 3).
  milliseconds heartbeat_timeout = std::chrono::seconds(90);
  /// Bytes that may wait for one connection to take them, ...
  size_t write_queue_bytes_max = 256 * 1024;
  /// ... and how long it may take none of them.
  milliseconds stall_deadline = std::chrono::seconds(30);
  /// A room may stay without its second member for so long.
  milliseconds room_wait = std::chrono::minutes(30);
  /// Connections in all, from one address (IPv6: one /64), and rooms.
  size_t connections_max = 20'000;
  size_t connections_per_address_max = 16;
  size_t rooms_max = 10'000;
  /// New connections from one address: so many per minute, and so many at once.
  size_t new_connections_per_address_per_minute = 30;
  size_t new_connections_per_address_burst = 20;
  /// Wrong rooms and tags from one address in a minute; an address that reaches that stays out so
  /// long.
  size_t wrong_guesses_per_address_per_minute = 10;
  milliseconds wrong_guesses_out = std::chrono::minutes(10);
  /// Bytes that wait for all connections together; past it the largest queues go first.
  size_t queued_bytes_max = size_t{512} << 20;
  /// Bytes passed on in one room, both directions: in all, after which the room ends, and per
  /// second (also the burst), above which its senders are read more slowly.
  size_t room_bytes_max = size_t{64} << 20;
  size_t room_bytes_per_second_max = size_t{2} << 20;
  /// A room lives no longer than this, full or not.
  milliseconds room_life = std::chrono::hours(24);
};

} // namespace liveconnect::relay
