#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/transfer_pair.hpp"
#include "wallet/operations/check_notes.hpp"
#include "wallet/operations/export_notes.hpp"
#include "wallet/operations/heal_notes.hpp"
#include "wallet/operations/import_notes.hpp"
#include "wallet/raida/note_codec.hpp"
#include "wallet/start_up.hpp"

// Where living secrets lie: whatever the wallet does, a secret that some server still accepts is in
// a file that counts, or in a journal, and in no second file that nobody looks after.
namespace liveconnect::test {
namespace {

using namespace wallet;

class living_secrets : public ::testing::Test {
protected:
  wallet_party& alice() { return pair.sender(); }
  wallet_party& bob() { return pair.receiver(); }

  void import(wallet_party& who, const std::vector<note>& notes) {
    const auto report =
        import_notes(who.space(), {{"coins.bin", *encode_coin_file(notes, pans::without)}});
    ASSERT_TRUE(report) << detail_of(report.error());
  }

  size_t living_in(const note& x) {
    size_t out = 0;
    for (auto some : {&x.ans, &x.pans})
      for (size_t server = 0; server < some->size(); ++server)
        out += pair.raida().held(server, x.id) == (*some)[server] ? 1 : 0;
    return out;
  }

  // Every file of the three wallets that holds a living secret and does not count. `but`: a folder
  // of notes that were handed over.
  std::vector<std::string> strays(wallet_party& who, std::optional<folder> but = {}) {
    std::vector<std::string> out;
    for (auto store : {&who.space().user, &who.space().sender, &who.space().receiver})
      for (auto where : all_folders()) {
        const auto counts =
            store == &who.space().user && (where == folder::bank || where == folder::fracked);
        if (counts || where == but || where == folder::receipts)
          continue;
        const auto files = store->list_files(where);
        for (auto& file : *files) {
          const auto content = store->read(where, file);
          const auto notes = parse_coin_file(view(*content));
          if (!notes)
            continue;
          for (auto& x : *notes)
            if (living_in(x) > 0)
              out.push_back(std::string{to_string(where)} + "/" + file + ": " +
                            std::to_string(living_in(x)));
        }
      }
    return out;
  }

  using list = std::vector<std::string>;
  transfer_pair pair;
};

TEST_F(living_secrets, are_in_no_second_file_after_an_import) {
  import(alice(), pair.raida().mint(2, 100, 10));
  EXPECT_EQ(strays(alice()), list{});
  EXPECT_EQ(alice().counted().size(), 10u);
}

TEST_F(living_secrets, are_in_no_second_file_after_an_import_that_some_servers_missed) {
  for (size_t server = 0; server < 10; ++server)
    pair.raida().add(fault::down(server));
  import(alice(), pair.raida().mint(2, 100, 3));
  EXPECT_EQ(strays(alice()), list{});
}

TEST_F(living_secrets, are_in_no_second_file_after_a_transfer_with_change) {
  import(alice(), pair.raida().mint(2, 100, 3));
  ASSERT_EQ(pair.send(amount::from_coins(130)), caf::error{});
  EXPECT_EQ(strays(alice()), list{});
  EXPECT_EQ(strays(bob()), list{});
}

TEST_F(living_secrets, are_in_no_second_file_of_a_receiver_whom_some_servers_missed) {
  import(alice(), pair.raida().mint(2, 100, 1));
  for (size_t server = 0; server < 10; ++server)
    pair.raida().add(fault::down(server));
  ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
  EXPECT_EQ(strays(alice(), folder::sent), list{});
  EXPECT_EQ(strays(bob()), list{});
  pair.raida().clear_faults();
  ASSERT_TRUE(check_notes(bob().space()));
  EXPECT_EQ(strays(alice()), list{});
  EXPECT_EQ(strays(bob()), list{});
}

TEST_F(living_secrets, are_in_no_second_file_after_a_healing) {
  import(alice(), pair.raida().mint(2, 100, 3));
  for (auto& x : alice().counted())
    for (size_t server = 0; server < 5; ++server)
      pair.raida().damage(server, x.id);
  ASSERT_TRUE(check_notes(alice().space()));
  EXPECT_EQ(strays(alice()), list{});
  ASSERT_TRUE(heal_all(alice().space(), draw_transfer_id()));
  EXPECT_EQ(strays(alice()), list{});
  EXPECT_EQ(alice().notes_in(folder::bank).size(), 3u);
}

TEST_F(living_secrets, are_in_no_second_file_after_a_transfer_that_never_began) {
  import(alice(), pair.raida().mint(2, 100, 2));
  {
    auto from = pair.start_sender();
    ASSERT_EQ(pair.prepare(from, amount::from_coins(130)), caf::error{});
    ASSERT_TRUE(from.run(sender_step::give_back));
  }
  EXPECT_EQ(strays(alice()), list{});
  EXPECT_EQ(pair.spendable(alice()), amount::from_coins(200));
}

TEST_F(living_secrets, of_a_lost_note_that_is_found_are_in_one_file) {
  auto notes = pair.raida().mint(2, 100, 2);
  for (auto& x : notes)
    x.pans = raida::draw_ans(25);
  for (size_t server = 0; server < 18; ++server)
    pair.raida().set_held(server, notes[0].id, notes[0].pans[server]);
  ASSERT_EQ(alice().space().user.put(folder::limbo, notes, pans::with, "lost"), caf::error{});
  ASSERT_TRUE(find_lost(alice().space(), draw_transfer_id()));
  EXPECT_EQ(strays(alice()), list{});
  // The servers that missed the Pown of the first note get it.
  ASSERT_TRUE(check_notes(alice().space()));
  EXPECT_EQ(strays(alice()), list{});
  ASSERT_EQ(alice().notes_in(folder::bank).size(), 2u);
  EXPECT_EQ(alice().notes_in(folder::bank)[0].ans, notes[0].pans);
}

} // namespace
} // namespace liveconnect::test
