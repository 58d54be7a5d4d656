#include <algorithm>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/fault_file_ops.hpp"
#include "tests/support/transfer_pair.hpp"
#include "wallet/operations/balance.hpp"
#include "wallet/operations/import_notes.hpp"
#include "wallet/raida/note_codec.hpp"
#include "wallet/start_up.hpp"

// Which of several sets of secrets an import keeps, and what it asks before it changes anything.
namespace liveconnect::test {
namespace {

using namespace wallet;

class importing : public ::testing::Test {
protected:
  wallet_party& alice() { return pair.sender(); }
  wallet_party& bob() { return pair.receiver(); }

  static import_item file_of(const std::vector<note>& notes, const std::string& name = "a.bin") {
    return {name, *encode_coin_file(notes, pans::without)};
  }

  operation_report import(wallet_party& who, const std::vector<import_item>& items) {
    auto report = import_notes(who.space(), items);
    EXPECT_TRUE(report) << detail_of(report.error());
    return report ? *report : operation_report{};
  }

  // A note that was alice's and is bob's now: alice still has it in Bank.
  note bobs_note() {
    const auto minted = pair.raida().mint(2, 100, 1);
    import(alice(), {file_of(minted)});
    import(bob(), {file_of(alice().notes_in(folder::bank))});
    return bob().notes_in(folder::bank).at(0);
  }

  size_t powns() { return pair.raida().arrived[raida::command::pown]; }

  // The note is counted once, and every server holds what the wallet has.
  void expect_counted_once(wallet_party& who, note_id id) {
    const auto counted = who.counted();
    ASSERT_EQ(counted.size(), 1u);
    EXPECT_EQ(counted[0].id, id);
    EXPECT_EQ(pair.raida().holders(counted[0]), 25u);
    EXPECT_EQ(balance_of(who.space())->spendable, amount::from_coins(100));
  }

  transfer_pair pair;
};

TEST_F(importing, a_copy_of_anothers_note_is_judged_without_a_pown) {
  auto copy = pair.raida().mint(2, 100, 1);
  // Another has taken it at fifteen servers; the ten others did not hear of that yet.
  for (size_t server = 0; server < 15; ++server)
    pair.raida().damage(server, copy[0].id);
  const auto report = import(alice(), {file_of(copy)});
  EXPECT_EQ(report.counterfeit, 1u);
  EXPECT_EQ(powns(), 0u);
  EXPECT_EQ(pair.raida().holders(copy[0]), 10u);
  EXPECT_EQ(alice().notes_in(folder::counterfeit).size(), 1u);
  EXPECT_TRUE(alice().open_journals().empty());
}

TEST_F(importing, a_refusal_is_asked_about_twice_before_a_note_is_judged) {
  auto notes = pair.raida().mint(2, 100, 1);
  for (size_t server = 0; server < 15; ++server)
    pair.raida().add(fault::lying(server, raida::command::find, 242, false, 1));
  const auto report = import(alice(), {file_of(notes)});
  EXPECT_EQ(report.counterfeit, 0u);
  EXPECT_EQ(report.authentic, 1u);
}

TEST_F(importing, a_note_that_came_back_is_taken_in_again) {
  const auto back = bobs_note();
  const auto report = import(alice(), {file_of({back})});
  EXPECT_EQ(report.authentic, 1u);
  EXPECT_EQ(report.refused, 0u);
  expect_counted_once(alice(), back.id);
}

TEST_F(importing, the_same_numbers_again_are_a_success_that_changes_nothing) {
  import(alice(), {file_of(pair.raida().mint(2, 100, 1))});
  const auto mine = alice().notes_in(folder::bank);
  const auto before = powns();
  const auto report = import(alice(), {file_of(mine)});
  EXPECT_EQ(report.refused, 0u);
  EXPECT_EQ(report.counterfeit, 0u);
  EXPECT_EQ(report.limbo, 0u);
  ASSERT_EQ(report.lines.size(), 1u);
  EXPECT_NE(report.lines[0].find("is in the wallet already"), std::string::npos);
  EXPECT_EQ(powns(), before);
  expect_counted_once(alice(), mine[0].id);
}

TEST_F(importing, an_older_copy_of_a_note_in_the_wallet_does_no_harm) {
  const auto minted = pair.raida().mint(2, 100, 1);
  import(alice(), {file_of(minted)});
  const auto before = powns();
  const auto report = import(alice(), {file_of(minted)});
  EXPECT_EQ(report.refused, 0u);
  EXPECT_EQ(report.counterfeit, 0u);
  EXPECT_EQ(powns(), before);
  expect_counted_once(alice(), minted[0].id);
}

TEST_F(importing, of_two_files_with_one_note_the_living_one_counts_in_either_order) {
  for (const auto stale_first : {true, false}) {
    SCOPED_TRACE(stale_first);
    const auto living = pair.raida().mint(2, stale_first ? 700 : 800, 1);
    auto stale = living;
    stale[0].ans = raida::draw_ans(25);
    wallet_party fresh{pair.raida(), pair.clock(), "fresh"};
    auto items = std::vector{file_of(stale, "stale.bin"), file_of(living, "living.bin")};
    if (!stale_first)
      std::reverse(items.begin(), items.end());
    const auto report = import(fresh, items);
    EXPECT_EQ(report.authentic, 1u);
    EXPECT_EQ(report.counterfeit, 0u);
    expect_counted_once(fresh, living[0].id);
  }
}

TEST_F(importing, while_too_few_servers_tell_the_copies_apart_both_are_kept_and_it_is_said) {
  const auto back = bobs_note();
  const auto mine = alice().notes_in(folder::bank);
  const auto before = powns();
  for (size_t server = 0; server < 12; ++server)
    pair.raida().add(fault::down(server));
  const auto report = import(alice(), {file_of({back})});
  EXPECT_EQ(report.limbo, 1u);
  EXPECT_EQ(report.limbo_value, amount::from_coins(100));
  EXPECT_EQ(powns(), before);
  ASSERT_FALSE(report.lines.empty());
  EXPECT_TRUE(same_numbers(alice().notes_in(folder::bank).at(0), mine[0]));
  // The file stayed where it was: the same command later, with more servers, takes the note in.
  pair.raida().clear_faults();
  EXPECT_EQ(import(alice(), {file_of({back})}).authentic, 1u);
  expect_counted_once(alice(), back.id);
}

TEST_F(importing, a_note_that_waits_for_servers_is_powned_once_enough_hold_it) {
  const auto minted = pair.raida().mint(2, 100, 1);
  for (size_t server = 0; server < 13; ++server)
    pair.raida().add(fault::down(server));
  EXPECT_EQ(import(alice(), {file_of(minted)}).limbo, 1u);
  EXPECT_EQ(powns(), 0u);
  pair.raida().clear_faults();
  ASSERT_EQ(alice().restart(), caf::error{});
  ASSERT_TRUE(start_up(alice().space()));
  expect_counted_once(alice(), minted[0].id);
}

// Alice has an old copy of the note that comes back; she is killed at each call to her disk.
TEST_F(importing, killed_anywhere_the_note_that_came_back_is_counted_once) {
  auto finished = false;
  for (size_t at = 1; !finished; ++at) {
    SCOPED_TRACE(at);
    transfer_pair fresh;
    auto& who = fresh.sender();
    auto stale = fresh.raida().mint(2, 100, 1);
    auto living = stale;
    living[0].ans = raida::draw_ans(25);
    for (size_t server = 0; server < 25; ++server)
      fresh.raida().set_held(server, living[0].id, living[0].ans[server]);
    who.give(stale);
    fault_file_ops files{who.disk()};
    who.go_through(&files);
    ASSERT_EQ(who.restart(), caf::error{});
    files.arm(disk_fault::die_before, at);
    (void)import_notes(who.space(), {file_of(living)});
    finished = !files.is_dead();
    who.go_through(nullptr);
    who.disk().lose_power(static_cast<uint32_t>(at));
    ASSERT_EQ(who.restart(), caf::error{});
    const auto report = start_up(who.space());
    ASSERT_TRUE(report) << detail_of(report.error());
    EXPECT_EQ(report->failed, 0u);
    EXPECT_TRUE(who.open_journals().empty());
    // The file is still where it was; taking it in again is a success whatever was reached.
    const auto again = import_notes(who.space(), {file_of(living)});
    ASSERT_TRUE(again) << detail_of(again.error());
    EXPECT_EQ(again->refused + again->counterfeit + again->limbo, 0u);
    ASSERT_EQ(who.counted().size(), 1u);
    EXPECT_EQ(fresh.raida().holders(who.counted()[0]), 25u);
  }
}

TEST_F(importing, a_note_that_an_open_transfer_holds_is_refused_and_said) {
  const auto back = bobs_note();
  ASSERT_TRUE(alice().holds().take({back.id}, draw_transfer_id()));
  const auto before = powns();
  const auto report = import(alice(), {file_of({back})});
  EXPECT_EQ(report.refused, 1u);
  ASSERT_EQ(report.lines.size(), 1u);
  EXPECT_NE(report.lines[0].find("import the file again"), std::string::npos);
  EXPECT_EQ(powns(), before);
}

TEST_F(importing, living_secrets_on_this_disk_save_a_dead_file) {
  const auto living = pair.raida().mint(2, 100, 1);
  auto dead = living;
  dead[0].ans = raida::draw_ans(25);
  alice().give(living, folder::pending);
  EXPECT_EQ(import(alice(), {file_of(dead)}).authentic, 1u);
  expect_counted_once(alice(), living[0].id);
}

} // namespace
} // namespace liveconnect::test
