#include <string>

#include <gtest/gtest.h>

#include "tests/simulation/shrink.hpp"
#include "tests/simulation/world.hpp"

/// Whole runs of the world: 2,000 drawn from seeds, and some by hand, one for each way in which
/// money was once lost, made or stuck (docs/design/safety.md 6.2).
namespace liveconnect::simulation {
namespace {

using kind = fault_item::kind;
using raida::command;

std::string complaint(const scenario& what, const switches& on) {
  std::string out;
  for (const auto& x : world(what, on).run().broken)
    out += x + "\n";
  return out;
}

void hold(uint64_t first, uint64_t last) {
  for (auto seed = first; seed <= last; ++seed) {
    const auto what = draw_scenario(seed, committed);
    const auto broken = complaint(what, committed);
    if (broken.empty())
      continue;
    const auto least = shrink(what, committed);
    ADD_FAILURE() << "seed " << seed << ":\n"
                  << broken << to_string(least.what) << "\n"
                  << replay_command(seed, committed, least.dropped);
    return;
  }
}

TEST(world, keeps_every_rule_in_seeds_1_to_500) {
  hold(1, 500);
}
TEST(world, keeps_every_rule_in_seeds_501_to_1000) {
  hold(501, 1000);
}
TEST(world, keeps_every_rule_in_seeds_1001_to_1500) {
  hold(1001, 1500);
}
TEST(world, keeps_every_rule_in_seeds_1501_to_2000) {
  hold(1501, 2000);
}

TEST(world, does_the_same_for_the_same_seed) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const auto what = draw_scenario(seed, committed);
    const auto one = world(what, committed).run();
    const auto two = world(what, committed).run();
    EXPECT_EQ(one.events, two.events) << seed;
    EXPECT_EQ(one.datagrams, two.datagrams) << seed;
    EXPECT_EQ(one.disk_calls, two.disk_calls) << seed;
  }
}

// --- by hand ---

/// Alice has one note of 100 and sends it, or a part of it, to Bob.
scenario one_note(uint64_t coins) {
  scenario out;
  out.purses[alice] = {2};
  leg only;
  only.sum = amount::from_coins(coins);
  out.legs = {only};
  return out;
}

fault_item at_request(kind what, size_t person, command on, uint32_t count) {
  fault_item out;
  out.what = what;
  out.person = person;
  out.on = on;
  out.count = count;
  return out;
}

fault_item weather(kind what, unsigned servers, sim_time from, sim_time until) {
  fault_item out;
  out.what = what;
  out.servers = first_servers(servers);
  out.from = from;
  out.until = until;
  return out;
}

fault_item actor(kind what, uint32_t count = 0, sim_time from = 0) {
  fault_item out;
  out.what = what;
  out.count = count;
  out.from = from;
  return out;
}

/// The scenario with everything judged, where the switch says that it is to hold.
#define HOLDS_ONCE(name, what)                                                                     \
  do {                                                                                             \
    if (!committed.name)                                                                           \
      GTEST_SKIP() << "not yet: " #name;                                                           \
    EXPECT_EQ(complaint(what, committed), "");                                                     \
  } while (false)

TEST(by_hand, a_transfer_without_faults_keeps_every_rule) {
  EXPECT_EQ(complaint(one_note(100), all_on()), "");
  EXPECT_EQ(complaint(one_note(40), all_on()), "");
}

TEST(by_hand, a_break_that_reached_some_servers_is_finished) {
  for (uint32_t reached = 1; reached < raida_count; ++reached)
    for (const auto how : {kind::cut_request, kind::kill}) {
      SCOPED_TRACE(std::to_string(reached) + " reached");
      auto x = one_note(40);
      x.faults = {at_request(how, alice, command::break_note, reached)};
      HOLDS_ONCE(split_change, x);
    }
}

TEST(by_hand, a_break_that_arrives_late_loses_nothing) {
  for (uint32_t reached = 0; reached < raida_count; ++reached) {
    SCOPED_TRACE(std::to_string(reached) + " reached");
    auto x = one_note(40);
    x.faults = {at_request(kind::late_request, alice, command::break_note, reached)};
    HOLDS_ONCE(late_change, x);
  }
}

TEST(by_hand, a_change_of_a_note_that_another_copy_spent_closes) {
  auto x = one_note(40);
  x.faults = {actor(kind::second_copy, 0, milliseconds(100))};
  HOLDS_ONCE(second_copy, x);
}

TEST(by_hand, a_payee_that_stopped_at_some_servers_locks_nothing_up) {
  for (uint32_t reached = 0; reached <= raida_count; ++reached) {
    SCOPED_TRACE(std::to_string(reached) + " reached");
    auto x = one_note(100);
    auto gone = actor(kind::never_back);
    gone.person = bob;
    x.faults = {at_request(kind::kill, bob, command::pown, reached), gone};
    HOLDS_ONCE(split_claim, x);
  }
}

TEST(by_hand, a_payer_with_old_tickets_takes_nothing_back) {
  for (const auto coins : {100, 40}) {
    auto x = one_note(static_cast<uint64_t>(coins));
    x.faults = {actor(kind::old_tickets, 0, seconds(200))};
    HOLDS_ONCE(old_tickets, x);
  }
}

TEST(by_hand, a_fix_that_waits_for_one_server_takes_nothing_back) {
  auto x = one_note(100);
  auto slow = weather(kind::slow, 1, 1, seconds(300));
  slow.count = 1500;
  x.faults = {actor(kind::old_tickets), slow};
  HOLDS_ONCE(fix_race, x);
}

TEST(by_hand, a_client_that_mixes_commands_makes_no_money) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    scenario x;
    x.seed = seed;
    x.faults = {actor(kind::forger, 40)};
    HOLDS_ONCE(forger, x);
  }
}

TEST(by_hand, a_note_that_some_servers_refused_breaks_without_new_money) {
  auto x = one_note(40);
  x.fracked_at = 3;
  HOLDS_ONCE(judge_supply, x);
}

TEST(by_hand, servers_that_were_down_learn_the_new_secrets) {
  for (const unsigned down : {1u, 5u, 10u}) {
    auto x = one_note(100);
    x.faults = {weather(kind::down, down, 1, seconds(300))};
    HOLDS_ONCE(judge_secrets, x);
  }
}

TEST(by_hand, a_note_that_servers_forgot_can_be_paid_again) {
  auto x = one_note(100);
  x.servers_fix = false;
  auto back = weather(kind::roll_back, 12, seconds(60), 0);
  back.count = 55;
  x.faults = {back};
  HOLDS_ONCE(judge_payable, x);
}

} // namespace
} // namespace liveconnect::simulation
