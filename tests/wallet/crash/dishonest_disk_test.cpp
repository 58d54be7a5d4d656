#include <gtest/gtest.h>

#include "tests/wallet/crash/explore.hpp"
#include "tests/wallet/crash/power_cut.hpp"
#include "tests/wallet/crash/seeded_random.hpp"

// A suite that finds nothing proves little until it has found something. Here the disk breaks a
// promise, and the same checks that pass elsewhere must notice: with a sync that does nothing, a
// wallet that forgets to sync would be noticed too (docs/design/safety.md 6.2 D3).
namespace liveconnect::test {
namespace {

findings with_a_disk_that(disk_lie lie, const std::string& name, side victim) {
  tally counts{"dishonest disk, " + name};
  const seeded_random numbers{1};
  crash_world world{scenario_named(name), victim};
  world.party().disk().tell(lie);
  return cut_power_everywhere(world, counts, {2, 6});
}

TEST(dishonest_disk, that_keeps_its_promises_is_not_blamed) {
  EXPECT_EQ(joined(with_a_disk_that(disk_lie::none, "plain", side::sender)), "");
}

TEST(dishonest_disk, that_never_syncs_is_noticed) {
  for (auto victim : {side::sender, side::receiver})
    for (const auto* name : {"plain", "change", "fracked", "resume", "refresh"})
      EXPECT_NE(joined(with_a_disk_that(disk_lie::no_sync, name, victim)), "") << name;
}

TEST(dishonest_disk, that_never_syncs_a_directory_is_noticed) {
  for (auto victim : {side::sender, side::receiver})
    for (const auto* name : {"plain", "change"})
      EXPECT_NE(joined(with_a_disk_that(disk_lie::no_directory_sync, name, victim)), "") << name;
}

TEST(dishonest_disk, whose_rename_replaces_is_noticed) {
  size_t noticed = 0;
  for (const auto& what : all_cases())
    noticed +=
        with_a_disk_that(disk_lie::rename_replaces, what.what->name, what.victim).empty() ? 0 : 1;
  EXPECT_GT(noticed, 0u);
}

} // namespace
} // namespace liveconnect::test
