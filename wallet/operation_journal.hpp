#pragma once

#include <memory>

#include "wallet/journal.hpp"
#include "wallet/transfer_journal.hpp"
#include "wallet/workspace.hpp"

namespace liveconnect::wallet {

/// The journal file of one operation together with what it says: a record is in the view only once
/// it is durable. Owned by one thread.
class operation_journal {
public:
  /// Makes the journal of a new operation, with room for the records of about `notes` notes, and
  /// its first record.
  static caf::expected<operation_journal> create(workspace& space, const opened_record& opened,
                                                 size_t notes);
  /// Opens one that exists. Fails with ec::wallet_damaged when a record cannot be understood.
  static caf::expected<operation_journal> open(workspace& space, const transfer_id& id);

  /// Adds a record: durable when this succeeds (write before send, safety.md 5.3). After a failure
  /// nothing more is accepted and the operation must end; a later open() tells what is there.
  [[nodiscard]] caf::error append(const journal_record& x);

  /// Makes room for `notes` more notes before a step that must not run out of space.
  [[nodiscard]] caf::error make_room(size_t notes);

  /// Writes CLOSED and files the journal under Closed; after a crash in between, again. The records
  /// stay as they are: old secrets outlive the operation (I3).
  [[nodiscard]] caf::error close(closing how, wall_seconds now);

  const journal_view& view() const { return view_; }
  transfer_id id() const { return view_.id(); }

private:
  explicit operation_journal(journal file) : file_(std::move(file)) {}

  journal file_;
  journal_view view_;
};

/// The views of all open journals, oldest first; a damaged one fails the whole (safety.md 5.1:
/// stop, read-only, tell the person). A journal that has no record yet was killed at birth, before
/// anything could happen: it is listed with an `opened_record` of its id alone.
caf::expected<std::vector<journal_view>> load_open_journals(workspace& space);

} // namespace liveconnect::wallet
