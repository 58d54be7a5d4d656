// A relay within the test's process: what its counters say, and that it comes and goes.
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "relay/relay_server.hpp"
#include "tests/support/tcp_client.hpp"

namespace liveconnect::relay {
namespace {

using liveconnect::test::tcp_client;

struct relay_server_test : ::testing::Test {
  caf::actor_system_config config;
  caf::actor_system system{config};
  relay_limits limits;
};

TEST_F(relay_server_test, counts_what_it_does) {
  relay_server server{system, limits};
  const auto at = server.listen("127.0.0.1:0");
  ASSERT_TRUE(at);
  tcp_client a(to_string(at->front()));
  a.send("<# Join_Room 42>\n<# Heartbeat>\n");
  ASSERT_TRUE(a.read_until("Room_Joined"));
  tcp_client b(to_string(at->front()));
  b.send("<# Join_Room 42>\n");
  ASSERT_TRUE(a.read_until("Peer_Joined"));
  a.send("<# Heartbeat>\n<# Wink>\n");
  ASSERT_TRUE(b.read_until("Wink"));
  tcp_client c(to_string(at->front()));
  c.send("<# Join_Room 42>\n");
  ASSERT_TRUE(c.read_until("Refused crowded"));
  const auto x = server.counters();
  EXPECT_EQ(x.accepted, 3u);
  EXPECT_EQ(x.joined, 2u);
  EXPECT_EQ(x.paired, 1u);
  EXPECT_EQ(x.frames_unheard, 1u);
  EXPECT_EQ(x.frames_forwarded, 2u);
  EXPECT_EQ(x.bytes_forwarded, std::string("<127.0.0.1 Heartbeat>\n<127.0.0.1 Wink>\n").size());
  EXPECT_EQ(x.refused[static_cast<size_t>(refusal::crowded)], 1u);
  EXPECT_EQ(x.held_back, 0u);
}

TEST_F(relay_server_test, many_pairs_come_and_go_at_once) {
  limits.connections_per_address_max = 0;
  limits.new_connections_per_address_per_minute = 0;
  relay_server server{system, limits};
  const auto at = server.listen("127.0.0.1:0");
  ASSERT_TRUE(at);
  for (int round = 0; round < 3; ++round) {
    std::vector<tcp_client> people;
    for (int i = 0; i < 200; ++i) {
      people.emplace_back(to_string(at->front()));
      people.back().send("<# Join_Room " + std::to_string(1000 * round + i / 2 + 1) + ">\n");
    }
    for (auto& x : people)
      ASSERT_TRUE(x.read_until("Peer_Joined"));
    for (size_t i = 0; i < people.size(); ++i)
      people[i].send("<# Word_" + std::to_string(i) + ">\n");
    for (size_t i = 0; i < people.size(); ++i)
      ASSERT_EQ(people[i].read_line(), "<127.0.0.1 Word_" + std::to_string(i ^ 1) + ">");
  }
  EXPECT_EQ(server.counters().paired, 300u);
}

TEST_F(relay_server_test, lets_clients_meet_whichever_loop_their_room_belongs_to) {
  constexpr size_t loops = 3;
  constexpr size_t rooms = 12;
  limits.connections_per_address_max = 2 * rooms;
  limits.new_connections_per_address_per_minute = 0;
  relay_server server{system, limits, {{}, nullptr, loops}};
  const auto at = server.listen("127.0.0.1:0");
  ASSERT_TRUE(at);
  std::vector<tcp_client> people;
  for (size_t i = 0; i < 2 * rooms; ++i) {
    people.emplace_back(to_string(at->front()));
    // The first word of a room comes in two parts, with a message close behind: what was read
    // before the line moved must not be lost.
    people.back().send("<# Join_");
  }
  for (size_t i = 0; i < people.size(); ++i)
    people[i].send("Room " + std::to_string(i / 2 + 1) + ">\n<# Early>\n<# Ha");
  for (auto& x : people)
    ASSERT_TRUE(x.read_until("Peer_Joined"));
  for (auto& x : people)
    x.send("lf>\n");
  for (size_t i = 0; i < people.size(); ++i)
    ASSERT_EQ(people[i].read_until("Half"), "<127.0.0.1 Half>") << i;
  // One address is one address in all loops together.
  tcp_client one_more(to_string(at->front()));
  EXPECT_TRUE(one_more.read_until("Refused address"));

  auto x = server.counters();
  EXPECT_EQ(x.joined, 2 * rooms);
  EXPECT_EQ(x.paired, rooms);
  EXPECT_EQ(x.rooms_paired, rooms);
  people.clear();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (server.counters().connections > 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  EXPECT_EQ(server.counters().connections, 0u);
  // All of them are gone from the ledger too.
  tcp_client again(to_string(at->front()));
  again.send("<# Join_Room 2>\n");
  EXPECT_TRUE(again.read_until("Room_Joined"));
}

TEST_F(relay_server_test, runs_as_many_loops_as_suit_the_cores) {
  EXPECT_EQ(loops_for(0, 1), 1u);
  EXPECT_EQ(loops_for(0, 2), 1u);
  EXPECT_EQ(loops_for(0, 8), 8u);
  EXPECT_EQ(loops_for(2, 8), 2u);
  EXPECT_EQ(loops_for(0, 1000), loops_max);
}

struct loops_of_a_relay_test : relay_server_test, ::testing::WithParamInterface<size_t> {};

TEST_P(loops_of_a_relay_test, stop_with_rooms_in_use_and_their_actors_end_too) {
  {
    relay_server server{system, limits, {{}, nullptr, GetParam()}};
    const auto at = server.listen("127.0.0.1:0");
    ASSERT_TRUE(at);
    tcp_client a(to_string(at->front()));
    // The second loop's, where there are two.
    a.send("<# Join_Room 43>\n");
    ASSERT_TRUE(a.read_until("Room_Joined"));
    server.stop();
    server.stop();
    EXPECT_TRUE(a.read_until("Closing"));
    EXPECT_EQ(server.counters().joined, 1u);
  }
  // ~actor_system would wait for ever for an actor that is kept alive; this says so in time.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (system.registry().running() > 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  EXPECT_EQ(system.registry().running(), 0u);
}

INSTANTIATE_TEST_SUITE_P(One, loops_of_a_relay_test, ::testing::Values(1));
INSTANTIATE_TEST_SUITE_P(Two, loops_of_a_relay_test, ::testing::Values(2));

TEST_F(relay_server_test, says_why_it_cannot_listen) {
  relay_server server{system, limits};
  const auto nowhere = server.listen("nowhere");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(code_of(nowhere.error()), ec::bad_argument);
  const auto first = server.listen("127.0.0.1:0");
  ASSERT_TRUE(first);
  const auto taken = server.listen(to_string(first->front()));
  ASSERT_FALSE(taken);
  EXPECT_EQ(code_of(taken.error()), ec::cannot_listen);
}

} // namespace
} // namespace liveconnect::relay
