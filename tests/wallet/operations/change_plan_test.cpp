#include <deque>
#include <map>
#include <optional>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "messages/base/error.hpp"
#include "wallet/operations/change_plan.hpp"

namespace liveconnect::wallet {
namespace {

using counts = std::map<int, uint32_t>;

note_counts notes(const counts& x) {
  note_counts out{};
  for (const auto& [code, count] : x)
    out[index_of(static_cast<int8_t>(code))] = count;
  return out;
}

uint64_t number_of(const note_counts& x) {
  uint64_t out = 0;
  for (const auto count : x)
    out += count;
  return out;
}

amount taken(const change_plan& x) {
  auto out = value_of(x.take.authentic);
  EXPECT_TRUE(out.add(value_of(x.take.fracked)));
  return out;
}

std::vector<int> broken(const change_plan& x) {
  std::vector<int> out;
  for (const auto& one : x.breaks)
    out.push_back(one.code);
  return out;
}

TEST(change_plan, what_fits_is_taken_as_it_is) {
  auto plan = plan_change({notes({{3, 3}, {2, 4}, {1, 3}, {0, 9}}), {}}, amount::from_coins(3439));
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->breaks.empty());
  EXPECT_TRUE(plan->joins.empty());
  EXPECT_EQ(plan->take.authentic, notes({{3, 3}, {2, 4}, {1, 3}, {0, 9}}));
}

TEST(change_plan, a_million_is_broken_down_to_the_last_digit_with_one_break_per_digit) {
  auto plan = plan_change({notes({{6, 1}}), {}}, amount::from_coins(3439));
  ASSERT_TRUE(plan);
  EXPECT_EQ(broken(*plan), (std::vector<int>{6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(plan->take.authentic, notes({{3, 3}, {2, 4}, {1, 3}, {0, 9}}));
}

TEST(change_plan, only_the_missing_digit_is_broken) {
  // 3,439 from 3 x 1000, 5 x 100, 9 x 1: the 30 comes from one 100.
  auto plan = plan_change({notes({{3, 3}, {2, 5}, {0, 9}}), {}}, amount::from_coins(3439));
  ASSERT_TRUE(plan);
  EXPECT_EQ(broken(*plan), (std::vector<int>{2}));
  EXPECT_EQ(taken(*plan), amount::from_coins(3439));
}

TEST(change_plan, the_smallest_note_that_helps_is_broken) {
  auto plan = plan_change({notes({{6, 1}, {1, 1}}), {}}, amount::from_coins(4));
  ASSERT_TRUE(plan);
  EXPECT_EQ(broken(*plan), (std::vector<int>{1}));
}

TEST(change_plan, fracked_notes_stay_when_authentic_ones_do) {
  auto plan = plan_change({notes({{1, 1}, {0, 10}}), notes({{1, 5}})}, amount::from_coins(20));
  ASSERT_TRUE(plan);
  EXPECT_EQ(number_of(plan->take.fracked), 0u);
}

TEST(change_plan, one_fracked_note_more_at_the_top_may_save_many_below) {
  // 25 from 20 authentic ones, 5 fracked ones, 2 fracked tens: one ten leaves enough ones.
  auto plan = plan_change({notes({{0, 20}}), notes({{0, 5}, {1, 2}})}, amount::from_coins(25),
                          {true, false, 25, 0});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->take.fracked, notes({{1, 1}}));
  EXPECT_EQ(plan->take.authentic, notes({{0, 15}}));
}

TEST(change_plan, a_fracked_note_is_taken_before_anything_is_broken) {
  auto plan = plan_change({notes({{1, 1}}), notes({{0, 3}})}, amount::from_coins(3));
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->breaks.empty());
  EXPECT_EQ(plan->take.fracked, notes({{0, 3}}));
}

TEST(change_plan, a_fracked_note_is_broken_only_when_no_authentic_one_is_there) {
  auto plan = plan_change({notes({{1, 1}}), notes({{1, 1}})}, amount::from_coins(3));
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->breaks.size(), 1u);
  EXPECT_FALSE(plan->breaks[0].fracked);
  plan = plan_change({{}, notes({{1, 1}})}, amount::from_coins(3));
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->breaks[0].fracked);
  EXPECT_EQ(plan->take.fracked, notes({{0, 3}}));
}

TEST(change_plan, a_larger_authentic_note_is_broken_before_a_fracked_one) {
  auto plan = plan_change({notes({{3, 1}}), notes({{1, 1}})}, amount::from_coins(3));
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->breaks.size(), 3u);
  for (int8_t i = 0; i < 3; ++i) {
    EXPECT_EQ(plan->breaks[static_cast<size_t>(i)].code, 3 - i);
    EXPECT_FALSE(plan->breaks[static_cast<size_t>(i)].fracked);
  }
  EXPECT_EQ(plan->take.authentic, notes({{0, 3}}));
}

TEST(change_plan, notes_are_joined_only_where_too_many_would_travel) {
  change_limits limits;
  limits.notes_max = 23;
  EXPECT_TRUE(plan_change({notes({{0, 25}}), {}}, amount::from_coins(23), limits)->joins.empty());
  limits.notes_max = 22;
  EXPECT_EQ(plan_change({notes({{0, 25}}), {}}, amount::from_coins(23), limits)->joins.size(), 1u);
  limits.notes_max = 4;
  const auto none = plan_change({notes({{0, 25}}), {}}, amount::from_coins(23), limits);
  ASSERT_FALSE(none);
  EXPECT_EQ(code_of(none.error()), ec::change_not_possible);
  EXPECT_EQ(detail_of(none.error()), "the sum takes 5 notes, and a transfer carries 4");
}

TEST(change_plan, ten_equal_notes_that_would_travel_are_joined) {
  change_limits few;
  few.notes_max = 5;
  auto plan = plan_change({notes({{0, 25}}), {}}, amount::from_coins(23), few);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->joins.size(), 2u);
  EXPECT_EQ(plan->take.authentic, notes({{1, 2}, {0, 3}}));
}

TEST(change_plan, joined_notes_are_joined_again) {
  change_limits one;
  one.notes_max = 1;
  auto plan = plan_change({notes({{0, 100}}), {}}, amount::from_coins(100), one);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->joins.size(), 11u);
  EXPECT_EQ(plan->take.authentic, notes({{2, 1}}));
}

TEST(change_plan, joins_stay_within_their_limit_and_can_be_off) {
  change_limits limits;
  limits.notes_max = 73;
  limits.joins_max = 3;
  const purse have{notes({{0, 100}}), {}};
  EXPECT_EQ(plan_change(have, amount::from_coins(100), limits)->joins.size(), 3u);
  limits.notes_max = 72;
  EXPECT_FALSE(plan_change(have, amount::from_coins(100), limits));
  limits.notes_max = 100;
  limits.may_join = false;
  EXPECT_TRUE(plan_change(have, amount::from_coins(100), limits)->joins.empty());
}

TEST(change_plan, too_little_is_refused) {
  auto plan = plan_change({notes({{0, 3}}), notes({{-1, 9}})}, amount::from_coins(4));
  ASSERT_FALSE(plan);
  EXPECT_EQ(code_of(plan.error()), ec::not_enough_coins);
}

TEST(change_plan, without_change_only_an_exact_choice_is_planned) {
  change_limits limits;
  limits.may_break = false;
  auto plan = plan_change({notes({{1, 5}}), {}}, amount::from_coins(4), limits);
  ASSERT_FALSE(plan);
  EXPECT_EQ(code_of(plan.error()), ec::change_not_possible);
  EXPECT_TRUE(plan_change({notes({{1, 5}}), {}}, amount::from_coins(40), limits));
}

TEST(change_plan, a_sum_of_zero_is_refused) {
  auto plan = plan_change({notes({{0, 3}}), {}}, amount{});
  ASSERT_FALSE(plan);
  EXPECT_EQ(code_of(plan.error()), ec::bad_argument);
}

TEST(change_plan, a_purse_of_any_size_is_planned_at_once) {
  purse rich;
  rich.authentic.fill(UINT32_MAX / 2);
  rich.fracked.fill(UINT32_MAX / 2);
  change_limits any;
  any.notes_max = SIZE_MAX;
  auto plan = plan_change(rich, amount::from_units(999'999'999'999'999'999), any);
  ASSERT_TRUE(plan);
  EXPECT_EQ(taken(*plan).units(), 999'999'999'999'999'999u);
  // Many small notes: the choice is as long as it must be, the work is not.
  purse small;
  small.authentic[0] = 4'000'000'000;
  small.fracked[1] = 4'000'000'000;
  small.fracked[2] = 4'000'000'000;
  auto many = plan_change(small, amount::from_units(39'999'999'999), any);
  ASSERT_TRUE(many);
  EXPECT_EQ(taken(*many).units(), 39'999'999'999u);
}

TEST(change_plan, a_plan_that_does_not_fit_the_purse_is_noticed) {
  change_plan plan;
  plan.breaks.push_back({1, false});
  EXPECT_FALSE(apply(plan, {}));
  EXPECT_FALSE(apply({{{denomination_min, false}}, {}, {}}, {notes({{-8, 1}}), {}}));
  EXPECT_FALSE(apply({{}, {{denomination_max}}, {}}, {notes({{6, 10}}), {}}));
  EXPECT_FALSE(apply({{}, {}, {notes({{0, 1}}), {}}}, {}));
}

/// Any purse, most denominations empty, as purses are.
rc::Gen<note_counts> any_counts(uint32_t most) {
  return rc::gen::container<note_counts>(
      rc::gen::oneOf(rc::gen::just(uint32_t{0}), rc::gen::inRange<uint32_t>(0, most + 1)));
}

RC_GTEST_PROP(change_plan, a_plan_carried_out_gives_exactly_the_sum_from_what_is_there, ()) {
  purse have{*any_counts(30), *any_counts(30)};
  ++have.authentic[0]; // Never empty.
  const auto there = value_of(have.authentic).units() + value_of(have.fracked).units();
  const auto sum = amount::from_units(*rc::gen::inRange<uint64_t>(1, there + 1));
  const auto plan = plan_change(have, sum);
  RC_ASSERT(static_cast<bool>(plan));
  const auto after = apply(*plan, have);
  RC_ASSERT(static_cast<bool>(after)); // Nothing is touched that is not there.
  RC_ASSERT(taken(*plan) == sum);
  RC_ASSERT(plan->breaks.size() <= denomination_count - 1);
  // Breaking and joining change no value.
  RC_ASSERT(value_of(after->authentic).units() + value_of(after->fracked).units() == there);
}

RC_GTEST_PROP(change_plan, no_plan_when_the_sum_is_short, ()) {
  const purse have{*any_counts(5), *any_counts(5)};
  const auto there = value_of(have.authentic).units() + value_of(have.fracked).units();
  const auto sum = amount::from_units(there + *rc::gen::inRange<uint64_t>(1, 1'000'000'000));
  const auto plan = plan_change(have, sum);
  RC_ASSERT(!plan);
  RC_ASSERT(code_of(plan.error()) == ec::not_enough_coins);
}

// --- brute force over four small denominations ---

constexpr size_t small = 4;
using small_counts = std::array<uint32_t, small>;

/// The cheapest exact choice (fewest fracked, then fewest notes) by trying all.
std::optional<std::pair<uint64_t, uint64_t>> try_all(const purse& have, uint64_t sum,
                                                     size_t level = 0) {
  if (level == small)
    return sum == 0 ? std::make_optional(std::make_pair(uint64_t{0}, uint64_t{0})) : std::nullopt;
  std::optional<std::pair<uint64_t, uint64_t>> best;
  const auto value = denomination_value(code_of_index(level)).units();
  for (uint64_t a = 0; a <= have.authentic[level] && a * value <= sum; ++a) {
    for (uint64_t f = 0; f <= have.fracked[level] && (a + f) * value <= sum; ++f) {
      auto rest = try_all(have, sum - (a + f) * value, level + 1);
      if (rest) {
        const auto total = std::make_pair(rest->first + f, rest->second + a + f);
        if (!best || total < *best)
          best = total;
      }
    }
  }
  return best;
}

bool can_pay(const small_counts& have, uint64_t sum) {
  purse all;
  std::copy(have.begin(), have.end(), all.authentic.begin());
  return try_all(all, sum).has_value();
}

/// The fewest breaks after which the sum can be paid, by breadth-first search.
size_t fewest_breaks(const small_counts& have, uint64_t sum) {
  std::deque<std::pair<small_counts, size_t>> queue{{have, 0}};
  std::map<small_counts, bool> seen;
  while (!queue.empty()) {
    auto [x, breaks] = queue.front();
    queue.pop_front();
    if (can_pay(x, sum))
      return breaks;
    for (size_t i = 1; i < small; ++i) {
      auto next = x;
      if (next[i] == 0)
        continue;
      --next[i];
      next[i - 1] += 10;
      if (!seen[next]) {
        seen[next] = true;
        queue.emplace_back(next, breaks + 1);
      }
    }
  }
  return SIZE_MAX;
}

purse small_purse(uint32_t most) {
  purse out;
  for (size_t i = 0; i < small; ++i) {
    out.authentic[i] = *rc::gen::inRange<uint32_t>(0, most);
    out.fracked[i] = *rc::gen::inRange<uint32_t>(0, most);
  }
  ++out.authentic[0]; // Never empty.
  return out;
}

RC_GTEST_PROP(change_plan, no_search_finds_fewer_breaks, ()) {
  const auto have = small_purse(3);
  small_counts all{};
  uint64_t there = 0;
  for (size_t i = 0; i < small; ++i) {
    all[i] = have.authentic[i] + have.fracked[i];
    there += all[i] * denomination_value(code_of_index(i)).units();
  }
  const auto sum = *rc::gen::inRange<uint64_t>(1, there + 1);
  const auto plan = plan_change(have, amount::from_units(sum));
  RC_ASSERT(static_cast<bool>(plan));
  // More are planned only where that spares a fracked note.
  const auto fewest = fewest_breaks(all, sum);
  RC_ASSERT(plan->breaks.size() >= fewest);
  RC_ASSERT((plan->breaks.size() > 0) == (fewest > 0));
  if (number_of(have.fracked) == 0) {
    RC_ASSERT(plan->breaks.size() == fewest);
  }
}

RC_GTEST_PROP(change_plan, no_fracked_note_is_broken_while_an_authentic_one_will_do, ()) {
  const auto have = small_purse(3);
  const auto there = value_of(have.authentic).units() + value_of(have.fracked).units();
  const auto plan =
      plan_change(have, amount::from_units(*rc::gen::inRange<uint64_t>(1, there + 1)));
  RC_ASSERT(static_cast<bool>(plan));
  for (size_t k = 0; k < plan->breaks.size(); ++k) {
    change_plan before;
    before.breaks.assign(plan->breaks.begin(), plan->breaks.begin() + static_cast<ptrdiff_t>(k));
    const auto left = apply(before, have);
    RC_ASSERT(static_cast<bool>(left));
    if (plan->breaks[k].fracked)
      for (auto i = index_of(plan->breaks[k].code); i < denomination_count; ++i)
        RC_ASSERT(left->authentic[i] == 0u);
  }
}

RC_GTEST_PROP(change_plan, no_search_finds_a_choice_with_fewer_fracked_or_fewer_notes, ()) {
  auto have = small_purse(9);
  have.authentic[0] = *rc::gen::inRange<uint32_t>(1, 40);
  const auto there = value_of(have.authentic).units() + value_of(have.fracked).units();
  const auto sum = *rc::gen::inRange<uint64_t>(1, there + 1);
  change_limits limits;
  limits.may_break = limits.may_join = false;
  const auto plan = plan_change(have, amount::from_units(sum), limits);
  const auto best = try_all(have, sum);
  RC_ASSERT(static_cast<bool>(plan) == best.has_value());
  if (plan) {
    const auto fracked = number_of(plan->take.fracked);
    RC_ASSERT(fracked == best->first);
    RC_ASSERT(fracked + number_of(plan->take.authentic) == best->second);
  }
}

} // namespace
} // namespace liveconnect::wallet
