#pragma once

#include <nlohmann/json.hpp>

namespace liveconnect::bench {

/// JSON whose keys stay in the order they were set: people read these files too.
using json = nlohmann::ordered_json;

} // namespace liveconnect::bench
