#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/io/byte_loop.hpp"
#include "actors/relay/address_ledger.hpp"
#include "actors/relay/frame_scanner.hpp"
#include "actors/relay/relay_limits.hpp"
#include "actors/relay/room_switch_port.hpp"
#include "messages/base/address_range.hpp"

namespace liveconnect::relay {

/// What a switch has done so far. Plain numbers of the loop's thread; room_switch::counters()
/// copies them out.
struct relay_counters {
  uint64_t accepted = 0;
  uint64_t joined = 0;
  uint64_t paired = 0;
  uint64_t frames_forwarded = 0;
  uint64_t bytes_received = 0;
  uint64_t bytes_forwarded = 0;
  /// Whole frames that came while the other seat was empty.
  uint64_t frames_unheard = 0;
  /// Times that a sender was held back because its receiver was slow.
  uint64_t held_back = 0;
  /// Times that a sender was read more slowly because its room had its bytes of the second.
  uint64_t throttled = 0;
  /// By refusal; connections refused or dropped for that reason.
  std::array<uint64_t, refusal_count> refused{};
  /// Balancers' own connections, which are no clients.
  uint64_t health_checks = 0;
  /// Now: connections, those that have a seat, and rooms with both seats taken.
  uint64_t connections = 0;
  uint64_t seated = 0;
  uint64_t rooms_paired = 0;
  /// Now: bytes that wait for all connections together to take them.
  uint64_t queued_bytes = 0;

  relay_counters& operator+=(const relay_counters& x);

  /// Now: rooms in which one member waits for the other.
  uint64_t rooms_waiting() const { return seated - 2 * rooms_paired; }
};

class room_switch;

/// What a relay's switches share. Any thread, but for the list, which is complete before the first
/// listener is opened.
struct switch_shared {
  explicit switch_shared(const relay_limits& limits) : addresses(limits) {}

  /// The switch of a room's loop.
  std::shared_ptr<room_switch> home_of(uint64_t room) const;

  address_ledger addresses;
  std::atomic<size_t> connections{0};
  /// Bytes that wait for all connections, as the loops last told.
  std::atomic<size_t> queued_bytes{0};
  std::vector<std::weak_ptr<room_switch>> switches;
};

/// The relay's data path on one byte loop: frames go from socket to socket inside the byte loop,
/// and actors hear of joins, leaves, limits and silence only (docs/design/relay.md "Design that
/// gives it").
///
/// A connection's life: a trusted load balancer first announces whose it is; it asks for a seat
/// with its first frame, which goes to the lobby; its reading is paused until the room has placed
/// or refused it; from then on each of its whole frames is passed on to the other seat with every
/// `#` replaced, or dropped while that seat is empty (heartbeats are said again until answered).
/// Only whole frames leave, so a message of the relay's own never falls into one. What the receiver
/// does not take at once waits in its queue, and until that is empty the sender is not read.
///
/// Where there are several loops, one has the listeners, and a line whose room belongs to another
/// moves there when it has named the room, socket and all: both lines of a room are always in one.
///
/// In three files: admission.* reads what comes before the seat; forwarding.cpp is the way of a
/// frame and what holds it back; room_switch.cpp is the rest, seats, deadlines and moves.
///
/// Handler methods run on the loop's thread; the port's and the others on any.
class room_switch : public io::socket_handler,
                    public room_switch_port,
                    public std::enable_shared_from_this<room_switch> {
public:
  room_switch(std::shared_ptr<io::byte_loop> loop, relay_limits limits,
              std::shared_ptr<switch_shared> shared);
  ~room_switch() override;

  /// Names the lobby, which hears the join requests. Before the first listener is opened.
  void set_lobby(const lobby_actor& lobby) { lobby_ = lobby; }

  /// Names the load balancers: a connection from there begins with a PROXY header, and the address
  /// in it is the client's everywhere. A header from any other address is not believed. Before the
  /// first listener is opened.
  void trust_proxies(std::vector<address_range> proxies) { proxies_ = std::move(proxies); }

  // --- any thread ---

  void place(seating what) override;
  void tell(io::socket_id socket, bytes text) override;
  void refuse(io::socket_id socket, refusal why) override;
  void wrong_guess(io::socket_id socket) override;

  /// Other limits from now on, for seated connections as well. What is only read when a connection
  /// is made or joins (frame and join sizes) holds for newcomers.
  void set_limits(const relay_limits& limits);

  /// Says Closing on every connection and closes it; takes no new one any more. The caller then
  /// stops the loop, which flushes.
  void close_all();

  /// A copy of the counters; waits for the loop's turn. Not from the loop's thread.
  relay_counters counters();

  // --- the loop's thread ---

  void on_accepted(io::socket_id listener, io::socket_id socket, const endpoint& peer) override;
  void on_received(io::socket_id socket, byte_view data, const endpoint& from) override;
  void on_drained(io::socket_id socket) override;
  void on_timer(io::socket_id socket) override;
  void on_closed(io::socket_id socket, io::close_reason reason, std::string_view text) override;
  void on_turn_end() override;

private:
  using time_point = io::byte_loop::clock::time_point;
  static constexpr auto never = time_point::max();

  enum class stage : uint8_t { announced, awaiting_join, joining, seated, leaving };

  /// Why a line's reading is paused; several reasons may hold at once.
  enum hold_reason : uint8_t { receiver_is_slow = 1, room_is_fast = 2 };

  /// One socket. Kept small: ten thousand idle connections have one each.
  struct line {
    line(io::socket_id id, const endpoint& from, const relay_limits& limits);

    io::socket_id id;
    endpoint peer;
    stage at = stage::awaiting_join;
    /// The ledger has been told of it.
    bool counted = false;
    notation how = notation::tag;
    /// Of hold_reason; its reading is paused unless this is 0.
    uint8_t held = 0;
    /// Its timer ends the room when that has lived long enough: one of the two does it.
    bool keeps_room_time = false;
    /// pending_control_ holds something for it.
    bool has_control = false;
    /// Bytes before the join was complete.
    uint32_t join_bytes = 0;
    /// What `#` becomes.
    std::string address;
    frame_scanner scanner;
    /// Bytes that no whole frame has been made of, or that wait until the receiver's queue is
    /// empty.
    bytes unread;
    line* partner = nullptr;
    connection_actor who;
    std::shared_ptr<liveness> life;
    std::shared_ptr<room_account> account;
    /// Until when the room's bytes of the second are used up.
    time_point fast_until = never;
    /// When what is not complete began: the join up to it, then the frame in progress.
    time_point since_begun = never;
    /// When the queue behind this socket last moved, and how far it was then.
    time_point since_stall = never;
    uint64_t written_then = 0;
    /// What the socket's timer is set to; never: not set.
    time_point timer = never;
  };

  /// A line that is about to go to another switch.
  struct migrating_line {
    io::socket_id socket;
    std::shared_ptr<room_switch> home;
    bytes join;
  };

  void seat(const seating& what);
  line* find(io::socket_id id);
  void admit(line& x);
  void request_join(line& x, byte_view text);
  void move_lines();
  void take_over(std::unique_ptr<line> x, io::descriptor socket, bytes join);
  line& keep(std::unique_ptr<line> x);
  std::unique_ptr<line> take_out(io::socket_id socket);
  void take_unread(line& x);
  size_t take(line& x, byte_view text);
  size_t take_announcement(line& x, byte_view text);
  size_t take_join(line& x, byte_view text);
  size_t pass_on(line& x, byte_view text);
  void pass_gathered(line& from);
  bool flush_to(line& to);
  bool room_is_spent(const line& x, size_t more) const;
  void charge(line& from, size_t size);
  void hold(line& x, hold_reason why, bool held);
  void end_room(line& x, refusal why);
  void relieve_memory();
  void close_largest_queues(size_t others);
  void pair(line& x, line& y);
  void unpair(line& x);
  void depart(line& x, const std::string& why);
  void drop(line& x, refusal why);
  void say(line& x, byte_view text);
  void say_at_turn_end(line& x, bytes text);
  void say_control(line& x);
  void after_saying(line& x, size_t waiting);
  void watch_queue(line& x);
  void arm(line& x);
  time_point next_deadline(const line& x) const;
  std::chrono::nanoseconds begun_deadline(const line& x) const;

  const std::shared_ptr<io::byte_loop> loop_;
  const std::shared_ptr<switch_shared> shared_;
  relay_limits limits_;
  lobby_actor lobby_;
  std::vector<address_range> proxies_;

  // The loop's thread.
  /// By their sockets' slots.
  std::vector<std::unique_ptr<line>> lines_;
  size_t line_count_ = 0;
  std::vector<pending_join> pending_joins_;
  /// Those whose room belongs to another loop, with their Join_Room; they go when the turn ends.
  std::vector<migrating_line> migrating_;
  /// Our part of switch_shared::queued_bytes.
  size_t queued_told_ = 0;
  /// What the relay itself says this turn to those who get a seat: a welcome and the news that the
  /// other has come often fall into one turn, and go in one write.
  std::vector<std::pair<io::socket_id, bytes>> pending_control_;
  frame_gatherer gathered_;
  relay_counters counters_;
  bool closing_ = false;
};

} // namespace liveconnect::relay
