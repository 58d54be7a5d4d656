#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/wallet/crash/explore.hpp"
#include "tests/wallet/crash/seeded_random.hpp"

// A kill, and then a kill of the recovery from it (docs/design/safety.md 6.1 K2): every pair in the
// nightly run, a sample on every commit. Checks I1, I2, I3, I13 and the supply of the servers.
namespace liveconnect::test {
namespace {

class pairs : public ::testing::TestWithParam<crash_case> {};

// The seed of the sample, new each time; LIVECONNECT_CRASH_SEED repeats one.
uint64_t sample_seed() {
  static const uint64_t seed = [] {
    const auto* text = std::getenv("LIVECONNECT_CRASH_SEED");
    const uint64_t out =
        text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device{}();
    std::printf("[   SAMPLE ] LIVECONNECT_CRASH_SEED=%llu\n", static_cast<unsigned long long>(out));
    return out;
  }();
  return seed;
}

TEST_P(pairs, of_a_kill_and_a_kill_in_the_recovery_lose_nothing) {
  const auto what = GetParam();
  tally counts{"pairs, " + name_of(what)};
  const seeded_random numbers{1};
  crash_world world{*what.what, what.victim};
  std::mt19937_64 random{sample_seed()};
  const auto is_taken = [&](size_t one_in) { return is_nightly() || random() % one_in == 0; };
  findings found;
  const auto recover = [](crash_world& x) { return x.restart(x.victim()); };
  const auto err = explore(
      world, [](crash_world& x) { return x.run(); },
      [&](crash_world& dead) {
        counts.count("kills");
        if (!found.empty() || !is_taken(40))
          return;
        (void)explore(dead, recover, [&](crash_world& dead_again) {
          counts.count("pairs");
          if (!found.empty() || !is_taken(8))
            return;
          counts.count("pairs run");
          found = dead_again.aftermath(counts.of("pairs run") % 2 == 0);
          if (!found.empty())
            found.insert(found.begin(), "kill " + std::to_string(counts.of("kills")) + ", pair " +
                                            std::to_string(counts.of("pairs")));
        });
      });
  EXPECT_EQ(err, caf::error{}) << detail_of(err);
  EXPECT_EQ(joined(found), "") << "LIVECONNECT_CRASH_SEED=" << sample_seed();
}

INSTANTIATE_TEST_SUITE_P(of, pairs, ::testing::ValuesIn(all_cases()),
                         [](const auto& x) { return name_of(x.param); });

} // namespace
} // namespace liveconnect::test
