#pragma once

#include <memory>

#include "wallet/journal/journal.hpp"
#include "wallet/journal/journal_view.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// The journal file of one operation together with what it says: a record is in the view only once
/// it is durable. Owned by one thread, and in hand (note_holds.hpp) for as long as it lives: no
/// other thread can open it meanwhile.
class operation_journal {
public:
  /// Makes the journal of a new operation, with room for the records of about `notes` notes, and
  /// its first record. Fails with ec::file_exists when there is one of this id.
  static caf::expected<operation_journal> create(workspace& space, const opened_record& opened,
                                                 size_t notes);
  /// Opens one that exists, and repairs what a kill left (journal::open). Fails with
  /// ec::wallet_damaged when a record cannot be understood, ec::wallet_busy when it is in hand.
  static caf::expected<operation_journal> open(workspace& space, const transfer_id& id);

  /// Adds a record: durable when this succeeds (write before send, docs/design/safety.md 5.3).
  /// After a failure nothing more is accepted and the operation must end; a later open() tells what
  /// is there.
  [[nodiscard]] caf::error append(const journal_record& x);

  /// Makes room for `notes` more notes before a step that must not run out of space.
  [[nodiscard]] caf::error make_room(size_t notes);

  /// Writes CLOSED and files the journal under Closed; after a crash in between, again. The records
  /// stay as they are: old secrets outlive the operation (I3).
  [[nodiscard]] caf::error close(closing how, wall_seconds now);

  const journal_view& view() const { return hand_->view(); }
  transfer_id id() const { return view().id(); }
  uint64_t opened_ms() const { return file_.opened_ms(); }

private:
  operation_journal(journal file, std::shared_ptr<journal_in_hand> hand)
      : file_(std::move(file)), hand_(std::move(hand)) {}

  journal file_;
  std::shared_ptr<journal_in_hand> hand_;
};

/// The views of all open journals, oldest first; a damaged one fails the whole
/// (docs/design/safety.md 5.1: stop, change nothing, tell the user). A journal without a record was
/// killed before anything could happen: it is listed with an `opened_record` of its id alone.
///
/// Journals in hand are seen as their thread last made them durable, and their files are not
/// touched. A journal that its thread closes meanwhile is left out.
caf::expected<std::vector<journal_view>> load_open_journals(workspace& space);

} // namespace liveconnect::wallet
