#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>

#include <caf/expected.hpp>

#include "messages/base/secret.hpp"
#include "messages/interfaces/raida.hpp"
#include "messages/money/note.hpp"

/// The RAIDA packet, both ways and for both ends: header, challenge, trailer, and which answers a
/// client may believe. Pure: randomness comes in, bytes go out. Source: docs/formats/raida.md 2, 3
/// and 4 (types 0 and 1).
namespace liveconnect::raida {

/// Header of encryption types 0, 1 and 2, in requests and in responses.
inline constexpr size_t header_size = 32;
/// Header of every other encryption type.
inline constexpr size_t wide_header_size = 48;
/// 12 random bytes and their CRC-32, first in every body.
inline constexpr size_t challenge_size = 16;
/// `3e 3e`, last in every body.
inline constexpr size_t trailer_size = 2;
/// What a request body holds besides the payload.
inline constexpr size_t body_overhead = challenge_size + trailer_size;
/// The body's length is two bytes on the wire.
inline constexpr size_t body_max = 65535;
/// Largest payload of a request.
inline constexpr size_t payload_max = body_max - body_overhead;
/// Clients send requests up to this many bytes (header and body) as a datagram, larger ones over
/// TCP (docs/formats/raida.md "Recommended").
inline constexpr size_t udp_request_max = 1024;
/// Largest response we read: header, and a body of at most 64 KiB.
inline constexpr size_t response_max = header_size + 65536;
/// The coin id that servers of this coin system are configured with.
inline constexpr uint16_t coin_id = 6;

/// Status bytes by name (docs/formats/raida.md 5). Plain numbers, as answer::status is one.
namespace status {
inline constexpr uint8_t bad_split = 2;
inline constexpr uint8_t bad_server = 3;
inline constexpr uint8_t bad_shard = 4;
inline constexpr uint8_t bad_group = 5;
inline constexpr uint8_t bad_command = 6;
inline constexpr uint8_t bad_coin_id = 7;
inline constexpr uint8_t bad_length = 16;
inline constexpr uint8_t bad_claimer = 18;
inline constexpr uint8_t bad_encryption = 27;
inline constexpr uint8_t bad_trailer = 33;
inline constexpr uint8_t no_key = 34;
inline constexpr uint8_t empty_body = 36;
inline constexpr uint8_t bad_crc = 37;
inline constexpr uint8_t bad_admin_key = 38;
inline constexpr uint8_t bad_coin_count = 39;
inline constexpr uint8_t bad_serial = 40;
inline constexpr uint8_t not_reserved = 41;
inline constexpr uint8_t no_ticket_slot = 42;
inline constexpr uint8_t no_such_ticket = 43;
inline constexpr uint8_t ticket_claimed = 44;
inline constexpr uint8_t old_system = 48;
inline constexpr uint8_t rate_limit = 160;
inline constexpr uint8_t bad_parameter = 198;
inline constexpr uint8_t find_neither = 208;
inline constexpr uint8_t find_all_an = 209;
inline constexpr uint8_t find_all_pan = 210;
inline constexpr uint8_t find_mixed = 211;
inline constexpr uint8_t all_pass = 241;
inline constexpr uint8_t all_fail = 242;
inline constexpr uint8_t mixed = 243;
inline constexpr uint8_t success = 250;
inline constexpr uint8_t internal_error = 252;
inline constexpr uint8_t bad_version = 255;
} // namespace status

/// Whether a client may act on this status only when echo and proof match; the others are an error
/// of that server whatever they carry (docs/formats/raida.md "Echo and proof in error answers").
bool needs_proof(uint8_t status);

/// The challenge as it stands in a body, and as it comes back as proof.
using challenge = std::array<uint8_t, challenge_size>;

/// The randomness of one request: drawn by the caller, so that the codec stays pure. Nothing of it
/// is secret.
struct request_seed {
  std::array<uint8_t, 12> challenge{};
  uint16_t echo = 0;
};

/// A seed from the operating system's random source.
request_seed random_request_seed();

/// What a client keeps of a request to judge the response.
struct request_context {
  uint8_t server = 0;
  command what = command::echo;
  uint16_t echo = 0;
  challenge proof{};
};

/// A request on its way.
struct outgoing_request {
  /// Header, challenge, payload, trailer: what goes into the socket.
  secret_bytes packet;
  request_context context;
};

/// Builds a request of encryption type 0 for server `server` (0..24 in the product). `payload` is
/// what stands between challenge and trailer, empty for commands without argument. Fails with
/// ec::bad_argument when it is longer than payload_max.
caf::expected<outgoing_request> encode_request(uint8_t server, command what, byte_view payload,
                                               const request_seed& seed);

/// How many bytes a response over TCP needs in all, as far as `first` tells: header_size until the
/// header is there, then header and body. At most header_size + 2^24 - 1: compare with response_max
/// before buffering.
size_t response_bytes_needed(byte_view first);

/// Judges what came from the right socket. `answered` when it is well formed and, where the status
/// demands it, echo and proof are those of the request; `invalid` otherwise (status is set when a
/// header was there at all). Bytes after the response are ignored.
answer decode_response(const request_context& context, byte_view packet);

// --- the server's side ---

/// How a request came: early errors look different (docs/formats/raida.md 3 and 15).
enum class arrival : uint8_t { tcp, udp };

/// How many bytes a request over TCP needs in all, as far as `first` tells: header_size until the
/// header is there, then header and body; wide_header_size for the encryption types that we refuse.
/// At most header_size + body_max.
size_t request_bytes_needed(byte_view first);

/// The key stream of a type 1 conversation (docs/formats/raida.md 4): AES-128-CTR under an AN of
/// the client, counter block = nonce and a block number.
struct stream_key {
  authenticity_number key;
  std::array<uint8_t, 8> nonce{};
  /// Where the response's key stream begins: after the request's blocks, as servers with AES
  /// instructions do, so that no block is used twice.
  uint64_t response_block = 0;
};

/// What a response needs to know of its request.
struct reply_context {
  uint8_t server = 0;
  uint8_t group = 0;
  uint16_t echo = 0;
  challenge proof{};
  /// The request had a 48-byte header; so has the response.
  bool wide = false;
  /// The request's encryption type, which a 48-byte header repeats.
  uint8_t encryption = 0;
  std::optional<stream_key> key;
};

/// A request was wrong before any command saw it.
struct refusal {
  uint8_t status = 0;
  reply_context reply;
};

/// A header that passed every check of docs/formats/raida.md 3, in that order.
struct request_header {
  command what = command::echo;
  uint8_t shard = 0;
  uint16_t body_length = 0;
  /// 0 or 1.
  uint8_t encryption = 0;
  /// The note whose AN is the key, for type 1.
  note_id key_note;
  std::array<uint8_t, 8> nonce{};
  reply_context reply;
};

/// A request whose body passed its checks too.
struct request {
  command what = command::echo;
  uint8_t shard = 0;
  /// The body's length on the wire, challenge and trailer included; 0 is allowed.
  uint16_t body_length = 0;
  secret_bytes payload;
  reply_context reply;
};

/// Which commands there are: a group that the server knows or not, and a command in it.
bool is_command(uint8_t group, uint8_t number);

/// Checks a header. `packet` holds at least header_size bytes (with fewer, callers drop a
/// datagram or wait on a connection). `server` is our own id.
std::variant<request_header, refusal> decode_header(uint8_t server, arrival how, byte_view packet);

/// Checks and opens the body behind `header`. `packet` is the whole request, header included; a
/// datagram that ends early is refused, bytes after the body are ignored. `key` is the AN of
/// header.key_note for type 1; without one the request is refused (34).
std::variant<request, refusal> decode_body(const request_header& header, byte_view packet,
                                           const std::optional<authenticity_number>& key);

/// Builds a response. `micros` is the time the server took. An empty payload makes no body.
bytes encode_response(const reply_context& to, uint8_t status, byte_view payload, uint32_t micros);

} // namespace liveconnect::raida
