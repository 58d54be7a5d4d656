#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "messages/interfaces/raida.hpp"
#include "messages/money/note.hpp"
#include "wallet/raida/derive.hpp"
#include "wallet/raida/quorum.hpp"

/// Payloads of the commands that deal with notes (docs/formats/raida.md 6), and what their answers
/// say. Pure. Headers, challenge and trailer are packet.hpp's.
namespace liveconnect::raida {

/// Most notes in one request: what a body of 65535 bytes holds (docs/formats/raida.md 2).
inline constexpr size_t detect_notes_max = 3119;
inline constexpr size_t pown_notes_max = 1770;
inline constexpr size_t fix_notes_max = 13080;
/// Notes that change for one of the next denomination.
inline constexpr size_t change_count = 10;

// --- requests ---

/// n x (denomination, serial, AN of `server`): Detect, Get Ticket. Only the notes named by
/// `indices`, in that order; each must have an AN for `server`.
secret_bytes encode_notes(const std::vector<note>& notes, const std::vector<uint32_t>& indices,
                          size_t server);

/// n x (denomination, serial, AN, PAN of `server`): Pown, Find. Each must have both.
secret_bytes encode_notes_with_pans(const std::vector<note>& notes,
                                    const std::vector<uint32_t>& indices, size_t server);

/// n x (denomination, serial), PG, one 4-byte ticket a server (0 = none): Fix.
secret_bytes encode_fix(const std::vector<note_id>& notes, const fix_seed& pg,
                        const std::vector<uint32_t>& tickets);

/// What available serials are asked for (docs/formats/raida.md 6, 9/91).
enum class change_operation : uint8_t { break_note = 1, join_notes = 2 };

/// Session, operation, denomination of the notes held.
secret_bytes encode_available(uint32_t session, change_operation op, int8_t held);

/// Session, big note, ten small notes, each with its AN of `server`: Break (small notes' ANs are
/// the new ones) and Join (the big note's is).
secret_bytes encode_change(uint32_t session, const note& big, const std::vector<note>& small,
                           size_t server);

// --- answers ---

/// One letter a note from the answer to Detect, Pown or Fix of `count` notes: 241, 242, 243 with a
/// bitmap of exactly (count+7)/8 bytes, least significant bit first. Anything else, an answer of
/// another length included, is 'e' for all; silent 'n', unreachable 'd', not asked 'u'.
std::string decode_passes(const answer& x, size_t count);

/// Answer to Get Ticket.
struct ticket_answer {
  /// One letter a note; the ticket covers those with 'p'.
  std::string letters;
  /// 0 = none.
  uint32_t ticket = 0;
};
ticket_answer decode_ticket(const answer& x, size_t count);

/// What a server said to Find of `count` notes.
struct find_batch {
  /// One answer a note.
  std::vector<find_answer> notes;
  /// Status 40: some note of the batch is not known there, and nothing is said about the others.
  bool some_unknown = false;
};
/// 208..211; 211 with exactly one byte a note, each 0, 1 or 2. Of one note, status 40 is
/// `no_such_note`.
find_batch decode_find(const answer& x, size_t count);

/// Answer to Available Serials.
struct available_answer {
  /// 'p' when the list is usable.
  char letter = letter::untried;
  /// Denomination of the notes to be made.
  int8_t target = 0;
  /// At most 64, each 0..serial_max, in the server's order.
  std::vector<uint32_t> serials;
};
/// 250 with a target of held-1 (break) or held+1 (join) and whole serials in range, none twice;
/// anything else is 'e'.
available_answer decode_available(const answer& x, change_operation op, int8_t held);

/// One letter from the answer to Break or Join: 250 'p', 242 'f', other statuses 'e'.
char decode_change(const answer& x);

/// Letter of an answer that is expected to be 250 (Echo, Version): else 'e', 'n', 'd', 'u'.
char decode_success(const answer& x);

/// Eight digits, or empty when the answer is not a version.
std::string decode_version(const answer& x);

// --- secrets ---

/// Whether servers keep numbers with this ending for lockers and trade (FFFFFFFF, EEEE), so that it
/// must not become an AN (docs/formats/wallet.md "Facts about the servers", 7). All zero is
/// reserved too: it asks Find for nothing.
bool is_reserved(const authenticity_number& x);

/// A fresh AN from the operating system's random source, never a reserved one.
authenticity_number draw_an();

/// One fresh AN a server.
std::vector<authenticity_number> draw_ans(size_t servers);

/// A session id for change making, never 0.
uint32_t draw_session();

} // namespace liveconnect::raida
