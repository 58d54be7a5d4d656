#pragma once

#include <string>
#include <vector>

#include "wallet/journal/recovery.hpp"
#include "wallet/operations/operation_journal.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// What a Break or Join came to.
struct change_result {
  change_outcome outcome = change_outcome::pending;
  /// The notes made, when done.
  std::vector<note_id> made;
  /// Some of them are in Fracked.
  uint32_t fracked = 0;
  /// Most servers refused it, by status 41 or the like: other serials may work.
  bool refused = false;
};

/// Breaks one note of the user's wallet into ten, or joins ten into one; `owner` must hold the
/// sources and holds the new notes afterwards. Serials come from the servers under a fresh session
/// id; the new notes' secrets are journalled and in Suspect before the request leaves (P3); the
/// request is sent once, FIND tells what became of it; sources go to Trash once the new notes are
/// filed and graded. Refused serials are tried again with others, while the sources still pass.
///
/// Fails with ec::change_not_possible when the servers do not do it (the sources are as they were).
/// A pending change is not a failure: its journal holds sources and targets until it is settled.
caf::expected<change_result> change_notes(workspace& space, change_kind kind,
                                          const std::vector<note_id>& sources,
                                          const transfer_id& owner);

/// Brings an open change to its end as far as the servers allow: for start-up, and the second half
/// of change_notes. `letters` are the servers' answers to the request just sent, or empty.
caf::expected<change_result> finish_change(workspace& space, operation_journal& log,
                                           const std::string& letters);

} // namespace liveconnect::wallet
