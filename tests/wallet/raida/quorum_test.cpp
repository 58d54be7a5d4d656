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

TEST(quorum, pown_strings_travel_as_nibbles) {
  const std::string all = "upbndef";
  EXPECT_EQ(to_nibbles(all), (bytes{0x0a, 0xbc, 0xde, 0xf0}));
  EXPECT_EQ(from_nibbles(bytes{0x0a, 0xbc, 0xde, 0xf0}, 7), all);
  EXPECT_EQ(to_nibbles(std::string(25, 'p')).size(), 13u);
}

TEST(quorum, nibbles_without_a_meaning_and_missing_ones_are_untried) {
  EXPECT_EQ(from_nibbles(bytes{0x12, 0x3a}, 4), "uuup");
  EXPECT_EQ(from_nibbles(bytes{0xaa}, 4), "ppuu");
  EXPECT_EQ(from_nibbles({}, 3), "uuu");
  EXPECT_EQ(to_nibbles("xp"), (bytes{0x0a}));
}

TEST(quorum, knows_a_pown_string) {
  EXPECT_TRUE(is_pown_string("pfendbu", 7));
  EXPECT_FALSE(is_pown_string("pfendbu", 25));
  EXPECT_FALSE(is_pown_string("pfendbx", 7));
  EXPECT_FALSE(is_pown_string(std::string("p\0", 2), 2));
}

struct grading {
  std::string pown;
  grade after_detect;
  grade after_pown;
};

TEST(quorum, grades_by_the_table) {
  const grading table[] = {
      {pown_of(25, 0), grade::authentic, grade::authentic},
      {pown_of(13, 0, 0, 12), grade::authentic, grade::authentic},
      {pown_of(13, 0), grade::authentic, grade::authentic},
      {pown_of(13, 1), grade::fracked, grade::fracked},
      {pown_of(13, 12), grade::fracked, grade::fracked},
      {pown_of(24, 1), grade::fracked, grade::fracked},
      {pown_of(12, 13), grade::counterfeit, grade::counterfeit},
      {pown_of(0, 25), grade::counterfeit, grade::counterfeit},
      {pown_of(0, 13, 12), grade::counterfeit, grade::counterfeit},
      // One short of either: nothing is certain, however bad it looks.
      {pown_of(12, 12, 1), grade::limbo, grade::limbo},
      {pown_of(12, 12, 0, 1), grade::limbo, grade::limbo},
      {pown_of(0, 12, 0, 13), grade::limbo, grade::limbo},
      {pown_of(12, 0, 0, 0, 13), grade::limbo, grade::limbo},
      {pown_of(0, 0, 0, 25), grade::limbo, grade::limbo},
      {pown_of(0, 0), grade::limbo, grade::limbo},
      // Errors are no verdict, and after a Pown they may hide a change.
      {pown_of(0, 0, 25), grade::errored, grade::limbo},
      {pown_of(12, 0, 13), grade::errored, grade::limbo},
      {pown_of(12, 0, 1), grade::errored, grade::limbo},
      {pown_of(12, 1, 1), grade::limbo, grade::limbo},
      {pown_of(0, 0, 0, 0, 0, 25), grade::bad_key, grade::limbo},
      {pown_of(12, 0, 1, 0, 0, 2), grade::bad_key, grade::limbo},
      // Not a string of 25 letters.
      {std::string(24, 'p'), grade::limbo, grade::limbo},
      {std::string(50, 'p'), grade::limbo, grade::limbo},
      {"", grade::limbo, grade::limbo},
  };
  for (const auto& x : table) {
    EXPECT_STREQ(to_string(grade_detect(x.pown)), to_string(x.after_detect)) << x.pown;
    EXPECT_STREQ(to_string(grade_pown(x.pown)), to_string(x.after_pown)) << x.pown;
  }
}

TEST(quorum, every_answer_to_a_pown_but_a_pass_must_be_confirmed) {
  EXPECT_EQ(must_find("pfendbup"), (std::vector<size_t>{1, 2, 3, 4, 5}));
  EXPECT_TRUE(must_find("pppu").empty());
}

struct concluding {
  find_counts counts;
  claim mine;
  an_claim old;
};

TEST(quorum, concludes_from_find_by_the_table) {
  const concluding table[] = {
      // pan, an, neither, unknown
      {{25, 0, 0, 0}, claim::ours, an_claim::gone},
      {{15, 0, 0, 10}, claim::ours, an_claim::gone},
      {{14, 0, 0, 11}, claim::ours_by_majority, an_claim::limbo},
      {{13, 0, 12, 0}, claim::ours_by_majority, an_claim::gone},
      {{12, 0, 13, 0}, claim::limbo, an_claim::gone},
      {{12, 13, 0, 0}, claim::limbo, an_claim::limbo},
      {{0, 0, 15, 10}, claim::counterfeit, an_claim::gone},
      {{0, 0, 14, 11}, claim::limbo, an_claim::limbo},
      {{0, 10, 15, 0}, claim::counterfeit, an_claim::gone},
      {{0, 25, 0, 0}, claim::limbo, an_claim::holds},
      {{0, 15, 0, 10}, claim::limbo, an_claim::holds},
      {{0, 14, 0, 11}, claim::limbo, an_claim::limbo},
      {{0, 15, 10, 0}, claim::limbo, an_claim::holds},
      {{0, 14, 11, 0}, claim::limbo, an_claim::limbo},
      {{0, 0, 0, 25}, claim::limbo, an_claim::limbo},
      // Not the answers of 25 servers.
      {{50, 0, 0, 0}, claim::limbo, an_claim::limbo},
      {{0, 0, 15, 0}, claim::limbo, an_claim::limbo},
      {{0, 15, 0, 0}, claim::limbo, an_claim::limbo},
  };
  for (const auto& x : table) {
    const auto name = std::to_string(x.counts.pan) + "/" + std::to_string(x.counts.an) + "/" +
                      std::to_string(x.counts.neither) + "/" + std::to_string(x.counts.unknown);
    EXPECT_STREQ(to_string(conclude_claim(x.counts)), to_string(x.mine)) << name;
    EXPECT_STREQ(to_string(conclude_an(x.counts)), to_string(x.old)) << name;
  }
}

TEST(quorum, an_unknown_note_is_a_no_and_silence_is_none) {
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

TEST(quorum, a_pass_makes_the_pan_the_an_and_nothing_else_does) {
  auto x = note_of(1, 2, 7);
  const auto old = x;
  adopt_powned(x, "pfendbu");
  EXPECT_EQ(x.pown, "pfendbu");
  EXPECT_EQ(x.ans[0], old.pans[0]);
  for (size_t i = 1; i < 7; ++i)
    EXPECT_EQ(x.ans[i], old.ans[i]);
  EXPECT_EQ(x.pans, old.pans);
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

TEST(quorum, a_note_without_both_sets_is_left_alone) {
  auto x = note_of(1, 2, 3);
  x.pans.clear();
  const auto old = x.ans;
  adopt_powned(x, "ppp");
  adopt_found(x, std::vector<find_answer>(3, find_answer::pan));
  EXPECT_EQ(x.ans, old);
  EXPECT_EQ(x.pown, "");
}

// --- properties ---

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
  const auto ours = [&](grade x) { return x == grade::authentic || x == grade::fracked; };
  RC_ASSERT(!(ours(grade_detect(first, rules)) && ours(grade_detect(second, rules))));
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
  RC_ASSERT(!(mine == claim::ours && theirs == claim::ours));
  // A settled claim is backed by an honest majority.
  if (mine == claim::ours)
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
  if (after == grade::counterfeit)
    RC_ASSERT(before == grade::counterfeit);
  if (after == grade::fracked)
    RC_ASSERT(before == grade::fracked);
  if (after == grade::authentic)
    RC_ASSERT(before == grade::authentic || (before == grade::fracked && was == 'f'));
}

RC_GTEST_PROP(quorum_property_test, nibbles_round_trip, ()) {
  const auto pown = *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"pfendbu"}));
  RC_ASSERT(from_nibbles(to_nibbles(pown), pown.size()) == pown);
}

} // namespace
} // namespace liveconnect::raida
