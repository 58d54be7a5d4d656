#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/transfer_pair.hpp"
#include "wallet/operations/check_notes.hpp"
#include "wallet/operations/heal_notes.hpp"
#include "wallet/operations/import_notes.hpp"
#include "wallet/raida/note_codec.hpp"
#include "wallet/start_up.hpp"

// That a check sends a note's newest secrets to servers that missed them, where it may, and
// condemns no note whose living secrets are on this disk.
namespace liveconnect::test {
namespace {

using namespace wallet;

class checking : public ::testing::Test {
protected:
  wallet_party& alice() { return pair.sender(); }
  wallet_party& bob() { return pair.receiver(); }
  workspace& space() { return alice().space(); }

  void import(wallet_party& who, const std::vector<note>& notes) {
    const auto report =
        import_notes(who.space(), {{"coins.bin", *encode_coin_file(notes, pans::without)}});
    ASSERT_TRUE(report) << detail_of(report.error());
    ASSERT_EQ(report->counterfeit, 0u);
  }

  operation_report check(wallet_party& who) {
    auto report = check_notes(who.space());
    EXPECT_TRUE(report) << detail_of(report.error());
    return report ? *report : operation_report{};
  }

  // As if Fix did not work, which is so on published servers.
  void refuse_fixes() {
    for (size_t server = 0; server < 25; ++server)
      pair.raida().add(fault::lying(server, raida::command::fix, 242));
  }

  // One note that alice imported, and its secrets before that, at the servers from `first` on.
  note fallen_back(size_t first) {
    const auto minted = pair.raida().mint(2, 500, 1);
    import(alice(), minted);
    for (size_t server = first; server < 25; ++server)
      pair.raida().set_held(server, minted[0].id, minted[0].ans[server]);
    return minted[0];
  }

  transfer_pair pair;
};

TEST_F(checking, servers_that_missed_the_pown_get_it_and_not_the_givers_secret_a_pass) {
  const auto minted = pair.mint_for_sender(2, 1);
  for (size_t server = 0; server < 10; ++server)
    pair.raida().add(fault::down(server));
  ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
  pair.raida().clear_faults();
  refuse_fixes();
  const auto report = check(bob());
  EXPECT_EQ(report.authentic, 1u);
  EXPECT_EQ(report.fewest_passes, 25u);
  EXPECT_EQ(pair.raida().holders(minted[0]), 0u);
  const auto counted = bob().notes_in(folder::bank);
  ASSERT_EQ(counted.size(), 1u);
  EXPECT_EQ(pair.raida().holders(counted[0]), 25u);
  EXPECT_TRUE(counted[0].pans.empty());
}

TEST_F(checking, a_server_that_passes_the_givers_secret_alone_is_no_pass) {
  pair.mint_for_sender(2, 1);
  for (size_t server = 0; server < 10; ++server)
    pair.raida().add(fault::down(server));
  ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
  pair.raida().clear_faults();
  refuse_fixes();
  for (size_t server = 0; server < 10; ++server)
    pair.raida().add(fault::lying(server, raida::command::pown, 242));
  const auto report = check(bob());
  EXPECT_EQ(report.fracked, 1u);
  EXPECT_EQ(report.fewest_passes, 15u);
  EXPECT_TRUE(bob().notes_in(folder::bank).empty());
}

TEST_F(checking, start_up_brings_an_open_pown_to_its_end) {
  const auto minted = pair.mint_for_sender(2, 1);
  for (size_t server = 0; server < 10; ++server)
    pair.raida().add(fault::down(server));
  ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
  pair.raida().clear_faults();
  pair.clock().advance_seconds(3600);
  ASSERT_EQ(bob().restart(), caf::error{});
  ASSERT_TRUE(start_up(bob().space()));
  EXPECT_EQ(pair.raida().holders(minted[0]), 0u);
  ASSERT_EQ(bob().notes_in(folder::bank).size(), 1u);
  EXPECT_EQ(pair.raida().holders(bob().notes_in(folder::bank)[0]), 25u);
}

TEST_F(checking, a_healing_powns_before_it_fixes) {
  const auto minted = pair.mint_for_sender(2, 1);
  for (size_t server = 0; server < 10; ++server)
    pair.raida().add(fault::down(server));
  ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
  pair.raida().clear_faults();
  ASSERT_TRUE(heal_all(bob().space(), draw_transfer_id()));
  EXPECT_EQ(pair.raida().holders(minted[0]), 0u);
  EXPECT_EQ(pair.raida().asked[raida::command::fix], 0u);
  ASSERT_EQ(bob().notes_in(folder::bank).size(), 1u);
}

TEST_F(checking, servers_that_fell_back_to_our_own_older_secret_get_the_newer_one_again) {
  for (const size_t holders : {15u, 13u}) {
    SCOPED_TRACE(holders);
    const auto older = fallen_back(holders);
    refuse_fixes();
    EXPECT_EQ(check(alice()).authentic, 1u);
    ASSERT_EQ(alice().counted().size(), 1u);
    EXPECT_EQ(pair.raida().holders(alice().counted()[0]), 25u);
    EXPECT_EQ(pair.raida().holders(older), 0u);
    // Nothing is left to do for the next round of this test.
    ASSERT_TRUE(space().user.move_file(folder::bank, space().user.list(folder::bank)->notes[0].file,
                                       folder::withdrawn));
  }
}

TEST_F(checking, a_stale_copy_of_a_wallet_fights_no_owner) {
  const auto older = fallen_back(25);
  const auto stale = alice().counted();
  // Bob owns the note at thirteen servers; the others fell back to alice's generations.
  import(bob(), stale);
  const auto bobs = bob().counted().at(0);
  for (size_t server = 13; server < 25; ++server)
    pair.raida().set_held(server, older.id, server < 19 ? stale[0].ans[server] : older.ans[server]);
  const auto powns = pair.raida().arrived[raida::command::pown];
  check(alice());
  (void)heal_all(alice().space(), draw_transfer_id());
  EXPECT_EQ(pair.raida().arrived[raida::command::pown], powns);
  EXPECT_EQ(pair.raida().holders(bobs), 13u);
}

TEST_F(checking, a_note_that_another_operation_holds_is_left_alone) {
  fallen_back(15);
  const auto powns = pair.raida().arrived[raida::command::pown];
  ASSERT_TRUE(alice().holds().take({alice().counted().at(0).id}, draw_transfer_id()));
  check(alice());
  EXPECT_EQ(pair.raida().arrived[raida::command::pown], powns);
}

TEST_F(checking, no_note_is_condemned_while_its_living_secrets_lie_in_another_folder) {
  for (const auto where : {folder::pending, folder::trash, folder::imported}) {
    SCOPED_TRACE(to_string(where));
    wallet_party fresh{pair.raida(), pair.clock(), "fresh"};
    const auto living = pair.raida().mint(2, 600 + static_cast<uint32_t>(where), 1);
    auto stale = living;
    stale[0].ans = raida::draw_ans(25);
    fresh.give(stale);
    fresh.give(living, where);
    const auto report = check(fresh);
    EXPECT_EQ(report.counterfeit, 0u);
    EXPECT_TRUE(fresh.notes_in(folder::counterfeit).empty());
    ASSERT_EQ(fresh.counted().size(), 1u);
    EXPECT_EQ(pair.raida().holders(fresh.counted()[0]), 25u);
  }
}

TEST_F(checking, a_lost_note_lives_on_in_the_twin_file_of_another_program) {
  const auto living = pair.raida().mint(2, 600, 1);
  auto stale = living;
  stale[0].ans = raida::draw_ans(25);
  alice().give(stale, folder::limbo);
  alice().give(living, folder::pending);
  const auto report = find_lost(space(), draw_transfer_id());
  ASSERT_TRUE(report) << detail_of(report.error());
  EXPECT_TRUE(alice().notes_in(folder::counterfeit).empty());
  EXPECT_TRUE(alice().notes_in(folder::limbo).empty());
  ASSERT_EQ(alice().counted().size(), 1u);
  EXPECT_EQ(pair.raida().holders(alice().counted()[0]), 25u);
}

TEST_F(checking, secrets_that_were_handed_over_revive_no_note) {
  const auto sent = pair.raida().mint(2, 600, 1);
  auto stale = sent;
  stale[0].ans = raida::draw_ans(25);
  alice().give(stale);
  alice().give(sent, folder::withdrawn);
  const auto powns = pair.raida().arrived[raida::command::pown];
  EXPECT_EQ(check(alice()).counterfeit, 1u);
  EXPECT_EQ(pair.raida().arrived[raida::command::pown], powns);
}

} // namespace
} // namespace liveconnect::test
