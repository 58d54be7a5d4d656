#include <gtest/gtest.h>

#include "tests/wallet/crash/explore.hpp"
#include "tests/wallet/crash/seeded_random.hpp"

// Every so often a datagram or its answer is lost or comes twice, one program is killed at a moment
// drawn by the seed, and both go on. Other seeds lose other datagrams, where the scenario
// `lossy_network` of the other tests loses the same ones each time. Checks I1, I2, I3 and I13.
namespace liveconnect::test {
namespace {

TEST(lossy_network, with_a_kill_loses_nothing) {
  tally counts{"lossy network"};
  const auto seeds = is_nightly() ? 20'000u : 200u;
  for (uint32_t seed = 1; seed <= seeds; ++seed) {
    const seeded_random numbers{seed};
    const auto victim = seed % 2 == 0 ? side::sender : side::receiver;
    crash_world world{scenario_named("lossy_network"), victim, seed};
    world.disk().arm(disk_fault::die_before, 1 + (seed * 7919) % 1500);
    (void)world.run();
    counts.count("seeds");
    counts.count("killed", world.disk().is_dead() ? 1 : 0);
    if (seed % 3 == 0)
      world.party().disk().lose_power(seed);
    const auto found = world.aftermath(seed % 4 < 2);
    ASSERT_EQ(joined(found), "") << "seed " << seed;
  }
}

} // namespace
} // namespace liveconnect::test
