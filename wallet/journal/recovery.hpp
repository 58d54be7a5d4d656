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
  /// The notes of a change are filed: reach the servers that it is owed to, or end it when they
  /// have had their time.
  complete_change,
};

/// The next task; a pure function of the records, so that repeating it after a kill is harmless.
recovery_task task_of(const journal_view& view);

/// How long an offer without coins is kept open, so that a sender who comes back finds it.
inline constexpr uint32_t offer_life_seconds = 3600;

/// How long a receipt that the sender has not confirmed is kept for it: 30 days
/// (docs/design/safety.md 5.4).
inline constexpr uint32_t receipt_life_seconds = 30 * 24 * 3600;

/// How long a change that is done is still tried at servers that it did not reach: 30 days
/// (docs/design/safety.md 5.5).
inline constexpr uint32_t completion_life_seconds = 30 * 24 * 3600;

/// The pause after a try of a change that left a server owed: a minute after the first, twice as
/// long after each further one, an hour at most.
uint32_t pause_after(uint32_t tries);

/// From when on a change that is owed to servers is tried again without a person's word: by the
/// wall clock.
wall_seconds tried_again_at(const owed_record& x);

/// Whether the change's next try is due at `now`. A clock that was set back makes it due.
bool is_try_due(const owed_record& x, wall_seconds now);

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

/// What servers say of a Break or Join.
struct change_answers {
  /// FIND(AN, zero), one row a note; `an` as well where the server said that it carried the change
  /// out.
  std::vector<found_row> targets;
  std::vector<found_row> sources;
  /// Servers that answered the request itself without carrying it out, for now.
  std::vector<bool> declined;
  /// Servers where the targets' serials are in use for others' notes: refused for good.
  std::vector<bool> taken;
};

/// Answers of which nothing is known yet.
change_answers no_answers(const change_record& change, size_t servers);

/// Where one server stands with a change.
enum class change_reach : uint8_t {
  /// It holds every target.
  done,
  /// It holds the sources and not all targets: the same request may be sent to it, again and again.
  open,
  /// It lacks a target and a source: it never held that source as we know it, or another owner has
  /// it by now. It cannot carry the change out any more.
  refused,
  /// It has not said enough.
  unknown,
};
change_reach reach_of(const change_answers& x, size_t server);

/// The servers that the change is owed to: those that have neither carried it out nor refused it
/// for good.
std::vector<uint8_t> owed_servers(const change_answers& x);

/// What became of a Break or Join.
enum class change_outcome : uint8_t {
  /// The targets are ours, the sources are void.
  done,
  /// The sources stand.
  abandoned,
  /// Another has the source of a Break: another copy of this wallet spent it.
  lost,
  /// Every server has answered for good, and neither side has a majority.
  split,
  pending,
};

/// How long servers may decline a change before that counts as their last word. A server that
/// keeps the serials for another declines for seconds; one that never makes change, always.
inline constexpr uint32_t decline_seconds = 24 * 3600;

/// Concludes once the request has been sent wherever a server was found open to it.
///
/// Done when 13+f servers hold every target. Abandoned when 13+f still hold the sources and will
/// not carry it out: the request that reached the others, and any copy of it that is still under
/// way, cannot take the majority from the sources any more. Lost when 13+f hold neither source nor
/// targets. A server that is merely open, or silent, keeps the change pending: it is sent there
/// again, and never brought about by a Fix, which makes no record. When no such server is left, the
/// majority decides, since nothing more can come; `last_word` says whether those that decline have
/// had decline_seconds.
change_outcome conclude_change(change_kind kind, const change_answers& x, bool last_word,
                               const raida::quorum_rules& rules);

/// Whether a source of a change that did not happen is another's: 13+f servers hold it no more, and
/// not because they carried the change out.
bool is_source_lost(const change_answers& x, size_t source, const raida::quorum_rules& rules);

} // namespace liveconnect::wallet
