#include <functional>
#include <utility>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/fault_file_ops.hpp"
#include "tests/support/transfer_pair.hpp"
#include "wallet/journal/journal.hpp"
#include "wallet/operations/balance.hpp"
#include "wallet/operations/check_notes.hpp"
#include "wallet/operations/export_notes.hpp"
#include "wallet/operations/heal_notes.hpp"
#include "wallet/operations/import_notes.hpp"
#include "wallet/operations/operation_journal.hpp"
#include "wallet/raida/derive.hpp"
#include "wallet/start_up.hpp"

// What a wallet does without a peer.
namespace liveconnect::test {
namespace {

using namespace wallet;

// Calls the test whenever a folder has been read: it does there what another operation might do.
class listening_file_ops : public fault_file_ops {
public:
  using fault_file_ops::fault_file_ops;

  caf::expected<std::vector<dir_entry>> list(const file_handle& directory,
                                             size_t entries_max) override {
    auto out = fault_file_ops::list(directory, entries_max);
    // A copy: the call may replace the original.
    if (auto now = on_list)
      now();
    return out;
  }

  std::function<void()> on_list;
};

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
  EXPECT_EQ(report->authentic, 2u);
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
  EXPECT_EQ(report->limbo, 1u);
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

TEST_F(operations, export_of_too_much_changes_nothing) {
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
  EXPECT_EQ(report->authentic, 2u);
  EXPECT_EQ(report->fracked, 1u);
  EXPECT_EQ(report->counterfeit, 1u);
  EXPECT_EQ(report->fewest_passes, 0u);
  EXPECT_EQ(alice().notes_in(folder::fracked).size(), 1u);
  EXPECT_EQ(alice().notes_in(folder::counterfeit).size(), 1u);
}

TEST_F(operations, a_file_that_is_not_a_note_is_named_wherever_money_is_counted) {
  pair.mint_for_sender(2, 2);
  ASSERT_EQ(space().user.put_file(folder::bank, "100 CloudCoin #7 'x'.bin",
                                  byte_view{std::string_view{"half a note"}}),
            caf::error{});
  ASSERT_EQ(
      space().sender.put_file(folder::fracked, "junk.bin", byte_view{std::string_view{"what?"}}),
      caf::error{});
  auto balance = balance_of(space());
  ASSERT_TRUE(balance);
  EXPECT_EQ(balance->spendable, amount::from_coins(200));
  ASSERT_EQ(balance->unreadable.size(), 2u);
  EXPECT_EQ(balance->unreadable[0].folder, "Bank");
  EXPECT_EQ(balance->unreadable[0].file, "100 CloudCoin #7 'x'.bin");
  EXPECT_FALSE(balance->unreadable[0].why.empty());
  EXPECT_EQ(balance->unreadable[1].folder, "Sender/Fracked");
  auto report = check_notes(space());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->unreadable, 1u);
  ASSERT_EQ(report->lines.size(), 1u);
  EXPECT_NE(report->lines[0].find("Bank/100 CloudCoin #7 'x'.bin"), std::string::npos);
}

TEST_F(operations, check_moves_nothing_because_of_silence) {
  pair.mint_for_sender(2, 2);
  for (size_t server = 0; server < 25; ++server)
    pair.raida().add(fault::down(server));
  auto report = check_notes(space());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->limbo, 2u);
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
  // The Fix arrives, its answer does not, and no server answers any more: as if killed there.
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
  // A Pown that reached all servers for one of them, and whose answers were not written down.
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

TEST_F(operations, lost_notes_with_one_secret_are_asked_about_as_well) {
  auto notes = pair.raida().mint(2, 100, 4);
  alice().give(notes, folder::limbo);
  // Passed by all servers again; by 16; refused by 20; and a note that 14 pass, the others silent.
  for (size_t server = 0; server < 25; ++server) {
    if (server < 9)
      pair.raida().damage(server, notes[1].id);
    if (server < 20)
      pair.raida().damage(server, notes[2].id);
  }
  auto report = find_lost(space(), draw_transfer_id());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->notes, 4u);
  EXPECT_EQ(report->healed, 3u);
  EXPECT_EQ(alice().notes_in(folder::bank).size(), 2u);
  ASSERT_EQ(alice().notes_in(folder::fracked).size(), 1u);
  EXPECT_EQ(alice().notes_in(folder::fracked)[0].id, notes[1].id);
  ASSERT_EQ(alice().notes_in(folder::counterfeit).size(), 1u);
  EXPECT_EQ(alice().notes_in(folder::counterfeit)[0].id, notes[2].id);
  EXPECT_TRUE(alice().holds().all().empty());
}

TEST_F(operations, a_lost_note_stays_where_it_is_while_servers_are_silent) {
  auto notes = pair.raida().mint(2, 100, 1);
  alice().give(notes, folder::limbo);
  for (size_t server = 0; server < 11; ++server)
    pair.raida().add(fault::down(server));
  ASSERT_TRUE(find_lost(space(), draw_transfer_id()));
  EXPECT_EQ(alice().notes_in(folder::limbo).size(), 1u);
  EXPECT_TRUE(alice().counted().empty());
}

TEST_F(operations, a_lost_note_that_a_bare_majority_passes_is_healed) {
  auto notes = pair.raida().mint(2, 100, 2);
  auto with_pans = notes[1];
  with_pans.pans = raida::draw_ans(25);
  alice().give({notes[0]}, folder::limbo);
  ASSERT_EQ(space().user.put(folder::limbo, {with_pans}, pans::with, "lost"), caf::error{});
  for (size_t server = 0; server < 11; ++server)
    for (auto& x : notes)
      pair.raida().damage(server, x.id);
  auto report = find_lost(space(), draw_transfer_id());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->notes, 2u);
  EXPECT_EQ(report->healed, 2u);
  EXPECT_TRUE(alice().notes_in(folder::limbo).empty());
  auto bank = alice().notes_in(folder::bank);
  ASSERT_EQ(bank.size(), 2u);
  for (auto& x : bank)
    EXPECT_EQ(pair.raida().holders(x), 25u);
}

TEST_F(operations, a_healing_waits_for_no_server_and_keeps_what_a_silent_one_may_hold) {
  auto notes = pair.raida().mint(2, 100, 2);
  // An older Pown of the first note is open at server 5.
  notes[0].pans = notes[0].ans;
  notes[0].pans[5] = authenticity_number::random();
  alice().give({notes[1]}, folder::fracked);
  ASSERT_EQ(space().user.put(folder::fracked, {notes[0]}, pans::with, "old"), caf::error{});
  // A Fix of both notes at server 3 has an unknown outcome. Ten other servers refuse the second
  // note.
  for (size_t server = 10; server < 20; ++server)
    pair.raida().damage(server, notes[1].id);
  heal_record heal;
  heal.targets = notes;
  heal.intents.push_back({3, raida::fix_seed::random(), {notes[0].id, notes[1].id}});
  {
    auto log = operation_journal::create(space(),
                                         space().opened(journal_kind::heal, draw_transfer_id()), 2);
    ASSERT_TRUE(log);
    ASSERT_EQ(log->append(encode(heal)), caf::error{});
  }
  for (size_t server : {3u, 5u})
    pair.raida().add(fault::down(server));
  ASSERT_EQ(alice().restart(), caf::error{});
  auto report = start_up(space());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->failed, 0u);
  EXPECT_TRUE(alice().open_journals().empty());
  EXPECT_TRUE(alice().holds().all().empty());
  // What the silent servers may hold is kept with the notes.
  auto fixed = [&](size_t i) { return raida::fixed_an(3, notes[i].id, heal.intents[0].pg); };
  auto now = alice().notes_in(folder::fracked);
  ASSERT_EQ(now.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    ASSERT_EQ(now[i].id, notes[i].id);
    ASSERT_EQ(now[i].pans.size(), 25u);
    EXPECT_EQ(now[i].ans, notes[i].ans);
    EXPECT_EQ(now[i].pans[3], fixed(i));
  }
  EXPECT_EQ(now[0].pans[5], notes[0].pans[5]);
  // Both the Fix and the older Pown had worked.
  pair.raida().clear_faults();
  for (size_t i = 0; i < 2; ++i)
    pair.raida().set_held(3, notes[i].id, fixed(i));
  pair.raida().set_held(5, notes[0].id, notes[0].pans[5]);
  ASSERT_TRUE(heal_all(space(), draw_transfer_id()));
  auto bank = alice().notes_in(folder::bank);
  ASSERT_EQ(bank.size(), 2u);
  for (auto& x : bank)
    EXPECT_EQ(pair.raida().holders(x), 25u);
}

TEST_F(operations, a_healing_that_breaks_off_keeps_its_notes_held) {
  fault_file_ops files{alice().disk()};
  alice().go_through(&files);
  ASSERT_EQ(alice().restart(), caf::error{});
  auto minted = pair.mint_for_sender(2, 2);
  pair.raida().damage(7, minted[0].id);
  ASSERT_TRUE(check_notes(space()));
  auto from = std::optional<sender_transfer>{pair.start_sender()};
  ASSERT_TRUE(from->reserve(amount::from_coins(200)));
  // The Fix works, and the disk fails before the note's new secret is in a file.
  pair.raida().on_ask = [&](const raida::ask_all& ask) {
    if (ask.what == raida::command::fix)
      files.arm(disk_fault::fail_once, 1);
  };
  ASSERT_FALSE(from->run(sender_step::fix_change));
  pair.raida().on_ask = nullptr;
  EXPECT_TRUE(alice().holds().is_held_by_other(minted[0].id, from->id()));
  EXPECT_FALSE(alice().holds().is_held_by_other(minted[1].id, from->id()));
  // The note's transfer may neither send it nor, when it gives up, free it for another.
  ASSERT_TRUE(from->run(sender_step::move_to_sender));
  auto exported = from->run(sender_step::put_in_export);
  ASSERT_FALSE(exported);
  EXPECT_EQ(code_of(exported.error()), ec::wallet_busy);
  ASSERT_TRUE(from->run(sender_step::give_back));
  from.reset();
  auto next = pair.start_sender();
  auto refused = next.reserve(amount::from_coins(200));
  ASSERT_FALSE(refused);
  EXPECT_EQ(code_of(refused.error()), ec::not_enough_coins);
  // That lasts until the healing is over.
  auto report = recover(space(), [](const journal_view&) { return false; });
  ASSERT_TRUE(report);
  EXPECT_EQ(report->failed, 0u);
  EXPECT_TRUE(alice().holds().all().empty());
  ASSERT_TRUE(next.reserve(amount::from_coins(200)));
  auto bank = alice().notes_in(folder::bank);
  ASSERT_EQ(bank.size(), 2u);
  for (auto& x : bank)
    EXPECT_EQ(pair.raida().holders(x), 25u);
}

// One Fix of a note works and others do not; then the program is killed at each call to the disk
// that follows.
TEST_F(operations, a_healing_killed_while_it_files_a_note_leaves_one_copy_that_goes_on) {
  for (auto where : {folder::fracked, folder::limbo})
    for (size_t at = 1;; ++at) {
      SCOPED_TRACE(std::string{to_string(where)} + " " + std::to_string(at));
      transfer_pair fresh;
      fault_file_ops files{fresh.sender().disk()};
      fresh.sender().go_through(&files);
      ASSERT_EQ(fresh.sender().restart(), caf::error{});
      auto lost = where == folder::limbo;
      auto notes = fresh.raida().mint(2, 100, 2);
      for (size_t server = 0; server < (lost ? 12u : 2u); ++server) {
        fresh.raida().damage(server, notes[0].id);
        if (server > 0)
          fresh.raida().add(fault::lost_request(server, raida::command::fix, SIZE_MAX));
      }
      fresh.sender().give({notes[0]}, where);
      fresh.sender().give({notes[1]});
      std::optional<sender_transfer> from;
      if (!lost) {
        from.emplace(fresh.start_sender());
        ASSERT_TRUE(from->reserve(amount::from_coins(200)));
        ASSERT_TRUE(from->run(sender_step::move_to_sender));
      }
      auto fixes = 0;
      fresh.raida().on_ask = [&](const raida::ask_all& ask) {
        if (ask.what == raida::command::fix && fixes++ == 0)
          files.arm(disk_fault::die_before, at);
      };
      if (lost)
        (void)find_lost(fresh.sender().space(), draw_transfer_id());
      else
        (void)from->run(sender_step::fix_notes);
      ASSERT_GT(fixes, 0);
      auto died = files.is_dead();
      from.reset();
      fresh.raida().on_ask = nullptr;
      fresh.raida().clear_faults();
      fresh.sender().go_through(nullptr);
      ASSERT_EQ(fresh.sender().restart(), caf::error{});
      auto report = start_up(fresh.sender().space());
      ASSERT_TRUE(report) << detail_of(report.error());
      EXPECT_EQ(report->failed, 0u);
      EXPECT_TRUE(fresh.sender().open_journals().empty());
      EXPECT_TRUE(fresh.sender().holds().all().empty());
      // A server that did not do its Fix is left alone for a while.
      fresh.clock().advance_seconds(3600);
      ASSERT_TRUE(find_lost(fresh.sender().space(), draw_transfer_id()));
      ASSERT_TRUE(heal_all(fresh.sender().space(), draw_transfer_id()));
      auto bank = fresh.sender().notes_in(folder::bank);
      ASSERT_EQ(bank.size(), 2u);
      for (auto& x : bank)
        EXPECT_EQ(fresh.raida().holders(x), 25u);
      if (!died)
        break;
    }
}

TEST_F(operations, a_journal_that_closes_while_recovery_reads_it_holds_nothing) {
  auto notes = pair.mint_for_sender(2, 1);
  auto id = draw_transfer_id();
  {
    auto log = operation_journal::create(space(), space().opened(journal_kind::heal, id), 1);
    ASSERT_TRUE(log);
    heal_record heal;
    heal.targets = notes;
    ASSERT_EQ(log->append(encode(heal)), caf::error{});
  }
  auto looks = 0;
  auto busy = [&](const journal_view&) {
    if (looks++ == 0) {
      auto log = operation_journal::open(space(), id);
      EXPECT_TRUE(log);
      EXPECT_EQ(log->close(closing::done, 1), caf::error{});
    }
    return false;
  };
  auto report = recover(space(), busy);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->failed, 0u);
  EXPECT_TRUE(alice().holds().all().empty());
}

TEST_F(operations, a_finished_healing_hands_its_notes_to_its_transfer) {
  auto minted = pair.mint_for_sender(2, 1);
  auto from = pair.start_sender();
  ASSERT_TRUE(from.reserve(amount::from_coins(100)));
  {
    auto id = draw_transfer_id();
    auto log =
        operation_journal::create(space(), space().opened(journal_kind::heal, id, from.id()), 1);
    ASSERT_TRUE(log);
    heal_record heal;
    heal.targets = minted;
    ASSERT_EQ(log->append(encode(heal)), caf::error{});
    alice().holds().hand_over({minted[0].id}, from.id(), id);
  }
  // The transfer is in work: carrying its healing on must not free its note.
  auto report = recover(space(), [](const journal_view&) { return false; });
  ASSERT_TRUE(report);
  EXPECT_EQ(report->closed, 1u);
  EXPECT_EQ(alice().holds().all().count(minted[0].id), 1u);
  EXPECT_FALSE(alice().holds().is_held_by_other(minted[0].id, from.id()));
}

TEST_F(operations, a_filed_journal_releases_what_its_operation_held) {
  pair.mint_for_sender(2, 1);
  auto from = std::optional<sender_transfer>{pair.start_sender()};
  ASSERT_TRUE(from->reserve(amount::from_coins(100)));
  auto id = from->id();
  auto held = from->view()->selected->notes[0].id;
  from.reset();
  {
    // CLOSED is written, and then the disk fails to file the journal.
    auto file = journal::open(space().files(), space().user.root(), id);
    ASSERT_TRUE(file);
    auto closed = encode(closed_record{closing::given_back, 1});
    ASSERT_EQ(file->append(closed.type, view(closed.payload)), caf::error{});
  }
  EXPECT_EQ(alice().holds().all().count(held), 1u);
  ASSERT_TRUE(recover(space(), [](const journal_view&) { return false; }));
  EXPECT_TRUE(alice().open_journals().empty());
  EXPECT_EQ(alice().holds().all().count(held), 0u);
}

TEST_F(operations, the_servers_tell_duplicates_of_a_lost_note_apart) {
  auto minted = pair.raida().mint(2, 100, 4);
  auto older = [](note x) {
    x.ans = raida::draw_ans(25);
    return x;
  };
  // Twice in Limbo: with a second set of secrets, and with secrets of old.
  auto with_pans = minted[0];
  with_pans.pans = raida::draw_ans(25);
  ASSERT_EQ(space().user.put(folder::limbo, {with_pans}, pans::with, "new"), caf::error{});
  ASSERT_TRUE(space().user.put_container(folder::limbo, {older(minted[0])}, "old"));
  // In Bank, where it is good, and in Limbo.
  alice().give({minted[1]});
  alice().give({older(minted[1])}, folder::limbo);
  // In Limbo, where it is good, and in Bank: `wallet check` takes the copy in Bank away.
  alice().give({older(minted[2])});
  alice().give({minted[2]}, folder::limbo);
  // And a note without duplicates.
  alice().give({minted[3]}, folder::limbo);
  auto report = find_lost(space(), draw_transfer_id());
  ASSERT_TRUE(report) << detail_of(report.error());
  EXPECT_EQ(report->notes, 3u);
  EXPECT_EQ(report->healed, 2u);
  ASSERT_EQ(report->lines.size(), 1u);
  EXPECT_NE(report->lines[0].find(to_string(minted[2].id)), std::string::npos);
  auto limbo = alice().notes_in(folder::limbo);
  ASSERT_EQ(limbo.size(), 1u);
  EXPECT_EQ(limbo[0].ans, minted[2].ans);
  auto bank = alice().notes_in(folder::bank);
  ASSERT_EQ(bank.size(), 4u);
  for (auto& x : bank)
    EXPECT_EQ(pair.raida().holders(x), x.id == minted[2].id ? 0u : 25u);
  // What was superseded stands in a journal and in no second file.
  EXPECT_TRUE(alice().notes_in(folder::trash).empty());
  // The check takes the bad copy away, and then the good one is found.
  ASSERT_TRUE(check_notes(space()));
  ASSERT_TRUE(find_lost(space(), draw_transfer_id()));
  EXPECT_TRUE(alice().notes_in(folder::limbo).empty());
  EXPECT_EQ(alice().notes_in(folder::bank).size(), 4u);
  EXPECT_TRUE(alice().holds().all().empty());
}

TEST_F(operations, of_a_lost_notes_duplicates_the_one_that_most_servers_pass_is_kept) {
  auto minted = pair.raida().mint(2, 900, 1);
  auto older = minted[0];
  for (size_t server = 0; server < 10; ++server)
    older.ans[server] = authenticity_number::random();
  alice().give({older}, folder::limbo);
  ASSERT_TRUE(space().user.put_container(folder::limbo, minted, "zz"));
  ASSERT_TRUE(find_lost(space(), draw_transfer_id()));
  auto bank = alice().notes_in(folder::bank);
  ASSERT_EQ(bank.size(), 1u);
  EXPECT_EQ(pair.raida().holders(bank[0]), 25u);
}

TEST_F(operations, a_note_that_lies_twice_is_not_paid_out_and_keeps_no_other_back) {
  auto minted = pair.raida().mint(2, 900, 2);
  auto other = minted[0];
  other.ans = raida::draw_ans(25);
  alice().give(minted);
  alice().give({other}, folder::fracked);
  auto from = pair.start_sender();
  auto report = from.reserve(amount::from_coins(100));
  ASSERT_TRUE(report) << detail_of(report.error());
  EXPECT_EQ(from.view()->selected->notes[0].id, minted[1].id);
}

TEST_F(operations, lost_duplicates_that_the_servers_cannot_tell_apart_delay_no_transfer) {
  auto minted = pair.raida().mint(2, 900, 1);
  auto other = minted[0];
  other.ans = raida::draw_ans(25);
  for (size_t server = 0; server < 13; ++server)
    pair.raida().damage(server, minted[0].id);
  alice().give(minted, folder::limbo);
  ASSERT_TRUE(space().user.put_container(folder::limbo, {other}, "other"));
  pair.mint_for_sender(2, 1);
  ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
  EXPECT_EQ(alice().notes_in(folder::limbo).size(), 2u);
}

TEST_F(operations, a_failed_search_for_lost_notes_fails_no_transfer) {
  fault_file_ops files{alice().disk()};
  alice().go_through(&files);
  ASSERT_EQ(alice().restart(), caf::error{});
  pair.mint_for_sender(2, 1);
  auto from = pair.start_sender();
  ASSERT_TRUE(from.reserve(amount::from_coins(100)));
  files.arm(disk_fault::fail_once, 1);
  auto report = from.run(sender_step::find_change);
  ASSERT_TRUE(report);
  EXPECT_NE(report->text.find("could not be looked for"), std::string::npos);
}

TEST_F(operations, a_lost_note_becomes_counterfeit_beside_an_older_one) {
  auto minted = pair.raida().mint(2, 900, 1);
  auto other = minted[0];
  other.ans = raida::draw_ans(25);
  for (size_t server = 0; server < 25; ++server)
    pair.raida().damage(server, minted[0].id);
  alice().give({other}, folder::counterfeit);
  alice().give(minted, folder::limbo);
  auto report = find_lost(space(), draw_transfer_id());
  ASSERT_TRUE(report) << detail_of(report.error());
  EXPECT_TRUE(alice().notes_in(folder::limbo).empty());
  EXPECT_EQ(alice().notes_in(folder::counterfeit).size(), 2u);
}

TEST_F(operations, a_note_that_lies_twice_is_not_healed) {
  auto notes = pair.mint_for_sender(2, 2);
  for (auto& x : notes)
    pair.raida().damage(3, x.id);
  ASSERT_TRUE(check_notes(space()));
  auto other = notes[0];
  other.ans = raida::draw_ans(25);
  alice().give({other});
  auto report = heal_all(space(), draw_transfer_id());
  ASSERT_TRUE(report) << detail_of(report.error());
  EXPECT_EQ(report->healed, 1u);
  ASSERT_EQ(report->lines.size(), 1u);
  ASSERT_EQ(alice().notes_in(folder::fracked).size(), 1u);
  EXPECT_EQ(alice().notes_in(folder::fracked)[0].ans, notes[0].ans);
}

TEST_F(operations, check_condemns_one_copy_and_not_its_duplicate) {
  auto notes = pair.raida().mint(2, 100, 1);
  auto other = notes[0];
  other.ans = raida::draw_ans(25);
  alice().give({other});
  ASSERT_TRUE(space().user.put_container(folder::bank, {notes[0]}, "zz"));
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(check_notes(space()));
  ASSERT_EQ(alice().notes_in(folder::bank).size(), 1u);
  EXPECT_EQ(pair.raida().holders(alice().notes_in(folder::bank)[0]), 25u);
  EXPECT_TRUE(alice().notes_in(folder::counterfeit).empty());
}

TEST_F(operations, notes_are_held_before_they_are_read) {
  listening_file_ops files{alice().disk()};
  alice().go_through(&files);
  ASSERT_EQ(alice().restart(), caf::error{});
  auto notes = pair.raida().mint(2, 100, 3);
  alice().give({notes[0]}, folder::fracked);
  alice().give({notes[1]}, folder::limbo);
  alice().give({notes[2]}, folder::bank);
  auto other = draw_transfer_id();
  auto seen = notes[0].id;
  size_t looks = 0;
  size_t first_look = 1;
  size_t taken = 0;
  // Whenever a folder is read or a server asked, another operation tries to take the notes.
  auto grab = [&] {
    ++looks;
    // The first reading only tells which notes there are, in one folder or two.
    if (looks > first_look && alice().holds().take({seen}, other))
      ++taken;
  };
  files.on_list = grab;
  pair.raida().on_ask = [&](const raida::ask_all&) { grab(); };
  for (auto& x : notes) {
    seen = x.id;
    looks = 0;
    if (x.id == notes[0].id) {
      ASSERT_TRUE(heal_all(space(), draw_transfer_id()));
    } else if (x.id == notes[1].id) {
      ASSERT_TRUE(find_lost(space(), draw_transfer_id()));
    } else {
      first_look = 2;
      ASSERT_TRUE(check_notes(space()));
    }
    EXPECT_GT(looks, 2u) << to_string(x.id);
    EXPECT_EQ(taken, 0u) << to_string(x.id);
  }
  pair.raida().on_ask = nullptr;
  files.on_list = nullptr;
  EXPECT_TRUE(alice().holds().all().empty());
}

TEST_F(operations, a_journal_in_hand_is_read_by_others_and_touched_by_none) {
  auto notes = pair.mint_for_sender(2, 1);
  auto id = draw_transfer_id();
  auto log = operation_journal::create(space(), space().opened(journal_kind::import, id), 1);
  ASSERT_TRUE(log);
  ASSERT_EQ(log->append(encode_received(notes)), caf::error{});
  // The thread that has it in hand is writing the next record: half of it is there.
  auto folder = alice().disk().open_directory(space().user.root() / "Journal");
  ASSERT_TRUE(folder);
  auto name = to_string(id) + ".lcj";
  auto file = alice().disk().open_write(*folder, name);
  ASSERT_TRUE(file);
  auto before = read_file(alice().disk(), *folder, name, 1 << 20);
  ASSERT_TRUE(before);
  // A record is 20 bytes, its payload of the length in bytes 8..11, and a tag of 16 that may end in
  // zero itself, so that the end cannot be told from the zeros behind it.
  size_t end = 0;
  while (end + 20 <= before->size() && (*before)[end] == 'L') {
    size_t length = 0;
    for (size_t i = 8; i < 12; ++i)
      length = length << 8 | (*before)[end + i];
    end += 20 + length + 16;
  }
  ASSERT_EQ(write_all(alice().disk(), *file, end, byte_view{std::string_view{"LCJ1half"}}),
            caf::error{});
  auto written = read_file(alice().disk(), *folder, name, 1 << 20);
  auto views = load_open_journals(space());
  ASSERT_TRUE(views) << detail_of(views.error());
  ASSERT_EQ(views->size(), 1u);
  EXPECT_EQ((*views)[0].received.size(), 1u);
  EXPECT_EQ(*read_file(alice().disk(), *folder, name, 1 << 20), *written);
  auto second = operation_journal::open(space(), id);
  ASSERT_FALSE(second);
  EXPECT_EQ(code_of(second.error()), ec::wallet_busy);
  // Recovery leaves it alone as well, whatever `busy` says.
  auto report = recover(space(), [](const journal_view&) { return false; });
  ASSERT_TRUE(report) << detail_of(report.error());
  EXPECT_EQ(report->failed, 0u);
  EXPECT_EQ(*read_file(alice().disk(), *folder, name, 1 << 20), *written);
  // Once it is not in hand any more, it is repaired like any other.
  log = fail(ec::internal, "dropped");
  ASSERT_TRUE(load_open_journals(space()));
  EXPECT_EQ(*read_file(alice().disk(), *folder, name, 1 << 20), *before);
}

TEST_F(operations, a_journal_that_was_empty_when_listed_and_is_written_since_stays_open) {
  auto notes = pair.mint_for_sender(2, 1);
  auto id = draw_transfer_id();
  // In hand and without its first record: other threads see nothing but its id.
  auto hand = space().holds->take_journal(id);
  ASSERT_TRUE(hand);
  ASSERT_TRUE(journal::create(space().files(), space().user.root(), id, space().now_ms(), 4096));
  auto busy = [&](const journal_view& seen) {
    EXPECT_EQ(seen.opened.servers, 0u);
    if (!hand)
      return false;
    // Only now its worker writes the record, and ends.
    hand.reset();
    auto file = journal::open(space().files(), space().user.root(), id);
    EXPECT_TRUE(file);
    for (auto& x : {encode(space().opened(journal_kind::import, id)), encode_received(notes)})
      EXPECT_EQ(file->append(x.type, view(x.payload)), caf::error{});
    return false;
  };
  auto report = recover(space(), busy);
  ASSERT_TRUE(report) << detail_of(report.error());
  EXPECT_EQ(report->closed, 0u);
  auto open = open_journal_ids(space().files(), space().user.root());
  ASSERT_TRUE(open);
  EXPECT_EQ(*open, std::vector<transfer_id>{id});
}

TEST_F(operations, a_journal_that_closes_while_the_others_are_listed_is_left_out) {
  listening_file_ops files{alice().disk()};
  alice().go_through(&files);
  ASSERT_EQ(alice().restart(), caf::error{});
  auto log = operation_journal::create(space(),
                                       space().opened(journal_kind::import, draw_transfer_id()), 1);
  ASSERT_TRUE(log);
  // Its worker closes it and ends, after the names were read and before it is opened.
  auto close = [&](caf::expected<operation_journal>& x) {
    files.on_list = nullptr;
    EXPECT_EQ(x->close(closing::done, 1), caf::error{});
    x = fail(ec::internal, "dropped");
  };
  files.on_list = [&] { close(log); };
  auto views = load_open_journals(space());
  ASSERT_TRUE(views) << detail_of(views.error());
  EXPECT_TRUE(views->empty());
  auto again = operation_journal::create(
      space(), space().opened(journal_kind::import, draw_transfer_id()), 1);
  ASSERT_TRUE(again);
  files.on_list = [&] { close(again); };
  auto entries = open_journals(space().files(), space().user.root());
  ASSERT_TRUE(entries);
  EXPECT_TRUE(entries->empty());
}

TEST_F(operations, one_transfer_that_cannot_be_carried_on_holds_up_no_other) {
  auto notes = pair.mint_for_sender(2, 2);
  auto first = std::optional<sender_transfer>{pair.start_sender()};
  ASSERT_TRUE(first->reserve(amount::from_coins(100)));
  ASSERT_TRUE(first->run(sender_step::move_to_sender));
  auto blocked = first->view()->selected->notes[0].id;
  pair.clock().advance_seconds(1);
  auto second = std::optional<sender_transfer>{pair.start_sender()};
  ASSERT_TRUE(second->reserve(amount::from_coins(100)));
  ASSERT_TRUE(second->run(sender_step::move_to_sender));
  // Another note of the same name lies where the first transfer's note belongs.
  note other;
  other.id = blocked;
  other.ans = raida::draw_ans(25);
  alice().give({other});
  first.reset();
  second.reset();
  ASSERT_EQ(alice().restart(), caf::error{});
  auto report = start_up(space());
  ASSERT_TRUE(report) << detail_of(report.error());
  EXPECT_EQ(report->failed, 1u);
  EXPECT_EQ(report->closed, 1u);
  ASSERT_FALSE(report->lines.empty());
  EXPECT_NE(report->lines[0].find("could not be carried on"), std::string::npos);
  EXPECT_EQ(report->lines[1],
            "a transfer that sends 100 had not begun; the coins are in the wallet");
  EXPECT_EQ(report->still_open.size(), 1u);
  EXPECT_EQ(alice().holds().all().count(blocked), 1u);
  EXPECT_EQ(balance_of(space())->spendable, amount::from_coins(100));
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

TEST_F(operations, start_up_keeps_the_duplicate_with_a_second_secret) {
  auto notes = pair.raida().mint(2, 100, 1);
  alice().give(notes, folder::fracked);
  auto open = notes[0];
  open.pans = open.ans;
  open.pans[3] = authenticity_number::random();
  // A duplicate in the same folder: the new copy is written, the older one not yet taken away.
  ASSERT_EQ(space().user.put(folder::bank, {open}, pans::with, "zz"), caf::error{});
  auto file = space().user.list(folder::bank)->notes[0].file;
  ASSERT_TRUE(space().user.move_file(folder::bank, file, folder::fracked));
  ASSERT_EQ(alice().restart(), caf::error{});
  ASSERT_TRUE(start_up(space()));
  // The copy that knew of the second secret stayed, and the server has it now.
  auto kept = alice().counted();
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].ans, open.pans);
  EXPECT_EQ(pair.raida().holders(kept[0]), 25u);
}

TEST_F(operations, start_up_tells_duplicates_apart_by_fifteen_servers_and_not_by_fewer) {
  auto notes = pair.raida().mint(2, 100, 1);
  auto other = notes[0];
  other.ans = raida::draw_ans(25);
  alice().give(notes);
  alice().give({other}, folder::fracked);
  for (size_t server = 0; server < 11; ++server)
    pair.raida().add(fault::down(server));
  ASSERT_EQ(alice().restart(), caf::error{});
  ASSERT_TRUE(start_up(space()));
  EXPECT_EQ(alice().counted().size(), 2u);
  pair.raida().clear_faults();
  ASSERT_EQ(alice().restart(), caf::error{});
  ASSERT_TRUE(start_up(space()));
  ASSERT_EQ(alice().counted().size(), 1u);
  EXPECT_EQ(alice().counted()[0].ans, notes[0].ans);
}

TEST_F(operations, start_up_reclaims_orphans_of_the_hidden_wallets) {
  auto notes = pair.mint_for_sender(2, 2);
  ASSERT_EQ(space().user.move({notes[0].id}, folder::bank, space().sender, folder::bank),
            caf::error{});
  ASSERT_EQ(alice().restart(), caf::error{});
  ASSERT_TRUE(start_up(space()));
  EXPECT_EQ(alice().notes_in(folder::bank).size(), 2u);
}

} // namespace
} // namespace liveconnect::test
