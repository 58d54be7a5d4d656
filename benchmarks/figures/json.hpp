#pragma once

#include <nlohmann/json.hpp>

namespace liveconnect::bench {

/// JSON whose keys stay in the order they were set: the files are read by eye too.
using json = nlohmann::ordered_json;

} // namespace liveconnect::bench
