#include <algorithm>

#include <gtest/gtest.h>

#include "benchmarks/report/goals.hpp"

namespace liveconnect::bench {
namespace {

/// Results in which everything is `factor` times as good as at the goal's edge.
std::vector<scenario_results> results_with(double factor) {
  std::vector<scenario_results> out;
  for (const auto& plan : goal_scenarios(100'000)) {
    measurement ours;
    measurement theirs;
    const auto more = [&](const char* name, double ratio, double base) {
      theirs[name] = base;
      ours[name] = base * ratio * factor;
    };
    const auto less = [&](const char* name, double ratio, double base) {
      theirs[name] = base;
      ours[name] = base * ratio / factor;
    };
    more("gb_per_second", 1, 2);
    less("cpu_s_per_gb", 1, 0.5);
    more("messages_per_second", 3, 500'000);
    less("cpu_us_per_message", 0.35, 2);
    const double share = plan.what.what == mode::ping_pong ? 0.9 : 1;
    less("p50_us", share, 20);
    less("p99_us", share, 50);
    more("pairs_per_second", 0.8, 20'000);
    ours["calm_p99_us"] = 50;
    ours["p99_share"] = 1.2 / factor;
    ours["bytes_per_pair"] = 5120 / factor;
    ours["cpu_share"] = 0.1 / factor;
    ours["growth_kb_per_direction"] = 64 / factor;
    ours["sent"] = 1000;
    ours["received"] = factor >= 1 ? 1000 : 999;
    scenario_results x;
    x.what = plan.what;
    x.subjects = {{relay_name, "", {ours, ours, ours}},
                  {haproxy_name, "", {theirs, theirs, theirs}}};
    out.push_back(x);
  }
  return out;
}

TEST(goals, all_are_met_where_figures_are_better) {
  const auto goals = judge(results_with(1.01), coin_payload_rates{45'000, 0.95, 3, 3, 3});
  for (const auto& x : goals)
    EXPECT_TRUE(x.met) << x.what << ": " << x.ratio;
  EXPECT_EQ(goals.size(), 19u);
}

TEST(goals, each_is_missed_where_its_figure_is_worse) {
  const auto goals = judge(results_with(0.99), coin_payload_rates{45'000, 0.85, 3, 3, 3});
  for (const auto& x : goals)
    EXPECT_FALSE(x.met) << x.what << ": " << x.ratio;
}

TEST(goals, without_figures_none_is_met) {
  for (const auto& x : judge({}, std::nullopt))
    EXPECT_FALSE(x.met) << x.what;
}

TEST(goals, twenty_thousand_pairs_a_second_are_enough_whatever_haproxy_does) {
  auto results = results_with(1);
  for (auto& x : results)
    if (x.what.what == mode::connect) {
      x.subjects[0].rounds = {{{"pairs_per_second", 20'001}}};
      x.subjects[1].rounds = {{{"pairs_per_second", 90'000}}};
    }
  const auto goals = judge(results, std::nullopt);
  const auto found = std::find_if(goals.begin(), goals.end(),
                                  [](const auto& x) { return x.what == "connect + join + pair"; });
  ASSERT_NE(found, goals.end());
  EXPECT_TRUE(found->met);
}

TEST(goals, idle_pairs_fit_the_descriptors_that_there_are) {
  const auto pairs = [](size_t descriptors) {
    for (const auto& x : goal_scenarios(descriptors))
      if (x.what.what == mode::idle)
        return x.what.pairs;
    return size_t{0};
  };
  EXPECT_EQ(pairs(1'000'000), 9500u);
  EXPECT_EQ(pairs(20'000), 9450u) << "95 % of 20,000, less what is not connections";
  EXPECT_LE(2 * pairs(1024), 1024u);
}

TEST(goals, the_coin_payloads_limit_is_harmonic) {
  const coin_payload_rates x{1, 1, 2, 2, 1};
  EXPECT_DOUBLE_EQ(x.limit(), 0.5);
  EXPECT_DOUBLE_EQ(x.share_of_limit(), 2);
  const auto real = measure_coin_payload(1000, std::chrono::milliseconds(1));
  ASSERT_TRUE(real);
  EXPECT_GT(real->whole, 0);
  EXPECT_GT(real->seal, real->whole) << "a part is faster than the whole";
}

} // namespace
} // namespace liveconnect::bench
