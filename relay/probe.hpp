#pragma once

#include <chrono>
#include <string>

#include <caf/expected.hpp>

namespace liveconnect::relay {

/// How a relay answered two connections of ours.
struct probe_result {
  using microseconds = std::chrono::microseconds;
  uint64_t room = 0;
  /// What the relay calls us.
  std::string seen_as;
  microseconds connect{0};
  /// From the join's sending to the meeting of both.
  microseconds meet{0};
  /// Of a message through the relay and the answer to it: the middle one of several, and the worst.
  microseconds round_trip{0};
  microseconds worst{0};
};

/// Connects twice to HOST:PORT, meets in a random room under a random tag, and times messages
/// between the two. Takes `deadline` at most. Fails with ec::relay_unreachable, ec::relay_busy
/// (full, draining, limiting), ec::relay_refused, or ec::protocol_violation when what answers is no
/// relay.
caf::expected<probe_result> probe(const std::string& host_and_port,
                                  std::chrono::seconds deadline = std::chrono::seconds(10));

} // namespace liveconnect::relay
