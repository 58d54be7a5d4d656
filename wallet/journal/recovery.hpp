#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wallet/journal/journal_view.hpp"
#include "wallet/raida/quorum.hpp"

/// What to do with what is open, and what servers' answers mean for it (docs/design/safety.md 5.4).
/// Pure decisions: no file, no server, no clock.
namespace liveconnect::wallet {

/// What an open journal needs next.
enum class recovery_task : uint8_t {
  /// CLOSED is there, the journal only has to be filed.
  file_journal,
  /// The peer has not seen the notes: everything back to the user's wallet.
  give_back,
  /// The peer may have the notes: only its receipt or the servers' word settles it.
  ask_servers,
  /// REFRESH is there: bring the claim to its end.
  finish_refresh,
  /// Every note is the receiver's or ours again, and known to be: file them, close.
  finish_sent,
  /// Nothing complete came, and nothing is kept of it: wait for the sender, close when it is old.
  drop_offer,
  /// RECEIVED or POWN is there: bring the claim to its end.
  finish_pown,
  /// GRADED is there: move the notes to the user's wallet.
  settle_notes,
  /// The notes are the user's; only the sender's confirmation of the receipt is missing.
  await_confirmation,
  /// An import whose notes are the user's: close.
  finish_import,
  finish_change,
  finish_heal,
  finish_export,
};

/// The next task; a pure function of the records, so that repeating it after a kill is harmless.
recovery_task task_of(const journal_view& view);

/// How long an offer without coins is kept open, so that a sender who comes back finds it.
inline constexpr uint32_t offer_life_seconds = 3600;

/// How long a receipt that the sender has not confirmed is kept for it: 30 days
/// (docs/design/safety.md 5.4).
inline constexpr uint32_t receipt_life_seconds = 30 * 24 * 3600;

/// What a closed transfer came to.
settlement settlement_of(closing how);

/// Whether start-up does the next task by itself at `now`. The others need the peer, or the user's
/// word (`settle`).
bool done_at_start(const journal_view& view, wall_seconds now);

/// One sentence on what an open transfer waits for.
std::string waits_for(const journal_view& view);

/// How start-up orders the open journals: changes and healings first, since a transfer may hold
/// what they made; within a group as given (oldest first).
void order_for_recovery(std::vector<journal_view>& views);

// --- what FIND says ---

/// One note, one answer a server.
using found_row = std::vector<raida::find_answer>;

/// What to do about a note that has left (S in SENDING). Each note stands for itself: a receiver
/// who took some and vanished must not keep the others pending for ever.
enum class sent_outcome : uint8_t {
  /// It is gone for 13+f servers: evidence.
  gone,
  /// It still carries our AN at 13+f servers, and nothing stands against taking it back.
  take_back,
  pending,
};

/// How much of the time is over that S leaves a note to the receiver.
enum class patience : uint8_t {
  /// The lease runs: S has promised to wait.
  leased,
  /// The lease is over: a note that the receiver has not begun to take may be taken back.
  promise_kept,
  /// dispute_seconds are over as well: a receiver who had begun would have finished.
  exhausted,
};

/// How long a note that some server gives to another is left to him, if that is more than the
/// lease. Taking it back sooner would be as safe (docs/design/safety.md 2.1: refresh while some
/// servers say NEITHER), but unfair to a receiver who is at it; never taking it back would let one
/// server that lies, or lost the note, keep it from both for good (I13).
inline constexpr uint32_t dispute_seconds = 3600;

/// Concludes from FIND (docs/design/safety.md 5.4, S in SENDING). `sent` is the note as it left:
/// where its letters say that a server refused it then, that server's "no" does not
/// point to the receiver.
sent_outcome conclude_sent(const note& sent, const found_row& row, patience how,
                           const raida::quorum_rules& rules);

/// Of an open sender's journal, by uptime, which cannot be set: both are durations
/// (docs/design/safety.md threat 33). Neither counts before the journal says from when on (LEASE).
/// After a restart of the computer uptime is less than what has gone by, so each lasts longer,
/// never shorter.
patience patience_of(const journal_view& view, uint64_t up_ms);

/// What FIND(AN, second set) says about a note that has left, for conclude_sent(). A server that
/// holds the note's own second set was not reached by the receiver, who never saw that set: it
/// counts as silent, neither for him nor for us.
found_row for_sent(const note& sent, found_row found);

/// Whether a received set that has no PANs yet is powned only after FIND says that the sender has
/// not begun to take it back: once the sender's lease may be over, and no session runs with it
/// (docs/design/safety.md 5.4, R in RECEIVED). Judged from when the transfer was opened here, which
/// is before the sender's lease began. A clock that was set back asks as well.
bool asks_before_pown(const journal_view& view, wall_seconds now);

/// Whether `seconds` have gone by from `from` to `now`, by the wall clock: for hours and days. One
/// that was set back makes it longer.
bool has_passed(wall_seconds from, wall_seconds now, uint32_t seconds);

/// Whether the lease has to be counted anew from here on: no LEASE says from when it counts, or
/// the computer was started again since.
bool counts_lease_anew(const journal_view& view, uint64_t up_ms);

/// The verdict on a note that we sent a Pown for, or none while it is pending. `coin` has AN and
/// PAN of each server; the answer has the vector that holds now (PAN where yes, AN where not) and
/// keeps the PANs while a server's answer is unknown.
std::optional<graded_note> grade_claimed(const note& coin, const found_row& found,
                                         const raida::quorum_rules& rules);

/// The coin's vector after `found`, whatever the verdict: what healing starts from.
note with_found(const note& coin, const found_row& found);

/// What became of a Break or Join.
enum class change_outcome : uint8_t {
  /// 13+f servers hold every target: the sources are void.
  done,
  /// A majority holds every target, but not 13+f: heal the targets, then ask again.
  heal_first,
  /// 13+f hold none of the targets (and, for a Break, still pass the source): the sources stand.
  abandoned,
  pending,
};

/// Concludes from FIND(target's AN, zero), one row a target. `source_passes` has the fewest servers
/// that pass a source; only a Break asks it (Detect lies about the sources of a Join,
/// docs/formats/wallet.md 8.4).
change_outcome conclude_change(change_kind kind, const std::vector<found_row>& targets,
                               size_t source_passes, const raida::quorum_rules& rules);

} // namespace liveconnect::wallet
