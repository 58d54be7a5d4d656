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

} // namespace liveconnect::wallet
