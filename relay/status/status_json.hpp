#pragma once

#include <string>

#include "relay/status/status_board.hpp"

namespace liveconnect::relay {

/// /status.json, documented in docs/operators.md: members may be added, none changes its meaning.
/// `history` false leaves the series out (for `liveconnect-relay status`).
std::string status_json(const status_board& board, bool history = true);

} // namespace liveconnect::relay
