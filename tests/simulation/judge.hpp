#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/person.hpp"
#include "tests/simulation/server_farm.hpp"
#include "tests/simulation/strangers.hpp"

namespace liveconnect::simulation {

/// What is judged when a run is over.
struct outcome_of_run {
  server_farm* servers = nullptr;
  std::vector<person*> who;
  /// What clients without a wallet know.
  std::vector<strangers::drawn> others;
  const scenario* what = nullptr;
  switches judged;
  /// The notes that were there from the beginning, but for the forger's.
  std::vector<note> minted;
  /// What the payee of the last transfer was told is its own.
  size_t payee = bob;
  std::vector<note_id> received;
  /// The forger's, with the value that it began with.
  amount forgers;
};

/// Every rule that was broken, one line each: I1, I2, I3, I6, I12, I13, and that no server
/// has more in use than was created. From the servers' side wherever they know it.
std::vector<std::string> judge(const outcome_of_run& x);

} // namespace liveconnect::simulation
