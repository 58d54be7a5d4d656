#pragma once

#include <functional>
#include <vector>

#include "messages/interfaces/wallet.hpp"
#include "wallet/operations/workspace.hpp"

/// What a wallet does before anything else, and whenever something open is to be brought further
/// (docs/design/safety.md 5.4). Under the lock; idempotent; may itself be killed anywhere.
namespace liveconnect::wallet {

/// Whether a worker has this journal in hand right now, so that recovery leaves it alone.
using in_work = std::function<bool(const journal_view&)>;

/// The first thing after the lock: removes what killed writes left behind, then recover(), and
/// scrubs closed journals that are due (scrub.hpp). Fails with ec::wallet_damaged when a journal
/// cannot be understood: then nothing was touched.
caf::expected<recovery_report> start_up(workspace& space);

/// Holds what open journals claim, then carries every one as far as it goes without a peer: changes
/// and healings first, then transfers, oldest first. Notes that no journal claims go back to the
/// user's wallet. No server is asked about notes that were sent (settle() asks), and nothing that
/// waits for the peer is closed before its time (recovery.hpp says how long).
///
/// What cannot be carried on stays open and held, and is counted in `failed`: it keeps nothing else
/// from being carried on. Journals in hand are left alone, whatever `busy` says.
caf::expected<recovery_report> recover(workspace& space, const in_work& busy);

/// Brings one open transfer as far as the servers allow without the peer; answers where it stands.
/// Fails with ec::bad_argument when no journal of that id is open.
caf::expected<open_transfer> settle(workspace& space, const transfer_id& id);

/// Transfers, imports, exports, changes and healings that are open, oldest first. A change whose
/// notes are filed is not among them, even while it is owed to servers: no money waits for it.
caf::expected<std::vector<open_transfer>> open_transfers(workspace& space);

/// Role and invitation of an open transfer.
caf::expected<transfer_terms> terms_of(workspace& space, const transfer_id& id);

/// How an open transfer is shown.
open_transfer describe(const journal_view& view);

} // namespace liveconnect::wallet
