#pragma once

#include <vector>

#include "wallet/operations/operation_journal.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// Tries the changes of these open journals at the servers that they are still owed to: changes
/// whose notes are filed, and may be spent since. Only the change itself can make the notes'
/// records at such a server, since a Fix makes none; until then their owner, whoever that is, lacks
/// it there.
///
/// All are asked about at once, so that servers which are down are waited for once. A journal
/// closes when every server has carried its change out or refused it for good, or after
/// completion_life_seconds; else it has the new try written down (OWED). Journals that are in hand
/// elsewhere, or no completions, are left out. The first failure is answered, the others go on.
[[nodiscard]] caf::error complete_changes(workspace& space, const std::vector<transfer_id>& ids);

/// Sends changes that are over once more to the servers of `where`, one entry a change: servers
/// that hold the sources, since they fell back to a state before it. Each is asked first; one that
/// lacks a source, or has a target, gets nothing. The change's journal has all secrets still (P3).
void repeat_changes(workspace& space, const std::vector<change_record>& changes,
                    const std::vector<std::vector<bool>>& where);

} // namespace liveconnect::wallet
