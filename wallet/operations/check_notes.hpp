#pragma once

#include "messages/interfaces/wallet.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// Detects every note of the user's Bank and Fracked that no other operation holds, and files each
/// where the answers say: those that all servers pass in Bank, those that some server refuses in
/// Fracked, those that 13+f refuse twice in Counterfeit. Silence moves nothing. Changes no secret.
caf::expected<operation_report> check_notes(workspace& space);

} // namespace liveconnect::wallet
