#pragma once

#include <functional>
#include <string>

#include <caf/error.hpp>
#include <nlohmann/json_fwd.hpp>

namespace liveconnect::relay {

/// Asks a relay's admin socket one question and hands on each line of the answer, the result last.
/// Fails with ec::relay_unreachable when no relay serves that socket or it may not be opened, and
/// with ec::protocol_violation when the answer has no result.
caf::error ask_admin(const std::string& path, const nlohmann::json& request,
                     const std::function<void(const nlohmann::json& line)>& take);

} // namespace liveconnect::relay
