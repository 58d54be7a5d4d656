#pragma once

#include <array>
#include <cstdint>

#include "messages/money/transfer.hpp"
#include "messages/money/verdict.hpp"
#include "messages/secure/receipt.hpp"
#include "messages/secure/secure_channel.hpp"

/// What session_step and its seeds agree on: one invitation, one manifest, and what a piece does.
namespace liveconnect::fuzz {

/// What happens next, by the piece's kind.
enum class turn : uint8_t {
  /// The peer's next heartbeat.
  heartbeat,
  /// A command of the peer with its proof: `u8 number`, then its details.
  command,
  /// A sealed body of the peer: `u8 number | u8 index | u8 count`, then the plaintext.
  body,
  /// Bytes on the line that no key has seen.
  raw,
  /// The wallet has done what it was asked.
  wallet_done,
  /// The wallet failed: `u8 code`.
  wallet_failed,
  /// A timer that is armed fires: `u8 which`.
  timer,
  /// The peer goes, and comes again.
  peer_again,
  /// The person approves (`u8 yes`), cancels or stops.
  approve,
  cancel,
  stop,
  /// The peer offers the manifest of all the seeds.
  offer,
  /// The peer's receipt for that manifest, signed; a body stands in place of its verdicts' letters.
  receipt,
  /// Our line to the relay breaks for good.
  line_failed,
};
inline constexpr uint8_t turn_count = 14;

/// Verdicts that a receipt may have, as a byte of an input chooses them.
inline constexpr std::array receipt_verdicts{note_verdict::authentic, note_verdict::fracked,
                                             note_verdict::counterfeit, note_verdict::limbo};

/// The invitation's channel; the key is zeros.
inline channel_terms session_channel() {
  channel_terms out;
  out.room = 42;
  out.invitation.fill(7);
  return out;
}

/// Two notes of 1 and one of 10.
inline manifest session_manifest() {
  manifest out;
  out.id.value.fill(5);
  out.sum = amount::from_coins(12);
  out.notes = 3;
  out.by_denomination[static_cast<size_t>(-denomination_min)] = 2;
  out.by_denomination[static_cast<size_t>(1 - denomination_min)] = 1;
  out.records.fill(3);
  return out;
}

} // namespace liveconnect::fuzz
