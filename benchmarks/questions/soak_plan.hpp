#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/figures/histogram.hpp"
#include "benchmarks/figures/metrics.hpp"
#include "benchmarks/load/attack_mix.hpp"

namespace liveconnect::bench {

/// What a soak is. The relay's own bounds stand here too: waiting for them needs to know them.
struct soak_plan {
  /// Calm, attack and calm again, without opening and without waiting for the last attackers.
  std::chrono::milliseconds length{60'000};
  size_t rooms = 50;
  size_t idle_rooms = 200;
  /// Round trips a second of all busy rooms together.
  double rate = 500;
  size_t frame_bytes = 1024;
  std::vector<attack_kind> attacks;
  uint64_t seed = 0;
  /// Honest rooms' p99 may grow to so many times that of the calm, ...
  double p99_ratio = 3;
  /// ... or by this, whichever is more.
  std::chrono::milliseconds p99_allowance{5};

  std::chrono::milliseconds join_deadline{10'000};
  std::chrono::milliseconds frame_deadline{30'000};
  std::chrono::milliseconds stall_deadline{30'000};
  std::chrono::milliseconds silence{90'000};
  size_t room_bytes_max = size_t{64} << 20;

  std::chrono::milliseconds calm() const { return length / 5; }
  std::chrono::milliseconds attack() const { return length - 2 * calm(); }
  /// Between two heartbeats of an honest end that has nothing else to say.
  std::chrono::milliseconds heartbeat() const;
  std::chrono::milliseconds deadline_of(waits_for x) const;
  /// How long the last attackers are waited for.
  std::chrono::milliseconds patience() const;
};

/// Something that must hold.
struct soak_check {
  enum class verdict : uint8_t { held, failed, not_judged } what = verdict::held;
  std::string name;
  /// What was found, against which bound.
  std::string finding;
};

const char* to_string(soak_check::verdict x);

/// One stretch of time as honest rooms saw it.
struct soak_phase {
  std::string name;
  double seconds = 0;
  histogram latency;
  histogram lateness;
  uint64_t answered = 0;
  /// Cores kept busy: by the relay (when that can be seen), by this program, and by all others on
  /// this machine.
  std::optional<double> relay_cpu;
  double own_cpu = 0;
  double others_cpu = 0;
};

/// The relay's process at one moment.
struct soak_sample {
  /// Since the first calm began.
  double seconds = 0;
  uint64_t resident_kb = 0;
  uint64_t descriptors = 0;
};

struct soak_outcome {
  std::vector<soak_phase> phases;
  std::map<attack_kind, attack_tally> tallies;
  /// At the end of the first calm, at most and at the end; of a relay whose process is known.
  std::optional<soak_sample> before;
  soak_sample peak;
  std::optional<soak_sample> after;
  /// At most 200, evenly spread.
  std::vector<soak_sample> samples;
  /// How much the relay's refusals grew, by word; empty when it does not tell.
  std::map<std::string, uint64_t> refusals;
  uint64_t sent = 0;
  uint64_t received = 0;
  uint64_t newcomers = 0;
  std::vector<soak_check> checks;

  bool clean() const;
  measurement figures() const;
};

} // namespace liveconnect::bench
