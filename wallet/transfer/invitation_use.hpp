#pragma once

#include <caf/error.hpp>

#include "messages/interfaces/wallet.hpp"
#include "wallet/operations/workspace.hpp"

/// Invitations are for one transfer: the sender burns them when it closes (docs/protocol.md 8).
namespace liveconnect::wallet {

/// Marks the invitation as used, durably; may be repeated. Does nothing for an empty text.
[[nodiscard]] caf::error burn_invitation(workspace& space, const secret_bytes& text);

/// Whether a new transfer of a sender may have these terms: fails with ec::bad_argument when the
/// transfer is closed, or its invitation was used by one that is.
caf::error refuse_used(workspace& space, const transfer_terms& terms);

} // namespace liveconnect::wallet
