#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "messages/money/transfer.hpp"

namespace liveconnect {

/// Every message of the protocol (docs/protocol.md 1). 1..19 and 24 are the numbers of the
/// original protocol description (docs/protocol.md "Origin"); 20 and 21 name messages that its
/// steps have without a number; 100 and up are ours. 22, 23 and 25..99 stay free for its authors.
enum class message_number : uint16_t {
  heartbeat = 1,
  empty_import_export = 2,
  import_export_empty = 3,
  amount = 4,
  making_change = 5,
  joining_coins = 6,
  finding_change = 7,
  moving_coins_to_sender = 8,
  detecting_coin_authenticity = 9,
  fixing_coins = 10,
  putting_coins_in_export = 11,
  encrypting_coins = 12,
  ready_to_receive = 13,
  received = 14,
  decrypting_coins = 15,
  powning_coins = 16,
  receipt = 17,
  confirming_change_of_ownership = 18,
  coins_confirmed = 19,
  fixing_change = 20,
  ready_to_send_coins = 21,
  coin = 24,
  join_room = 100,
  room_joined = 101,
  peer_joined = 102,
  peer_left = 103,
  refused = 104,
  cancel = 105,
  closing = 106,
};

/// Numbers that a JSON frame may name at all.
inline constexpr uint16_t message_number_min = 1;
inline constexpr uint16_t message_number_max = 999;

constexpr uint16_t to_integer(message_number x) {
  return static_cast<uint16_t>(x);
}

/// What a message carries beside its name.
enum class details_kind : uint8_t {
  none,
  /// An amount in the wire's grammar; in the tag form it stands where others have their word.
  amount,
  /// Base64 of a sealed body, closed by `</tag>` in the tag form.
  body,
  /// Likewise, but the body may be missing (the original's bare `<# Ready_To_Send_Coins>`).
  optional_body,
  /// Nothing, or the receipt's hash as 64 hexadecimal digits (docs/protocol.md 6).
  receipt_hash,
  /// `ROOM [TAG]`.
  join,
  /// `ROOM yourip:port N`.
  seat,
  /// `ip:port`.
  address,
  /// One word.
  reason,
  /// One word, then one sentence.
  reason_and_sentence,
};

/// The end that writes a message. Documentation and tests read it; what a side believes of a peer's
/// message is its machine's business.
enum class author : uint8_t { sender, receiver, both, client_to_relay, relay, both_and_relay };

/// One row of the catalogue: the single source of both notations, of the tests and of the table in
/// docs/protocol.md 1.
struct catalogue_row {
  message_number number;
  /// The word after the address; empty for the amount, which is its own word.
  std::string_view tag;
  details_kind details;
  author from;
  /// Where name and number come from, for the documentation.
  std::string_view source;
};

inline constexpr size_t catalogue_size = 29;

/// All rows, by number.
// for tests: every message through every notation, and through both machines
const std::array<catalogue_row, catalogue_size>& catalogue();

/// The row of a number, or nullptr when the catalogue has none.
const catalogue_row* find_message(uint16_t number);
inline const catalogue_row* find_message(message_number number) {
  return find_message(to_integer(number));
}

/// The row of a tag (case matters), or nullptr. The empty tag finds nothing.
const catalogue_row* find_message(std::string_view tag);

/// `Making_Change`; for the amount `amount`. For logs, screens and journals of what was said.
std::string to_string(message_number x);

/// The catalogue as a Markdown table, as it stands in docs/protocol.md 1 (a test compares them).
// for tests: docs/protocol.md is held to the catalogue
std::string catalogue_markdown();

} // namespace liveconnect
