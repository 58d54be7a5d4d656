#include <gtest/gtest.h>

#include "benchmarks/figures/statistics.hpp"

namespace liveconnect::bench {
namespace {

TEST(statistics, median_is_the_middle_whatever_the_order) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({3}), 3);
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median({4, 1, 100, 2}), 3);
}

TEST(statistics, spread_is_the_rounds_distance_in_medians) {
  EXPECT_EQ(spread({7}), 0);
  EXPECT_DOUBLE_EQ(spread({8, 10, 12}), 0.4);
}

TEST(statistics, ratio_compares_rounds_that_ran_side_by_side) {
  // A machine that slows down to a third on the way: each round says 2, the medians' ratio too.
  EXPECT_DOUBLE_EQ(median_ratio({6, 4, 2}, {3, 2, 1}), 2);
  // One round was disturbed for them alone: the ratio of medians would be 1.5.
  EXPECT_DOUBLE_EQ(median_ratio({2, 3, 4}, {1, 30, 2}), 2);
}

TEST(statistics, ratio_passes_over_rounds_without_counterpart) {
  EXPECT_DOUBLE_EQ(median_ratio({2, 9, 9}, {1}), 2);
  EXPECT_DOUBLE_EQ(median_ratio({2, 9}, {1, 0}), 2);
  EXPECT_EQ(median_ratio({}, {1}), 0);
}

TEST(statistics, fifteen_per_cent_is_a_tie) {
  EXPECT_TRUE(is_tie(1));
  EXPECT_TRUE(is_tie(0.86));
  EXPECT_TRUE(is_tie(1.17));
  EXPECT_FALSE(is_tie(0.85));
  EXPECT_FALSE(is_tie(1.18));
}

} // namespace
} // namespace liveconnect::bench
