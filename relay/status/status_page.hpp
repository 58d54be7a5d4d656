#pragma once

#include <string>

namespace liveconnect::relay {

/// The status page: one HTML document without outside resources. Its script fetches /status.json
/// every second, and nothing else.
const std::string& status_page();

/// The Content-Security-Policy that fits it: this one script, this one style, requests to its own
/// origin only, no frames.
const std::string& status_page_policy();

} // namespace liveconnect::relay
