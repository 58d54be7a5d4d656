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
};

/// Breaks one note of the user's wallet into ten, or joins ten into one; `owner` must hold the
/// sources and holds the new notes afterwards. Serials come from the servers under a fresh session
/// id; the new notes' secrets are journalled and in Suspect before the request leaves (P3); it is
/// sent again wherever FIND says that it did not arrive (change_rounds.hpp); sources go to Trash
/// once the new notes are filed and graded. Refused serials are tried again with others, while the
/// sources still stand.
///
/// Done means that 13+f servers hold the new notes. The journal of the change then stays open for
/// the servers that it has not reached, and holds nothing (complete_change.hpp).
///
/// Fails with ec::change_not_possible when the servers do not do it (the sources are as they were),
/// and when a source was another's already (it lies in Counterfeit). A pending change is not a
/// failure: its journal holds sources and targets until it is settled.
caf::expected<change_result> change_notes(workspace& space, change_kind kind,
                                          const std::vector<note_id>& sources,
                                          const transfer_id& owner);

/// Brings an open change to its end as far as the servers allow, by sending the same request again
/// where they are still open to it. For start-up.
caf::expected<change_result> finish_change(workspace& space, operation_journal& log);

/// What a person is told when the sources of a change turn out to be another's: 13+f servers hold
/// neither them nor the new notes. Nobody but this wallet ever had these secrets, so it was a
/// second copy of it, or a restored backup.
std::string words_for_lost(const change_record& change);

} // namespace liveconnect::wallet
