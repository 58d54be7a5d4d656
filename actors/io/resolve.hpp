#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "messages/base/endpoint.hpp"

namespace liveconnect::io {

/// The addresses of a host, in the system's order of preference, each once, at most 16. A numeric
/// address is itself. Blocks for as long as the system's resolver does (seconds): for composition
/// roots and detached actors, never for a loop. Fails with ec::network_failed.
caf::expected<std::vector<endpoint>> resolve(const std::string& host, uint16_t port);

} // namespace liveconnect::io
