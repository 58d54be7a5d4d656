// Several loops as one: whose socket ends up where. What people notice of it is tested in
// tests/relay/relay_server_test.cpp.
#include <future>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/result.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <gtest/gtest.h>

#include "actors/switchboard.hpp"
#include "messages/error.hpp"
#include "tests/support/tcp_client.hpp"

namespace liveconnect::relay {
namespace {

using liveconnect::test::tcp_client;

using knock_queue = std::shared_ptr<std::promise<knock>>;

/// Keeps the first knock it hears of.
lobby_actor::behavior_type listening_lobby(lobby_actor::pointer, knock_queue first) {
  return {
      [first](const knocks& x) { first->set_value(x.list.front()); },
      [](const vacant&) {},
      [](const bounds&) {},
      [](atom::drain) {},
      [](atom::describe) { return room_numbers{}; },
      [](atom::describe, uint64_t) -> caf::result<room_description> {
        return fail(ec::bad_argument, "none");
      },
      [](atom::kick, uint64_t) -> caf::result<uint32_t> { return fail(ec::bad_argument, "none"); },
  };
}

struct SwitchboardOfTwoLoops : ::testing::TestWithParam<uint64_t> {};

TEST_P(SwitchboardOfTwoLoops, MovesAConnectionToItsRoomsLoopBeforeItKnocks) {
  const uint64_t room = GetParam();
  caf::actor_system_config config;
  caf::actor_system system{config};
  std::vector<std::shared_ptr<io::byte_loop>> loops;
  for (uint8_t i = 0; i < 2; ++i) {
    io::loop_config x;
    x.number = i;
    loops.push_back(std::make_shared<io::byte_loop>(x));
  }
  const auto first = std::make_shared<std::promise<knock>>();
  const auto lobby = system.spawn(listening_lobby, first);
  const auto board = std::make_shared<switchboard>(loops, relay_limits{});
  board->set_lobby(lobby);
  endpoint anywhere;
  ASSERT_TRUE(endpoint::parse("127.0.0.1", 0, anywhere));
  const auto at = loops[0]->open(io::listen{anywhere}, board->entrance());
  ASSERT_TRUE(at);

  tcp_client client(to_string(at->at));
  client.send("<# Join_Room " + std::to_string(room) + ">\n");
  auto knocked = first->get_future();
  ASSERT_EQ(knocked.wait_for(std::chrono::seconds(5)), std::future_status::ready);
  const auto x = knocked.get();
  EXPECT_EQ(x.socket.loop(), room % 2);
  EXPECT_EQ(to_string(x.peer), client.local_address());
  EXPECT_EQ(board->counters().connections, 1u);
  // What actors say to the moved one reaches it.
  board->refuse(x.socket, refusal::crowded);
  EXPECT_TRUE(client.read_until("Refused crowded"));

  board->close_all();
  for (const auto& loop : loops)
    loop->stop();
  caf::anon_send_exit(lobby, caf::exit_reason::user_shutdown);
}

INSTANTIATE_TEST_SUITE_P(Rooms, SwitchboardOfTwoLoops, ::testing::Values(4182907730, 4182907731));

} // namespace
} // namespace liveconnect::relay
