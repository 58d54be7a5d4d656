#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <caf/expected.hpp>

#include "messages/base/endpoint.hpp"

namespace liveconnect {

/// Details of Join_Room (docs/protocol.md 3): `ROOM [TAG]`.
struct join_request {
  /// Greater than zero.
  uint64_t room = 0;
  /// Empty, or the room tag: 32 lower-case hexadecimal digits.
  std::string tag;
};
inline bool operator==(const join_request& x, const join_request& y) {
  return x.room == y.room && x.tag == y.tag;
}
std::string to_details(const join_request& x);
/// Fails with ec::bad_frame.
caf::expected<join_request> parse_join_request(std::string_view details);

/// Details of Room_Joined: `ROOM yourip:port N`.
struct room_seat {
  uint64_t room = 0;
  endpoint you;
  /// People now inside, you included: 1 or 2.
  uint32_t people = 0;
};
std::string to_details(const room_seat& x);
/// Fails with ec::bad_frame.
caf::expected<room_seat> parse_room_seat(std::string_view details);

/// A room number: decimal, no sign, no leading zero, 1..2^64-1. False when it is none.
bool parse_room(std::string_view text, uint64_t& out);

/// The first word of a reason (`crowded` of `crowded The room ...`), and what follows it.
struct reason {
  std::string word;
  std::string sentence;
};
reason parse_reason(std::string_view details);

} // namespace liveconnect
