#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/fake_raida.hpp"
#include "wallet/raida/client/heal.hpp"
#include "wallet/raida/derive.hpp"

namespace liveconnect::raida {
namespace {

using test::fake_raida;
using test::fault;

/// Keeps every intent, as a journal would.
struct journal {
  std::vector<std::vector<fix_intent>> tries;

  persist_intents writer() {
    return [this](const std::vector<fix_intent>& x) {
      tries.push_back(x);
      return caf::error{};
    };
  }
};

TEST(heal, restores_what_some_servers_refuse) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 4);
  raida.damage(0, notes[0].id);
  raida.damage(3, notes[0].id);
  raida.damage(3, notes[1].id);
  raida.damage(24, notes[2].id);
  journal log;
  const auto done = heal(raida, notes, log.writer());
  ASSERT_TRUE(done);
  EXPECT_EQ(done->healed, 3u);
  EXPECT_EQ(done->not_clean, 0u);
  ASSERT_EQ(done->notes.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(done->notes[i].id, notes[i].id);
    EXPECT_EQ(raida.holders(done->notes[i]), raida_count);
    EXPECT_EQ(done->notes[i].pown, std::string(raida_count, 'p'));
    EXPECT_TRUE(done->notes[i].pans.empty());
  }
  EXPECT_EQ(log.tries.size(), 1u);
  EXPECT_EQ(log.tries[0].size(), 3u);
  // All three servers at once.
  EXPECT_EQ(raida.asked[command::fix], 1u);
}

TEST(heal, twelve_servers_can_be_restored_and_thirteen_cannot) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 2);
  for (size_t i = 0; i < 12; ++i)
    raida.damage(i, notes[0].id);
  for (size_t i = 0; i < 13; ++i)
    raida.damage(i, notes[1].id);
  journal log;
  const auto done = heal(raida, notes, log.writer());
  ASSERT_TRUE(done);
  EXPECT_EQ(raida.holders(done->notes[0]), raida_count);
  EXPECT_EQ(raida.holders(done->notes[1]), 12u);
  EXPECT_EQ(done->notes[1].ans, notes[1].ans);
  EXPECT_EQ(done->healed, 1u);
  EXPECT_EQ(done->not_clean, 1u);
}

TEST(heal, clean_notes_cost_nothing_but_a_detect) {
  fake_raida raida;
  journal log;
  const auto done = heal(raida, raida.mint(2, 100, 3), log.writer());
  ASSERT_TRUE(done);
  EXPECT_EQ(done->healed, 0u);
  EXPECT_EQ(done->not_clean, 0u);
  EXPECT_TRUE(log.tries.empty());
  EXPECT_EQ(raida.asked.size(), 1u);
}

TEST(heal, seeds_are_durable_before_the_first_fix_leaves) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  raida.damage(0, notes[0].id);
  raida.damage(1, notes[0].id);
  journal log;
  raida.on_ask = [&](const ask_all& x) {
    if (x.what == command::fix) {
      ASSERT_EQ(log.tries.size(), 1u);
      ASSERT_EQ(log.tries[0].size(), 2u);
      EXPECT_NE(log.tries[0][0].pg, log.tries[0][1].pg);
    }
  };
  ASSERT_TRUE(heal(raida, notes, log.writer()));
  EXPECT_EQ(raida.asked[command::fix], 1u);
}

TEST(heal, nothing_is_fixed_when_the_seeds_cannot_be_kept) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  raida.damage(0, notes[0].id);
  const auto done = heal(raida, notes, [](const std::vector<fix_intent>&) {
    return fail(ec::disk_failed, "no space");
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(code_of(done.error()), ec::disk_failed);
  EXPECT_EQ(raida.asked[command::fix], 0u);
}

TEST(heal, only_servers_that_refuse_are_fixed_never_silent_ones) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  raida.damage(0, notes[0].id);
  raida.add(fault::down(1));
  raida.add(fault::lost_reply(2, command::detect, SIZE_MAX));
  raida.add(fault::lying(4, command::detect, 252));
  journal log;
  const auto done = heal(raida, notes, log.writer());
  ASSERT_TRUE(done);
  ASSERT_EQ(log.tries.size(), 1u);
  ASSERT_EQ(log.tries[0].size(), 1u);
  EXPECT_EQ(log.tries[0][0].server, 0u);
  for (size_t i : {1u, 2u, 4u})
    EXPECT_EQ(done->notes[0].ans[i], notes[0].ans[i]);
  EXPECT_EQ(raida.holders(done->notes[0]), raida_count);
}

TEST(heal, a_lost_answer_to_fix_is_found) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  raida.damage(0, notes[0].id);
  raida.add(fault::lost_reply(0, command::fix));
  journal log;
  const auto done = heal(raida, notes, log.writer());
  ASSERT_TRUE(done);
  EXPECT_EQ(raida.asked[command::fix], 1u);
  EXPECT_EQ(done->healed, 1u);
  EXPECT_EQ(raida.holders(done->notes[0]), raida_count);
}

TEST(heal, a_failed_fix_is_tried_once_more_with_the_same_tickets) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  raida.damage(0, notes[0].id);
  raida.add(fault::lying(0, command::fix, 242, false, 1));
  journal log;
  const auto done = heal(raida, notes, log.writer());
  ASSERT_TRUE(done);
  EXPECT_EQ(log.tries.size(), 2u);
  EXPECT_EQ(raida.asked[command::get_ticket], 1u);
  EXPECT_EQ(done->healed, 1u);
  EXPECT_EQ(raida.holders(done->notes[0]), raida_count);
}

TEST(heal, servers_that_are_silent_to_a_fix_are_waited_for_once_and_together) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 2);
  for (const size_t server : {0u, 1u, 2u, 3u})
    raida.damage(server, notes[server % 2].id);
  for (const size_t server : {0u, 1u, 2u})
    raida.add(fault::lost_request(server, command::fix, SIZE_MAX));
  size_t waits = 0;
  raida.on_ask = [&](const ask_all& x) { waits += x.what == command::fix ? 1 : 0; };
  journal log;
  const auto done = heal(raida, notes, log.writer());
  ASSERT_TRUE(done);
  EXPECT_EQ(waits, 1u);
  EXPECT_EQ(done->fixes.substr(0, 5), "nnnpu");
  EXPECT_EQ(raida.asked[command::get_ticket], 1u);
}

TEST(heal, a_server_that_holds_neither_secret_never_passes_with_the_givers) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  const auto given = notes[0];
  notes[0].pans = draw_ans(raida_count);
  const auto taken = notes[0].pans;
  for (size_t s = 1; s < raida_count; ++s)
    raida.set_held(s, given.id, taken[s]);
  raida.damage(0, given.id);
  journal log;
  raida.add(fault::lying(0, command::fix, 242));
  const auto done = heal(raida, notes, log.writer());
  ASSERT_TRUE(done);
  EXPECT_EQ(done->notes[0].ans, taken);
  // The giver's change reaches the server only now.
  raida.set_held(0, given.id, given.ans[0]);
  EXPECT_EQ(detect(raida, done->notes)[0][0], 'f');
}

TEST(heal, a_server_that_never_fixes_is_left_after_two_tries) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  raida.damage(0, notes[0].id);
  raida.add(fault::lying(0, command::fix, 242));
  journal log;
  const auto done = heal(raida, notes, log.writer());
  ASSERT_TRUE(done);
  EXPECT_EQ(raida.asked[command::fix], size_t{fix_tries_max});
  EXPECT_EQ(done->healed, 0u);
  EXPECT_EQ(done->not_clean, 1u);
  EXPECT_EQ(done->notes[0].ans, notes[0].ans);
  EXPECT_EQ(grade_detect(done->notes[0].pown), note_verdict::fracked);
}

TEST(heal, a_server_that_falls_silent_after_a_fix_keeps_both_candidates) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  raida.damage(0, notes[0].id);
  raida.add(fault::lost_reply(0, command::fix));
  raida.on_ask = [&](const ask_all& x) {
    // From the Fix on nothing comes back from there.
    if (x.what == command::fix) {
      raida.add(fault::lost_reply(0, command::find, SIZE_MAX));
      raida.add(fault::lost_reply(0, command::detect, SIZE_MAX));
    }
  };
  journal log;
  const auto done = heal(raida, notes, log.writer());
  ASSERT_TRUE(done);
  EXPECT_EQ(raida.asked[command::fix], 1u);
  const auto& x = done->notes[0];
  ASSERT_EQ(x.pans.size(), raida_count);
  EXPECT_EQ(x.ans[0], notes[0].ans[0]);
  EXPECT_EQ(x.pans[0], fixed_an(0, x.id, log.tries[0][0].pg));
  // Later the server is back, and what it holds is adopted.
  raida.on_ask = nullptr;
  raida.clear_faults();
  const auto later = heal(raida, done->notes, log.writer());
  ASSERT_TRUE(later);
  EXPECT_TRUE(later->notes[0].pans.empty());
  EXPECT_EQ(raida.holders(later->notes[0]), raida_count);
  EXPECT_EQ(raida.asked[command::fix], 1u);
}

TEST(heal, a_server_that_may_hold_the_new_an_is_not_given_a_third) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  raida.damage(0, notes[0].id);
  raida.add(fault::lost_reply(0, command::fix));
  raida.add(fault::lost_reply(0, command::find, SIZE_MAX));
  journal log;
  const auto done = heal(raida, notes, log.writer());
  ASSERT_TRUE(done);
  // Detect says that the old AN fails; only Find could say what came of the Fix.
  EXPECT_EQ(done->notes[0].pown[0], 'f');
  EXPECT_EQ(raida.asked[command::fix], 1u);
  ASSERT_EQ(done->notes[0].pans.size(), raida_count);
  EXPECT_EQ(done->notes[0].pans[0], raida.held(0, notes[0].id));
}

TEST(heal, twelve_tickets_are_not_worth_a_fix) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  for (size_t i = 0; i < 12; ++i)
    raida.damage(i, notes[0].id);
  raida.add(fault::lying(20, command::get_ticket, 42));
  journal log;
  const auto done = heal(raida, notes, log.writer());
  ASSERT_TRUE(done);
  EXPECT_TRUE(log.tries.empty());
  EXPECT_EQ(raida.asked[command::fix], 0u);
  EXPECT_EQ(raida.holders(done->notes[0]), 13u);
}

TEST(heal, open_pans_are_settled_before_anything_is_fixed) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  auto& x = notes[0];
  x.pans = draw_ans(raida_count);
  for (size_t i = 0; i < 15; ++i)
    raida.set_held(i, x.id, x.pans[i]);
  raida.damage(20, x.id);
  journal log;
  const auto done = heal(raida, notes, log.writer());
  ASSERT_TRUE(done);
  ASSERT_EQ(log.tries.size(), 1u);
  EXPECT_EQ(log.tries[0].size(), 1u);
  EXPECT_EQ(raida.holders(done->notes[0]), raida_count);
}

TEST(heal, a_server_that_holds_the_first_secret_alone_does_not_pass_and_keeps_both) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  const auto givers = notes[0].ans;
  notes[0].pans = draw_ans(raida_count);
  for (size_t i = 0; i < 15; ++i)
    raida.set_held(i, notes[0].id, notes[0].pans[i]);
  journal log;
  const auto done = heal(raida, notes, log.writer());
  ASSERT_TRUE(done);
  EXPECT_EQ(count_letters(done->notes[0].pown).passed, 15u);
  EXPECT_EQ(done->notes[0].ans[20], givers[20]);
  ASSERT_EQ(done->notes[0].pans.size(), raida_count);
  EXPECT_EQ(done->notes[0].pans[20], notes[0].pans[20]);
  EXPECT_EQ(raida.asked[command::get_ticket], 0u);
}

TEST(heal, what_earlier_healings_have_shown_is_left_out) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 2);
  for (auto& x : notes)
    raida.damage(0, x.id);
  raida.damage(1, notes[1].id);
  journal log;
  heal_limits limits;
  limits.no_fix = {true};
  limits.no_tickets = {notes[1].id};
  auto done = heal(raida, notes, log.writer(), {}, {}, limits);
  ASSERT_TRUE(done);
  EXPECT_EQ(raida.asked[command::get_ticket], 0u);
  EXPECT_EQ(raida.asked[command::fix], 0u);
  EXPECT_EQ(done->fixes, std::string(raida_count, 'u'));
  limits.no_fix.clear();
  done = heal(raida, notes, log.writer(), {}, {}, limits);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->healed, 1u);
  EXPECT_EQ(done->fixes[0], 'p');
  EXPECT_EQ(done->ticketed, std::vector<note_id>{notes[0].id});
}

TEST(heal, tells_which_servers_did_no_fix) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  for (const size_t server : {0u, 1u, 2u})
    raida.damage(server, notes[0].id);
  raida.add(fault::lying(0, command::fix, 242));
  raida.add(fault::lost_request(1, command::fix, SIZE_MAX));
  journal log;
  const auto done = heal(raida, notes, log.writer());
  ASSERT_TRUE(done);
  EXPECT_EQ(done->fixes.substr(0, 4), "fnpu");
  EXPECT_EQ(raida.asked[command::get_ticket], 1u);
}

TEST(heal, any_mix_of_losses_never_costs_a_pass) {
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    fake_raida raida{raida_count, seed};
    auto notes = raida.mint(2, 100, 3);
    for (size_t i = 0; i < 5; ++i)
      raida.damage((seed * 3 + i * 5) % raida_count, notes[i % 3].id);
    std::vector<size_t> before;
    for (const auto& x : notes)
      before.push_back(raida.holders(x));
    raida.set_loss(0.15, 0.15, 0.15);
    journal log;
    auto done = heal(raida, notes, log.writer());
    ASSERT_TRUE(done);
    raida.set_loss(0, 0, 0);
    done = heal(raida, done->notes, log.writer());
    ASSERT_TRUE(done);
    for (size_t i = 0; i < notes.size(); ++i) {
      EXPECT_GE(raida.holders(done->notes[i]), before[i]) << "seed " << seed;
      EXPECT_EQ(raida.holders(done->notes[i]), raida_count) << "seed " << seed;
    }
  }
}

} // namespace
} // namespace liveconnect::raida
