#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/transfer_pair.hpp"
#include "wallet/operations/import_notes.hpp"
#include "wallet/operations/known_secrets.hpp"
#include "wallet/raida/note_codec.hpp"

namespace liveconnect::test {
namespace {

using namespace wallet;

secret_set set_of(secret_origin from, wall_seconds since, bool given_away = false) {
  return {raida::draw_ans(25), from, since, given_away};
}

TEST(known_secrets, are_asked_about_in_the_order_of_their_likelihood) {
  const std::vector<secret_set> sets{
      set_of(secret_origin::other_file, 0), set_of(secret_origin::journal, 5),
      set_of(secret_origin::journal, 9), set_of(secret_origin::pending, 0),
      set_of(secret_origin::note_file, 0)};
  const auto out = in_order(sets);
  ASSERT_EQ(out.size(), 5u);
  const size_t expected[] = {4, 3, 2, 1, 0};
  for (size_t i = 0; i < 5; ++i)
    EXPECT_EQ(out[i].ans, sets[expected[i]].ans) << i;
}

TEST(known_secrets, are_bounded_and_none_stands_twice) {
  std::vector<secret_set> sets;
  for (size_t i = 0; i < 3 * known_sets_max; ++i)
    sets.push_back(set_of(secret_origin::journal, i));
  sets.push_back(sets.back());
  const auto out = in_order(sets);
  ASSERT_EQ(out.size(), known_sets_max);
  EXPECT_EQ(out[0].ans, sets.back().ans);
  EXPECT_NE(out[1].ans, out[0].ans);
}

TEST(known_secrets, that_share_one_with_a_set_handed_over_count_as_handed_over) {
  auto sets = std::vector{set_of(secret_origin::journal, 1), set_of(secret_origin::journal, 2),
                          set_of(secret_origin::other_file, 0, true)};
  sets[1].ans[24] = sets[2].ans[24];
  const auto out = in_order(sets);
  ASSERT_EQ(out.size(), 3u);
  EXPECT_TRUE(out[0].given_away);
  EXPECT_FALSE(out[1].given_away);
}

TEST(known_secrets, of_a_healing_are_those_that_its_fixes_may_have_left) {
  note x;
  x.id = {2, 7};
  x.ans = raida::draw_ans(25);
  journal_view view;
  heal_record heal;
  heal.targets = {x};
  heal.intents.push_back({3, raida::fix_seed::random(), {x.id}});
  view.heals.push_back(heal);
  known_sets out;
  add_known(out, view, {x.id});
  ASSERT_EQ(out[x.id].size(), 3u);
  EXPECT_EQ(out[x.id][1].ans[3], raida::fixed_an(3, x.id, heal.intents[0].pg));
  EXPECT_EQ(out[x.id][1].ans[4], x.ans[4]);
}

TEST(known_secrets, of_scrubbed_journals_are_none) {
  journal_view view;
  note x;
  x.id = {2, 7};
  view.received = {x};
  known_sets out;
  add_known(out, view, {x.id});
  EXPECT_TRUE(out.empty());
}

TEST(known_secrets, are_found_in_files_and_in_journals_that_are_over) {
  transfer_pair pair;
  auto& alice = pair.sender();
  const auto minted = pair.raida().mint(2, 100, 1);
  ASSERT_TRUE(
      import_notes(alice.space(), {{"coins.bin", *encode_coin_file(minted, pans::without)}}));
  const auto known = known_secrets(alice.space(), {minted[0].id});
  ASSERT_TRUE(known) << detail_of(known.error());
  const auto& sets = known->at(minted[0].id);
  ASSERT_EQ(sets.size(), 2u);
  EXPECT_EQ(sets[0].ans, alice.notes_in(folder::bank).at(0).ans);
  EXPECT_EQ(sets[1].ans, minted[0].ans);
}

TEST(known_secrets, are_told_apart_two_at_a_time_and_silence_is_no_answer) {
  fake_raida raida;
  test_clock clock;
  wallet_party alice{raida, clock, "alice"};
  const auto x = raida.mint({2, 100});
  std::vector<secret_set> sets(5, set_of(secret_origin::journal, 0));
  for (auto& one : sets)
    one.ans = raida::draw_ans(25);
  sets[3].ans = x.ans;
  raida.damage(0, x.id);
  raida.add(fault::down(1));
  const auto rows = ask_which(alice.space(), {x.id}, {sets});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0][0], held_none);
  EXPECT_EQ(rows[0][1], held_unknown);
  for (size_t server = 2; server < 25; ++server)
    EXPECT_EQ(rows[0][server], 3u);
  const auto counts = count_held(rows[0], 3);
  EXPECT_EQ(counts.first, 0u);
  EXPECT_EQ(counts.second, 23u);
  EXPECT_EQ(counts.none, 1u);
  EXPECT_EQ(counts.unknown, 1u);
  const auto now = composed(x.id, sets, rows[0], 0);
  EXPECT_EQ(now.ans[0], sets[0].ans[0]);
  EXPECT_EQ(now.ans[5], x.ans[5]);
  EXPECT_EQ(now.pown, "fn" + std::string(23, 'p'));
}

} // namespace
} // namespace liveconnect::test
