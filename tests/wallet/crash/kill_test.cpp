#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/wallet/crash/explore.hpp"
#include "tests/wallet/crash/seeded_random.hpp"

// Kills one program before and after each of its file calls, starts it again and goes on, with
// every scenario and either side: whatever the moment, nothing is lost, nothing counts twice, no
// secret is only in memory, and everything closes (docs/design/safety.md 5.5, 6.1 K1). Checks I1,
// I2, I3, I5, I13, the supply of the servers and the order rules P1..P6 through their effect.
namespace liveconnect::test {
namespace {

class kill : public ::testing::TestWithParam<crash_case> {};

struct point {
  disk_fault how = disk_fault::none;
  size_t at = 0;
};

// The run without a fault: where it can be killed. Points that leave just what another leaves (only
// reading came in between) are listed once, unless all are wanted.
struct rehearsal {
  std::vector<point> points;
  size_t calls = 0;
  findings found;
  caf::error err;
};

rehearsal rehearse(const crash_case& what) {
  rehearsal out;
  const seeded_random numbers{1};
  crash_world world{*what.what, what.victim};
  world.watch_requests = true;
  // How far the run was at each call: what a kill just before it leaves.
  std::vector<crash_world::stamp> stamps;
  world.disk().before_call = [&](size_t) { stamps.push_back(world.now()); };
  out.err = world.run();
  world.disk().before_call = nullptr;
  out.calls = stamps.size();
  stamps.push_back(world.now());
  for (size_t i = 0; i < out.calls; ++i) {
    auto after = stamps[i];
    after.changes += changes_the_disk(world.disk().trace()[i]) ? 1 : 0;
    if (i == 0 || !(stamps[i] == stamps[i - 1]) || is_nightly())
      out.points.push_back({disk_fault::die_before, i + 1});
    // What follows the call and comes before the next is a request, or the other side's turn.
    if (!(after == stamps[i + 1]) || i + 1 == out.calls || is_nightly())
      out.points.push_back({disk_fault::die_after, i + 1});
  }
  out.found = world.aftermath(true);
  return out;
}

TEST_P(kill, before_and_after_each_file_call_loses_nothing) {
  const auto what = GetParam();
  tally counts{"kill, " + name_of(what)};
  const auto dry = rehearse(what);
  ASSERT_EQ(dry.err, caf::error{}) << detail_of(dry.err);
  ASSERT_EQ(joined(dry.found), "");
  counts.count("file calls", dry.calls);
  for (size_t i = 0; i < dry.points.size(); ++i) {
    const auto [how, at] = dry.points[i];
    // The sides meet again after every other kill: they must close with each other and without.
    for (const auto together : {true, false}) {
      if (together != (i % 2 == 0) && !is_nightly())
        continue;
      const seeded_random numbers{1};
      crash_world world{*what.what, what.victim};
      world.disk().arm(how, at);
      (void)world.run();
      EXPECT_TRUE(world.disk().is_dead());
      counts.count("kills");
      const auto found = world.aftermath(together);
      ASSERT_EQ(joined(found), "")
          << "killed " << (how == disk_fault::die_before ? "before" : "after") << " call " << at
          << (together ? ", met again" : ", alone");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(of, kill, ::testing::ValuesIn(all_cases()),
                         [](const auto& x) { return name_of(x.param); });

} // namespace
} // namespace liveconnect::test
