#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/wallet/crash/explore.hpp"
#include "tests/wallet/crash/power_cut.hpp"
#include "tests/wallet/crash/seeded_random.hpp"

// A suite that finds nothing proves little until it has found something. Here the disk breaks a
// promise, and the same checks that pass elsewhere must notice: with a sync that does nothing, a
// wallet that forgets to sync would be noticed too (docs/design/safety.md 6.2 D3).
namespace liveconnect::test {
namespace {

findings with_a_disk_that(disk_lie lie, const std::string& name, side victim) {
  tally counts{"dishonest disk, " + name_of({&scenario_named(name), victim})};
  const seeded_random numbers{1};
  crash_world world{scenario_named(name), victim};
  world.party().disk().tell(lie);
  return cut_power_everywhere(world, counts, {2, 6});
}

TEST(dishonest_disk, that_keeps_its_promises_is_not_blamed) {
  EXPECT_EQ(joined(with_a_disk_that(disk_lie::none, "plain", side::sender)), "");
}

TEST(dishonest_disk, that_never_syncs_is_noticed) {
  for (const auto* name : {"plain", "change", "fracked", "resume", "refresh"})
    EXPECT_NE(joined(with_a_disk_that(disk_lie::no_sync, name, side::sender)), "") << name;
  for (const auto* name : {"plain", "change", "fracked", "resume", "import"})
    EXPECT_NE(joined(with_a_disk_that(disk_lie::no_sync, name, side::receiver)), "") << name;
}

TEST(dishonest_disk, that_never_syncs_a_directory_is_noticed) {
  for (auto victim : {side::sender, side::receiver})
    for (const auto* name : {"plain", "change"})
      EXPECT_NE(joined(with_a_disk_that(disk_lie::no_directory_sync, name, victim)), "") << name;
}

// Another program, or the user, moves a coin file into the wallet under the very name that the
// wallet is about to give, after the wallet has seen that the name is free.
findings with_a_file_in_the_way(disk_lie lie, const crash_case& what, size_t at) {
  const seeded_random numbers{1};
  scenario with_gift = *what.what;
  with_gift.set_up = [&](crash_world& world) {
    what.what->set_up(world);
    put_outside(world.party(), "in_the_way.bin", world.pair().raida().mint(2, 800'000, 1));
  };
  crash_world world{with_gift, what.victim};
  auto& disk = world.party().disk();
  disk.tell(lie);
  size_t renames = 0;
  world.disk().before_rename = [&](const std::string& path) {
    if (path.find("Bank/") == std::string::npos || ++renames != at)
      return;
    const std::filesystem::path there{path};
    const auto from = disk.open_directory("/out");
    const auto to = disk.open_directory(there.parent_path());
    if (from && to) {
      EXPECT_EQ(move(disk, *from, *to, {"in_the_way.bin", there.filename().string()}),
                caf::error{});
    }
  };
  (void)world.run();
  world.disk().before_rename = nullptr;
  return world.aftermath(true);
}

TEST(dishonest_disk, whose_rename_replaces_is_noticed) {
  for (const auto& what : {crash_case{&scenario_named("plain"), side::receiver},
                           crash_case{&scenario_named("change"), side::sender}})
    for (size_t at = 1; at <= 2; ++at) {
      EXPECT_EQ(joined(with_a_file_in_the_way(disk_lie::none, what, at)), "") << name_of(what);
      EXPECT_NE(joined(with_a_file_in_the_way(disk_lie::rename_replaces, what, at)), "")
          << name_of(what);
    }
}

} // namespace
} // namespace liveconnect::test
