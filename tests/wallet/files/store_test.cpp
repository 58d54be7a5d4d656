#include <cerrno>
#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/fault_file_ops.hpp"
#include "tests/support/memory_file_ops.hpp"
#include "tests/support/sample_notes.hpp"
#include "tests/support/temporary_folder.hpp"
#include "wallet/files/posix_file_ops.hpp"
#include "wallet/files/store.hpp"

namespace liveconnect::wallet {
namespace {

using test::disk_fault;
using test::fault_file_ops;
using test::memory_file_ops;
using test::same_note;
using test::sample_note;
using test::slurp;
using test::temporary_folder;

class store_test : public ::testing::Test {
protected:
  wallet_store open(file_ops& ops, const std::string& root) {
    auto out = wallet_store::open_or_create(ops, root, "w");
    EXPECT_TRUE(out) << detail_of(out.error());
    return std::move(*out);
  }

  size_t count(const wallet_store& x, folder where) {
    auto out = x.list(where);
    EXPECT_TRUE(out);
    EXPECT_TRUE(out->unreadable.empty());
    return out->notes.size();
  }

  memory_file_ops disk;
  wallet_store store = open(disk, "/w");
};

TEST(store_on_disk, says_which_folder_cannot_be_opened_and_why) {
  temporary_folder dir;
  posix_file_ops ops;
  ASSERT_TRUE(wallet_store::open_or_create(ops, dir / "w", "w"));
  std::filesystem::remove(dir / "w/Fracked");
  std::ofstream{dir / "w/Fracked"} << "no folder";
  auto out = wallet_store::open_or_create(ops, dir / "w", "w");
  ASSERT_FALSE(out);
  EXPECT_EQ(code_of(out.error()), ec::disk_failed);
  EXPECT_NE(detail_of(out.error()).find((dir / "w/Fracked").string()), std::string::npos)
      << detail_of(out.error());
  EXPECT_NE(detail_of(out.error()).find("Not a directory"), std::string::npos);
}

TEST_F(store_test, what_is_put_is_listed_in_order_with_its_pro_name) {
  ASSERT_FALSE(store.put(folder::bank, {sample_note(0, 5), sample_note(3, 1), sample_note(0, 4)},
                         pans::without, "x"));
  auto out = store.list(folder::bank);
  ASSERT_TRUE(out);
  ASSERT_EQ(out->notes.size(), 3u);
  EXPECT_EQ(out->notes[0].value.id, (note_id{3, 1}));
  EXPECT_EQ(out->notes[1].value.id, (note_id{0, 4}));
  EXPECT_EQ(out->notes[1].file, "1 CloudCoin #4 'x'.bin");
  EXPECT_TRUE(same_note(out->notes[1].value, sample_note(0, 4)));
}

TEST_F(store_test, pans_are_kept_only_where_asked_for) {
  const auto x = sample_note(0, 5, 0, true);
  ASSERT_FALSE(store.put(folder::suspect, {x}, pans::with, "x"));
  ASSERT_FALSE(store.put(folder::bank, {x}, pans::without, "x"));
  EXPECT_EQ(store.list(folder::suspect)->notes[0].value.pans, x.pans);
  EXPECT_TRUE(store.list(folder::bank)->notes[0].value.pans.empty());
}

TEST_F(store_test, putting_again_changes_nothing_and_other_numbers_are_refused) {
  const std::vector<note> notes{sample_note(0, 5), sample_note(0, 6)};
  ASSERT_FALSE(store.put(folder::bank, {notes[0]}, pans::without, "x"));
  ASSERT_FALSE(store.put(folder::bank, notes, pans::without, "another tag"));
  EXPECT_EQ(count(store, folder::bank), 2u);
  EXPECT_EQ(code_of(store.put(folder::bank, {sample_note(0, 7), sample_note(0, 5, 1)},
                              pans::without, "x")),
            ec::file_exists);
  EXPECT_EQ(count(store, folder::bank), 2u);
}

TEST_F(store_test, a_name_that_is_taken_gets_a_suffix) {
  // A file of ours under the name of another note: identity comes from the record.
  ASSERT_FALSE(store.put_file(folder::bank, "1 CloudCoin #5 'x'.bin",
                              view(*encode_coin_file({sample_note(2, 9)}, pans::without))));
  ASSERT_FALSE(store.put(folder::bank, {sample_note(0, 5)}, pans::without, "x"));
  auto out = store.list(folder::bank);
  ASSERT_EQ(out->notes.size(), 2u);
  EXPECT_EQ(out->notes[0].value.id, (note_id{2, 9}));
  EXPECT_EQ(out->notes[1].file.find("1 CloudCoin #5 'x-"), 0u);
}

// A note that the disk does not give just now is not gone: whoever looks for it must not go on as
// if it were, or it stays where it counts, or is made a second time.
TEST_F(store_test, a_note_that_the_disk_does_not_give_is_not_taken_for_gone) {
  const std::vector<note> notes{sample_note(0, 5), sample_note(0, 6)};
  ASSERT_FALSE(store.put(folder::bank, notes, pans::without, "x"));
  const auto before = store.list(folder::bank)->notes;
  for (const int error : {EIO, EMFILE, ENFILE, ENOMEM, EACCES})
    for (const auto step : {0, 1, 2, 3}) {
      auto met = false;
      for (size_t at = 1; at < 100; ++at) {
        fault_file_ops faulty{disk};
        auto doomed = open(faulty, "/w");
        faulty.arm(disk_fault::none, 0);
        faulty.arm_error(error, at, false);
        if (step == 0) {
          const auto found = doomed.find({notes[0].id, notes[1].id}, {folder::bank});
          EXPECT_TRUE(!found || found->size() == 2);
        } else if (step == 1) {
          const auto err = doomed.put(folder::bank, {sample_note(0, 5, 1)}, pans::without, "y");
          EXPECT_TRUE(err);
        } else if (step == 2) {
          const auto err = doomed.move({notes[0].id, notes[1].id}, folder::bank, folder::trash);
          EXPECT_TRUE(err || count(store, folder::bank) == 0u);
          if (!err) {
            ASSERT_FALSE(store.move({notes[0].id, notes[1].id}, folder::trash, folder::bank));
          }
        } else {
          const auto err =
              doomed.update(folder::bank, folder::bank, {notes[0]}, pans::without, "z");
          EXPECT_TRUE(err || count(store, folder::bank) == 2u);
        }
        EXPECT_EQ(count(store, folder::bank), 2u) << "step " << step << ", call " << at;
        met = met || faulty.has_struck();
        if (faulty.trace().size() < at)
          break;
      }
      EXPECT_TRUE(met);
    }
  EXPECT_EQ(store.list(folder::bank)->notes.size(), before.size());
}

TEST_F(store_test, what_the_disk_does_not_give_is_told_from_what_is_no_note) {
  ASSERT_FALSE(store.put(folder::bank, {sample_note(0, 5)}, pans::without, "x"));
  ASSERT_FALSE(store.put_file(folder::bank, "huge.bin", bytes(100'000, 9)));
  EXPECT_FALSE(disk_trouble(*store.list(folder::bank)));
  EXPECT_TRUE(store.find({note_id{0, 5}}, {folder::bank}));
  fault_file_ops faulty{disk};
  const auto doomed = open(faulty, "/w");
  auto seen = false;
  for (size_t at = 1; at < 20; ++at) {
    faulty.arm(disk_fault::none, 0);
    faulty.arm_error(EIO, at, false);
    const auto listing = doomed.list(folder::bank);
    if (!listing || !disk_trouble(*listing))
      continue;
    seen = true;
    EXPECT_EQ(code_of(disk_trouble(*listing)), ec::disk_failed);
    EXPECT_NE(detail_of(disk_trouble(*listing)).find(faulty.struck_at().front()),
              std::string::npos);
  }
  EXPECT_TRUE(seen);
}

TEST_F(store_test, a_wallet_that_cannot_be_opened_now_is_not_called_no_wallet) {
  for (const int error : {EIO, EMFILE, ENFILE, ENOMEM})
    for (const auto for_good : {false, true})
      for (size_t at = 1; at < 300; ++at) {
        fault_file_ops faulty{disk};
        faulty.arm_error(error, at, for_good);
        const auto opened = wallet_store::open_or_create(faulty, "/w", "w");
        if (!opened) {
          EXPECT_EQ(code_of(opened.error()), ec::disk_failed) << detail_of(opened.error());
        }
        if (faulty.trace().size() < at)
          break;
      }
}

TEST_F(store_test, unreadable_files_are_reported_and_stay) {
  ASSERT_FALSE(store.put(folder::bank, {sample_note(0, 5)}, pans::without, "x"));
  ASSERT_FALSE(store.put_file(folder::bank, "torn.bin", bytes{9, 1, 0, 6}));
  ASSERT_FALSE(store.put_file(folder::bank, "old.bin",
                              slurp(std::string{LIVECONNECT_TEST_DATA} +
                                    "/vectors/coin-files/10-format0-coinmanager-v2.bin")));
  ASSERT_FALSE(store.put_file(
      folder::bank, "two.bin",
      view(*encode_coin_file({sample_note(0, 1), sample_note(0, 2)}, pans::without))));
  ASSERT_FALSE(store.put_file(folder::bank, "huge.bin", bytes(100'000, 9)));
  ASSERT_FALSE(store.put_file(folder::bank, "readme.txt", bytes{1}));
  auto out = store.list(folder::bank);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->notes.size(), 1u);
  ASSERT_EQ(out->unreadable.size(), 4u);
  EXPECT_EQ(out->unreadable[0].file, "huge.bin");
  EXPECT_EQ(code_of(out->unreadable[1].problem), ec::old_coin_file);
  EXPECT_EQ(code_of(out->unreadable[2].problem), ec::bad_coin_file);
  EXPECT_EQ(code_of(out->unreadable[3].problem), ec::bad_coin_file);
  EXPECT_EQ(store.list_files(folder::bank)->size(), 6u);
}

TEST_F(store_test, a_note_that_no_journal_could_name_is_not_listed) {
  ASSERT_FALSE(
      store.put_file(folder::bank, "1.bin",
                     view(*encode_coin_file({sample_note(0, serial_max + 1)}, pans::without))));
  const auto out = store.list(folder::bank);
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->notes.empty());
  ASSERT_EQ(out->unreadable.size(), 1u);
  EXPECT_EQ(code_of(out->unreadable[0].problem), ec::bad_coin_file);
}

TEST_F(store_test, the_same_note_in_two_folders_is_reported) {
  ASSERT_FALSE(store.put(folder::bank, {sample_note(0, 5), sample_note(0, 6)}, pans::without, "x"));
  ASSERT_FALSE(store.put(folder::suspect, {sample_note(0, 5, 1, true)}, pans::with, "x"));
  // The same serial of another denomination is another note.
  ASSERT_FALSE(store.put(folder::suspect, {sample_note(1, 6)}, pans::without, "x"));
  auto out = store.list({folder::bank, folder::suspect});
  ASSERT_TRUE(out);
  auto twice = duplicates_of(*out);
  ASSERT_EQ(twice.size(), 1u);
  EXPECT_EQ(twice[0].id, (note_id{0, 5}));
  ASSERT_EQ(twice[0].copies.size(), 2u);
  EXPECT_FALSE(same_numbers(twice[0].copies[0].value, twice[0].copies[1].value));
  EXPECT_EQ(store.find({{0, 5}, {0, 9}}, {folder::bank, folder::suspect})->size(), 2u);
}

TEST_F(store_test, notes_move_between_wallets_and_a_repeat_finishes) {
  auto hidden = open(disk, "/hidden");
  ASSERT_FALSE(store.put(folder::bank, {sample_note(0, 5), sample_note(0, 6), sample_note(0, 7)},
                         pans::without, "x"));
  ASSERT_FALSE(store.move({{0, 5}}, folder::bank, hidden, folder::bank));
  ASSERT_FALSE(store.move({{0, 5}, {0, 6}}, folder::bank, hidden, folder::bank));
  EXPECT_EQ(count(store, folder::bank), 1u);
  EXPECT_EQ(count(hidden, folder::bank), 2u);
  EXPECT_EQ(code_of(store.move({{0, 7}, {0, 99}}, folder::bank, hidden, folder::bank)),
            ec::wallet_damaged);
  EXPECT_EQ(count(store, folder::bank), 1u); // Nothing moved.
}

TEST_F(store_test, a_note_never_moves_onto_one_with_other_numbers) {
  auto hidden = open(disk, "/hidden");
  ASSERT_FALSE(store.put(folder::bank, {sample_note(0, 5), sample_note(0, 6)}, pans::without, "x"));
  ASSERT_FALSE(hidden.put(folder::bank, {sample_note(0, 6, 3)}, pans::without, "y"));
  EXPECT_EQ(code_of(store.move({{0, 5}, {0, 6}}, folder::bank, hidden, folder::bank)),
            ec::file_exists);
  EXPECT_EQ(count(store, folder::bank), 2u);
}

TEST_F(store_test, a_copy_that_arrived_already_removes_the_old_one) {
  auto hidden = open(disk, "/hidden");
  ASSERT_FALSE(store.put(folder::bank, {sample_note(0, 5)}, pans::without, "x"));
  ASSERT_FALSE(hidden.put(folder::bank, {sample_note(0, 5)}, pans::without, "x"));
  ASSERT_FALSE(store.move({{0, 5}}, folder::bank, hidden, folder::bank));
  EXPECT_EQ(count(store, folder::bank), 0u);
  EXPECT_EQ(count(store, folder::trash), 0u);
  EXPECT_EQ(count(hidden, folder::bank), 1u);
}

TEST_F(store_test, changed_notes_are_put_first_and_the_old_ones_go) {
  ASSERT_FALSE(
      store.put(folder::fracked, {sample_note(0, 5), sample_note(0, 6)}, pans::without, "x"));
  ASSERT_FALSE(
      store.update(folder::fracked, folder::bank, {sample_note(0, 5, 1)}, pans::without, "healed"));
  ASSERT_FALSE(store.update(folder::fracked, folder::fracked, {sample_note(0, 6, 1)}, pans::without,
                            "healed"));
  for (int repeat = 0; repeat < 2; ++repeat) {
    EXPECT_EQ(store.list(folder::bank)->notes.at(0).value.ans, sample_note(0, 5, 1).ans);
    EXPECT_EQ(store.list(folder::fracked)->notes.at(0).value.ans, sample_note(0, 6, 1).ans);
    EXPECT_EQ(count(store, folder::fracked), 1u);
    EXPECT_EQ(count(store, folder::trash), 0u);
    ASSERT_FALSE(store.update(folder::fracked, folder::bank, {sample_note(0, 5, 1)}, pans::without,
                              "healed"));
    ASSERT_FALSE(store.update(folder::fracked, folder::fracked, {sample_note(0, 6, 1)},
                              pans::without, "healed"));
  }
  auto graded = sample_note(0, 6, 1);
  graded.pown.assign(25, 'f');
  ASSERT_FALSE(store.update(folder::fracked, folder::fracked, {graded}, pans::without, "graded"));
  EXPECT_EQ(store.list(folder::fracked)->notes.at(0).value.pown, graded.pown);
}

TEST_F(store_test, a_container_holds_the_notes_in_their_order_without_pans) {
  const std::vector<note> notes{sample_note(0, 7, 0, true), sample_note(3, 1, 0, true)};
  auto name = store.put_container(folder::export_, notes, "t");
  ASSERT_TRUE(name);
  EXPECT_EQ(*name, "1,001 CloudCoin #2 't'.bin");
  EXPECT_EQ(*store.put_container(folder::export_, notes, "t"), *name); // A repeat makes no second.
  EXPECT_NE(*store.put_container(folder::export_, {notes[1], notes[0]}, "t"), *name);
  auto raw = store.read(folder::export_, *name);
  ASSERT_TRUE(raw);
  auto again = parse_coin_file(view(*raw));
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)[0].id, (note_id{0, 7}));
  EXPECT_TRUE((*again)[0].pans.empty());
  auto moved = store.move_file(folder::export_, *name, folder::sent);
  ASSERT_TRUE(moved);
  EXPECT_EQ(*store.list_files(folder::sent), std::vector<std::string>{*name});
}

TEST_F(store_test, setting_aside_deletes_nothing_and_may_be_repeated) {
  const wall_time now{1'772'355'907'123};
  for (int round = 1; round <= 2; ++round) {
    ASSERT_FALSE(store.put_file(folder::import_, "a.bin", bytes{static_cast<uint8_t>(round)}));
    ASSERT_FALSE(store.put_file(folder::import_, "note.txt", bytes{7}));
    auto moved = store.set_aside(folder::import_, now);
    ASSERT_TRUE(moved) << detail_of(moved.error());
    EXPECT_EQ(*moved, 2u);
    EXPECT_TRUE(store.list_files(folder::import_)->empty());
  }
  EXPECT_EQ(*store.set_aside(folder::import_, now), 0u);
  auto aside = disk.open_directory("/w/Trash/2026-03-01_09-05-07-Import");
  ASSERT_TRUE(aside);
  EXPECT_EQ(disk.list(*aside, 10)->size(), 4u);
  EXPECT_TRUE(read_file(disk, *aside, "a.bin", 10));
}

TEST_F(store_test, a_directory_that_is_no_wallet_or_open_to_others_is_not_opened) {
  temporary_folder dir;
  posix_file_ops real;
  EXPECT_EQ(code_of(wallet_store::open(real, dir.path()).error()), ec::bad_argument);
  ASSERT_TRUE(wallet_store::open_or_create(real, dir / "w", "w"));
  ASSERT_EQ(::chmod((dir / "w/Bank").c_str(), 0770), 0);
  EXPECT_EQ(code_of(wallet_store::open(real, dir / "w").error()), ec::bad_config);
}

TEST_F(store_test, every_file_on_the_real_disk_is_for_its_owner_only) {
  temporary_folder dir;
  posix_file_ops real;
  auto x = wallet_store::open_or_create(real, dir / "w", "w");
  ASSERT_TRUE(x);
  ASSERT_FALSE(x->put(folder::bank, {sample_note(0, 5)}, pans::without, "x"));
  ASSERT_FALSE(x->move({{0, 5}}, folder::bank, folder::fracked));
  ASSERT_FALSE(
      x->update(folder::fracked, folder::bank, {sample_note(0, 5, 1)}, pans::without, "y"));
  ASSERT_TRUE(x->put_container(folder::export_, {sample_note(0, 5)}, "x"));
  ASSERT_TRUE(x->set_aside(folder::export_, {}));
  for (const auto& file : std::filesystem::recursive_directory_iterator(dir / "w")) {
    struct stat info {};
    ASSERT_EQ(::stat(file.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, file.is_directory() ? 0700u : 0600u) << file.path();
  }
}

/// What one crash test does, and with what it must end when it is run again to its end.
struct operation {
  const char* name;
  caf::error (*run)(wallet_store& store, wallet_store& hidden);
};

const operation operations[] = {
    {"put",
     [](wallet_store& store, wallet_store&) {
       return store.put(folder::suspect, {sample_note(1, 1, 0, true), sample_note(1, 2, 0, true)},
                        pans::with, "x");
     }},
    {"move",
     [](wallet_store& store, wallet_store& hidden) {
       return store.move({{0, 1}, {0, 2}, {0, 3}}, folder::bank, hidden, folder::bank);
     }},
    {"update",
     [](wallet_store& store, wallet_store&) {
       return store.update(folder::bank, folder::fracked,
                           {sample_note(0, 1, 1), sample_note(0, 2, 1)}, pans::without, "y");
     }},
    {"update in place",
     [](wallet_store& store, wallet_store&) {
       return store.update(folder::bank, folder::bank, {sample_note(0, 1, 1)}, pans::without, "y");
     }},
    {"set aside",
     [](wallet_store& store, wallet_store&) {
       auto out = store.set_aside(folder::bank, {});
       return out ? caf::error{} : out.error();
     }},
};

/// Every set of numbers of note 0:serial found anywhere in both wallets, Trash included.
size_t copies_of(file_ops& disk, uint32_t serial, uint8_t generation) {
  size_t out = 0;
  for (const std::string root : {"/w", "/hidden"}) {
    auto x = wallet_store::open(disk, root);
    EXPECT_TRUE(x);
    for (const auto where : all_folders()) {
      const auto found = x->find({{0, serial}}, {where});
      for (const auto& one : *found)
        out += one.value.ans == sample_note(0, serial, generation).ans ? 1 : 0;
    }
    auto trash = disk.open_directory(root + "/Trash/1970-01-01_00-00-00-Bank");
    if (!trash)
      continue;
    const auto entries = disk.list(*trash, 100);
    for (const auto& entry : *entries) {
      auto notes = parse_coin_file(view(*read_file(disk, *trash, entry.name, 10'000)));
      EXPECT_TRUE(notes);
      out += notes->front().id.serial == serial &&
                     notes->front().ans == sample_note(0, serial, generation).ans
                 ? 1
                 : 0;
    }
  }
  return out;
}

TEST(store_crash, dying_at_every_call_loses_no_numbers_and_a_repeat_finishes) {
  for (const auto& todo : operations) {
    for (const bool no_exclusive_rename : {false, true}) {
      bool over = false;
      for (size_t at = 1; !over; ++at) {
        ASSERT_LT(at, 10'000u);
        for (uint32_t seed = 0; seed < 4; ++seed) {
          SCOPED_TRACE(std::string{todo.name} + " at call " + std::to_string(at) + ", seed " +
                       std::to_string(seed));
          memory_file_ops disk;
          auto before = wallet_store::open_or_create(disk, "/w", "w");
          ASSERT_TRUE(wallet_store::open_or_create(disk, "/hidden", "h"));
          ASSERT_FALSE(before->put(folder::bank,
                                   {sample_note(0, 1), sample_note(0, 2), sample_note(0, 3)},
                                   pans::without, "x"));
          fault_file_ops ops{disk};
          ops.no_exclusive_rename = no_exclusive_rename;
          {
            auto store = wallet_store::open(ops, "/w"), hidden = wallet_store::open(ops, "/hidden");
            ASSERT_TRUE(store && hidden);
            ops.arm(seed % 2 == 0 ? disk_fault::die_after : disk_fault::die_before, at);
            todo.run(*store, *hidden);
          }
          over = ops.trace().size() < at;
          if (seed > 1)
            disk.lose_power(seed);
          for (uint32_t serial = 1; serial <= 3; ++serial)
            // In its old file or in its new one: the journal has what only the old one had.
            ASSERT_GE(copies_of(disk, serial, 0) + copies_of(disk, serial, 1), 1u)
                << "note " << serial << " is lost";

          auto store = wallet_store::open(disk, "/w"), hidden = wallet_store::open(disk, "/hidden");
          ASSERT_TRUE(store->remove_leftovers());
          ASSERT_TRUE(hidden->remove_leftovers());
          const auto err = todo.run(*store, *hidden);
          ASSERT_FALSE(err) << detail_of(err);
          EXPECT_TRUE(duplicates_of(*store->list({folder::bank, folder::fracked})).empty());
        }
      }
    }
  }
}

} // namespace
} // namespace liveconnect::wallet
