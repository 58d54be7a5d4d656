#pragma once

#include <string>
#include <vector>

#include "benchmarks/figures/json.hpp"

namespace liveconnect::bench {

/// One figure in two results.
struct comparison {
  std::string scenario;
  std::string metric;
  double before = 0;
  double after = 0;
  /// after / before.
  double ratio = 0;
  enum class verdict : uint8_t { tie, better, worse, neither } what = verdict::tie;
};

const char* to_string(comparison::verdict x);

/// Compares our relay's figures in all scenarios that both have. Less than 15 % apart is a tie.
std::vector<comparison> compare_results(const json& before, const json& after);

/// What makes the comparison doubtful: other machines, the same commit, scenarios that only one
/// has. A sentence each.
std::vector<std::string> doubts_about(const json& before, const json& after);

} // namespace liveconnect::bench
