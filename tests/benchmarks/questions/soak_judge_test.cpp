// What a soak's figures mean: each bound held and passed, without a relay.
#include <gtest/gtest.h>

#include "benchmarks/questions/soak_judge.hpp"

namespace liveconnect::bench {
namespace {

using verdict = soak_check::verdict;
using std::chrono::seconds;

constexpr uint64_t ms = 1'000'000;

soak_phase phase_of(uint64_t latency_ms, uint64_t lateness_ms = 0, double others_cpu = 0) {
  soak_phase out;
  out.name = "attack";
  out.latency.record(latency_ms * ms);
  out.lateness.record(lateness_ms * ms);
  out.others_cpu = others_cpu;
  return out;
}

attack_tally slow_join_tally() {
  attack_tally out;
  out.begun = 3;
  out.refused["slow"] = 3;
  out.longest_seconds = 11;
  return out;
}

verdict slow_join_verdict(const attack_tally& x) {
  return judge_attack(soak_plan{}, attack_kind::slow_join, x).what;
}

TEST(soak_judge, latency_is_held_up_to_the_larger_of_both_bounds) {
  const soak_plan plan;
  EXPECT_EQ(judge_latency(plan, phase_of(1), phase_of(5)).what, verdict::held);
  EXPECT_EQ(judge_latency(plan, phase_of(1), phase_of(8)).what, verdict::failed);
  EXPECT_EQ(judge_latency(plan, phase_of(10), phase_of(28)).what, verdict::held);
}

TEST(soak_judge, latency_is_not_judged_on_a_machine_that_other_programs_keep_busy) {
  const soak_plan plan;
  EXPECT_EQ(judge_latency(plan, phase_of(1, 0, 0.5), phase_of(50)).what, verdict::not_judged);
  EXPECT_EQ(judge_latency(plan, phase_of(1), phase_of(50, 0, 0.5)).what, verdict::not_judged);
}

TEST(soak_judge, latency_that_the_generator_caused_is_not_judged) {
  const auto x = judge_latency(soak_plan{}, phase_of(1), phase_of(50, 20));
  EXPECT_EQ(x.what, verdict::not_judged);
  EXPECT_NE(x.finding.find("the generator's lateness"), std::string::npos) << x.finding;
}

TEST(soak_judge, an_attack_that_is_ended_in_time_with_the_right_word_is_held) {
  EXPECT_EQ(slow_join_verdict(slow_join_tally()), verdict::held);
}

TEST(soak_judge, an_attack_fails_that_stays_or_is_ended_late_or_with_a_wrong_word) {
  auto open = slow_join_tally();
  open.open = 1;
  EXPECT_EQ(slow_join_verdict(open), verdict::failed);
  auto late = slow_join_tally();
  late.longest_seconds = 31;
  EXPECT_EQ(slow_join_verdict(late), verdict::failed);
  auto wrong = slow_join_tally();
  wrong.refused["stalled"] = 1;
  EXPECT_EQ(slow_join_verdict(wrong), verdict::failed);
  EXPECT_EQ(slow_join_verdict({}), verdict::failed) << "it never began";
}

TEST(soak_judge, a_flood_too_short_to_spend_its_room_need_not_be_refused_for_bytes) {
  soak_plan plan;
  plan.attacks = {attack_kind::frame_flood};
  EXPECT_TRUE(expected_words(plan).empty());
  plan.length = seconds(600);
  EXPECT_EQ(expected_words(plan), std::vector<std::string>{"bytes"});
}

TEST(soak_judge, a_counter_that_has_not_moved_is_named) {
  const auto moved = growth({{"slow", 2}, {"join", 1}}, {{"slow", 5}, {"join", 1}, {"from", 4}});
  EXPECT_EQ(moved, (std::map<std::string, uint64_t>{{"slow", 3}, {"from", 4}}));
  const auto unmoved = unmoved_words({"join", "slow"}, moved);
  EXPECT_EQ(unmoved, std::vector<std::string>{"join"});
  EXPECT_EQ(judge_counters(unmoved, moved).finding, "not moved: join; moved: from 4, slow 3");
  EXPECT_EQ(judge_counters({}, moved).what, verdict::held);
}

TEST(soak_judge, memory_may_stay_a_little_above_the_calm_and_descriptors_not_at_all) {
  const soak_sample before{0, 10'000, 50};
  const soak_sample peak{0, 90'000, 400};
  const soak_sample more_memory{0, 10'000 + 16 * 1024 + 1, 50};
  const soak_sample more_descriptors{0, 10'000, 51};
  EXPECT_TRUE(is_back(before, {0, 10'000 + 16 * 1024, 50}));
  EXPECT_FALSE(is_back(before, more_memory));
  EXPECT_FALSE(is_back(before, more_descriptors));
  EXPECT_EQ(judge_process(before, peak, more_memory).front().what, verdict::failed);
  EXPECT_EQ(judge_process(before, peak, more_memory).back().what, verdict::held);
  EXPECT_EQ(judge_process(before, peak, more_descriptors).back().what, verdict::failed);
}

} // namespace
} // namespace liveconnect::bench
