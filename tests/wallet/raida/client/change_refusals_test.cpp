#include <gtest/gtest.h>

#include "wallet/raida/client/change_refusals.hpp"

namespace liveconnect::raida {
namespace {

constexpr uint64_t minute = 60'000;

TEST(change_refusals, a_server_that_makes_no_change_rests_ever_longer_and_an_hour_at_most) {
  change_refusals x;
  EXPECT_EQ(x.willing(3, 0), (std::vector<bool>{true, true, true}));
  uint64_t now = 5;
  for (uint64_t pause : {1u, 2u, 4u, 8u, 16u, 32u, 60u, 60u}) {
    x.refused(1, now);
    EXPECT_EQ(x.willing(3, now + pause * minute - 1), (std::vector<bool>{true, false, true}));
    now += pause * minute;
    EXPECT_EQ(x.willing(3, now), (std::vector<bool>{true, true, true})) << pause;
  }
}

TEST(change_refusals, one_refusal_that_several_threads_saw_counts_once) {
  change_refusals x;
  x.refused(1, 0);
  x.refused(1, 10);
  EXPECT_TRUE(x.willing(2, minute)[1]);
}

TEST(change_refusals, are_forgotten_when_the_server_makes_change) {
  change_refusals x;
  x.refused(0, 0);
  x.made_change(0);
  EXPECT_TRUE(x.willing(1, 0)[0]);
  x.refused(0, 0);
  EXPECT_TRUE(x.willing(1, minute)[0]);
}

} // namespace
} // namespace liveconnect::raida
