// Several loops as one: which loop a socket ends up in. What clients notice of it is tested in
// tests/relay/relay_server_test.cpp.
#include <condition_variable>
#include <mutex>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/result.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <gtest/gtest.h>

#include "actors/relay/connection.hpp"
#include "actors/relay/switchboard.hpp"
#include "messages/base/error.hpp"
#include "tests/support/tcp_client.hpp"

namespace liveconnect::relay {
namespace {

using liveconnect::test::tcp_client;

/// The join requests that came; a test waits for them.
class request_box {
public:
  void add(const pending_joins& x) {
    std::lock_guard<std::mutex> guard{mutex_};
    list_.insert(list_.end(), x.list.begin(), x.list.end());
    changed_.notify_all();
  }
  /// All of them once there are `count`, or what there is after five seconds.
  std::vector<pending_join> wait_for(size_t count) {
    std::unique_lock<std::mutex> lock{mutex_};
    changed_.wait_for(lock, std::chrono::seconds(5), [&] { return list_.size() >= count; });
    return list_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<pending_join> list_;
};

/// Keeps the join requests it hears of and gives no seat.
lobby_actor::behavior_type listening_lobby(lobby_actor::pointer,
                                           const std::shared_ptr<request_box>& box) {
  return {
      [box](const pending_joins& x) { box->add(x); },
      [](const room_empty&) {},
      [](const limits_update&) {},
      [](atom::drain) {},
      [](atom::describe) { return room_numbers{}; },
      [](atom::describe, uint64_t) -> caf::result<room_description> {
        return fail(ec::bad_argument, "none");
      },
      [](atom::kick, uint64_t) -> caf::result<uint32_t> { return fail(ec::bad_argument, "none"); },
  };
}

/// A board of two loops with a listener, and a lobby behind it that gives no seats.
struct switchboard_of_two_loops_test : ::testing::TestWithParam<uint64_t> {
  switchboard_of_two_loops_test() {
    for (uint8_t i = 0; i < 2; ++i) {
      io::loop_config x;
      x.number = i;
      loops.push_back(std::make_shared<io::byte_loop>(x));
    }
    board = std::make_shared<switchboard>(loops, relay_limits{});
    board->set_lobby(lobby);
    endpoint anywhere;
    EXPECT_TRUE(endpoint::parse("127.0.0.1", 0, anywhere));
    const auto made = loops[0]->open(io::listen{anywhere}, board->acceptor());
    EXPECT_TRUE(made);
    address = to_string(made->at);
  }

  ~switchboard_of_two_loops_test() override {
    board->close_all();
    for (const auto& loop : loops)
      loop->stop();
    caf::anon_send_exit(lobby, caf::exit_reason::user_shutdown);
  }

  /// A seat for `x` with this greeting.
  room_switch_port::seating seat_for(const pending_join& x, const std::string& greeting) {
    room_switch_port::seating out;
    out.socket = x.socket;
    out.who = system.spawn(connection, connection_config{x.socket, board});
    out.life = std::make_shared<liveness>();
    out.account = account;
    out.greeting = byte_view(greeting).copy();
    return out;
  }

  caf::actor_system_config config;
  caf::actor_system system{config};
  std::shared_ptr<request_box> box = std::make_shared<request_box>();
  lobby_actor lobby = system.spawn(listening_lobby, box);
  std::vector<std::shared_ptr<io::byte_loop>> loops;
  std::shared_ptr<switchboard> board;
  std::shared_ptr<room_account> account = std::make_shared<room_account>();
  std::string address;
};

TEST_P(switchboard_of_two_loops_test,
       moves_a_connection_to_its_rooms_loop_before_its_join_request) {
  tcp_client client(address);
  client.send("<# Join_Room " + std::to_string(GetParam()) + ">\n");
  const auto requests = box->wait_for(1);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].socket.loop(), GetParam() % 2);
  EXPECT_EQ(to_string(requests[0].peer), client.local_address());
  EXPECT_EQ(board->counters().connections, 1u);
  // What actors say to the moved one reaches it.
  board->refuse(requests[0].socket, refusal::crowded);
  EXPECT_TRUE(client.read_until("Refused crowded"));
}

TEST_P(switchboard_of_two_loops_test,
       sends_each_control_message_once_and_in_order_within_one_turn) {
  std::vector<tcp_client> clients;
  for (size_t i = 0; i < 2; ++i) {
    clients.emplace_back(address);
    clients.back().send("<# Join_Room " + std::to_string(GetParam()) + ">\n");
    ASSERT_EQ(box->wait_for(i + 1).size(), i + 1);
  }
  const auto requests = box->wait_for(2);
  auto first = seat_for(requests[0], "<relay Welcome_first>\n");
  auto second = seat_for(requests[1], "<relay Welcome_second>\n");
  second.partner = first.socket;
  second.news = byte_view(std::string_view("<relay News>\n")).copy();
  // What a job posts runs in the next turn, all of it.
  loops[GetParam() % 2]->post([&] {
    board->place(first);
    board->tell(first.socket, byte_view(std::string_view("<relay Between>\n")).copy());
    board->place(second);
  });
  ASSERT_TRUE(clients[0].read_until("News"));
  ASSERT_TRUE(clients[1].read_until("Welcome_second"));
  // Behind it a message of the other's, so that nothing else can be on its way.
  clients[1].send("<# Heartbeat>\n");
  ASSERT_TRUE(clients[0].read_until("Heartbeat"));
  EXPECT_EQ(clients[0].received(), "<relay Welcome_first>\n<relay Between>\n<relay News>\n"
                                   "<127.0.0.1 Heartbeat>\n");
}

INSTANTIATE_TEST_SUITE_P(Rooms, switchboard_of_two_loops_test,
                         ::testing::Values(4182907730, 4182907731));

} // namespace
} // namespace liveconnect::relay
