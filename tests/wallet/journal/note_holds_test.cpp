#include <tuple>

#include <gtest/gtest.h>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"
#include "wallet/journal/note_holds.hpp"

namespace liveconnect::wallet {
namespace {

transfer_id id_of(uint8_t x) {
  transfer_id out;
  out.value.fill(x);
  return out;
}

const auto alice = id_of(1);
const auto bob = id_of(2);

const note_id first{0, 1};
const note_id second{0, 2};
const note_id third{0, 3};
// The same serial of another denomination is another note.
const note_id first_of_tens{1, 1};

journal_view view_of(const transfer_id& id, journal_kind kind = journal_kind::receiver) {
  journal_view out;
  out.opened.id = id;
  out.opened.kind = kind;
  out.opened.servers = 25;
  return out;
}

TEST(note_holds, take_all_notes_or_none) {
  note_holds holds;
  ASSERT_TRUE(holds.take({first}, alice));
  EXPECT_FALSE(holds.take({second, first}, bob));
  EXPECT_FALSE(holds.is_held_by_other(second, alice));
  EXPECT_TRUE(holds.take({first, second}, alice));
  EXPECT_TRUE(holds.take({first_of_tens}, bob));
  EXPECT_EQ(holds.all(), (std::set<note_id>{first, second, first_of_tens}));
}

TEST(note_holds, take_what_is_free_and_say_what_it_was) {
  note_holds holds;
  ASSERT_TRUE(holds.take({first}, alice));
  EXPECT_EQ(holds.take_free({first, second, third, second}, bob),
            (std::vector<note_id>{second, third}));
  EXPECT_TRUE(holds.take_free({second}, bob).empty());
  EXPECT_TRUE(holds.is_held_by_other(first, bob));
  EXPECT_TRUE(holds.is_held_by_other(third, alice));
}

TEST(note_holds, give_back_only_what_the_owner_holds) {
  note_holds holds;
  ASSERT_TRUE(holds.take({first, second}, alice));
  ASSERT_TRUE(holds.take({third}, bob));
  holds.release({first, third}, alice);
  EXPECT_EQ(holds.all(), (std::set<note_id>{second, third}));
  holds.release_all(bob);
  EXPECT_EQ(holds.all(), (std::set<note_id>{second}));
}

TEST(note_holds, hand_over_without_a_gap) {
  note_holds holds;
  ASSERT_TRUE(holds.take({first}, alice));
  ASSERT_TRUE(holds.take({second}, bob));
  holds.hand_over({first, second, third}, alice, bob);
  EXPECT_FALSE(holds.is_held_by_other(first, bob));
  EXPECT_EQ(holds.all(), (std::set<note_id>{first, second}));
}

TEST(note_holds, a_guard_gives_back_what_it_took_and_keeps_what_was_held_before) {
  note_holds holds;
  ASSERT_TRUE(holds.take({first}, alice));
  ASSERT_TRUE(holds.take({second}, bob));
  {
    const hold_guard guard{holds, {first, second, third}, alice};
    EXPECT_EQ(guard.held(), (std::vector<note_id>{first, third}));
    EXPECT_TRUE(holds.is_held_by_other(third, bob));
  }
  EXPECT_EQ(holds.all(), (std::set<note_id>{first, second}));
}

TEST(note_holds, a_guard_leaves_notes_to_a_journal_that_claims_them) {
  note_holds holds;
  {
    hold_guard guard{holds, {first, second}, alice};
    guard.leave({second}, bob);
  }
  EXPECT_EQ(holds.all(), (std::set<note_id>{second}));
  EXPECT_FALSE(holds.is_held_by_other(second, bob));
}

TEST(note_holds, a_journal_is_in_one_hand_at_a_time) {
  note_holds holds;
  auto hand = holds.take_journal(alice);
  ASSERT_TRUE(hand);
  EXPECT_FALSE(holds.take_journal(alice));
  EXPECT_TRUE(holds.take_journal(bob));
  // Another thread sees its id before its first record, and then what was published.
  EXPECT_EQ(holds.in_hand(alice)->opened.servers, 0u);
  ASSERT_EQ(hand->publish(view_of(alice)), caf::error{});
  EXPECT_EQ(holds.in_hand(alice)->opened.servers, 25u);
  hand.reset();
  EXPECT_FALSE(holds.in_hand(alice));
  EXPECT_TRUE(holds.take_journal(alice));
}

// What only a bug of ours can do.
void expect_refused(const journal_view& before, const journal_view& next) {
  note_holds holds;
  const auto hand = holds.take_journal(alice);
  ASSERT_EQ(hand->publish(before), caf::error{});
#ifdef LIVECONNECT_ASSERTIONS_ABORT
  EXPECT_DEATH(std::ignore = hand->publish(next), "note_holds.cpp");
#else
  EXPECT_EQ(code_of(hand->publish(next)), ec::internal);
  EXPECT_EQ(hand->view().closed.has_value(), before.closed.has_value());
#endif
}

TEST(note_holds, a_published_journal_only_grows) {
  auto graded = view_of(alice);
  graded.graded[first] = {};
  auto closed = view_of(alice);
  closed.closed.emplace();
  expect_refused(view_of(alice), view_of(bob));
  expect_refused(view_of(alice), view_of(alice, journal_kind::sender));
  expect_refused(graded, view_of(alice));
  expect_refused(closed, closed);
}

TEST(note_holds, a_hold_has_an_owner) {
  note_holds holds;
#ifdef LIVECONNECT_ASSERTIONS_ABORT
  EXPECT_DEATH(std::ignore = holds.take({first}, transfer_id{}), "is_some");
#else
  EXPECT_FALSE(holds.take({first}, transfer_id{}));
  EXPECT_TRUE(holds.take_free({first}, transfer_id{}).empty());
  EXPECT_FALSE(holds.take_journal(transfer_id{}));
#endif
  EXPECT_TRUE(holds.all().empty());
}

} // namespace
} // namespace liveconnect::wallet
