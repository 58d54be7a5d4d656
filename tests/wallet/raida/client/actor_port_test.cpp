#include <chrono>
#include <poll.h>
#include <thread>
#include <unistd.h>

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include "actors/io/runtime.hpp"
#include "tests/support/sockets.hpp"
#include "wallet/raida/client/actor_port.hpp"
#include "wallet/raida/client/client.hpp"

namespace liveconnect::raida {
namespace {

using namespace std::chrono_literals;

ask_all question(size_t servers) {
  ask_all out;
  out.payloads.resize(servers);
  return out;
}

raida_client_actor::behavior_type answer_all(raida_client_actor::pointer, size_t servers) {
  return {[servers](const ask_all&) {
    answers out;
    for (size_t i = 0; i < servers; ++i)
      out.list.push_back({outcome::answered, static_cast<uint8_t>(i), {}});
    return out;
  }};
}

raida_client_actor::behavior_type never_answer(raida_client_actor::pointer self) {
  return {[self](const ask_all&) -> caf::result<answers> {
    return self->make_response_promise<answers>();
  }};
}

TEST(actor_port, blocks_until_the_client_has_answered) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  actor_port port{system, system.spawn(answer_all, size_t{3}), 3};
  EXPECT_EQ(port.servers(), 3u);
  const auto got = port.ask(question(3));
  ASSERT_EQ(got.list.size(), 3u);
  EXPECT_EQ(got.list[2].status, 2);
}

TEST(actor_port, always_gives_an_answer_a_server) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  actor_port port{system, system.spawn(answer_all, size_t{1}), 3};
  const auto got = port.ask(question(3));
  ASSERT_EQ(got.list.size(), 3u);
  EXPECT_EQ(got.list[2].what, outcome::not_asked);
}

TEST(actor_port, without_an_answer_what_was_asked_is_unknown) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  auto client = system.spawn(never_answer);
  port_limits limits;
  limits.slack = 1ms;
  actor_port port{system, client, 3, limits};
  auto what = question(2);
  what.skip = {true};
  what.deadline = 1ms;
  // Alive but mute, then gone: then the question cannot have left.
  for (auto expected : {outcome::silent, outcome::unreachable}) {
    const auto got = port.ask(what);
    ASSERT_EQ(got.list.size(), 3u);
    EXPECT_EQ(got.list[0].what, outcome::not_asked);
    EXPECT_EQ(got.list[1].what, expected);
    EXPECT_EQ(got.list[2].what, outcome::not_asked);
    caf::anon_send_exit(client, caf::exit_reason::kill);
  }
}

TEST(actor_port, a_client_that_ends_stops_the_port_in_the_middle_of_a_question) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  io::runtime net{system};
  // A server that takes every datagram and answers none.
  uint16_t number = 0;
  const auto socket = test::bind_udp(number);
  endpoint at;
  ASSERT_TRUE(endpoint::parse("127.0.0.1", number, at));
  const auto client = spawn_raida_client(system, net.gate(), {at});
  actor_port port{system, client, 1};
  auto what = question(1);
  what.deadline = 10min;
  std::thread stops{[&] {
    pollfd asked{socket, POLLIN, 0};
    ::poll(&asked, 1, -1);
    caf::anon_send_exit(client, caf::exit_reason::user_shutdown);
  }};
  EXPECT_EQ(port.ask(what).list.at(0).what, outcome::silent) << "its bytes had left";
  stops.join();
  EXPECT_EQ(port.ask(what).list.at(0).what, outcome::unreachable) << "nothing leaves any more";
  EXPECT_FALSE(port.pause(10min));
  ::close(socket);
}

TEST(actor_port, a_step_that_has_had_its_time_asks_nobody) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  auto client = system.spawn(never_answer);
  port_limits limits;
  limits.slack = 0s;
  limits.step = 20ms;
  actor_port port{system, client, 1, limits};
  auto what = question(1);
  what.deadline = 10min;
  // The first takes all the time there is, however long its own deadline.
  EXPECT_EQ(port.ask(what).list.at(0).what, outcome::silent);
  EXPECT_EQ(port.ask(what).list.at(0).what, outcome::unreachable);
  EXPECT_FALSE(port.pause(10min));
  port.begin_step();
  EXPECT_EQ(port.ask(what).list.at(0).what, outcome::silent) << "a new step has its own time";
  EXPECT_FALSE(port.pause(1ns));
  port.extend_step(10min);
  EXPECT_TRUE(port.pause(1ns)) << "more work has more time";
}

TEST(actor_port, servers_that_answer_cost_a_step_nothing) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  auto client = system.spawn(answer_all, size_t{1});
  port_limits limits;
  limits.step = 1ns;
  actor_port port{system, client, 1, limits};
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(port.ask(question(1)).list.at(0).what, outcome::answered);
}

} // namespace
} // namespace liveconnect::raida
