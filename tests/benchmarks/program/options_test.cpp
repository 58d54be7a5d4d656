#include <gtest/gtest.h>

#include "benchmarks/load/numbered_frames.hpp"
#include "benchmarks/program/options.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::bench {
namespace {

ec refusal_of(const relay_flags& x) {
  const auto plan = plan_of(x);
  EXPECT_FALSE(plan);
  return plan ? ec::internal : code_of(plan.error());
}

TEST(options, sizes_come_in_bytes_and_kibibytes) {
  EXPECT_EQ(*parse_frame_bytes("64", "--f"), 64u);
  EXPECT_EQ(*parse_frame_bytes("64B", "--f"), 64u);
  EXPECT_EQ(*parse_frame_bytes("48KiB", "--f"), 48u * 1024);
  EXPECT_EQ(*parse_frame_bytes("64KiB", "--f"), pattern_bytes_max)
      << "the longest frame that leaves room for an address";
  for (const auto* wrong : {"", "x", "-64", "64MB", "65KiB", "39", "64 B"})
    EXPECT_FALSE(parse_frame_bytes(wrong, "--f")) << wrong;
}

TEST(options, without_any_it_loads_a_spawned_relay_once) {
  const auto plan = plan_of({});
  ASSERT_TRUE(plan);
  EXPECT_FALSE(plan->config.target);
  EXPECT_EQ(plan->config.rounds, 1u);
  EXPECT_EQ(plan->scenarios.size(), 6u + 1 + 1 + 1) << "bulk 3 x 2, ping-pong, paced, connect";
}

TEST(options, peers_make_five_rounds) {
  relay_flags x;
  x.peers = "haproxy,raw";
  const auto plan = plan_of(x);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->config.rounds, 5u);
  EXPECT_EQ(plan->config.peers, (std::vector<std::string>{"haproxy", "raw"}));
}

TEST(options, lists_multiply) {
  relay_flags x;
  x.modes = "bulk,ping-pong";
  x.pairs = "1,16,64";
  x.frame_bytes = "64,4KiB";
  const auto plan = plan_of(x);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->scenarios.size(), 12u);
}

TEST(options, goals_bring_haproxy_along) {
  relay_flags x;
  x.goals = true;
  x.peers = "raw";
  const auto plan = plan_of(x);
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->goals);
  EXPECT_EQ(plan->config.rounds, 5u);
  EXPECT_EQ(plan->config.peers, (std::vector<std::string>{"haproxy", "raw"}));
}

TEST(options, read_an_address) {
  relay_flags x;
  x.target = "127.0.0.1:9100";
  const auto plan = plan_of(x);
  ASSERT_TRUE(plan);
  EXPECT_EQ(to_string(*plan->config.target), "127.0.0.1:9100");
}

TEST(options, what_makes_no_sense_is_refused) {
  relay_flags x;
  x.modes = "bulky";
  EXPECT_EQ(refusal_of(x), ec::bad_argument);
  x = {};
  x.seconds = "0";
  EXPECT_EQ(refusal_of(x), ec::bad_argument);
  x = {};
  x.rounds = "none";
  EXPECT_EQ(refusal_of(x), ec::bad_argument);
  x = {};
  x.rate = "-1";
  EXPECT_EQ(refusal_of(x), ec::bad_argument);
  x = {};
  x.target = "127.0.0.1:9100";
  x.spawn = true;
  EXPECT_EQ(refusal_of(x), ec::bad_argument) << "two relays at once";
  x = {};
  x.relay_pid = "1";
  EXPECT_EQ(refusal_of(x), ec::bad_argument) << "whose?";
  x = {};
  x.goals = true;
  x.pairs = "3";
  EXPECT_EQ(refusal_of(x), ec::bad_argument) << "goals have their own numbers";
  x = {};
  x.target = "no-port";
  EXPECT_EQ(refusal_of(x), ec::bad_argument);
}

} // namespace
} // namespace liveconnect::bench
