#pragma once

#include <vector>

#include <caf/expected.hpp>

#include "messages/interfaces/wallet.hpp"
#include "messages/money/note.hpp"
#include "messages/money/transfer.hpp"
#include "messages/secure/manifest.hpp"

/// Notes on their way out: the manifest that announces them and the coin files that carry them.
namespace liveconnect::wallet {

/// Cuts notes into coin files of at most `notes_a_file`, so that each fits one frame of 64 KiB in
/// base64 (docs/protocol.md 2).
inline constexpr size_t notes_a_file = 110;
caf::expected<coin_payload> split_coins(const std::vector<note>& notes);

/// The manifest of these notes in this order.
manifest announce(const transfer_id& id, const std::vector<note>& notes, uint32_t lease_seconds);

} // namespace liveconnect::wallet
