#pragma once

#include "messages/interfaces/wallet.hpp"
#include "wallet/operations/workspace.hpp"

/// Steps that both sides of a transfer do alike.
namespace liveconnect::wallet {

/// Echo to all servers. Fails with ec::too_few_servers below the majority.
caf::expected<step_report> check_servers(workspace& space);

/// Moves what lies in Import and Export of a hidden wallet to Trash; never deletes (I8). Leaves
/// alone what belongs to any open transfer.
caf::expected<step_report> set_aside_unclaimed(workspace& space, wallet_store& store);

} // namespace liveconnect::wallet
