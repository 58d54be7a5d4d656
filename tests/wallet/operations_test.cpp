#include <gtest/gtest.h>

#include "messages/error.hpp"
#include "tests/support/transfer_pair.hpp"
#include "wallet/balance.hpp"
#include "wallet/check_notes.hpp"
#include "wallet/export_notes.hpp"
#include "wallet/heal_notes.hpp"
#include "wallet/import_notes.hpp"
#include "wallet/start_up.hpp"

// What a wallet does without a peer.
namespace liveconnect::test {
namespace {

using namespace wallet;

class operations : public ::testing::Test {
protected:
  wallet_party& alice() { return pair.sender(); }
  workspace& space() { return alice().space(); }

  std::vector<import_item> files_of(const std::vector<note>& notes) {
    return {{"coins.bin", *encode_coin_file(notes, pans::without)}};
  }

  transfer_pair pair;
};

TEST_F(operations, import_makes_notes_ours) {
  auto minted = pair.raida().mint(3, 100, 2);
  auto report = import_notes(space(), files_of(minted));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->clean, 2u);
  EXPECT_EQ(report->value, amount::from_coins(2000));
  for (auto& x : minted)
    EXPECT_EQ(pair.raida().holders(x), 0u);
  for (auto& x : alice().notes_in(folder::bank))
    EXPECT_EQ(pair.raida().holders(x), 25u);
  EXPECT_TRUE(alice().open_journals().empty());
  EXPECT_TRUE(alice().notes_in(folder::suspect).empty());
}

TEST_F(operations, import_refuses_what_it_cannot_read_and_what_it_has) {
  auto minted = pair.raida().mint(3, 100, 2);
  ASSERT_TRUE(import_notes(space(), files_of(minted)));
  auto items = files_of(minted);
  items.push_back({"junk\x1b[2J", secret_bytes(50, 1)});
  auto report = import_notes(space(), items);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->notes, 0u);
  ASSERT_EQ(report->lines.size(), 3u);
  EXPECT_EQ(report->lines[2].find('\x1b'), std::string::npos);
  EXPECT_EQ(alice().notes_in(folder::bank).size(), 2u);
}

TEST_F(operations, import_sets_counterfeits_aside_and_keeps_them) {
  auto minted = pair.raida().mint(1, 100, 1);
  minted[0].ans = std::vector<authenticity_number>(25, authenticity_number::random());
  auto report = import_notes(space(), files_of(minted));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->counterfeit, 1u);
  EXPECT_EQ(alice().notes_in(folder::counterfeit).size(), 1u);
  EXPECT_TRUE(alice().counted().empty());
}

TEST_F(operations, import_waits_for_servers_and_recovery_finishes_it) {
  auto minted = pair.raida().mint(1, 100, 1);
  for (size_t server = 0; server < 12; ++server)
    pair.raida().add(fault::down(server));
  auto report = import_notes(space(), files_of(minted));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->pending, 1u);
  auto balance = balance_of(space());
  ASSERT_TRUE(balance);
  EXPECT_EQ(balance->spendable, amount{});
  EXPECT_EQ(balance->in_transit, amount::from_coins(10));
  pair.raida().clear_faults();
  ASSERT_EQ(alice().restart(), caf::error{});
  ASSERT_TRUE(start_up(space()));
  EXPECT_EQ(alice().notes_in(folder::bank).size(), 1u);
  EXPECT_TRUE(alice().open_journals().empty());
}

TEST_F(operations, export_writes_the_exact_sum_and_takes_the_notes_out) {
  pair.mint_for_sender(2, 2);
  auto report = export_notes(space(), amount::from_coins(130), "/data/out.bin");
  ASSERT_TRUE(report) << detail_of(report.error());
  EXPECT_EQ(report->value, amount::from_coins(130));
  auto directory = alice().disk().open_directory("/data");
  ASSERT_TRUE(directory);
  auto content = read_file(alice().disk(), *directory, "out.bin", 1 << 20);
  ASSERT_TRUE(content);
  auto notes = parse_coin_file(view(*content));
  ASSERT_TRUE(notes);
  EXPECT_EQ(total(*notes), amount::from_coins(130));
  for (auto& x : *notes)
    EXPECT_EQ(pair.raida().holders(x), 25u);
  EXPECT_EQ(pair.kept(), amount::from_coins(70));
  EXPECT_TRUE(alice().open_journals().empty());
  EXPECT_TRUE(alice().holds().all().empty());
}

TEST_F(operations, export_never_writes_over_a_file) {
  pair.mint_for_sender(2, 2);
  auto directory = alice().disk().open_directory("/data");
  ASSERT_EQ(put(alice().disk(), *directory, "out.bin", byte_view{std::string_view{"mine"}}),
            caf::error{});
  auto report = export_notes(space(), amount::from_coins(100), "/data/out.bin");
  ASSERT_FALSE(report);
  EXPECT_EQ(code_of(report.error()), ec::file_exists);
  EXPECT_EQ(pair.kept(), amount::from_coins(200));
}

TEST_F(operations, export_of_too_much_leaves_all_as_it_was) {
  pair.mint_for_sender(2, 2);
  auto report = export_notes(space(), amount::from_coins(300), "/data/out.bin");
  ASSERT_FALSE(report);
  EXPECT_EQ(code_of(report.error()), ec::not_enough_coins);
  EXPECT_TRUE(alice().open_journals().empty());
}

TEST_F(operations, check_files_notes_where_the_servers_say) {
  auto notes = pair.mint_for_sender(2, 4);
  pair.raida().damage(4, notes[0].id);
  for (size_t server = 0; server < 25; ++server)
    pair.raida().damage(server, notes[1].id);
  auto report = check_notes(space());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->clean, 2u);
  EXPECT_EQ(report->fracked, 1u);
  EXPECT_EQ(report->counterfeit, 1u);
  EXPECT_EQ(report->fewest_passes, 0u);
  EXPECT_EQ(alice().notes_in(folder::fracked).size(), 1u);
  EXPECT_EQ(alice().notes_in(folder::counterfeit).size(), 1u);
}

TEST_F(operations, check_moves_nothing_because_of_silence) {
  pair.mint_for_sender(2, 2);
  for (size_t server = 0; server < 25; ++server)
    pair.raida().add(fault::down(server));
  auto report = check_notes(space());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->pending, 2u);
  EXPECT_EQ(alice().notes_in(folder::bank).size(), 2u);
}

TEST_F(operations, heal_brings_fracked_notes_back_to_every_server) {
  auto notes = pair.mint_for_sender(2, 3);
  for (size_t server : {1u, 9u, 24u})
    pair.raida().damage(server, notes[1].id);
  ASSERT_TRUE(check_notes(space()));
  ASSERT_EQ(alice().notes_in(folder::fracked).size(), 1u);
  auto report = heal_all(space(), draw_transfer_id());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->healed, 1u);
  auto bank = alice().notes_in(folder::bank);
  ASSERT_EQ(bank.size(), 3u);
  for (auto& x : bank)
    EXPECT_EQ(pair.raida().holders(x), 25u);
  EXPECT_TRUE(alice().notes_in(folder::fracked).empty());
}

TEST_F(operations, heal_killed_after_the_fix_still_knows_the_new_secrets) {
  auto notes = pair.mint_for_sender(2, 1);
  pair.raida().damage(1, notes[0].id);
  ASSERT_TRUE(check_notes(space()));
  // The Fix arrives, its answer does not, and nobody answers any more: as if killed there.
  pair.raida().on_ask = [&](const raida::ask_all& ask) {
    if (ask.what == raida::command::fix)
      for (size_t server = 0; server < 25; ++server)
        pair.raida().add(fault{server, std::nullopt, SIZE_MAX, 1, false, fault::reply::lost, 0});
  };
  (void)heal_all(space(), draw_transfer_id());
  pair.raida().on_ask = nullptr;
  pair.raida().clear_faults();
  ASSERT_EQ(alice().restart(), caf::error{});
  ASSERT_TRUE(start_up(space()));
  ASSERT_TRUE(heal_all(space(), draw_transfer_id()));
  auto bank = alice().notes_in(folder::bank);
  ASSERT_EQ(bank.size(), 1u);
  EXPECT_EQ(pair.raida().holders(bank[0]), 25u);
}

TEST_F(operations, lost_notes_are_found_under_either_secret) {
  auto minted = pair.raida().mint(2, 100, 2);
  auto with_pans = minted;
  for (auto& x : with_pans)
    x.pans = raida::draw_ans(25);
  // A Pown that reached all servers for one of them, and nobody wrote down the answers.
  (void)raida::pown(pair.raida(), {with_pans[0]});
  ASSERT_EQ(space().user.put(folder::limbo, with_pans, pans::with, "lost"), caf::error{});
  auto report = find_lost(space(), draw_transfer_id());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->healed, 2u);
  auto bank = alice().notes_in(folder::bank);
  ASSERT_EQ(bank.size(), 2u);
  for (auto& x : bank)
    EXPECT_EQ(pair.raida().holders(x), 25u);
}

TEST_F(operations, balance_counts_each_note_once_wherever_it_is) {
  pair.mint_for_sender(2, 3);
  auto sum = [&] {
    auto balance = balance_of(space());
    EXPECT_TRUE(balance);
    auto out = balance->spendable;
    EXPECT_TRUE(out.add(balance->in_transit));
    return out;
  };
  auto from = pair.start_sender();
  pair.raida().on_ask = [&](const raida::ask_all&) { EXPECT_EQ(sum(), amount::from_coins(300)); };
  ASSERT_EQ(pair.prepare(from, amount::from_coins(130)), caf::error{});
  ASSERT_TRUE(from.begin_sending(transfer_pair::terms()));
  EXPECT_EQ(sum(), amount::from_coins(300));
  EXPECT_EQ(balance_of(space())->spendable, amount::from_coins(170));
}

TEST_F(operations, start_up_settles_a_note_that_lies_twice) {
  auto notes = pair.mint_for_sender(2, 1);
  alice().give(notes, folder::fracked);
  auto stale = pair.mint_for_sender(1, 1);
  auto old = stale[0];
  old.ans = raida::draw_ans(25);
  alice().give({old}, folder::fracked);
  ASSERT_EQ(alice().restart(), caf::error{});
  ASSERT_TRUE(start_up(space()));
  EXPECT_EQ(alice().counted().size(), 2u);
  for (auto& x : alice().counted())
    EXPECT_EQ(pair.raida().holders(x), 25u);
}

TEST_F(operations, start_up_brings_orphans_of_the_hidden_wallets_home) {
  auto notes = pair.mint_for_sender(2, 2);
  ASSERT_EQ(space().user.move({notes[0].id}, folder::bank, space().sender, folder::bank),
            caf::error{});
  ASSERT_EQ(alice().restart(), caf::error{});
  ASSERT_TRUE(start_up(space()));
  EXPECT_EQ(alice().notes_in(folder::bank).size(), 2u);
}

} // namespace
} // namespace liveconnect::test
