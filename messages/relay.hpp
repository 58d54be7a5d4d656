#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>

#include "messages/frame.hpp"
#include "messages/io.hpp"
#include "messages/room.hpp"

/// What the relay's actors say to each other (protocol.md 3). None of this leaves the process.
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
  /// Nobody else came into the room for too long.
  lonely,
  /// It did not take what was sent to it.
  stalled,
  /// Too many connections from its address.
  address,
  /// The relay holds as many connections or rooms as it may.
  full,
};
inline constexpr size_t refusal_count = 13;

/// The word on the wire and in counters: `crowded`.
const char* word_of(refusal x);
/// The refusal of a word; false when there is none.
bool refusal_of(std::string_view word, refusal& out);
/// Two clauses for a person: what happened and what to do.
const char* sentence_of(refusal x);

/// Signs of life of one connection, written by the byte loop and read by the heartbeat ticker: the
/// data path sends nobody a message to say that somebody lives.
struct pulse {
  /// Bytes have come since the ticker last looked (it takes the mark away).
  std::atomic<bool> heard{true};
  /// Its reading is held back because the other side is slow: silence is not its fault.
  std::atomic<bool> held{false};
  /// Both people are in the room.
  std::atomic<bool> paired{false};
  /// The connection is gone; the ticker forgets it.
  std::atomic<bool> ended{false};
};

/// A connection's first frame: somebody knocks.
struct knock {
  io::socket_id socket;
  endpoint peer;
  /// The frame as it came; at most 128 bytes.
  bytes text;
  notation how = notation::tag;
};

/// What one loop turn brought.
struct knocks {
  std::vector<knock> list;
};

/// A connection asks for a seat.
struct entry {
  io::socket_id socket;
  endpoint peer;
  notation how = notation::tag;
  join_request wanted;
  std::shared_ptr<pulse> life;
};

/// A seat was given; people counts the newcomer: 1 or 2.
struct seat {
  uint64_t room = 0;
  uint32_t people = 0;
};

/// A socket of a seated (or joining) connection is gone. `why` is the word for Peer_Left.
struct departed {
  std::string why;
};

/// A room is empty. The lobby ends it if it has seen all entries that the lobby handed on.
struct vacant {
  uint64_t room = 0;
  uint64_t entries_seen = 0;
};

/// What the heartbeat ticker found.
struct lapse {
  refusal what = refusal::silent;
};

} // namespace liveconnect::relay

// Local by design: sockets and shared marks have no meaning in another process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::relay::knocks)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::relay::entry)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::relay::seat)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::relay::departed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::relay::vacant)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::relay::lapse)
