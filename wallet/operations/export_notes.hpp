#pragma once

#include <string>

#include "messages/interfaces/wallet.hpp"
#include "wallet/operations/operation_journal.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// Takes notes for exactly `sum` out of the user's wallet into one new coin file at `path`. Change
/// is made when it must be. Record SENDING is durable before the file is made (P1); the notes then
/// lie in Withdrawn. Fails with ec::not_enough_coins, ec::change_not_possible or ec::file_exists:
/// nothing left the wallet.
caf::expected<operation_report> export_notes(workspace& space, amount sum, const std::string& path);

/// Brings an export that was killed to its end: before SENDING the notes are free again; after it
/// the file is made, or, when its place is gone or taken, stays in the wallet's Export, and the
/// answer says so.
caf::expected<operation_report> finish_export(workspace& space, operation_journal& log);

} // namespace liveconnect::wallet
