#pragma once

#include <vector>

#include "messages/interfaces/wallet.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// Where the money is: from the folders and the open journals, no server asked. No note counts
/// twice, and what is on its way is shown as in transit, so that a crash never hides money.
caf::expected<wallet_balance> balance_of(workspace& space);

/// The notes of the user's wallet and those in transit, largest first.
caf::expected<std::vector<listed_note>> list_notes(workspace& space);

} // namespace liveconnect::wallet
