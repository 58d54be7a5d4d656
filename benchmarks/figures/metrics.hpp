#pragma once

#include <map>
#include <string>
#include <vector>

#include "benchmarks/figures/histogram.hpp"

namespace liveconnect::bench {

/// What a figure is and how figures of it are put together and compared.
struct metric {
  const char* name;
  const char* unit;
  enum class better : uint8_t { more, less, neither } which = better::neither;
  /// How the rounds of one subject become one figure.
  enum class summary : uint8_t { median, greatest } over_rounds = summary::median;
  const char* meaning;
};

/// All metrics that a run may report, in the order of tables.
const std::vector<metric>& all_metrics();
/// nullptr for a name that is none of them.
const metric* find_metric(const std::string& name);

/// One run of one scenario through one subject: figures by the name of their metric. What could not
/// be measured (the processor time of a relay elsewhere) is not there.
using measurement = std::map<std::string, double>;

/// Puts p50, p99, p99.9 and the greatest, in microseconds, under `p50_us` and so on; `prefix` goes
/// in front.
void add_latency(measurement& to, const histogram& from, const std::string& prefix = {});

} // namespace liveconnect::bench
