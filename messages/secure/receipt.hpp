#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>

#include "messages/base/secret.hpp"
#include "messages/money/note.hpp"
#include "messages/money/transfer.hpp"
#include "messages/money/verdict.hpp"
#include "messages/secure/secure_channel.hpp"

namespace liveconnect {

/// One note in a receipt. No AN, no PAN.
struct receipt_note {
  note_id id;
  /// One letter a server, 1..25 of `u p b n d e f` (docs/formats/raida.md 7).
  std::string pown;
  /// What became of it at the receiver: authentic, fracked, counterfeit or limbo.
  note_verdict what = note_verdict::limbo;
};
bool operator==(const receipt_note& x, const receipt_note& y);

/// Notes and value of one verdict.
struct receipt_sum {
  uint32_t notes = 0;
  amount value;
};
inline bool operator==(const receipt_sum& x, const receipt_sum& y) {
  return x.notes == y.notes && x.value == y.value;
}

/// What the receiver signs when it has graded the notes (docs/protocol.md 6).
struct receipt {
  transfer_id id;
  invitation_id invitation{};
  digest manifest_hash{};
  /// Of the session in which it was first made.
  std::array<uint8_t, 64> handshake_hash{};
  /// Seconds since 1970, UTC; the receiver's clock.
  uint64_t time_unix = 0;
  /// In the manifest's order, no note twice.
  std::vector<receipt_note> notes;

  /// Derived from `notes`, never stored apart.
  receipt_sum sum_of(note_verdict x) const;
};
bool operator==(const receipt& x, const receipt& y);

inline constexpr size_t receipt_bytes_max = 8 * 1024 * 1024;
inline constexpr size_t receipt_notes_max = 65'535;

/// An Ed25519 key; made fresh for each invitation and kept in the receiver's journal by its seed.
class signing_key {
public:
  /// Fresh from the operating system.
  static signing_key random();
  /// The same seed gives the same key.
  static signing_key from_seed(const secret<32>& seed);

  const receipt_public_key& public_key() const { return public_; }
  const secret<32>& seed() const { return seed_; }
  /// Ed25519 over the bytes.
  std::array<uint8_t, 64> sign(byte_view message) const;

private:
  secret<32> seed_;
  secret<64> private_;
  receipt_public_key public_{};
};

/// The finished text: canonical JSON (fixed order, no spaces) with public key and signature. The
/// same receipt and key give the same bytes.
std::string sign_receipt(const receipt& x, const signing_key& key);

/// Reads a receipt that must be canonical to the byte, with sums that agree with its notes, no note
/// twice, carrying `key` and signed by it. Fails with ec::bad_receipt.
caf::expected<receipt> verify_receipt(std::string_view text, const receipt_public_key& key);

/// BLAKE2b-256 of the text: what Coins_confirmed carries as 64 hexadecimal digits.
digest receipt_hash(std::string_view text);

/// First 16 hexadecimal digits of receipt_hash(): the receipt's short name, as it is shown and
/// typed.
std::string receipt_name(std::string_view text);

} // namespace liveconnect
