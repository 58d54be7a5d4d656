#include <chrono>

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include "wallet/raida/client/actor_port.hpp"

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
  actor_port port{system, client, 3, 1ms};
  auto what = question(2);
  what.skip = {true};
  what.deadline = 1ms;
  for (int i = 0; i < 2; ++i) { // Alive but mute, then dead.
    const auto got = port.ask(what);
    ASSERT_EQ(got.list.size(), 3u);
    EXPECT_EQ(got.list[0].what, outcome::not_asked);
    EXPECT_EQ(got.list[1].what, outcome::silent);
    EXPECT_EQ(got.list[2].what, outcome::not_asked);
    caf::anon_send_exit(client, caf::exit_reason::kill);
  }
}

} // namespace
} // namespace liveconnect::raida
