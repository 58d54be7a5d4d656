#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/wallet/crash/crash_world.hpp"
#include "tests/wallet/crash/scenarios.hpp"

namespace liveconnect::test {

/// Whether the whole of everything is tried, which takes hours: LIVECONNECT_CRASH_NIGHTLY=1. What
/// every commit tries instead is in tests/wallet/crash/README.md.
bool is_nightly();

/// Runs `act` in `world` and hands a copy to `visit` for each state that a kill or a power cut of
/// the victim would leave: before each change of its disk, before each request, and at the end.
/// Both programs are dead in the copies. Answers the error of the run.
caf::error explore(crash_world& world, const std::function<caf::error(crash_world&)>& act,
                   const std::function<void(crash_world&)>& visit);

/// Counts of one scenario, printed as one line when it goes.
class tally {
public:
  explicit tally(std::string what);
  ~tally();
  tally(const tally&) = delete;
  tally& operator=(const tally&) = delete;

  /// One more of `what`; they are printed in the order of their first count.
  void count(const std::string& what, size_t by = 1);
  size_t of(const std::string& what) const;

private:
  std::string what_;
  std::vector<std::pair<std::string, size_t>> counts_;
  double began_;
};

} // namespace liveconnect::test
