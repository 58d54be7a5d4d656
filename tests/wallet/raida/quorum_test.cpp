#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wallet/raida/quorum.hpp"

namespace liveconnect::raida {
namespace {

/// p, f, e, n, d, b, u in these numbers.
std::string pown_of(size_t p, size_t f, size_t e = 0, size_t n = 0, size_t d = 0, size_t b = 0) {
  auto out = std::string(p, 'p') + std::string(f, 'f') + std::string(e, 'e') + std::string(n, 'n') +
             std::string(d, 'd') + std::string(b, 'b');
  EXPECT_LE(out.size(), raida_count);
  out.resize(raida_count, 'u');
  return out;
}

TEST(quorum, rules_are_sound_only_with_a_majority_that_excludes_a_second) {
  EXPECT_TRUE(is_sound(quorum_rules{}));
  EXPECT_EQ(quorum_rules{}.settled(), 15u);
  EXPECT_TRUE(is_sound(rules_for(3, 0)));
  EXPECT_TRUE(is_sound(rules_for(5, 1)));
  EXPECT_FALSE(is_sound({25, 12, 2}));
  EXPECT_FALSE(is_sound({24, 12, 0}));
  EXPECT_FALSE(is_sound({25, 26, 0}));
  EXPECT_FALSE(is_sound({25, 13, 13}));
}

struct grading {
  std::string pown;
  note_verdict expected;
};

TEST(quorum, grades_by_the_table) {
  const grading table[] = {
      {pown_of(25, 0), note_verdict::authentic},
      {pown_of(13, 0, 0, 12), note_verdict::authentic},
      {pown_of(13, 0), note_verdict::authentic},
      {pown_of(13, 1), note_verdict::fracked},
      {pown_of(13, 12), note_verdict::fracked},
      {pown_of(24, 1), note_verdict::fracked},
      {pown_of(12, 13), note_verdict::counterfeit},
      {pown_of(0, 25), note_verdict::counterfeit},
      {pown_of(0, 13, 12), note_verdict::counterfeit},
      // One short of either: nothing is certain, however bad it looks.
      {pown_of(12, 12, 1), note_verdict::limbo},
      {pown_of(12, 12, 0, 1), note_verdict::limbo},
      {pown_of(0, 12, 0, 13), note_verdict::limbo},
      {pown_of(12, 0, 0, 0, 13), note_verdict::limbo},
      {pown_of(0, 0, 0, 25), note_verdict::limbo},
      {pown_of(0, 0), note_verdict::limbo},
      // Errors are no verdict, and after a Pown they may hide a change.
      {pown_of(0, 0, 25), note_verdict::limbo},
      {pown_of(12, 0, 13), note_verdict::limbo},
      {pown_of(12, 0, 1), note_verdict::limbo},
      {pown_of(12, 1, 1), note_verdict::limbo},
      {pown_of(0, 0, 0, 0, 0, 25), note_verdict::limbo},
      {pown_of(12, 0, 1, 0, 0, 2), note_verdict::limbo},
      // Not a string of 25 letters.
      {std::string(24, 'p'), note_verdict::limbo},
      {std::string(50, 'p'), note_verdict::limbo},
      {"", note_verdict::limbo},
  };
  for (const auto& x : table) {
    EXPECT_EQ(to_string(grade_detect(x.pown)), to_string(x.expected)) << x.pown;
  }
}

TEST(quorum, every_answer_to_a_pown_but_a_pass_must_be_confirmed) {
  EXPECT_EQ(must_find("pfendbup"), (std::vector<size_t>{1, 2, 3, 4, 5}));
  EXPECT_TRUE(must_find("pppu").empty());
}

struct concluding {
  find_counts counts;
  note_verdict of_pan;
  note_verdict of_an;
  bool bare_majority = false;
};

TEST(quorum, concludes_from_find_by_the_table) {
  using v = note_verdict;
  const concluding table[] = {
      // pan, an, neither, unknown
      {{25, 0, 0, 0}, v::authentic, v::counterfeit},
      {{24, 0, 0, 1}, v::fracked, v::counterfeit},
      {{15, 0, 0, 10}, v::fracked, v::counterfeit},
      {{14, 0, 0, 11}, v::limbo, v::limbo, true},
      {{13, 0, 12, 0}, v::limbo, v::counterfeit, true},
      {{12, 0, 13, 0}, v::limbo, v::counterfeit},
      {{12, 13, 0, 0}, v::limbo, v::limbo},
      {{0, 0, 15, 10}, v::counterfeit, v::counterfeit},
      {{0, 0, 14, 11}, v::limbo, v::limbo},
      {{0, 10, 15, 0}, v::counterfeit, v::counterfeit},
      {{0, 25, 0, 0}, v::limbo, v::authentic},
      {{0, 15, 0, 10}, v::limbo, v::fracked},
      {{0, 14, 0, 11}, v::limbo, v::limbo},
      {{0, 15, 10, 0}, v::limbo, v::fracked},
      {{0, 14, 11, 0}, v::limbo, v::limbo},
      {{0, 0, 0, 25}, v::limbo, v::limbo},
      // Not the answers of 25 servers.
      {{50, 0, 0, 0}, v::limbo, v::limbo},
      {{0, 0, 15, 0}, v::limbo, v::limbo},
      {{0, 15, 0, 0}, v::limbo, v::limbo},
  };
  for (const auto& x : table) {
    const auto name = std::to_string(x.counts.pan) + "/" + std::to_string(x.counts.an) + "/" +
                      std::to_string(x.counts.neither) + "/" + std::to_string(x.counts.unknown);
    EXPECT_EQ(to_string(conclude_claim(x.counts)), to_string(x.of_pan)) << name;
    EXPECT_EQ(to_string(conclude_an(x.counts)), to_string(x.of_an)) << name;
    EXPECT_EQ(has_bare_majority(x.counts), x.bare_majority) << name;
  }
}

TEST(quorum, an_unknown_note_is_a_no_and_silence_is_not) {
  using f = find_answer;
  const auto n =
      count_answers({f::an, f::pan, f::pan, f::neither, f::no_such_note, f::unknown, f::not_asked});
  EXPECT_EQ(n.an, 1u);
  EXPECT_EQ(n.pan, 2u);
  EXPECT_EQ(n.neither, 2u);
  EXPECT_EQ(n.unknown, 2u);
}

note note_of(uint8_t an, uint8_t pan, size_t servers) {
  note out;
  std::array<uint8_t, 16> x{};
  x.fill(an);
  out.ans.assign(servers, authenticity_number{x});
  x.fill(pan);
  out.pans.assign(servers, authenticity_number{x});
  return out;
}

TEST(quorum, what_find_says_is_adopted_and_the_rest_stays) {
  auto x = note_of(1, 2, 6);
  const auto old = x;
  x.pown = "nnnnnn";
  using f = find_answer;
  adopt_found(x, {f::pan, f::an, f::neither, f::no_such_note, f::unknown, f::not_asked});
  EXPECT_EQ(x.pown, "ppffnn");
  EXPECT_EQ(x.ans[0], old.pans[0]);
  for (size_t i = 1; i < 6; ++i)
    EXPECT_EQ(x.ans[i], old.ans[i]);
}

// --- properties ---

bool is_ours(note_verdict x) {
  return x == note_verdict::authentic || x == note_verdict::fracked;
}

RC_GTEST_PROP(quorum_property_test, two_vectors_are_never_both_authentic, ()) {
  const auto servers = *rc::gen::inRange<size_t>(1, 26);
  const auto rules = rules_for(servers, 0);
  // Two claimants with different secrets everywhere; each server holds one value and may be silent
  // to either.
  std::string first;
  std::string second;
  for (size_t i = 0; i < servers; ++i) {
    const auto held = *rc::gen::inRange(0, 3);
    first += *rc::gen::element(held == 0 ? 'p' : 'f', 'n');
    second += *rc::gen::element(held == 1 ? 'p' : 'f', 'n');
  }
  RC_ASSERT(!(is_ours(grade_detect(first, rules)) && is_ours(grade_detect(second, rules))));
}

RC_GTEST_PROP(quorum_property_test, with_up_to_f_liars_no_two_claims_are_both_settled, ()) {
  const auto servers = *rc::gen::inRange<size_t>(3, 26);
  const auto room = (servers - 1) / 2;
  const auto f = *rc::gen::inRange<size_t>(0, room + 1);
  const auto rules = rules_for(servers, f);
  RC_PRE(is_sound(rules));
  const auto liars = *rc::gen::inRange<size_t>(0, f + 1);
  find_counts r;
  find_counts s;
  for (size_t i = 0; i < servers; ++i) {
    // Held: 0 the old AN, 1 the receiver's PAN, 2 the sender's. Liars say to each what it wants.
    const bool lies = i < liars;
    const auto held = *rc::gen::inRange(0, 3);
    ++(lies || held == 1 ? r.pan : held == 0 ? r.an : r.neither);
    ++(lies || held == 2 ? s.pan : held == 0 ? s.an : s.neither);
  }
  const auto mine = conclude_claim(r, rules);
  const auto theirs = conclude_claim(s, rules);
  RC_ASSERT(!(is_ours(mine) && is_ours(theirs)));
  // A settled claim is backed by an honest majority.
  if (is_ours(mine))
    RC_ASSERT(r.pan - liars >= rules.majority);
}

RC_GTEST_PROP(quorum_property_test, silence_never_turns_into_a_verdict, ()) {
  // Replacing any certain letter by silence may only make a verdict weaker.
  auto pown = *rc::gen::container<std::string>(25, rc::gen::elementOf(std::string{"pfendbu"}));
  const auto before = grade_detect(pown);
  const auto at = *rc::gen::inRange<size_t>(0, 25);
  const auto was = pown[at];
  pown[at] = 'n';
  const auto after = grade_detect(pown);
  if (after == note_verdict::counterfeit)
    RC_ASSERT(before == note_verdict::counterfeit);
  if (after == note_verdict::fracked)
    RC_ASSERT(before == note_verdict::fracked);
  if (after == note_verdict::authentic)
    RC_ASSERT(before == note_verdict::authentic || (before == note_verdict::fracked && was == 'f'));
}

} // namespace
} // namespace liveconnect::raida
