#include <gtest/gtest.h>

#include "benchmarks/figures/statistics.hpp"

namespace liveconnect::bench {
namespace {

TEST(Statistics, MedianIsTheMiddleWhateverTheOrder) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({3}), 3);
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median({4, 1, 100, 2}), 3);
}

TEST(Statistics, SpreadIsTheRoundsDistanceInMedians) {
  EXPECT_EQ(spread({7}), 0);
  EXPECT_DOUBLE_EQ(spread({8, 10, 12}), 0.4);
}

TEST(Statistics, RatioComparesRoundsThatRanSideBySide) {
  // A machine that slows down to a third on the way: each round says 2, the medians' ratio too.
  EXPECT_DOUBLE_EQ(median_ratio({6, 4, 2}, {3, 2, 1}), 2);
  // One round was disturbed for them alone: the ratio of medians would be 1.5.
  EXPECT_DOUBLE_EQ(median_ratio({2, 3, 4}, {1, 30, 2}), 2);
}

TEST(Statistics, RatioPassesOverRoundsWithoutCounterpart) {
  EXPECT_DOUBLE_EQ(median_ratio({2, 9, 9}, {1}), 2);
  EXPECT_DOUBLE_EQ(median_ratio({2, 9}, {1, 0}), 2);
  EXPECT_EQ(median_ratio({}, {1}), 0);
}

TEST(Statistics, FifteenPerCentIsATie) {
  EXPECT_TRUE(is_tie(1));
  EXPECT_TRUE(is_tie(0.86));
  EXPECT_TRUE(is_tie(1.17));
  EXPECT_FALSE(is_tie(0.85));
  EXPECT_FALSE(is_tie(1.18));
}

} // namespace
} // namespace liveconnect::bench
