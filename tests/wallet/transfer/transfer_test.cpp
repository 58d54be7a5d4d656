#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/transfer_pair.hpp"

namespace liveconnect::test {
namespace {

using namespace wallet;

TEST(transfer, hands_over_the_exact_sum_with_change_made) {
  transfer_pair pair;
  pair.mint_for_sender(3, 5); // 5 x 1,000
  pair.mint_for_sender(1, 4); // 4 x 10
  ASSERT_EQ(pair.send(amount::from_coins(3439)), caf::error{});
  EXPECT_EQ(pair.received(), amount::from_coins(3439));
  EXPECT_EQ(pair.kept(), amount::from_coins(5040 - 3439));
  pair.expect_conserved();
  EXPECT_TRUE(pair.sender().open_journals().empty());
  EXPECT_TRUE(pair.receiver().open_journals().empty());
}

TEST(transfer, makes_the_senders_old_copies_worthless) {
  transfer_pair pair;
  auto minted = pair.mint_for_sender(2, 3);
  ASSERT_EQ(pair.send(amount::from_coins(300)), caf::error{});
  for (auto& x : minted)
    EXPECT_EQ(pair.raida().holders(x), 0u);
  for (auto& x : pair.receiver().counted())
    EXPECT_EQ(pair.raida().holders(x), 25u);
}

TEST(transfer, hands_over_a_fraction) {
  transfer_pair pair;
  pair.mint_for_sender(0, 1);
  ASSERT_EQ(pair.send(amount::from_units(25'000'000)), caf::error{});
  EXPECT_EQ(pair.received(), amount::from_units(25'000'000));
  pair.expect_conserved();
}

TEST(transfer, joins_no_notes_that_may_travel_as_they_are) {
  transfer_pair pair;
  pair.mint_for_sender(1, 25);
  ASSERT_EQ(pair.send(amount::from_coins(200)), caf::error{});
  EXPECT_EQ(pair.receiver().counted().size(), 20u);
  EXPECT_EQ(pair.raida().asked[raida::command::join_notes], 0u);
  EXPECT_EQ(pair.raida().asked[raida::command::available_serials], 0u);
}

TEST(transfer, joins_notes_where_too_many_would_travel) {
  transfer_pair pair;
  pair.sender().rules().change.notes_max = 11;
  ASSERT_EQ(pair.sender().restart(), caf::error{});
  pair.mint_for_sender(1, 25);
  ASSERT_EQ(pair.send(amount::from_coins(200)), caf::error{});
  EXPECT_EQ(pair.received(), amount::from_coins(200));
  EXPECT_EQ(pair.receiver().counted().size(), 11u);
  EXPECT_EQ(pair.raida().asked[raida::command::join_notes], 1u);
  pair.expect_conserved();
}

TEST(transfer, heals_fracked_notes_on_the_way) {
  transfer_pair pair;
  auto notes = pair.mint_for_sender(2, 4);
  for (size_t server : {3u, 17u})
    for (size_t i = 0; i < 2; ++i)
      pair.raida().damage(server, notes[i].id);
  ASSERT_EQ(pair.send(amount::from_coins(400)), caf::error{});
  for (auto& x : pair.receiver().notes_in(folder::bank))
    EXPECT_EQ(pair.raida().holders(x), 25u);
  EXPECT_EQ(pair.receiver().notes_in(folder::bank).size(), 4u);
  pair.expect_conserved();
}

TEST(transfer, goes_on_with_seven_servers_down) {
  transfer_pair pair;
  pair.mint_for_sender(3, 2);
  pair.mint_for_sender(2, 3);
  for (size_t server : {0u, 4u, 8u, 11u, 15u, 20u, 24u})
    pair.raida().add(fault::down(server));
  ASSERT_EQ(pair.send(amount::from_coins(1250)), caf::error{});
  EXPECT_EQ(pair.received(), amount::from_coins(1250));
  pair.expect_conserved();
  EXPECT_TRUE(pair.receiver().open_journals().empty());
}

TEST(transfer, stops_before_anything_moves_when_twelve_servers_answer) {
  transfer_pair pair;
  pair.mint_for_sender(2, 3);
  for (size_t server = 0; server < 13; ++server)
    pair.raida().add(fault::down(server));
  EXPECT_EQ(code_of(pair.send(amount::from_coins(100))), ec::too_few_servers);
  EXPECT_EQ(pair.kept(), amount::from_coins(300));
}

TEST(transfer, finds_what_became_of_a_break_whose_replies_were_lost) {
  transfer_pair pair;
  pair.mint_for_sender(2, 1);
  for (size_t server = 0; server < 25; ++server)
    pair.raida().add(fault::lost_reply(server, raida::command::break_note));
  ASSERT_EQ(pair.send(amount::from_coins(30)), caf::error{});
  EXPECT_EQ(pair.received(), amount::from_coins(30));
  EXPECT_EQ(pair.raida().asked[raida::command::break_note], 1u);
  pair.expect_conserved();
}

TEST(transfer, sends_a_break_again_that_never_arrived) {
  transfer_pair pair;
  pair.mint_for_sender(2, 1);
  for (size_t server = 0; server < 25; ++server)
    pair.raida().add(fault::lost_request(server, raida::command::break_note));
  ASSERT_EQ(pair.send(amount::from_coins(30)), caf::error{});
  // The same serials and secrets: none were asked for anew.
  EXPECT_EQ(pair.raida().asked[raida::command::available_serials], 1u);
  EXPECT_EQ(pair.raida().asked[raida::command::break_note], 2u);
  EXPECT_EQ(pair.received(), amount::from_coins(30));
  pair.expect_conserved();
}

TEST(transfer, finds_its_own_pown_behind_lost_replies_and_doubled_datagrams) {
  transfer_pair pair;
  pair.mint_for_sender(2, 3);
  for (size_t server = 0; server < 12; ++server)
    pair.raida().add(fault::lost_reply(server, raida::command::pown));
  for (size_t server = 12; server < 25; ++server)
    pair.raida().add(fault::duplicated(server, raida::command::pown));
  ASSERT_EQ(pair.send(amount::from_coins(300)), caf::error{});
  EXPECT_EQ(pair.received(), amount::from_coins(300));
  EXPECT_EQ(pair.receiver().notes_in(folder::bank).size(), 3u);
  pair.expect_conserved();
}

} // namespace
} // namespace liveconnect::test
