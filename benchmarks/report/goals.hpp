#pragma once

#include <optional>
#include <string>
#include <vector>

#include "benchmarks/questions/campaign.hpp"
#include "benchmarks/questions/coin_payload.hpp"

namespace liveconnect::bench {

/// One line of the table of goals (docs/design/relay.md "Goals").
struct goal {
  std::string what;
  /// As text: `>= 3 x HAProxy`.
  std::string wanted;
  /// What ours gave, and HAProxy where it is compared with; 0 where it is not.
  double measured = 0;
  double reference = 0;
  std::string unit;
  /// What decides: the ratio, or the share of a bound that was used.
  double ratio = 0;
  bool met = false;
};

/// What has to be run for them, beside HAProxy, where a process may have so many descriptors: a
/// relay stops accepting at 95 % of them (docs/design/safety.md 6.5), so 9,500 pairs need a few
/// more than 20,000.
std::vector<planned_scenario> goal_scenarios(size_t descriptors);

/// Judges what came of goal_scenarios(), in their order, and of measure_coin_payload(). A goal
/// whose figures are not there is not met. Pure.
std::vector<goal> judge(const std::vector<scenario_results>& results,
                        const std::optional<coin_payload_rates>& payload);

std::vector<std::string> table_of(const std::vector<goal>& goals);
json to_json(const goal& x);

} // namespace liveconnect::bench
