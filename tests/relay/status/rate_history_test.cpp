#include <cmath>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "relay/status/rate_history.hpp"

namespace liveconnect::relay {
namespace {

using namespace std::chrono_literals;
using history = rate_history;

const history::time_point start{1000h};

TEST(rate_history, begins_empty_and_does_not_take_old_totals_for_a_rate) {
  history x(start, {5000, 50, 5, 0});
  EXPECT_TRUE(x.series(0).empty());
  x.add(start, {9000, 90, 9, 0}, {});
  EXPECT_TRUE(x.series(0).empty());
  x.add(start + 1s, {5100, 53, 5, 0}, {4, 1, 0});
  ASSERT_EQ(x.series(0).size(), 1u);
  EXPECT_DOUBLE_EQ(x.series(0)[0].bytes, 100);
  EXPECT_DOUBLE_EQ(x.series(0)[0].messages, 3);
  EXPECT_EQ(x.series(0)[0].at_end.connections, 4u);
  EXPECT_TRUE(x.series(1).empty());
}

TEST(rate_history, keeps_a_minute_ten_minutes_and_an_hour) {
  history x(start);
  history::totals sum;
  for (int second = 1; second <= 2 * 3600; ++second) {
    sum.bytes += static_cast<uint64_t>(second);
    x.add(start + std::chrono::seconds(second), sum, {static_cast<uint64_t>(second), 0, 0});
  }
  ASSERT_EQ(x.series(0).size(), 60u);
  EXPECT_DOUBLE_EQ(x.series(0).front().bytes, 7141);
  EXPECT_DOUBLE_EQ(x.series(0).back().bytes, 7200);
  ASSERT_EQ(x.series(1).size(), 60u);
  // The mean of 7191..7200.
  EXPECT_DOUBLE_EQ(x.series(1).back().bytes, 7195.5);
  ASSERT_EQ(x.series(2).size(), 60u);
  EXPECT_DOUBLE_EQ(x.series(2).front().bytes, 3630.5);
  EXPECT_EQ(x.series(2).back().at_end.connections, 7200u);
}

TEST(rate_history, a_late_sample_is_divided_by_the_time_it_took) {
  history x(start);
  x.add(start + 1500ms, {1500, 0, 0, 0}, {});
  x.add(start + 2s, {2000, 0, 0, 0}, {});
  ASSERT_EQ(x.series(0).size(), 2u);
  EXPECT_DOUBLE_EQ(x.series(0)[0].bytes, 1000);
  EXPECT_DOUBLE_EQ(x.series(0)[1].bytes, 1000);
}

TEST(rate_history, steps_without_a_sample_share_what_was_counted) {
  history x(start);
  x.add(start + 4s, {400, 8, 0, 0}, {7, 0, 0});
  ASSERT_EQ(x.series(0).size(), 4u);
  for (const auto& point : x.series(0)) {
    EXPECT_DOUBLE_EQ(point.bytes, 100);
    EXPECT_DOUBLE_EQ(point.messages, 2);
  }
  x.add(start + 24h, {400, 8, 0, 0}, {});
  ASSERT_EQ(x.series(0).size(), 60u);
  EXPECT_DOUBLE_EQ(x.series(0).front().bytes, 0);
}

TEST(rate_history, totals_that_shrink_and_clocks_that_stand_still_count_as_nothing) {
  history x(start);
  x.add(start + 1s, {1000, 10, 0, 0}, {});
  x.add(start + 2s, {10, 0, 0, 0}, {});
  EXPECT_DOUBLE_EQ(x.series(0).back().bytes, 0);
  x.add(start + 2s, {5000, 0, 0, 0}, {});
  x.add(start + 1s, {6000, 0, 0, 0}, {});
  EXPECT_EQ(x.series(0).size(), 2u);
}

RC_GTEST_PROP(rate_history_property_test, nothing_that_was_counted_is_lost_or_invented,
              (std::vector<uint16_t> counts)) {
  if (counts.size() > history::points_max)
    counts.resize(history::points_max);
  history x(start);
  history::totals sum;
  auto now = start;
  for (const auto count : counts) {
    now += 1s;
    sum.bytes += count;
    // Some samples are missing.
    if (*rc::gen::inRange(0, 4) != 0)
      x.add(now, sum, {});
  }
  x.add(now, sum, {});
  const auto series = x.series(0);
  RC_ASSERT(series.size() == counts.size());
  double shown = 0;
  for (const auto& point : series)
    shown += point.bytes;
  RC_ASSERT(std::abs(shown - static_cast<double>(sum.bytes)) < 1e-3);
}

} // namespace
} // namespace liveconnect::relay
