#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "benchmarks/figures/histogram.hpp"

namespace liveconnect::bench {
namespace {

/// The exact answer that quantile() comes near to.
uint64_t exact_quantile(std::vector<uint64_t> values, double share) {
  std::sort(values.begin(), values.end());
  const auto rank = std::ceil(share * static_cast<double>(values.size()));
  return values[static_cast<size_t>(std::max(rank, 1.0)) - 1];
}

TEST(histogram_test, answers_nothing_while_empty) {
  const histogram x;
  EXPECT_EQ(x.count(), 0u);
  EXPECT_EQ(x.quantile(0.5), 0u);
  EXPECT_EQ(x.min(), 0u);
  EXPECT_EQ(x.max(), 0u);
}

TEST(histogram_test, keeps_small_values_exactly) {
  histogram x;
  for (uint64_t i = 1; i <= 100; ++i)
    x.record(i);
  EXPECT_EQ(x.quantile(0.5), 50u);
  EXPECT_EQ(x.quantile(0.99), 99u);
  EXPECT_EQ(x.quantile(1), 100u);
  EXPECT_EQ(x.quantile(0), 1u);
}

TEST(histogram_test, shows_one_slow_among_a_thousand) {
  histogram x;
  x.record(10'000, 999);
  x.record(50'000'000);
  EXPECT_NEAR(static_cast<double>(x.quantile(0.5)), 10'000, 80);
  EXPECT_NEAR(static_cast<double>(x.quantile(0.999)), 10'000, 80);
  EXPECT_EQ(x.quantile(0.9991), 50'000'000u);
  EXPECT_EQ(x.max(), 50'000'000u);
}

TEST(histogram_test, counts_what_is_longer_than_its_range) {
  histogram x;
  x.record(5);
  x.record(UINT64_MAX);
  EXPECT_EQ(x.max(), UINT64_MAX);
  EXPECT_EQ(x.quantile(1), UINT64_MAX);
  EXPECT_EQ(x.quantile(0.5), 5u);
}

TEST(histogram_test, forgets_when_cleared) {
  histogram x;
  x.record(77);
  x.clear();
  EXPECT_EQ(x.count(), 0u);
  EXPECT_EQ(x.quantile(0.5), 0u);
}

RC_GTEST_PROP(histogram_test, is_within_eight_in_a_thousand_of_the_exact_quantile, ()) {
  const auto values = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<uint64_t>>(rc::gen::inRange<uint64_t>(0, 1'000'000'000'000)));
  const auto share = *rc::gen::element(0.0, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0);
  histogram x;
  for (const auto value : values)
    x.record(value);
  const auto exact = exact_quantile(values, share);
  const auto got = x.quantile(share);
  RC_ASSERT(got >= exact);
  RC_ASSERT(static_cast<double>(got - exact) <= 0.008 * static_cast<double>(exact));
  RC_ASSERT(got <= x.max());
}

} // namespace
} // namespace liveconnect::bench
