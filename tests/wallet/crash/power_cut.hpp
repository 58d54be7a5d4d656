#pragma once

#include <cstddef>

#include "tests/wallet/crash/explore.hpp"

namespace liveconnect::test {

/// How many parts of what was not synced are tried at one moment.
struct power_cuts {
  /// All of them, when there are at most so many decisions (memory_file_ops::undecided).
  size_t all_up_to = 8;
  /// Otherwise so many at random, the one in which nothing arrived and the one in which everything
  /// did among them.
  size_t at_random = 256;
};

/// The whole in the nightly run, fewer on every commit.
power_cuts cuts_of_this_run();

/// Runs the world's scenario and cuts the victim's power at each of its states, with many parts of
/// what was not synced; answers what the first cut that broke a rule broke. Two cuts that leave the
/// same files among the same servers count once, and so do two that differ only in what a temporary
/// file holds, which nobody reads.
findings cut_power_everywhere(crash_world& world, tally& counts, const power_cuts& how);

} // namespace liveconnect::test
