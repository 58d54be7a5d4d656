#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "messages/interfaces/wallet.hpp"
#include "messages/money/amount.hpp"
#include "messages/money/note.hpp"
#include "wallet/journal/journal_records.hpp"

/// What a journal's records add up to, and the rules of where each may stand. Pure. The states mean
/// what docs/design/safety.md 5.3 and 5.4 say.
namespace liveconnect::wallet {

/// What a journal's records add up to.
struct journal_view {
  opened_record opened;
  std::optional<selected_record> selected;
  std::optional<sending_record> sending;
  std::vector<receipt_terms> sessions;
  /// All records together; `at` is the last one's.
  std::optional<evidence_record> evidence;
  /// S: notes being taken back, with ANs and PANs.
  std::vector<note> refresh;
  std::optional<manifest> offered;
  /// R and import: notes received, each with `pans` once a record POWN names it.
  std::vector<note> received;
  /// Whether any POWN record is there.
  bool pown = false;
  std::map<note_id, graded_note> graded;
  std::set<note_id> settled;
  std::vector<note_id> rejected;
  std::string receipt;
  std::optional<change_record> change;
  /// Change: how far the last try came.
  std::optional<owed_record> owed;
  /// Change: since when its notes are filed and only servers are owed.
  std::optional<wall_seconds> owed_since;
  std::vector<heal_record> heals;
  std::string destination;
  std::optional<wall_seconds> proven;
  std::optional<wall_seconds> scrubbed;
  /// S: milliseconds of uptime.
  std::optional<uint64_t> lease_from;
  std::optional<closed_record> closed;

  transfer_id id() const { return opened.id; }
  journal_kind kind() const { return opened.kind; }
};

/// Whether a journal of this kind may hold such records at all; the grammar of
/// wallet/journal/README.md.
bool may_hold(journal_kind kind, record_type type);

/// Adds one record to the view. Fails with ec::wallet_damaged, and leaves the view unchanged, when
/// the payload is malformed or the record cannot stand at this place (a POWN without RECEIVED, a
/// second set of PANs for a note (I5), SETTLED for a note whose fate is open, anything after
/// CLOSED).
caf::error apply(journal_view& view, const journal_record& x);

/// The view of a whole journal; the first record must be `opened`.
caf::expected<journal_view> replay(const std::vector<journal_record>& records);

/// How far the transfer is, for sender's, receiver's and import journals.
transfer_state state_of(const journal_view& view);

/// The notes that no other operation may pick while this journal is open: a pure function of the
/// records, so that reservations outlive a crash.
std::vector<note_id> held_by(const journal_view& view);

/// Whether all notes that the journal has sent a Pown, Break or Join for have a verdict.
bool all_graded(const journal_view& view);

/// Whether this is a change whose new notes are filed, and which is open only for servers that it
/// has not reached yet: it holds no note, and is not money under way.
bool is_completion(const journal_view& view);

/// Whether every note received is settled.
bool all_settled(const journal_view& view);

/// S: the notes sent that nothing settles yet: neither the receipt nor evidence says that they are
/// the receiver's, and they are not being taken back. In the manifest's order.
std::vector<note> undecided(const journal_view& view);

/// S: the notes whose fate is known and that are not settled.
std::vector<note_id> to_settle(const journal_view& view);

/// What became of a sender's notes, as far as it is known.
struct sent_parts {
  /// The receiver's: by its receipt, by the servers' word, or because they could not be taken back.
  std::vector<note_id> gone;
  amount gone_value;
  /// Ours again under new secrets.
  std::vector<note_id> back;
  amount back_value;
};
sent_parts parts_of(const journal_view& view);

/// Sum and number of the transfer's notes, for display.
amount sum_of(const journal_view& view);
uint32_t notes_of(const journal_view& view);

} // namespace liveconnect::wallet
