#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "messages/base/secret.hpp"
#include "messages/interfaces/wallet.hpp"
#include "messages/money/note.hpp"
#include "messages/money/transfer.hpp"
#include "messages/money/verdict.hpp"
#include "wallet/journal/journal.hpp"
#include "wallet/raida/derive.hpp"

/// What the journals of transfers and of the wallet's own operations say: record types and their
/// payloads (docs/formats/wallet.md 9). Pure. The file around them is journal.hpp's
/// (docs/design/safety.md 5.1); what they add up to is journal_view.hpp's.
///
/// Every secret that a server may hold because of us stands in one of these records before it is
/// sent (I3), so a journal alone is enough to go on.
namespace liveconnect::wallet {

/// What a journal is about.
enum class journal_kind : uint8_t {
  sender = 1,
  receiver = 2,
  /// Coin files brought in by the user or a mint: a receiver without a peer.
  import = 3,
  /// A Break or a Join.
  change = 4,
  /// A Fix of fracked notes.
  heal = 5,
  /// Notes taken out into a file.
  export_file = 6,
};
const char* to_string(journal_kind x);

/// Numbers in files: append only.
enum class record_type : uint16_t {
  /// First record of every journal: opened_record.
  opened = 1,
  /// S and export: the notes held for it, a later record replaces an earlier: selected_record.
  selected = 2,
  /// S: P1. sending_record.
  sending = 3,
  /// S and R: a session's terms: session_record.
  session = 4,
  /// S: what 25 servers said to FIND about notes that are gone: evidence_record. Later records are
  /// about other notes.
  evidence = 5,
  /// S: P6. The PANs that take notes back: notes whose secrets are the PANs. Later records are
  /// about other notes.
  refresh = 6,
  /// R: the manifest: manifest_record.
  offered = 7,
  /// R: P2. The notes received, with their ANs: notes_record.
  received = 8,
  /// R: P3. Their PANs, or those of some: notes whose secrets are the PANs. Later records are about
  /// other notes.
  pown = 9,
  /// R, S in refresh, change, heal: what became of notes, with the secrets that hold now; the first
  /// verdict on a note stands: graded_record.
  graded = 10,
  /// These notes lie where they belong, and the journal claims them no longer: note ids. R and
  /// import: graded. S: gone, or taken back. Heal: read, not written any more.
  settled = 11,
  /// The receipt: text.
  receipt = 12,
  /// P3 of a Break or Join: change_record.
  change = 13,
  /// P3 of a Fix: heal_record.
  heal = 14,
  /// Where the exported file goes: text.
  destination = 15,
  /// Last record: closed_record.
  closed = 16,
  /// S: notes that the receipt does not call the receiver's: note ids. Stands before RECEIPT.
  rejected = 17,
  /// Closed journals only, before CLOSED: since when no server can hold a secret that stands here
  /// and nowhere else (docs/design/safety.md I3). A moment.
  proven = 18,
  /// Closed journals only, behind OPENED: the secrets have been taken out. A moment.
  scrubbed = 19,
  /// S: from when on the lease is counted, in milliseconds of this computer's uptime. The last one
  /// counts.
  lease = 20,
  /// Change: which servers it still has to reach, after a try that did not reach them all:
  /// owed_record. The last one counts.
  owed = 21,
};
const char* to_string(record_type x);

/// Unix seconds; for display, and for durations of hours and days.
using wall_seconds = uint64_t;

struct opened_record {
  journal_kind kind = journal_kind::sender;
  transfer_id id;
  wall_seconds at = 0;
  /// Number of servers the secrets are for.
  uint8_t servers = 0;
  /// For which transfer a change, heal or such is made; zero when for none.
  transfer_id parent;
  /// The invitation's text; empty for operations without a peer.
  secret_bytes invitation;
  /// R: the seed of the Ed25519 key that signs the receipt; else zero.
  secret<32> receipt_seed;
};

struct selected_record {
  amount sum;
  /// With their ANs, in no order. Their sum is `sum` once change is made, more before.
  std::vector<note> notes;
};

struct sending_record {
  manifest announced;
  wall_seconds at = 0;
  /// In the manifest's order, with the ANs that travel.
  std::vector<note> notes;
};

struct evidence_record {
  wall_seconds at = 0;
  struct line {
    note_id id;
    /// One letter a server: 'a' holds the AN, 'x' holds another, 'u' unknown.
    std::string found;
  };
  std::vector<line> lines;
};

/// The verdict on one note; never limbo.
struct graded_note {
  note_verdict verdict = note_verdict::authentic;
  /// `ans`: what each server holds as far as known. `pans`: where a server may still change to it
  /// (empty when none). `pown`: one letter a server.
  note coin;
};

struct graded_record {
  std::vector<graded_note> notes;
};

enum class change_kind : uint8_t { break_note = 1, join_notes = 2 };

struct change_record {
  change_kind kind = change_kind::break_note;
  /// Never 0 (docs/formats/raida.md 10).
  uint32_t session = 0;
  /// One (break) or ten (join), with the ANs that hold now.
  std::vector<note> sources;
  /// Ten (break) or one (join), with the ANs that are to hold.
  std::vector<note> targets;
};

/// How far a Break or Join is after a try. It is owed to a server that has neither carried it out
/// nor refused it for good: the same request is sent there again (docs/design/safety.md 5.5).
struct owed_record {
  /// When this try ended.
  wall_seconds at = 0;
  /// Tries so far that left a server owed; at least 1.
  uint32_t tries = 1;
  /// The new notes are filed and the sources retired: the journal holds no note any more, and only
  /// the servers below are still to be reached.
  bool filed = false;
  /// The servers that it is owed to, ascending.
  std::vector<uint8_t> servers;
  /// Servers where the serials are in use for others' notes, which is final, ascending.
  std::vector<uint8_t> taken;
};

/// A try of a Fix, about to be sent.
struct heal_record {
  /// With the ANs (and open PANs) that hold now.
  std::vector<note> targets;
  /// Which server may from now on carry which derived AN (wallet/raida/derive.hpp).
  std::vector<raida::fix_intent> intents;
};

/// Handshake of a session that began to send, or in which a receipt was built.
struct session_record {
  receipt_terms terms;
};

/// How a journal ended.
enum class closing : uint8_t {
  /// S: nothing left; the notes are back in Bank.
  given_back = 1,
  /// S: the peer's receipt is filed.
  sent_with_receipt = 2,
  /// S: the servers' answers are the proof.
  sent_by_evidence = 3,
  /// S: the notes came back under new secrets.
  taken_back = 4,
  /// R: nothing complete ever came.
  nothing_received = 5,
  /// R: the sender has confirmed the receipt.
  received = 6,
  /// Import, change, heal, export: done.
  done = 7,
  /// Change: the servers did not do it; the sources are as they were.
  abandoned = 8,
};
const char* to_string(closing x);

struct closed_record {
  closing how = closing::done;
  wall_seconds at = 0;
};

// --- payloads: encode gives what decode reads; decode refuses anything else ---

journal_record encode(const opened_record& x);
journal_record encode(const selected_record& x);
journal_record encode(const sending_record& x);
journal_record encode(const session_record& x);
journal_record encode(const evidence_record& x);
journal_record encode(const graded_record& x);
journal_record encode(const change_record& x);
journal_record encode(const owed_record& x);
journal_record encode(const heal_record& x);
journal_record encode(const closed_record& x);
journal_record encode_offered(const manifest& x);
journal_record encode_received(const std::vector<note>& x);
/// PANs of notes: `type` is pown or refresh. Only the notes' ids and `pans` are written.
journal_record encode_pans(record_type type, const std::vector<note>& x);
/// `type` is receipt or destination.
journal_record encode_text(record_type type, const std::string& x);
/// `type` is settled or rejected. Ids alone.
journal_record encode_ids(record_type type, const std::vector<note_id>& x);
/// `type` is proven or scrubbed (wall seconds), or lease (milliseconds of uptime).
journal_record encode_moment(record_type type, uint64_t at);

// Each reads a payload wholly and answers false, with `x` in any state, when anything in it is not
// as the encode of the same name writes it.

bool decode(byte_view payload, opened_record& x);
bool decode(byte_view payload, selected_record& x);
bool decode(byte_view payload, sending_record& x);
bool decode(byte_view payload, session_record& x);
bool decode(byte_view payload, evidence_record& x);
bool decode(byte_view payload, graded_record& x);
bool decode(byte_view payload, change_record& x);
bool decode(byte_view payload, owed_record& x);
bool decode(byte_view payload, heal_record& x);
bool decode(byte_view payload, closed_record& x);
bool decode_offered(byte_view payload, manifest& x);
bool decode_received(byte_view payload, std::vector<note>& x);
bool decode_pans(byte_view payload, std::vector<note>& x);
bool decode_text(byte_view payload, std::string& x);
bool decode_ids(byte_view payload, std::vector<note_id>& x);
bool decode_moment(byte_view payload, uint64_t& x);

/// ec::wallet_damaged for a record that cannot be read or cannot stand where it stands. Another
/// version of this program may know it: nothing is touched (docs/design/safety.md threat 39).
caf::error damaged_record(record_type type, const char* why);

/// The record without ANs, PANs, PGs, the invitation's text and the receipt's seed; what history
/// and receipts need stays: ids, letters, sums, moments, texts. Fails with ec::wallet_damaged for a
/// record that cannot be read.
caf::expected<journal_record> without_secrets(const journal_record& x);

} // namespace liveconnect::wallet
