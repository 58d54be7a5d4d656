#pragma once

#include <caf/expected.hpp>

#include "messages/interfaces/wallet.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// All that a wallet can do for its notes without a peer: looks for what lies in Limbo, heals what
/// is fracked from the wallet's own history and then by tickets, and checks every note. The report
/// is the check's, with a line for each note that some server still does not hold, and for each
/// that was left alone.
caf::expected<operation_report> heal_wallet(workspace& space);

} // namespace liveconnect::wallet
