#pragma once

#include <atomic>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "actors/io/actor_owner.hpp"
#include "actors/io/byte_loop.hpp"
#include "actors/io/descriptor.hpp"

namespace liveconnect::io {

/// What is behind byte_loop: the sockets, the thread and the command queue. INTERNAL to actors/io.
///
/// Two halves: what a mutex guards (ids, commands, actor owners) may be touched by any thread;
/// everything else belongs to the loop's thread. A socket that must go is only marked
/// (mark_closed): its owner hears nothing more of it until the end of the turn, when it is told
/// `closed` and the id becomes free. So no handler loses a socket while it works with it.
class byte_loop::core : public std::enable_shared_from_this<byte_loop::core> {
public:
  explicit core(loop_config config);
  ~core();

  void start_thread();
  void stop();
  bool running() {
    std::lock_guard<std::mutex> guard{mutex_};
    return !ended_;
  }
  bool on_thread() const { return std::this_thread::get_id() == thread_id_; }

  caf::expected<listening> prepare(const io::listen& what, std::shared_ptr<socket_handler> owner);
  caf::expected<socket_id> prepare(const io::connect& what, std::shared_ptr<socket_handler> owner);
  /// The same for a bound (tcp: listening) socket that is there already.
  caf::expected<listening> prepare(descriptor fd, transport how,
                                   std::shared_ptr<socket_handler> owner);
  /// loop_config::accepted_buffer_bytes, for a listener that others have made.
  void size_buffers(const descriptor& listener) const {
    set_accepted_buffers(listener.get(), config_.accepted_buffer_bytes);
  }
  std::shared_ptr<socket_handler> handler_for(const socket_owner_actor& owner);

  /// Queues a command; false (and `job` dropped) when the loop has ended.
  bool enqueue(std::function<void()> job);
  /// Runs `job` now on the loop's thread, else queues it.
  template<class F>
  bool act(F job) {
    if (!on_thread())
      return enqueue(std::move(job));
    job();
    return true;
  }

  // On the loop's thread:
  void start(socket_id id);
  void send(socket_id id, byte_view data);
  void send_to(socket_id id, const endpoint& to, bytes data);
  void close(socket_id id, bool flush);
  void pause(socket_id id, bool paused);
  size_t write(socket_id id, const iovec* pieces, size_t count);
  size_t queued(socket_id id) const;
  uint64_t written(socket_id id) const;
  void set_timer(socket_id id, clock::time_point when);
  void set_bounds(size_t write_queue_bytes_max, size_t sockets_max);
  void request_turn_end(const std::shared_ptr<socket_handler>& handler);
  descriptor release(socket_id id);
  /// A stream that stands already. `moved`: it comes from another loop, which has counted it, and
  /// is paused.
  socket_id adopt_stream(descriptor fd, const endpoint& peer, std::shared_ptr<socket_handler> owner,
                         bool moved);
  clock::time_point now() const { return now_; }
  size_t open_sockets() const { return open_; }
  size_t queued_in_all() const { return queued_in_all_; }
  uint64_t coalesced_turns() const { return coalesced_turns_.load(std::memory_order_relaxed); }
  uint64_t accept_rests() const { return accept_rests_.load(std::memory_order_relaxed); }

private:
  static constexpr auto never = clock::time_point::max();

  enum class kind : uint8_t { listener, connecting, stream, udp_bound, udp_connected };

  struct datagram {
    endpoint to;
    bytes data;
  };

  struct datagram_queue {
    std::deque<datagram> list;
    size_t bytes = 0;
  };

  /// A socket that is marked closed; its owner is told at the end of the turn.
  struct pending_close {
    socket_id id;
    close_reason reason;
    std::string text;
  };

  /// One socket. Kept small: ten thousand idle connections have one each.
  struct entry {
    socket_id id;
    descriptor fd;
    kind what = kind::stream;
    bool started = false;
    bool paused = false;
    /// Its owner has no room for more (socket_handler::has_room).
    bool read_paused = false;
    /// A flushing close is under way: nothing is handed to the owner any more.
    bool closing = false;
    /// Our side has said its last (FIN sent); the peer's end is awaited so that a late byte of its
    /// does not turn our last ones into a reset.
    bool shut = false;
    bool marked_closed = false;
    /// What epoll watches now; 0 while it is not registered.
    uint32_t watched = 0;
    std::shared_ptr<socket_handler> owner;
    std::shared_ptr<const void> held;
    endpoint peer;
    caf::timespan connect_deadline{0};
    /// Bytes that wait, from `head` on.
    bytes queue;
    size_t head = 0;
    uint64_t written = 0;
    /// Reads since something was last written to this stream: it talks and is not answered.
    uint32_t reads_unanswered = 0;
    /// When it was last read, in milliseconds of the loop (ticks()).
    uint32_t last_read = 0;
    std::unique_ptr<datagram_queue> datagrams;
    clock::time_point deadline = never;
    clock::time_point timer = never;
  };

  enum class timer_kind : uint8_t { deadline, handler };

  socket_id new_id();
  entry* find(socket_id id) const;
  entry& adopt(socket_id id, descriptor fd, kind what, std::shared_ptr<socket_handler> owner,
               std::shared_ptr<const void> held);

  void run();
  void turn(clock::time_point until);
  void coalesce(std::chrono::microseconds time);
  /// How long the next look is put off after a turn that began `idle` after its look.
  std::chrono::microseconds time_to_coalesce(clock::duration idle) const;
  /// Notes that a stream brings more than a heartbeat now and then.
  void note_activity(entry& x);
  uint32_t ticks() const;
  void handle(entry& x, uint32_t ready);
  void on_acceptable(entry& x);
  void on_hang_up(entry& x);
  void read_datagrams(entry& x);
  void on_readable(entry& x);
  void on_writable(entry& x);
  void finish_connect(entry& x);
  void run_commands();
  void fire_timers();
  void end_turn();
  void finish();

  /// What the socket is to be watched for, as it stands: EPOLLIN, EPOLLOUT.
  uint32_t wanted_events(const entry& x) const;
  /// Has epoll report what `x` now waits for.
  void watch(entry& x);
  void set_watch(entry& x, uint32_t wanted);
  void flush(entry& x);
  void flush_datagrams(entry& x);
  void append(entry& x, const iovec* pieces, size_t count, size_t skip);
  void after_flush(entry& x);
  /// Frees the place of one that is gone.
  void free_slot(socket_id id);
  void mark_closed(entry& x, close_reason reason, std::string text = {});
  void arm(entry& x, timer_kind which, clock::time_point when);
  void rest_listeners();
  void wake_listeners();
  void drop_owned_by(const std::shared_ptr<socket_handler>& owner);
  /// Reads on for an owner that has room again.
  void resume_reading(const std::shared_ptr<socket_handler>& owner);
  /// Whether what comes for `x` is left to wait in the system.
  static bool reading_is_paused(const entry& x) { return x.paused || x.read_paused; }
  void request_owner_turn_end(const entry& x) { request_turn_end(x.owner); }

  const loop_config config_;
  const bool coalesces_;

  // Any thread, under mutex_.
  std::mutex mutex_;
  std::vector<std::function<void()>> commands_;
  bool woken_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  std::vector<uint32_t> generations_;
  std::vector<uint32_t> free_slots_;
  std::unordered_map<caf::actor_id, std::shared_ptr<actor_owner>> actor_owners_;

  descriptor epoll_;
  descriptor wake_;
  std::thread thread_;
  std::atomic<std::thread::id> thread_id_{};
  std::once_flag stopped_;
  std::atomic<uint64_t> accept_rests_{0};
  std::atomic<uint64_t> coalesced_turns_{0};

  // The loop's thread.
  size_t write_queue_bytes_max_;
  size_t sockets_max_;
  std::vector<std::unique_ptr<entry>> entries_;
  size_t open_ = 0;
  /// loop_config::sockets_open, or our own.
  std::shared_ptr<std::atomic<size_t>> open_in_all_;
  /// Of the streams that are not marked closed.
  size_t queued_in_all_ = 0;
  std::vector<pending_close> closed_;
  std::vector<std::shared_ptr<const void>> held_until_told_;
  std::vector<std::shared_ptr<socket_handler>> turn_end_requests_;
  std::set<std::tuple<clock::time_point, uint64_t, timer_kind>> timers_;
  bool listeners_rest_ = false;
  clock::time_point listeners_retry_ = never;
  bool finishing_ = false;
  /// What this turn read: any stream at all, and any that must not be put off.
  bool read_stream_ = false;
  bool read_other_ = false;
  /// The next turn is put off so long; this one was put off by loop_config::coalesce.
  std::chrono::microseconds coalescing_{0};
  bool put_off_ = false;
  /// When something other than a heartbeat last came.
  clock::time_point last_active_ = clock::now();
  bytes buffer_;
  clock::time_point now_ = clock::now();
};

} // namespace liveconnect::io
