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

void holds(const scenario& what) {
  EXPECT_EQ(complaint(what, committed), "");
}

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
      holds(x);
    }
}

TEST(by_hand, a_break_that_arrives_late_loses_nothing) {
  for (uint32_t reached = 0; reached < raida_count; ++reached) {
    SCOPED_TRACE(std::to_string(reached) + " reached");
    auto x = one_note(40);
    x.faults = {at_request(kind::late_request, alice, command::break_note, reached)};
    holds(x);
  }
}

TEST(by_hand, a_change_of_a_note_that_another_copy_spent_closes) {
  auto x = one_note(40);
  x.faults = {actor(kind::second_copy, 0, milliseconds(100))};
  holds(x);
}

TEST(by_hand, a_payee_that_stopped_at_some_servers_locks_nothing_up) {
  for (uint32_t reached = 0; reached <= raida_count; ++reached) {
    SCOPED_TRACE(std::to_string(reached) + " reached");
    auto x = one_note(100);
    auto gone = actor(kind::never_back);
    gone.person = bob;
    x.faults = {at_request(kind::kill, bob, command::pown, reached), gone};
    holds(x);
  }
}

TEST(by_hand, a_payer_with_old_tickets_takes_nothing_back) {
  for (const auto coins : {100, 40}) {
    auto x = one_note(static_cast<uint64_t>(coins));
    x.faults = {actor(kind::old_tickets, 0, seconds(200))};
    holds(x);
  }
}

TEST(by_hand, a_fix_that_waits_for_one_server_takes_nothing_back) {
  auto x = one_note(100);
  auto slow = weather(kind::slow, 1, 1, seconds(300));
  slow.count = 1500;
  x.faults = {actor(kind::old_tickets), slow};
  holds(x);
}

TEST(by_hand, a_client_that_mixes_commands_makes_no_money) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    scenario x;
    x.seed = seed;
    x.faults = {actor(kind::forger, 40)};
    holds(x);
  }
}

TEST(by_hand, a_note_that_some_servers_refused_breaks_without_new_money) {
  auto x = one_note(40);
  x.fracked_at = 3;
  holds(x);
}

TEST(by_hand, servers_that_were_down_learn_the_new_secrets) {
  for (const unsigned down : {1u, 5u, 10u}) {
    auto x = one_note(100);
    x.faults = {weather(kind::down, down, 1, seconds(300))};
    holds(x);
  }
}

TEST(by_hand, a_note_that_servers_forgot_can_be_paid_again) {
  auto x = one_note(100);
  x.servers_fix = false;
  auto back = weather(kind::roll_back, 12, seconds(60), 0);
  back.count = 55;
  x.faults = {back};
  holds(x);
}

TEST(by_hand, a_change_that_servers_missed_leaves_them_no_secret_of_its_maker) {
  for (const unsigned down : {1u, 4u, 10u}) {
    auto x = one_note(40);
    x.faults = {weather(kind::down, down, seconds(2), seconds(200))};
    holds(x);
  }
}

TEST(by_hand, a_note_that_was_passed_on_before_its_change_arrived_is_healed) {
  auto x = one_note(40);
  leg back;
  back.from = bob;
  back.sum = x.legs[0].sum;
  for (const auto to : {carol, alice}) {
    back.to = to;
    x.legs.resize(1);
    x.legs.push_back(back);
    x.faults = {weather(kind::down, 4, seconds(2), seconds(200))};
    holds(x);
  }
}

TEST(by_hand, servers_that_forgot_a_break_get_it_again) {
  for (const unsigned forgot : {1u, 2u, 9u, 11u, 12u})
    for (const bool fix : {true, false}) {
      SCOPED_TRACE(forgot);
      auto x = one_note(40);
      x.servers_fix = fix;
      auto back = weather(kind::roll_back, forgot, seconds(60), 0);
      back.count = 59;
      x.faults = {back};
      holds(x);
    }
}

TEST(by_hand, a_server_that_falls_back_after_the_proof_holds_no_unknown_secret) {
  auto x = one_note(40);
  auto back = weather(kind::roll_back, 2, seconds(60), 0);
  back.count = 59;
  auto look = actor(kind::check, 0, seconds(40));
  x.faults = {look, back};
  holds(x);
}

TEST(by_hand, ten_servers_down_and_two_that_forgot_leave_nothing_open) {
  for (const auto coins : {100, 40})
    for (const bool fix : {true, false}) {
      SCOPED_TRACE(coins);
      auto x = one_note(static_cast<uint64_t>(coins));
      x.servers_fix = fix;
      auto back = weather(kind::roll_back, 0, seconds(60), 0);
      back.servers = server_set{3} << 10;
      back.count = 59;
      x.faults = {weather(kind::down, 10, 1, seconds(600)), back};
      holds(x);
    }
}

TEST(by_hand, silence_to_a_fix_keeps_no_program_for_long) {
  auto x = one_note(100);
  x.fracked_at = 4;
  auto slow = weather(kind::slow, 25, seconds(2), seconds(300));
  slow.count = 45'000;
  x.faults = {slow};
  holds(x);
}

} // namespace
} // namespace liveconnect::simulation
