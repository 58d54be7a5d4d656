#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <caf/expected.hpp>

#include "messages/base/endpoint.hpp"

namespace liveconnect::bench {

/// What a relay's /status.json says, as far as a load is interested.
struct relay_status {
  uint64_t connections = 0;
  uint64_t seated = 0;
  /// By the refusal's word.
  std::map<std::string, uint64_t> refusals;
};

/// Asks once; two seconds at most. Fails with ec::network_failed or ec::protocol_violation.
caf::expected<relay_status> fetch_status(const endpoint& where);

} // namespace liveconnect::bench
