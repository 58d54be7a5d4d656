#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/timespan.hpp>

#include "messages/interfaces/io.hpp"
#include "messages/wire/frame.hpp"
#include "messages/wire/room.hpp"

/// What the relay's actors say to each other (docs/protocol.md 3). None of this leaves the process.
namespace liveconnect::relay {

/// Why the relay refuses a connection, or ends one. Each has its word on the wire, one sentence for
/// a person, and a counter. Append only.
enum class refusal : uint8_t {
  /// Two others sit in the room.
  crowded,
  /// The room's tag is another, or one side has none.
  wrong_tag,
  /// The from-word is not exactly `#`.
  from,
  /// The first message is not a Join_Room, or is not complete within 128 bytes.
  join,
  /// A second Join_Room.
  joined,
  /// Not in the grammar.
  bad_frame,
  /// Over the frame bound, after the replacement of `#`.
  too_long,
  /// The join or a frame was not complete in time.
  slow,
  /// Nothing came for longer than the heartbeat timeout.
  silent,
  /// No second client came into the room for too long.
  lonely,
  /// It did not take what was sent to it.
  stalled,
  /// Too many connections from its address.
  address,
  /// The relay holds as many connections or rooms as it may.
  full,
  /// The relay takes no new rooms because it is about to end.
  draining,
  /// The operator ended it.
  kicked,
  /// Too many new connections from its address in a short time.
  hasty,
  /// Too many wrong rooms or tags from its address.
  guesses,
  /// The relay's queues are full and this one's was the largest.
  memory,
  /// The room has passed on as many bytes as a room may.
  bytes,
  /// The room has lived as long as a room may.
  expired,
};
inline constexpr size_t refusal_count = 20;

/// The word on the wire and in counters: `crowded`.
const char* word_of(refusal x);
/// The refusal of a word; false when there is none.
bool refusal_of(std::string_view word, refusal& out);
/// Two clauses for a person: what happened and what to do.
const char* sentence_of(refusal x);

/// Signs of life of one connection, written by the byte loop and read by the heartbeat ticker: the
/// data path sends no message to say that a connection lives.
struct liveness {
  /// Bytes have come since the ticker last looked (it takes the mark away).
  std::atomic<bool> heard{true};
  /// Its reading is held back because the other side is slow: silence is not its fault.
  std::atomic<bool> held{false};
  /// Both seats of the room are taken.
  std::atomic<bool> paired{false};
  /// The connection is gone; the ticker forgets it.
  std::atomic<bool> ended{false};
  /// Bytes of its that went on to the other seat. One thread at a time writes it.
  std::atomic<uint64_t> bytes_forwarded{0};
};

/// A connection's first frame, which asks for a seat.
struct pending_join {
  io::socket_id socket;
  endpoint peer;
  /// The frame as it came; at most 128 bytes.
  bytes text;
  notation how = notation::tag;
};

/// What one loop turn brought.
struct pending_joins {
  std::vector<pending_join> list;
};

/// A connection asks for a seat.
struct seat_request {
  io::socket_id socket;
  endpoint peer;
  notation how = notation::tag;
  join_request wanted;
  std::shared_ptr<liveness> life;
};

/// A socket of a seated (or joining) connection is gone, or it gets no seat. `why` is the word for
/// Peer_Left.
struct connection_closed {
  std::string why;
};

/// A room is empty. The lobby ends it if it has seen all seat requests that the lobby handed on.
struct room_empty {
  uint64_t room = 0;
  uint64_t requests_seen = 0;
};

/// What a room is like now, for the operator.
struct room_description {
  struct person {
    endpoint peer;
    caf::timespan inside{0};
    uint64_t bytes_forwarded = 0;
  };

  uint64_t room = 0;
  /// Since the first of its members came.
  caf::timespan open{0};
  /// At most two, in the order of their coming; none when the room is just ending.
  std::vector<person> people;
};

/// The rooms that there are now.
struct room_numbers {
  std::vector<uint64_t> list;
};

/// How a room's life went.
enum class room_mood : uint8_t {
  /// Two met, and the first to go closed in order.
  happy,
  /// No second client came.
  lonely,
  /// Two met, and a refusal, a lost connection or the relay's end parted them.
  errory,
  /// The operator ended it.
  kicked,
};
/// `happy`.
const char* word_of(room_mood x);

/// A room that is over, from its first member's coming to its last member's going. A room that
/// fills again afterwards is another one.
struct room_usage {
  uint64_t room = 0;
  room_mood mood = room_mood::lonely;
  caf::timespan open{0};
  /// From the first meeting to the first parting; zero when no two met.
  caf::timespan together{0};
  /// Bytes passed on, both directions.
  uint64_t bytes_forwarded = 0;
  /// All that were members, in the order of their coming; the first few.
  std::vector<endpoint> people;
};

/// Takes the records of rooms that are over. Called by room actors, on any thread; must not wait.
class room_usage_port {
public:
  virtual ~room_usage_port() = default;
  virtual void record(const room_usage& x) = 0;
};

/// The bounds that actors hold, when the operator has changed them.
struct limits_update {
  caf::timespan heartbeat_timeout{0};
  caf::timespan room_wait{0};
  /// 0: no bound.
  uint64_t rooms_max = 0;
};

/// What the heartbeat ticker found.
struct timed_out {
  refusal what = refusal::silent;
};

} // namespace liveconnect::relay

// Local by design: sockets and shared marks have no meaning in another process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::relay::pending_joins)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::relay::seat_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::relay::connection_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::relay::room_empty)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::relay::room_description)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::relay::room_numbers)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::relay::limits_update)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::relay::timed_out)
