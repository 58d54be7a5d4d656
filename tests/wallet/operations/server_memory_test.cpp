#include <gtest/gtest.h>

#include "tests/support/transfer_pair.hpp"
#include "wallet/operations/heal_notes.hpp"
#include "wallet/operations/server_memory.hpp"
#include "wallet/raida/note_codec.hpp"

namespace liveconnect::test {
namespace {

using namespace wallet;

TEST(server_memory, waits_twice_as_long_after_each_failure_up_to_an_hour) {
  const std::vector<wall_seconds> waits{60, 120, 240, 480, 960, 1920, 3600, 3600};
  for (uint32_t failures = 1; failures <= waits.size(); ++failures) {
    const refusal_memory x{failures, 1000};
    EXPECT_TRUE(backs_off(x, 1000 + waits[failures - 1] - 1)) << failures;
    EXPECT_FALSE(backs_off(x, 1000 + waits[failures - 1])) << failures;
  }
  EXPECT_FALSE(backs_off({0, 1000}, 1000));
  EXPECT_FALSE(backs_off({UINT32_MAX, 1000}, 999)) << "a clock that was set back";
}

TEST(server_memory, survives_its_file_and_whatever_else_stands_there) {
  server_memory x;
  x.fix[3] = {2, 77};
  x.pown[24] = {9, 78};
  x.ticketed[{-8, 1'023'999}] = 79;
  const auto text = to_text(x);
  EXPECT_EQ(to_text(read_server_memory(text)), text);
  const auto junk =
      "fix 3\nfix 999 1 1\nfix -1 1 1\nfix 3 2 77x\nticket 9 1 1\nticket 1 1\n\n\x01\n";
  EXPECT_EQ(to_text(read_server_memory(junk)), "");
  EXPECT_EQ(to_text(read_server_memory(junk + text)), text);
}

TEST(server_memory, is_bounded) {
  server_memory x;
  raida::heal_result healed;
  for (uint32_t serial = 0; serial < 2 * ticketed_notes_max; ++serial)
    healed.ticketed.push_back({0, serial});
  x.learn(healed, {}, 1000);
  EXPECT_EQ(x.ticketed.size(), ticketed_notes_max);
  EXPECT_LT(to_text(x).size(), server_memory_bytes_max);
  EXPECT_EQ(x.limits(25, 1000).no_tickets.size(), ticketed_notes_max);
  EXPECT_TRUE(x.limits(25, 1000 + ticket_life_seconds).no_tickets.empty());
}

// Servers as the published ones: a Fix is answered 242 and does nothing.
TEST(server_memory, a_fracked_note_takes_one_ticket_a_server_however_often_it_is_sent) {
  transfer_pair pair;
  const auto minted = pair.mint_for_sender(2, 1);
  for (size_t server = 0; server < 25; ++server) {
    pair.raida().add(fault::lying(server, raida::command::fix, 242));
    if (server < 3)
      pair.raida().damage(server, minted[0].id);
  }
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(heal_all(pair.sender().space(), draw_transfer_id()));
  ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
  // One question to the issuers from each of the two, and none of a server that knows no Fix.
  EXPECT_LE(pair.raida().asked[raida::command::get_ticket], 2u);
  EXPECT_EQ(pair.received(), amount::from_coins(100));
}

TEST(server_memory, is_private_and_its_loss_does_no_harm) {
  transfer_pair pair;
  auto x = pair.raida().mint({2, 100});
  pair.raida().damage(0, x.id);
  pair.sender().give({x}, folder::fracked);
  pair.raida().add(fault::lying(0, raida::command::fix, 242, false, 2));
  auto& space = pair.sender().space();
  ASSERT_TRUE(heal_all(space, draw_transfer_id()));
  const auto folder = space.files().open_directory(space.state);
  ASSERT_TRUE(folder);
  const auto file = space.files().open_read(*folder, server_memory_file_name);
  ASSERT_TRUE(file);
  EXPECT_EQ(space.files().status(*file)->mode, 0600u);
  // It holds servers and serials, and waits.
  ASSERT_TRUE(heal_all(space, draw_transfer_id()));
  EXPECT_EQ(pair.sender().notes_in(folder::bank).size(), 0u);
  ASSERT_EQ(space.files().remove(*folder, server_memory_file_name), caf::error{});
  ASSERT_TRUE(heal_all(space, draw_transfer_id()));
  EXPECT_EQ(pair.sender().notes_in(folder::bank).size(), 1u);
}

} // namespace
} // namespace liveconnect::test
