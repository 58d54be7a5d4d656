#include <gtest/gtest.h>

#include "wallet/raida/server/fix_votes.hpp"

namespace liveconnect::raida {
namespace {

using namespace std::chrono_literals;
using time_point = fix_votes::time_point;

constexpr time_point start = time_point{} + 1000h;
const note_id x{1, 1}, y{1, 2}, free_note{1, 3};

/// A Fix of a network of five, which needs three others.
fix_votes votes_for(std::vector<note_id> notes) {
  pending_fix fix;
  for (auto id : notes)
    fix.before.push_back(id == free_note ? std::optional<record>{} : record{{}, 45});
  fix.notes = std::move(notes);
  fix.claims = {{0, 7}, {1, 7}, {2, 7}, {3, 7}};
  return {std::move(fix), 5};
}

TEST(raida_fix_votes, it_is_decided_once_every_note_that_can_pass_has_its_votes) {
  auto votes = votes_for({x, free_note});
  EXPECT_EQ(votes.next_round(start).size(), 4u);
  votes.hear({0, {x}, start});
  votes.hear({1, {x}, start});
  votes.hear({1, {x}, start}); // says it twice
  votes.hear({4, {x}, start}); // was not asked
  EXPECT_FALSE(votes.is_decided(start));
  votes.hear({2, {x}, start});
  EXPECT_TRUE(votes.is_decided(start));
  EXPECT_TRUE(votes.is_decided(start + listing_lifetime));
  EXPECT_FALSE(votes.is_decided(start + listing_lifetime + 1ns));
}

TEST(raida_fix_votes, a_server_is_believed_the_last_time_it_spoke) {
  auto votes = votes_for({x});
  for (uint8_t i = 0; i < 3; ++i)
    votes.hear({i, {x}, start});
  votes.hear({0, {}, start});
  EXPECT_FALSE(votes.is_decided(start));
}

TEST(raida_fix_votes, those_whose_word_grew_old_are_asked_again_twice_and_no_more) {
  auto votes = votes_for({x, y});
  votes.next_round(start);
  for (uint8_t i = 0; i < 3; ++i)
    votes.hear({i, {x}, start}); // the fourth is silent
  auto now = start + 2s;
  for (int round = 2; round <= 3; ++round) {
    EXPECT_EQ(votes.next_round(now).size(), 3u) << round;
    votes.hear({0, {x}, now}); // the others are late
    now += 251ms;
  }
  EXPECT_TRUE(votes.next_round(now).empty());
  EXPECT_TRUE(votes.fresh(now).empty());
}

TEST(raida_fix_votes, nobody_is_asked_again_whose_word_is_fresh) {
  auto votes = votes_for({x, y});
  votes.next_round(start);
  for (uint8_t i = 0; i < 4; ++i)
    votes.hear({i, {x}, start});
  EXPECT_TRUE(votes.next_round(start + 250ms).empty());
  EXPECT_EQ(votes.fresh(start + 250ms).size(), 4u);
}

} // namespace
} // namespace liveconnect::raida
