#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <caf/expected.hpp>

#include "messages/base/host_port.hpp"
#include "messages/base/secret.hpp"
#include "messages/money/amount.hpp"
#include "messages/money/transfer.hpp"
#include "messages/secure/secure_channel.hpp"

namespace liveconnect {

/// How a session is protected.
enum class security : uint8_t {
  /// Handshake, proofs and receipt of docs/protocol.md 4, 5 and 6.
  lc1,
  /// The original protocol description's bare messages; only with the user's word on both sides.
  plain,
};

inline constexpr size_t invitation_bytes_max = 4096;
inline constexpr size_t invitation_host_max = 253;

/// The connection text: where to meet, and the key (docs/protocol.md 8). Anyone who holds it can
/// be the receiver.
struct invitation {
  /// Name or numeric address, without brackets.
  std::string host;
  uint16_t port = 0;
  /// Greater than zero.
  uint64_t room = 0;
  invitation_id id{};
  std::optional<amount> sum;
  /// Seconds since 1970, UTC.
  uint64_t expires_unix = 0;
  security how = security::lc1;
  secret<32> key;

  /// `relay.example.org:9100`, `[2001:db8::1]:9100`.
  std::string relay() const;
  /// What the handshake is bound to.
  channel_terms terms() const;
};
bool operator==(const invitation& x, const invitation& y);

/// A new one: random id, key and (when `room` is 0) room.
invitation make_invitation(std::string host, uint16_t port, uint64_t expires_unix,
                           std::optional<amount> sum = {}, uint64_t room = 0);

/// A room of ten digits, at random.
uint64_t random_room();

/// What both sides show the relay to share a room: 32 hexadecimal digits from the key. It tells
/// nothing about the key.
std::string room_tag(const secret<32>& key);

/// The file's text. Holds the key: write it with mode 0600 and nowhere else.
secret_bytes to_file_text(const invitation& x);

/// `liveconnect://host:port/room?id=...&expires=...#key`, for a QR code or one line of chat. Holds
/// the key.
secret_bytes to_line(const invitation& x);

/// Reads either form, told apart by its first characters. File: CRLF, a byte order mark, blank
/// lines, blanks at line ends and unknown lines are tolerated; a field twice, a missing field, an
/// unknown Security and more than invitation_bytes_max are not. Fails with ec::bad_invitation,
/// which names the line and never a part of the key. Expiry is not judged here: no clock.
caf::expected<invitation> parse_invitation(std::string_view text);

/// 24 words, 256 bits and 8 check bits.
secret_bytes key_words(const secret<32>& key);

/// Reads the 24 words in either case with any white space between. Fails with ec::bad_invitation,
/// naming the place of the word that is wrong, or that the check does not fit (a word mistyped).
caf::expected<secret<32>> parse_key_words(std::string_view words);

/// Host and port as the `Relay:` line and `--relay` have them: name or IPv4 with `:PORT`, or
/// `[IPv6]:PORT`. Fails with ec::bad_argument.
caf::expected<host_port> parse_relay_address(std::string_view text);

} // namespace liveconnect
