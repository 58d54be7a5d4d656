#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/small_world.hpp"

namespace liveconnect::simulation {

/// How far an exploration may go.
struct exploration_bounds {
  double seconds = 20;
  uint64_t states = UINT64_MAX;
};

/// What it came to.
struct exploration {
  uint64_t states = 0;
  uint64_t moves = 0;
  /// States in which no program runs: each was brought to an end and judged.
  uint64_t ends = 0;
  /// The most moves in a row.
  size_t depth = 0;
  double seconds = 0;
  /// Whether nothing was left to explore.
  bool complete = false;
  /// The rules that the first end that was wrong broke, and the way there.
  std::vector<std::string> broken;
  std::vector<std::string> way_there;
};

/// Every order of everything that may happen, until all states are known, a rule is broken, or a
/// bound is reached.
exploration explore(const small_rules& rules, const exploration_bounds& bounds);

/// One line of figures.
std::string to_string(const exploration& x);

} // namespace liveconnect::simulation
