#pragma once

#include <optional>
#include <string>
#include <vector>

#include "benchmarks/figures/json.hpp"
#include "benchmarks/questions/scenario.hpp"
#include "benchmarks/questions/side_by_side.hpp"
#include "cli/shell/output.hpp"

namespace liveconnect::bench {

/// A scenario and how it is to be run.
struct planned_scenario {
  scenario what;
  /// 0: as the campaign says.
  size_t rounds = 0;
  /// Our relay alone: the question is about a bound, not a comparison.
  bool alone = false;
};

struct scenario_results {
  scenario what;
  side_by_side subjects;
  /// Why it did not come to its end; then rounds are missing.
  std::string failure;

  const subject_results* find(const std::string& subject) const;
  /// Median over rounds of ours / theirs.
  std::optional<double> ratio(const std::string& metric, const std::string& theirs) const;
};

struct campaign_config {
  size_t rounds = 1;
  run_times times;
  /// Beside our relay, by name.
  std::vector<std::string> peers;
  /// A relay that runs already; else one is started for each scenario.
  std::optional<endpoint> target;
  std::optional<pid_t> target_pid;
  relay_start start;
  /// A scenario that fails is noted, and the next one runs: the table of goals shall be whole.
  bool keep_going = false;
};

/// Runs every scenario through every subject, round by round: all subjects take their turn within
/// a round, and the first one changes from round to round, so that a busy minute of the machine
/// hits them alike. Each scenario's results are shown as they come. Fails with the first thing that
/// fails, unless told to keep going.
caf::expected<std::vector<scenario_results>> run_campaign(const std::vector<planned_scenario>& plan,
                                                          const campaign_config& config,
                                                          cli::output& out,
                                                          const std::function<bool()>& stopped);

json to_json(const scenario_results& x);

} // namespace liveconnect::bench
