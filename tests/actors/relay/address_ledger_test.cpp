#include <gtest/gtest.h>

#include "actors/relay/address_ledger.hpp"

namespace liveconnect::relay {
namespace {

using namespace std::chrono_literals;

endpoint at(const std::string& text) {
  endpoint out;
  EXPECT_TRUE(endpoint::parse(text, out)) << text;
  return out;
}

const endpoint alice = at("192.0.2.1:1000");
const endpoint bob = at("192.0.2.2:1000");

struct address_ledger_test : ::testing::Test {
  relay_limits limits;
  address_ledger::time_point now{1h};

  /// Comes and goes.
  std::optional<refusal> visit(address_ledger& x, const endpoint& from) {
    const auto out = x.enter(from, now);
    x.leave(from, now);
    return out;
  }
};

TEST_F(address_ledger_test, grants_a_burst_of_20_new_connections_and_one_every_2_seconds_after_it) {
  address_ledger x{limits};
  for (int i = 0; i < 20; ++i)
    ASSERT_FALSE(visit(x, alice)) << i;
  EXPECT_EQ(visit(x, alice), refusal::hasty);
  EXPECT_FALSE(visit(x, bob));
  now += 1999ms;
  EXPECT_EQ(visit(x, alice), refusal::hasty);
  now += 2ms;
  EXPECT_FALSE(visit(x, alice));
  EXPECT_EQ(visit(x, alice), refusal::hasty);
  now += 1min;
  for (int i = 0; i < 20; ++i)
    ASSERT_FALSE(visit(x, alice)) << i;
  EXPECT_EQ(visit(x, alice), refusal::hasty);
}

TEST_F(address_ledger_test, counts_open_connections_until_they_are_gone) {
  address_ledger x{limits};
  for (int i = 0; i < 16; ++i)
    ASSERT_FALSE(x.enter(alice, now)) << i;
  EXPECT_EQ(x.enter(alice, now), refusal::address);
  EXPECT_FALSE(x.enter(bob, now));
  x.leave(alice, now);
  x.leave(alice, now);
  EXPECT_FALSE(x.enter(alice, now));
}

TEST_F(address_ledger_test,
       shuts_an_address_out_for_10_minutes_after_10_wrong_guesses_in_a_minute) {
  address_ledger x{limits};
  for (int i = 0; i < 9; ++i)
    x.wrong_guess(alice, now);
  EXPECT_FALSE(x.out(alice, now));
  EXPECT_FALSE(visit(x, alice));
  x.wrong_guess(alice, now);
  EXPECT_TRUE(x.out(alice, now));
  EXPECT_EQ(visit(x, alice), refusal::guesses);
  EXPECT_FALSE(visit(x, bob));
  now += 10min - 1ms;
  EXPECT_EQ(visit(x, alice), refusal::guesses);
  now += 1ms;
  EXPECT_FALSE(x.out(alice, now));
  EXPECT_FALSE(visit(x, alice));
}

TEST_F(address_ledger_test, forgives_guesses_that_come_slowly) {
  address_ledger x{limits};
  for (int i = 0; i < 100; ++i) {
    x.wrong_guess(alice, now);
    ASSERT_FALSE(x.out(alice, now)) << i;
    now += 6s;
  }
}

TEST_F(address_ledger_test, counts_an_64_of_ipv6_as_one_address) {
  limits.connections_per_address_max = 2;
  address_ledger x{limits};
  EXPECT_FALSE(x.enter(at("[2001:db8:1:2::1]:1"), now));
  EXPECT_FALSE(x.enter(at("[2001:db8:1:2:ffff:ffff:ffff:ffff]:1"), now));
  EXPECT_EQ(x.enter(at("[2001:db8:1:2:8000::1]:1"), now), refusal::address);
  EXPECT_FALSE(x.enter(at("[2001:db8:1:3::1]:1"), now));
}

TEST_F(address_ledger_test, knows_no_bound_where_the_limit_is_zero) {
  limits.connections_per_address_max = 0;
  limits.new_connections_per_address_per_minute = 0;
  limits.wrong_guesses_per_address_per_minute = 0;
  address_ledger x{limits};
  for (int i = 0; i < 1000; ++i) {
    ASSERT_FALSE(x.enter(alice, now));
    x.wrong_guess(alice, now);
  }
  EXPECT_FALSE(x.out(alice, now));
}

TEST_F(address_ledger_test, remembers_no_more_than_it_may_and_forgets_the_oldest_first) {
  address_ledger x{limits, 100};
  EXPECT_FALSE(x.enter(alice, now)); // Stays open: is not forgotten.
  for (uint32_t i = 0; i < 1000; ++i) {
    endpoint from = bob;
    from.address[14] = static_cast<uint8_t>(i >> 8);
    from.address[15] = static_cast<uint8_t>(i);
    from.address[13] = 7;
    visit(x, from);
    ASSERT_LE(x.size(), 101u);
  }
  for (int i = 0; i < 15; ++i)
    EXPECT_FALSE(x.enter(alice, now));
  EXPECT_EQ(x.enter(alice, now), refusal::address);
}

TEST_F(address_ledger_test, forgets_at_once_an_address_with_nothing_against_it) {
  limits.new_connections_per_address_per_minute = 0;
  address_ledger x{limits};
  visit(x, alice);
  EXPECT_EQ(x.size(), 0u);
}

TEST_F(address_ledger_test, takes_new_limits_at_once) {
  address_ledger x{limits};
  for (int i = 0; i < 20; ++i)
    visit(x, alice);
  EXPECT_EQ(visit(x, alice), refusal::hasty);
  limits.new_connections_per_address_burst = 1;
  x.set_limits(limits);
  EXPECT_FALSE(visit(x, alice));
  EXPECT_EQ(visit(x, alice), refusal::hasty);
}

TEST(token_bucket, lets_a_debt_be_paid_back_by_waiting) {
  token_bucket::time_point now{1h};
  token_bucket x(1000, 500, now);
  x.spend(1500, now);
  EXPECT_EQ(x.solvent_at(now), now + 1s);
  EXPECT_FALSE(x.take(now));
  now += 1s;
  EXPECT_EQ(x.solvent_at(now), now);
  now += 1h;
  EXPECT_EQ(x.tokens(now), 500);
}

} // namespace
} // namespace liveconnect::relay
