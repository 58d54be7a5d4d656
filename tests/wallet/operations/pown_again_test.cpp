#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/fault_file_ops.hpp"
#include "tests/support/transfer_pair.hpp"
#include "wallet/operations/check_notes.hpp"
#include "wallet/operations/pown_again.hpp"
#include "wallet/raida/note_codec.hpp"
#include "wallet/start_up.hpp"

namespace liveconnect::test {
namespace {

using namespace wallet;

std::vector<server_holds> row(size_t present, size_t older, size_t other) {
  std::vector<server_holds> out(25, server_holds::unknown);
  std::fill_n(out.begin(), present, server_holds::present);
  std::fill_n(out.begin() + static_cast<ptrdiff_t>(present), older, server_holds::older);
  std::fill_n(out.begin() + static_cast<ptrdiff_t>(present + older), other, server_holds::other);
  return out;
}

TEST(pown_again, needs_the_present_set_at_fifteen_servers_or_no_other_owner_anywhere) {
  const raida::quorum_rules rules;
  EXPECT_TRUE(may_pown_again(row(15, 1, 9), rules));
  EXPECT_FALSE(may_pown_again(row(14, 2, 1), rules));
  EXPECT_TRUE(may_pown_again(row(13, 2, 0), rules));
  EXPECT_FALSE(may_pown_again(row(13, 1, 0), rules));
  EXPECT_FALSE(may_pown_again(row(12, 13, 0), rules));
  EXPECT_FALSE(may_pown_again(row(25, 0, 0), rules)) << "nothing to send";
}

// What nobody else may own afterwards, whatever two servers said falsely: for every row that lets
// the Pown go out, fewer than a majority are left for another.
TEST(pown_again, never_takes_a_server_while_another_can_have_a_majority) {
  const raida::quorum_rules rules;
  for (size_t present = 0; present <= 25; ++present)
    for (size_t older = 0; present + older <= 25; ++older)
      for (size_t other = 0; present + older + other <= 25; ++other)
        if (may_pown_again(row(present, older, other), rules)) {
          EXPECT_LT(25 - std::max(present, other == 0 ? present + older : 0) + rules.margin,
                    rules.majority);
        }
}

class powning_again : public ::testing::Test {
protected:
  wallet_party& alice() { return pair.sender(); }

  // A note of alice's Fracked whose Pown ten servers missed.
  note half_powned() {
    auto x = pair.raida().mint({2, 100});
    x.pans = raida::draw_ans(25);
    for (size_t server = 0; server < 15; ++server)
      pair.raida().set_held(server, x.id, x.pans[server]);
    EXPECT_EQ(alice().space().user.put(folder::fracked, {x}, pans::with, "half"), caf::error{});
    return x;
  }

  transfer_pair pair;
};

TEST_F(powning_again, is_durable_before_it_leaves) {
  const auto x = half_powned();
  size_t powns = 0;
  pair.raida().on_ask = [&](const raida::ask_all& ask) {
    if (ask.what != raida::command::pown)
      return;
    ++powns;
    const auto open = load_open_journals(alice().space());
    ASSERT_TRUE(open);
    ASSERT_EQ(open->size(), 1u);
    ASSERT_EQ((*open)[0].again.size(), 1u);
    EXPECT_EQ((*open)[0].again[0].pans, x.pans);
    EXPECT_EQ((*open)[0].again[0].ans[20], x.ans[20]);
  };
  ASSERT_TRUE(check_notes(alice().space()));
  EXPECT_EQ(powns, 1u);
}

// The program is killed at each call to the disk from the check's beginning on.
TEST_F(powning_again, killed_anywhere_goes_on_at_the_next_start) {
  auto finished = false;
  for (size_t at = 1; !finished; ++at) {
    SCOPED_TRACE(at);
    transfer_pair fresh;
    auto& who = fresh.sender();
    auto x = fresh.raida().mint({2, 100});
    x.pans = raida::draw_ans(25);
    for (size_t server = 0; server < 15; ++server)
      fresh.raida().set_held(server, x.id, x.pans[server]);
    ASSERT_EQ(who.space().user.put(folder::fracked, {x}, pans::with, "half"), caf::error{});
    fault_file_ops files{who.disk()};
    who.go_through(&files);
    ASSERT_EQ(who.restart(), caf::error{});
    files.arm(disk_fault::die_before, at);
    (void)check_notes(who.space());
    finished = !files.is_dead();
    who.go_through(nullptr);
    who.disk().lose_power(static_cast<uint32_t>(at));
    ASSERT_EQ(who.restart(), caf::error{});
    const auto report = start_up(who.space());
    ASSERT_TRUE(report) << detail_of(report.error());
    EXPECT_EQ(report->failed, 0u);
    EXPECT_TRUE(who.open_journals().empty());
    EXPECT_TRUE(who.holds().all().empty());
    ASSERT_TRUE(check_notes(who.space()));
    ASSERT_EQ(who.counted().size(), 1u);
    EXPECT_EQ(fresh.raida().holders(who.counted()[0]), 25u);
  }
}

TEST_F(powning_again, leaves_servers_alone_for_a_while_that_do_not_take_it) {
  half_powned();
  for (size_t server = 15; server < 25; ++server)
    pair.raida().add(fault::down(server));
  const auto finds = [&] { return pair.raida().asked[raida::command::find]; };
  ASSERT_TRUE(finish_open_powns(alice().space()));
  const auto first = finds();
  EXPECT_GT(first, 0u);
  ASSERT_TRUE(finish_open_powns(alice().space()));
  EXPECT_EQ(finds(), first);
  pair.clock().advance_seconds(60);
  ASSERT_TRUE(finish_open_powns(alice().space()));
  EXPECT_GT(finds(), first);
  const auto second = finds();
  pair.clock().advance_seconds(60);
  ASSERT_TRUE(finish_open_powns(alice().space()));
  EXPECT_EQ(finds(), second) << "two minutes after the second failure";
  pair.raida().clear_faults();
  pair.clock().advance_seconds(60);
  EXPECT_EQ(*finish_open_powns(alice().space()), 1u);
}

TEST_F(powning_again, asks_no_server_where_no_pown_is_open) {
  pair.mint_for_sender(2, 3);
  ASSERT_TRUE(finish_open_powns(alice().space()));
  EXPECT_TRUE(pair.raida().asked.empty());
}

} // namespace
} // namespace liveconnect::test
