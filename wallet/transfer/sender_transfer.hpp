#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "messages/interfaces/wallet.hpp"
#include "wallet/journal/recovery.hpp"
#include "wallet/operations/operation_journal.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// One transfer on the sender's side, step by step (messages/interfaces/wallet.hpp says what each
/// step is). Straight-line blocking code over the workspace; the folder worker calls it. Every step
/// may be repeated and may be killed anywhere: what is durable then, start-up recovery carries on
/// (docs/design/safety.md 5.4, 5.5).
///
///     fresh -reserve-> SELECTED -begin_sending-> SENDING -receipt, ask_servers-> CLOSED
///                         |                         |-> REFRESH -> GRADED -> CLOSED(taken back)
///                         |                         \-cancel-> WRITTEN_OFF -> CLOSED(written off)
///                         \-give_back-> CLOSED(given back)
///
/// From SENDING on each note goes its own way: the receipt or EVIDENCE makes it the receiver's,
/// REFRESH and GRADED bring it back. What is decided is filed and free at once (SETTLED); the
/// journal closes with the last note.
class sender_transfer {
public:
  /// A new transfer: leaves no trace on the disk before reserve().
  static sender_transfer start(workspace& space, const transfer_terms& terms);
  /// A transfer that has a journal. Fails with ec::bad_argument when that is not an open sender's.
  static caf::expected<sender_transfer> reopen(workspace& space, const transfer_id& id);

  /// A transfer that is closed, to say its end again to a receiver that did not hear it
  /// (closed_answer.hpp): it answers with what was sent and how it ended, and neither sends nor
  /// changes anything. Fails with ec::bad_argument for what is no closed sender's.
  static caf::expected<sender_transfer> reopen_closed(workspace& space, const transfer_id& id);

  /// Chooses and holds notes; record SELECTED.
  caf::expected<step_report> reserve(amount sum);
  caf::expected<step_report> run(sender_step step);
  /// What lies in Export.
  caf::expected<manifest> announcement() const;
  /// Record SENDING is durable (P1) before the coins are answered.
  caf::expected<coin_payload> begin_sending(const receipt_terms& terms);
  /// Checks the receipt against what was sent, files it (P5) and closes; when it leaves notes out,
  /// the transfer stays open for those.
  caf::error file_receipt(const receipt_text& text);

  /// The user's word that the transfer is to end (docs/design/safety.md 5.4): gives back what never
  /// left, asks the servers, and writes off the notes that they give neither to the receiver nor
  /// back. No secret goes: the notes' files lie in Sent, and the journal keeps all. Refuses with
  /// ec::outcome_unknown and the reason, with nothing written off, while any note could still be
  /// decided otherwise.
  caf::expected<step_report> cancel();

  /// Brings the transfer as far as it can go without the peer: the tasks of recovery.
  /// `with_servers` is for ask_servers, which start-up leaves alone.
  caf::error carry_on(bool with_servers);

  transfer_state state() const;
  transfer_id id() const { return terms_.id; }
  const journal_view* view() const { return log_ ? &log_->view() : over_ ? &*over_ : nullptr; }

private:
  sender_transfer(workspace& space, transfer_terms terms);

  // One step each.
  caf::expected<step_report> check_servers();
  caf::expected<step_report> set_aside();
  caf::expected<step_report> make_change();
  caf::expected<step_report> join_notes();
  caf::expected<step_report> find_change();
  caf::expected<step_report> fix_change();
  caf::expected<step_report> move_to_sender();
  caf::expected<step_report> health_check();
  caf::expected<step_report> fix_notes();
  caf::expected<step_report> put_in_export();
  caf::expected<step_report> all_sent();
  caf::expected<step_report> ask_servers();
  caf::expected<step_report> give_back();

  /// Notes of the selection that still lie in the user's wallet, and what they must add up to.
  struct open_part {
    std::vector<stored_note> notes;
    amount sum;
  };
  caf::expected<open_part> unmoved() const;
  /// Holds more of the user's notes, enough for `sum` with change, and records the selection.
  caf::error select(amount sum, const std::vector<note>& keep);
  caf::error record_selection(const std::vector<note>& notes);
  /// Releases the notes of `part` that the plan does not need.
  caf::error drop_unneeded(const open_part& part, const change_plan& plan);
  /// Puts the notes that a change made in the selection in place of its sources.
  caf::error select_instead(const std::vector<note_id>& sources,
                            const std::vector<stored_note>& made);
  /// Carries out the plan's first break; adds it to the report and to `broken`, notes by
  /// denomination.
  caf::error break_one(const open_part& part, const change_plan& plan, step_report& report,
                       std::map<int8_t, uint32_t>& broken);
  /// Joins ten notes, where that saves some. False when there is nothing (more) to join.
  caf::expected<bool> join_ten(step_report& report);
  /// Detects what lies in the Sender wallet; answers what fewer servers pass than settle a note.
  caf::expected<std::vector<stored_note>> find_bad(step_report& report);
  /// Detects what lies in the Sender wallet once; puts aside what may not be paid out and answers
  /// its value.
  caf::expected<amount> check_once(step_report& report);
  /// Asks the servers about the notes that nothing decides yet: EVIDENCE for those that are gone,
  /// taking back for those that may be. Lowers `fewest_passes` to what they show.
  caf::error decide_open(size_t& fewest_passes);
  /// Remembers what the servers say of these undecided notes: in the journal, once patience is over
  /// and where it says something new, and for cancel().
  caf::error record_looks(const std::vector<note>& notes, const std::vector<found_row>& rows);
  /// Makes the notes' PANs durable (P6), then brings the notes back.
  caf::error take_back(const std::vector<note>& notes);
  /// Brings notes back whose PANs are durable (REFRESH): GRADED for what is certain.
  caf::error claim_back(const std::vector<note>& notes, bool drawn_now);
  /// Likewise for all that are being taken back and have no verdict.
  caf::error finish_refresh();
  /// Files the notes whose fate is known, and releases them; `last`: the journal closes right
  /// after.
  caf::error file_decided(bool last);
  /// Files what is decided, closes when that is all, and reports.
  caf::expected<step_report> conclude(size_t fewest_passes);
  /// Records from when on the lease counts, unless the journal says so and the computer has not
  /// been restarted since.
  caf::error count_lease();
  /// Burns the invitation (docs/protocol.md 8), then closes.
  caf::error close(closing how);
  caf::error move_sent(const std::vector<note_id>& ids);
  /// Moves what was selected from the Sender wallet back to the user's.
  caf::error move_back();
  /// Whether coins may have left.
  bool has_sent() const { return log_ && log_->view().sending.has_value(); }
  caf::error require_selected() const;
  step_report settled_report(settlement how) const;
  /// How a closed transfer ended.
  step_report closed_report() const;
  /// carry_on() for a session as well, which tells the receiver itself.
  caf::error finish_open(bool with_servers);

  workspace* space_;
  transfer_terms terms_;
  std::optional<operation_journal> log_;
  /// reopen_closed(): what the closed journal says.
  std::optional<journal_view> over_;
  /// The transfer is brought to its end without a session, so the receiver may wait for a word.
  bool owes_answer_ = false;
  std::optional<manifest> announced_;
  /// What the servers said last of notes that stay undecided.
  std::map<note_id, found_row> undecided_rows_;
};

} // namespace liveconnect::wallet
