#pragma once

#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "messages/base/bytes.hpp"
#include "messages/base/secret.hpp"
#include "messages/money/note.hpp"

/// CloudCoin binary format 9, the only form in which notes are kept and sent
/// (docs/formats/wallet.md 1). Pure.
namespace liveconnect::wallet {

inline constexpr size_t coin_file_header_bytes = 32;
/// Split, shard, denomination, serial and 25 ANs: what a manifest hashes for each note.
inline constexpr size_t coin_record_bytes = 407;
/// The same, followed by 25 PANs.
inline constexpr size_t coin_record_with_pans_bytes = 807;
inline constexpr size_t coin_file_notes_max = 65'535;
/// The longest file without PANs, padding of older writers included.
inline constexpr size_t coin_file_bytes_max =
    coin_file_header_bytes + coin_file_notes_max * coin_record_bytes + 31;
/// The longest file of all.
inline constexpr size_t coin_file_with_pans_bytes_max =
    coin_file_header_bytes + coin_file_notes_max * coin_record_with_pans_bytes + 31;

/// What a file is, told by its first bytes. Says nothing about whether the rest is in order.
enum class coin_file_kind : uint8_t {
  format_9,
  /// Format 9 with the encryption byte set to a known cipher: not corrupted, but not for us.
  format_9_encrypted,
  /// Binary format 0 of CoinManager (CloudCoin v2): older.
  format_0,
  /// JSON of CloudCoin v1 (`.stack`): older.
  legacy_stack,
  /// A picture; may carry a coin of v1 or v2.
  png,
  jpeg,
  unknown,
};

coin_file_kind kind_of_coin_file(byte_view file);

/// Whether the PANs stand in the file (state flag, bit 0).
enum class pans : uint8_t { without, with };

/// Reads a format-9 file: its notes in file order, each (denomination, serial) once. `ans` always
/// has 25 entries, `pans` 25 or none, `pown` 25 letters: those of the header of a single-coin file,
/// else all `u`. The letters are advice: never a reason to call a note ours. Fails with
/// ec::bad_coin_file or ec::old_coin_file; the detail says what is wrong at which byte. A note that
/// stands twice is refused: at most one of the copies can be genuine.
caf::expected<std::vector<note>> parse_coin_file(byte_view file);

/// Writes a format-9 file of 1..65535 notes: unencrypted, unpadded, the pown letters in the header
/// of a single note, the motto for several. Fails with ec::internal when a note has not 25 ANs (or
/// PANs, when asked for) or the number is out of range.
caf::expected<secret_bytes> encode_coin_file(const std::vector<note>& notes, pans which);

/// Appends the 407 bytes of one note, which must have 25 ANs: what a manifest hashes.
void append_coin_record(secret_bytes& out, const note& x);

/// One letter a nibble: the 13 bytes of pown of a single-coin file. Unknown nibbles read as `u`.
std::string pown_from_nibbles(byte_view thirteen_bytes);

/// The 13 bytes for 25 letters; fewer letters count as `u`, the last nibble is filler 9.
std::array<uint8_t, 13> pown_to_nibbles(const std::string& letters);

} // namespace liveconnect::wallet
