#include <gtest/gtest.h>

#include "tests/simulation/exhaustive.hpp"

/// Every order of everything that may happen, for three servers and one note, with one fault of
/// each kind at a time. `simulation --exhaustive` goes on from here.
namespace liveconnect::simulation {
namespace {

small_rules quiet(small_case what) {
  small_rules out;
  out.what = what;
  out.losses = out.doubles = out.lates = out.kills = 0;
  return out;
}

void hold(const small_rules& rules, const char* what) {
  const auto got = explore(rules, {3, UINT64_MAX});
  std::string told;
  for (const auto& x : got.broken)
    told += x + "\n";
  for (const auto& x : got.way_there)
    told += "  " + x + "\n";
  EXPECT_EQ(told, "");
  EXPECT_GT(got.states, 5u);
  ::testing::Test::RecordProperty(what, to_string(got));
  std::printf("%s: %s\n", what, to_string(got).c_str());
}

TEST(exhaustive, no_order_of_a_claim_and_a_taking_back_breaks_a_rule) {
  hold(quiet(small_case::one_note), "no fault");
}

TEST(exhaustive, no_lost_datagram_breaks_a_rule) {
  auto rules = quiet(small_case::one_note);
  rules.losses = 1;
  rules.starts = 1;
  hold(rules, "one lost");
}

TEST(exhaustive, no_late_datagram_breaks_a_rule) {
  auto rules = quiet(small_case::one_note);
  rules.lates = 1;
  rules.starts = 1;
  hold(rules, "one late");
}

TEST(exhaustive, no_kill_breaks_a_rule) {
  auto rules = quiet(small_case::one_note);
  rules.kills = 1;
  hold(rules, "one kill a side");
}

TEST(exhaustive, a_break_ends_whatever_is_lost_late_or_killed) {
  auto rules = small_rules{};
  rules.what = small_case::broken_note;
  hold(rules, "a break, one of each");
}

TEST(exhaustive, no_old_holder_takes_a_note_back) {
  for (const auto what : {small_case::one_note, small_case::broken_note}) {
    auto rules = quiet(what);
    rules.starts = 1;
    rules.old_holder = true;
    hold(rules, "a Fix by an old holder");
  }
}

} // namespace
} // namespace liveconnect::simulation
