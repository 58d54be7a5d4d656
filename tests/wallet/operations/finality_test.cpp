#include <gtest/gtest.h>

#include "tests/support/transfer_pair.hpp"
#include "wallet/operations/finality.hpp"

// How long it is shown that an earlier owner's tickets could still take a note.
namespace liveconnect::test {
namespace {

using namespace wallet;

const raida::quorum_rules rules;
constexpr wall_seconds noon = 1'790'000'000;

TEST(finality, a_note_is_final_when_tickets_from_before_its_pown_are_over) {
  server_memory x;
  const note_id mine{2, 700};
  const note_id other{2, 701};
  x.add_powned({mine}, noon);
  EXPECT_EQ(final_in_seconds(x, mine, rules, noon), 300u);
  EXPECT_EQ(final_in_seconds(x, mine, rules, noon + 299), 1u);
  EXPECT_EQ(final_in_seconds(x, mine, rules, noon + 300), 0u);
  EXPECT_EQ(final_in_seconds(x, other, rules, noon), 0u);
  // A clock that was set back shows nothing rather than something without end.
  EXPECT_EQ(final_in_seconds(x, mine, rules, noon - 1), 0u);
  x.add_powned({other}, noon + 100);
  EXPECT_EQ(final_in_seconds(x, rules, noon + 100), 300u);
  EXPECT_EQ(final_in_seconds(x, mine, rules, noon + 100), 200u);
}

TEST(finality, where_fewer_than_thirteen_servers_do_a_fix_a_note_is_final_at_once) {
  server_memory x;
  x.add_powned({{2, 700}}, noon);
  for (size_t server = 0; server < 12; ++server)
    x.fix[server] = {fixes_failed_for_none, noon};
  EXPECT_EQ(final_in_seconds(x, rules, noon), 300u);
  x.fix[12] = {fixes_failed_for_none - 1, noon};
  EXPECT_EQ(final_in_seconds(x, rules, noon), 300u);
  x.fix[12].failures = fixes_failed_for_none;
  EXPECT_EQ(final_in_seconds(x, rules, noon), 0u);
  EXPECT_EQ(final_in_seconds(x, {2, 700}, rules, noon), 0u);
}

TEST(finality, the_memory_keeps_so_many_notes_and_none_for_longer_than_it_matters) {
  server_memory x;
  std::vector<note_id> many;
  for (uint32_t serial = 1; serial <= powned_notes_max + 10; ++serial)
    many.push_back({0, serial});
  x.add_powned(many, noon);
  EXPECT_EQ(x.powned.size(), powned_notes_max);
  const auto text = to_text(x);
  EXPECT_LE(text.size(), server_memory_bytes_max);
  EXPECT_EQ(read_server_memory(text).powned, x.powned);
  x.add_powned({{3, 5}}, noon + 1);
  EXPECT_EQ(x.powned.size(), powned_notes_max);
  EXPECT_EQ(x.powned.count({3, 5}), 1u);
  x.add_powned({{3, 6}}, noon + 300);
  EXPECT_EQ(x.powned.size(), 2u);
}

TEST(finality, what_a_transfer_brought_is_remembered_by_the_receiver) {
  transfer_pair pair;
  pair.mint_for_sender(2, 2);
  ASSERT_EQ(pair.send(amount::from_coins(200)), caf::error{});
  auto& space = pair.receiver().space();
  const auto memory = load_memory(space);
  ASSERT_EQ(memory.powned.size(), 2u);
  for (auto& x : pair.receiver().counted())
    EXPECT_EQ(final_in_seconds(memory, x.id, rules, space.now()), ticket_life_seconds);
  EXPECT_TRUE(load_memory(pair.sender().space()).powned.empty());
}

TEST(finality, where_no_fix_works_nothing_is_written) {
  transfer_pair pair;
  pair.mint_for_sender(2, 1);
  server_memory known;
  for (size_t server = 0; server < 13; ++server)
    known.fix[server] = {fixes_failed_for_none, 1};
  save_memory(pair.receiver().space(), known);
  ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
  EXPECT_TRUE(load_memory(pair.receiver().space()).powned.empty());
}

} // namespace
} // namespace liveconnect::test
