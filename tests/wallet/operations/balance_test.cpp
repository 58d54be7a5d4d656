#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/transfer_pair.hpp"
#include "wallet/operations/balance.hpp"
#include "wallet/operations/check_notes.hpp"
#include "wallet/operations/heal_wallet.hpp"

namespace liveconnect::test {
namespace {

using namespace wallet;

class counting : public ::testing::Test {
protected:
  wallet_party& alice() { return pair.sender(); }

  listed_note listed(note_id id) {
    const auto notes = list_notes(alice().space());
    EXPECT_TRUE(notes);
    const auto found = std::find_if(notes->begin(), notes->end(),
                                    [&](const listed_note& x) { return x.id == id; });
    EXPECT_NE(found, notes->end());
    return *found;
  }

  transfer_pair pair;
};

TEST_F(counting, tells_what_can_be_paid_now_from_what_cannot_and_why) {
  const auto notes = pair.mint_for_sender(2, 4);
  for (size_t server = 0; server < 12; ++server)
    pair.raida().damage(server, notes[0].id);
  for (size_t server = 0; server < 10; ++server)
    pair.raida().damage(server, notes[1].id);
  const auto lost = pair.raida().mint(2, 900, 1);
  alice().give(lost, folder::limbo);
  ASSERT_TRUE(check_notes(alice().space()));
  ASSERT_TRUE(alice().holds().take({notes[3].id}, draw_transfer_id()));
  const auto balance = balance_of(alice().space());
  ASSERT_TRUE(balance);
  EXPECT_EQ(balance->spendable, amount::from_coins(300));
  EXPECT_EQ(balance->payable, amount::from_coins(200));
  EXPECT_NE(listed(notes[0].id).obstacle.find("only 13 of 25 servers"), std::string::npos);
  EXPECT_EQ(listed(notes[1].id).obstacle, "") << "fifteen servers are enough";
  EXPECT_EQ(listed(notes[2].id).obstacle, "");
  EXPECT_NE(listed(notes[3].id).obstacle.find("open transfer"), std::string::npos);
  EXPECT_NE(listed(lost[0].id).obstacle.find("wallet heal"), std::string::npos);
}

TEST_F(counting, what_a_healing_mended_can_be_paid_again) {
  const auto notes = pair.mint_for_sender(2, 2);
  for (size_t server = 0; server < 12; ++server)
    pair.raida().damage(server, notes[0].id);
  ASSERT_TRUE(check_notes(alice().space()));
  const auto report = heal_wallet(alice().space());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->authentic, 2u);
  EXPECT_EQ(report->fewest_passes, 25u);
  EXPECT_TRUE(report->lines.empty());
  EXPECT_EQ(balance_of(alice().space())->payable, amount::from_coins(200));
}

TEST_F(counting, a_healing_says_of_each_note_what_it_could_not_mend) {
  const auto notes = pair.mint_for_sender(2, 1);
  for (size_t server = 0; server < 12; ++server) {
    pair.raida().damage(server, notes[0].id);
    pair.raida().add(fault::lying(server, raida::command::fix, 242));
  }
  const auto report = heal_wallet(alice().space());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->fracked, 1u);
  EXPECT_EQ(report->fewest_passes, 13u);
  EXPECT_TRUE(std::any_of(report->lines.begin(), report->lines.end(), [](const std::string& x) {
    return x.find("13 servers hold it, 12 refuse it") != std::string::npos;
  }));
}

} // namespace
} // namespace liveconnect::test
