#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <caf/expected.hpp>

#include "benchmarks/figures/metrics.hpp"
#include "benchmarks/load/event_loop.hpp"
#include "benchmarks/load/subject.hpp"

namespace liveconnect::bench {

/// The questions that `liveconnect-bench relay` asks.
enum class mode : uint8_t { bulk, paced, ping_pong, connect, idle, slow_reader, flood };

/// `ping-pong` and so on; as --mode takes them.
const char* to_string(mode x);
std::optional<mode> parse_mode(const std::string& text);

/// One question with its numbers.
struct scenario {
  mode what = mode::bulk;
  /// Rooms with two ends each. connect: how many are on their way at a time.
  size_t pairs = 1;
  /// Of one message, newline included.
  size_t frame_bytes = 64;
  /// Round trips a second of all rooms together: paced, and the honest rooms of an attack.
  double rate = 1000;
  /// Pairs that attack: flood and slow-reader.
  size_t attackers = 16;
  /// idle: each end says Heartbeat once in so long.
  std::chrono::milliseconds heartbeat{5000};
  /// Generator and subject share a core.
  bool same_core = false;
};

/// `bulk, 64 B, 16 pairs`: names the scenario in tables and files.
std::string name_of(const scenario& x);

/// How long, and until when at the latest.
struct run_times {
  /// The load runs, nothing is counted.
  std::chrono::milliseconds warm_up{250};
  /// Everything is counted.
  std::chrono::milliseconds measured{1000};
  /// Pairs must be there, and after the end the last frames must have come, within so long.
  std::chrono::milliseconds patience{20'000};
};

/// Runs a scenario once through a subject, in the calling thread. Whatever is sent must arrive: a
/// frame that is lost, repeated or altered is an error, as is everything that the subject refuses.
/// ec::stopped when `stopped` says so.
caf::expected<measurement> run_scenario(const scenario& what, subject& through,
                                        const run_times& times,
                                        const std::function<bool()>& stopped);

} // namespace liveconnect::bench
