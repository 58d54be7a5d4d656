#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <sys/uio.h>

#include <caf/expected.hpp>

#include "actors/io/descriptor.hpp"
#include "actors/io/socket_handler.hpp"
#include "messages/interfaces/interfaces.hpp"

namespace liveconnect::io {

/// Bounds of one loop. Every one has a default that suits the client programs.
struct loop_config {
  /// Bytes that may wait behind one socket for the system to take them. A write beyond it closes
  /// the socket with close_reason::overflow.
  size_t write_queue_bytes_max = 4u << 20;

  /// One read from a stream; also the size of the loop's receive buffer (never under 64 KiB, the
  /// largest datagram).
  size_t read_bytes_max = 64u << 10;

  /// Send and receive buffers, each, of the connections that listeners accept; the system's own
  /// sizing, which may go to megabytes for a peer that reads slowly, when 0.
  size_t accepted_buffer_bytes = 0;

  /// How long a close that flushes, and the loop's own end, may wait for the peer to take what is
  /// queued.
  std::chrono::milliseconds linger{5000};

  /// Sockets this loop holds before its listeners rest; they go on when one closes. 0 takes 95 % of
  /// the process's descriptor limit or the limit less 32, whichever is less
  /// (docs/design/safety.md 6.5).
  size_t sockets_max = 0;

  /// How long a turn may be put off so that more bytes of a busy stream of small messages are read
  /// and passed on together. Only one-way streams are put off, never a turn with a stream that is
  /// answered. 0: never.
  std::chrono::microseconds coalesce{0};

  /// The same while nothing but heartbeats come: when for a while no stream has brought bytes twice
  /// within a second, none has been accepted and no command has come, and heartbeats follow each
  /// other within this time, the next look waits this long and takes several together. A thousand
  /// heartbeats a second then do not wake the thread a thousand times. The first stream that speaks
  /// after that may be read this much later. 0: never.
  std::chrono::microseconds coalesce_idle{0};

  /// Pending connections the system keeps for a listener.
  int backlog = 1024;

  /// Which of a process's loops this is: part of the ids of its sockets.
  uint8_t number = 0;

  /// The sockets of all loops that are given the same count, which sockets_max is about; null for a
  /// loop that counts its own.
  std::shared_ptr<std::atomic<size_t>> sockets_open;
};

/// One epoll thread that owns sockets and moves their bytes (docs/design/architecture.md "Decision
/// 3"). TCP and UDP, IPv4 and IPv6; every descriptor is non-blocking and close-on-exec.
///
/// The first group of methods may be called from any thread: each puts a command on the loop's
/// queue and wakes it with at most one eventfd write a batch; from the loop's own thread they act
/// at once. Commands of one thread are carried out in their order. The second group belongs to the
/// loop's thread, that is to handlers and to functions given to post().
///
/// An id is a slot and its generation: a command for a socket that is gone meets nothing.
///
/// Owners. A socket has one owner until it closes or moves to another loop (release), a handler or
/// an actor; the loop keeps it alive while the socket is open. An actor that ends (for whatever
/// reason) takes its sockets with it: the loop closes them at once, without flushing. An accepted
/// socket belongs to its listener's owner.
class byte_loop {
public:
  using clock = std::chrono::steady_clock;

  explicit byte_loop(loop_config config = {});

  /// stop().
  ~byte_loop();

  byte_loop(const byte_loop&) = delete;
  byte_loop& operator=(const byte_loop&) = delete;

  // --- from any thread ---

  /// Whether it could be made (it takes two descriptors) and has not ended.
  bool running() const;

  /// Ends the loop: flushes what is queued (bounded by `linger`), closes every socket, tells every
  /// owner `closed` with close_reason::local, and joins the thread. Later calls do nothing; opening
  /// fails with ec::stopped from then on. The one method that the loop's thread must not call.
  void stop();

  /// Binds (and listens). Nothing arrives before start(). Fails with ec::cannot_listen.
  caf::expected<listening> prepare(const listen& what, std::shared_ptr<socket_handler> owner);

  /// Makes the socket of a connection; it is not opened before start(), so that a caller that waits
  /// for the id has it before its first event. Fails with ec::network_failed when no descriptor is
  /// left; an address that cannot be reached is a `closed` event.
  caf::expected<socket_id> prepare(const connect& what, std::shared_ptr<socket_handler> owner);

  /// Lets a prepared socket go. Once per socket.
  void start(socket_id socket);

  /// prepare() and start() in one, for callers who need not see the id before the first event.
  caf::expected<listening> open(const listen& what, std::shared_ptr<socket_handler> owner);
  caf::expected<socket_id> open(const connect& what, std::shared_ptr<socket_handler> owner);

  /// Takes over a listening TCP socket that another process has opened, such as a service manager,
  /// and accepts from it at once. The loop closes its own descriptor when it ends and never shuts
  /// the socket down: others may hold it. Fails with ec::cannot_listen when it is no such socket.
  caf::expected<listening> open(descriptor listening_socket, std::shared_ptr<socket_handler> owner);

  /// Other bounds from now on: loop_config::write_queue_bytes_max, which a queue that is longer
  /// already meets at its next write, and sockets_max (0: by the descriptor limit as it is now).
  void set_bounds(size_t write_queue_bytes_max, size_t sockets_max);

  /// The handler that hands events to an actor, one `events` message per loop turn. One per living
  /// actor: asking again gives the same. The sockets of an actor that ends are closed.
  std::shared_ptr<socket_handler> handler_for(const socket_owner_actor& owner);

  /// messages/interfaces/io.hpp says what these do.
  void send(socket_id socket, bytes data);
  void send_to(socket_id socket, const endpoint& to, bytes data);
  void close(socket_id socket, bool flush = true);

  /// Stops and continues reading: the bytes wait in the system and the peer is slowed down. For a
  /// listener: accepting. Idempotent.
  void pause(socket_id socket);
  void resume(socket_id socket);

  /// Runs `job` on the loop's thread; never at once, also when called there. Dropped (destroyed,
  /// not run) when the loop has ended.
  void post(std::function<void()> job);

  /// How often accepting had to rest because descriptors were short.
  uint64_t accept_rests() const;

  /// How many turns were put off to coalesce bytes (loop_config::coalesce and coalesce_idle).
  uint64_t coalesced_turns() const;

  // --- on the loop's thread only ---

  /// Queues the pieces on a stream, sending what the system takes at once. Returns what now waits,
  /// or 0 for a socket that is gone. Past the bound the socket is closed with `overflow` after this
  /// turn's handlers have returned.
  size_t write(socket_id socket, const iovec* pieces, size_t count);
  size_t write(socket_id socket, byte_view data);

  /// Bytes that wait behind a stream, and how many have gone to the system so far.
  size_t queued(socket_id socket) const;
  uint64_t written(socket_id socket) const;

  /// Bytes that wait behind all streams together.
  size_t queued_in_all() const;

  /// Calls on_timer at `when`; one timer per socket, a later call replaces it, and
  /// time_point::max() takes it away.
  void set_timer(socket_id socket, clock::time_point when);

  /// Lets go of a stream with nothing queued, so that another loop can take it: its owner hears
  /// nothing more of it and its id is free. Only at the end of a turn (on_turn_end, or a posted
  /// job). Holds no descriptor when there is no such stream.
  descriptor release(socket_id socket);

  /// Takes a connected TCP socket that another loop has released, paused until resume().
  socket_id adopt(descriptor stream, const endpoint& peer, std::shared_ptr<socket_handler> owner);

  /// Has on_turn_end called at the end of this turn.
  void request_turn_end(const std::shared_ptr<socket_handler>& handler);

  /// The time this turn began.
  clock::time_point now() const;

  /// Sockets open now, prepared ones included.
  size_t open_sockets() const;

private:
  class core;
  std::shared_ptr<core> core_;
};

} // namespace liveconnect::io
