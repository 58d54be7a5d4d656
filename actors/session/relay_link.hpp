#pragma once

#include <memory>
#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/timespan.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "messages/base/endpoint.hpp"
#include "messages/interfaces/interfaces.hpp"
#include "messages/wire/frame.hpp"

/// The client's line to the relay: one TCP connection at a time, kept up or brought back. It knows
/// rooms, heartbeats and silence; it knows nothing of keys and money.
namespace liveconnect::session {

/// How patient a client is with its line to the relay. The only place with these defaults: a
/// session's configuration is one of these, and hands it to its link.
struct line_times {
  /// Between two heartbeats of ours.
  caf::timespan heartbeat = std::chrono::seconds(5);
  /// How long to try the relay before the first time we are in the room.
  caf::timespan first_contact = std::chrono::seconds(5);
  /// How long to try it after a line broke. A relay holds the seat of a line that died unnoticed
  /// for 90 s (docs/protocol.md 3), and refuses us `crowded` meanwhile.
  caf::timespan relay_patience = std::chrono::seconds(60);
  /// Between two tries: the first wait, doubled up to the second.
  caf::timespan backoff_min = std::chrono::milliseconds(100);
  caf::timespan backoff_max = std::chrono::seconds(5);
};

struct link_config : line_times {
  /// Tried in turn; at least one.
  std::vector<endpoint> relays;
  uint64_t room = 0;
  /// Room tag, or empty.
  std::string tag;
  notation how = notation::tag;

  /// Heartbeats that a present peer may miss.
  uint32_t missed_max = 3;
  /// How long the relay may take for the connection, and again for its answer to Join_Room.
  caf::timespan connect_timeout = std::chrono::seconds(5);
};

/// We are in the room.
struct link_entered {
  std::string own_address;
  uint32_t people = 1;
};
/// The relay says that another client came, or that the peer went: it left, or missed its
/// heartbeats
/// (`silent`; then the link makes a new connection by itself, and says link_lost).
struct link_peer {
  bool present = false;
  /// Address when it came, reason when it went; at most 64 printable characters.
  std::string word;
  /// As link_frame's; none when the link itself finds it out.
  std::shared_ptr<const void> credit = nullptr;
};
/// A frame of the peer.
struct link_frame {
  frame what;
  /// io::events::credit: who says more than the owner takes is not read meanwhile.
  std::shared_ptr<const void> credit = nullptr;
};
/// Time for a heartbeat: the owner makes it, because it knows what rides on it.
struct link_beat {};
/// The connection is gone; the next link_entered tells that it is back.
struct link_lost_line {
  std::string reason;
};
/// Given up. Nothing follows.
struct link_failed {
  ec code = ec::relay_unreachable;
  std::string detail;
};

/// The LINK OWNER interface: what a link tells, in order.
using link_owner_actor =
    caf::typed_actor<caf::reacts_to<link_entered>, caf::reacts_to<link_peer>,
                     caf::reacts_to<link_frame>, caf::reacts_to<link_beat>,
                     caf::reacts_to<link_lost_line>, caf::reacts_to<link_failed>>;

/// Starts connecting. Once.
struct link_open {};
/// Sends one frame; dropped when we are not in the room (the owner was told).
struct link_send {
  frame what;
};
/// Gives this connection up and makes a new one; what is queued still goes. `reason` is shown to
/// the person.
struct link_renew {
  std::string reason;
};
/// Closes for good after what is queued has gone, then ends.
struct link_close {};

/// The LINK interface.
using link_actor =
    caf::typed_actor<caf::reacts_to<link_open>, caf::reacts_to<link_send>,
                     caf::reacts_to<link_renew>, caf::reacts_to<link_close>,
                     // From the byte loop.
                     caf::reacts_to<io::events>,
                     // INTERNAL: the ticker; and a deadline or back-off that was armed with this
                     // number.
                     caf::reacts_to<atom::tick>, caf::reacts_to<atom::tick, uint64_t>>;

/// State of a LINK. Touched by its own actor only.
///
///     idle -> connecting -> joining -> inside
///               ^   |          |         |
///               |   v          v         v
///               +- resting <---+---------+      (any state -> over)
struct link_state {
  using pointer = link_actor::stateful_pointer<link_state>;
  enum class stage : uint8_t { idle, connecting, joining, inside, resting, over };

  // --- the beginning and the end ---

  /// Watches owner and loop, and gives the actor its handlers.
  link_actor::behavior_type begin(pointer me);
  void on_down(const caf::down_msg& what);
  void open();
  /// Closes what is open, lets go what is queued, then ends the actor.
  void finish();
  /// Tells the owner that this link has given up, then finishes.
  void fail_for_good(ec code, std::string detail);

  // --- one connection after the other ---

  void connect();
  /// The room is lost (or was not reached): rests, then tries again, or gives up.
  void rest(std::string reason);
  /// Arms the one deadline or back-off; the one before does not ring any more.
  void arm(caf::timespan after);
  void disarm();
  void on_alarm(uint64_t number);
  /// Every heartbeat interval, for as long as the link lives.
  void beat();

  // --- what is sent, and what comes ---

  void transmit(const frame& what);
  void on_event(const io::event& what, const std::shared_ptr<const void>& credit);
  void on_bytes(const bytes& data, const std::shared_ptr<const void>& credit);
  void on_closed(const io::event& what);
  void on_relay_frame(const frame& what, const std::shared_ptr<const void>& credit);
  void on_refused(const frame& what);
  void on_joined(const frame& what, const std::shared_ptr<const void>& credit);
  /// The peer is there (again): its silence counts from now.
  void peer_came(std::string address, const std::shared_ptr<const void>& credit);
  void peer_went(std::string reason, const std::shared_ptr<const void>& credit);

  pointer self = nullptr;
  link_config config;
  byte_loop_actor loop;
  link_owner_actor owner;

  stage now = stage::idle;
  io::socket_id socket;
  frame_reader reader;
  /// Which of config.relays is tried.
  size_t next_relay = 0;
  caf::timespan backoff{0};
  /// We were in the room once: from then on a refusal for want of a seat is worth another try,
  /// since the seat may still be our own old one.
  bool was_inside = false;
  bool ticking = false;
  /// Start of the time without a room.
  caf::actor_clock::time_point out_since;
  /// Present by the relay's word; and the last time a frame of it came.
  bool peer_present = false;
  /// Whether the relay has told the present peer's address.
  bool peer_named = false;
  caf::actor_clock::time_point peer_heard;
  /// The credit of what the owner was given last. While the owner holds it, the peer's next frames
  /// may lie unread in the socket, so the peer is not called silent.
  std::weak_ptr<const void> held_credit;
  /// The number of the deadline or back-off in force.
  uint64_t alarm = 0;
  std::string last_reason;

  static inline const char* name = "relay_link";
};

/// Keeps one line to the relay for its owner.
///
/// Who watches whom: the link monitors its owner and ends with it; the byte loop closes the link's
/// sockets when the link ends. The owner holds the link, the link holds the owner's handle only as
/// long as it lives, and drops it when it ends.
link_actor::behavior_type relay_link(link_actor::stateful_pointer<link_state> self,
                                     link_config config, byte_loop_actor loop,
                                     link_owner_actor owner);

} // namespace liveconnect::session

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::link_entered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::link_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::link_frame)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::link_beat)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::link_lost_line)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::link_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::link_open)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::link_send)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::link_renew)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::link_close)
