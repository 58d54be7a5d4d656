#pragma once

#include "messages/interfaces/wallet.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// Asks about every note of the user's Bank and Fracked that no other operation holds, sends a
/// note's newest secrets to servers that hold an older set of ours (pown_again.hpp), and files each
/// where the answers say, with its letters: those that all servers pass in Bank, those that some
/// server refuses in Fracked, those of which 13+f refuse every set of secrets on this disk, asked
/// twice, in Counterfeit. A note whose living secrets lie elsewhere on this disk is made ours anew.
/// Silence moves nothing.
caf::expected<operation_report> check_notes(workspace& space);

} // namespace liveconnect::wallet
