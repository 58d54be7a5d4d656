#pragma once

#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "messages/money/note.hpp"
#include "wallet/journal/journal_view.hpp"

namespace liveconnect::wallet {

/// Checks a receipt against what was sent: signed by the key it carries (that this key is the
/// peer's, the session has verified), for this transfer and this manifest, and with exactly the
/// notes sent. Answers the notes that are not the receiver's by it (counterfeit, limbo). Fails with
/// ec::bad_receipt.
caf::expected<std::vector<note_id>> rejected_by(const std::string& json,
                                                const sending_record& sent);

} // namespace liveconnect::wallet
