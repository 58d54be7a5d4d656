#include <random>
#include <set>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/wallet/crash/explore.hpp"
#include "tests/wallet/crash/power_cut.hpp"
#include "tests/wallet/crash/seeded_random.hpp"

// The power fails at every moment of every scenario, and of what was not synced any part is on the
// disk afterwards, torn at sectors (docs/design/safety.md 6.1 K5). Checks I1, I2, I3, I13 and the
// supply of the servers.
namespace liveconnect::test {
namespace {

class power_loss : public ::testing::TestWithParam<crash_case> {};

TEST_P(power_loss, with_any_part_of_what_was_not_synced_loses_nothing) {
  const auto what = GetParam();
  tally counts{"power loss, " + name_of(what)};
  const seeded_random numbers{1};
  crash_world world{*what.what, what.victim};
  const auto found = cut_power_everywhere(world, counts, cuts_of_this_run());
  EXPECT_EQ(joined(found), "");
}

INSTANTIATE_TEST_SUITE_P(of, power_loss, ::testing::ValuesIn(all_cases()),
                         [](const auto& x) { return name_of(x.param); });

} // namespace
} // namespace liveconnect::test
