#pragma once

#include <string>
#include <vector>

#include "tests/simulation/scenario.hpp"

namespace liveconnect::simulation {

/// The scenario without the faults of these numbers, as the seed drew them.
scenario without(const scenario& x, const std::vector<size_t>& dropped);

/// A scenario that still fails, with as few faults as were found.
struct shrunk {
  scenario what;
  /// The faults that it goes without, by their numbers in the one that was drawn.
  std::vector<size_t> dropped;
};

/// Takes one fault after the other away for as long as the run still breaks a rule.
shrunk shrink(const scenario& failing, const switches& on);

/// What to type to see the run again.
std::string replay_command(uint64_t seed, const switches& on, const std::vector<size_t>& dropped);

} // namespace liveconnect::simulation
