// Lobby, room, connection and heartbeat on the deterministic scheduler, with a fake switch.
#include <caf/scoped_actor.hpp>
#include <gtest/gtest.h>

#include "actors/relay/connection.hpp"
#include "actors/relay/heartbeat.hpp"
#include "actors/relay/lobby.hpp"
#include "actors/relay/room.hpp"
#include "tests/support/actor_fixture.hpp"

namespace liveconnect::relay {
namespace {

using namespace std::chrono_literals;

/// Keeps what the actors tell the switch.
class fake_switch : public room_switch_port {
public:
  void place(seating what) override {
    log.push_back("place " + std::to_string(what.socket.value) + " with " +
                  std::to_string(what.partner.value));
    placed.push_back(std::move(what));
  }
  void tell(io::socket_id socket, bytes text) override {
    log.push_back("tell " + std::to_string(socket.value) + " " +
                  std::string(byte_view(text).text()));
  }
  void refuse(io::socket_id socket, refusal why) override {
    log.push_back("refuse " + std::to_string(socket.value) + " " + word_of(why));
  }

  void wrong_guess(io::socket_id socket) override { guessers.push_back(socket.value); }

  std::vector<std::string> take() { return std::exchange(log, {}); }

  std::vector<std::string> log;
  std::vector<seating> placed;
  std::vector<uint64_t> guessers;
};

std::string text_of(const bytes& x) {
  return std::string(byte_view(x).text());
}

/// Keeps the records of rooms that are over.
struct usage_list : room_usage_port {
  void record(const room_usage& x) override { list.push_back(x); }
  std::vector<room_usage> list;
};

struct relay_actors_test : liveconnect::test::actor_test {
  std::shared_ptr<fake_switch> port = std::make_shared<fake_switch>();
  heartbeat_actor beat = system.spawn(heartbeat, heartbeat_config{});
  std::shared_ptr<usage_list> usage = std::make_shared<usage_list>();
  lobby_actor hall = system.spawn(lobby, lobby_config{port, beat, 2, usage});

  relay_actors_test() { run(); }
  ~relay_actors_test() override {
    for (const auto& x : port->placed)
      go(x.socket.value);
    caf::anon_send_exit(hall, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(beat, caf::exit_reason::user_shutdown);
    run();
  }

  pending_join from(uint64_t socket, const std::string& text) {
    pending_join out;
    out.socket = {socket};
    endpoint::parse("198.51.100." + std::to_string(socket), static_cast<uint16_t>(5000 + socket),
                    out.peer);
    out.text = byte_view(text).copy();
    out.how = text.front() == '{' ? notation::json : notation::tag;
    return out;
  }

  void arrive(uint64_t socket, const std::string& text) {
    caf::anon_send(hall, pending_joins{{from(socket, text)}});
    run();
  }

  /// The switch says that a placed one's socket is gone.
  void go(uint64_t socket, const std::string& why = "left") {
    for (auto& x : port->placed)
      if (x.socket.value == socket && x.who) {
        x.life->ended = true;
        caf::anon_send(std::exchange(x.who, nullptr), connection_closed{why});
      }
    run();
  }

  /// Lets time pass in small steps: one jump would make one tick of many.
  void pass(caf::timespan time) {
    for (caf::timespan t{0}; t < time; t += 500ms)
      advance(500ms);
  }

  fake_switch::seating& placed(uint64_t socket) {
    for (auto& x : port->placed)
      if (x.socket.value == socket)
        return x;
    throw std::runtime_error("not placed");
  }
};

using lines = std::vector<std::string>;

TEST_F(relay_actors_test, a_room_seats_two_and_introduces_them) {
  arrive(1, "<# Join_Room 42>");
  arrive(2, R"({"from":"#","Message Number":100,"Message_Details":"42"})");
  EXPECT_EQ(port->take(), (lines{"place 1 with 0", "place 2 with 1"}));
  EXPECT_EQ(text_of(placed(1).greeting), "<relay Room_Joined 42 198.51.100.1:5001 1>\n");
  EXPECT_EQ(text_of(placed(2).greeting),
            "{\"from\":\"relay\",\"Message Number\":101,\"Message_Details\":\"42 198.51.100.2:5002 "
            "2\"}\n{\"from\":\"relay\",\"Message Number\":102,\"Message_Details\":\"198.51.100.1:"
            "5001\"}\n");
  EXPECT_EQ(text_of(placed(2).news), "<relay Peer_Joined 198.51.100.2:5002>\n");
}

TEST_F(relay_actors_test, a_third_client_is_refused_whatever_its_tag) {
  arrive(1, "<# Join_Room 42>");
  arrive(2, "<# Join_Room 42>");
  port->take();
  arrive(3, "<# Join_Room 42>");
  arrive(4, "<# Join_Room 42 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>");
  EXPECT_EQ(port->take(), (lines{"refuse 3 crowded", "refuse 4 crowded"}));
}

TEST_F(relay_actors_test, unequal_tags_do_not_meet) {
  arrive(1, "<# Join_Room 42 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>");
  port->take();
  arrive(2, "<# Join_Room 42>");
  arrive(3, "<# Join_Room 42 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb>");
  arrive(4, "<# Join_Room 42 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>");
  EXPECT_EQ(port->take(), (lines{"refuse 2 wrong_tag", "refuse 3 wrong_tag", "place 4 with 1"}));
}

TEST_F(relay_actors_test, a_first_message_that_is_not_a_join_is_refused) {
  uint64_t socket = 0;
  for (const auto* text :
       {"<# Heartbeat>", "<# Join_Room>", "<# Join_Room 0>", "<# Join_Room -1>",
        "<# Join_Room 18446744073709551616>", "<# Join_Room 42 x>", "<# Join_Room 42 43 44>",
        "{\"from\":\"#\",\"Message Number\":100}", "{\"from\":\"#\",\"Message Number\":1}"}) {
    arrive(++socket, text);
    EXPECT_EQ(port->take(), lines{"refuse " + std::to_string(socket) + " join"}) << text;
  }
}

TEST_F(relay_actors_test, a_member_that_leaves_is_reported_and_its_seat_is_free) {
  arrive(1, "<# Join_Room 42>");
  arrive(2, "<# Join_Room 42>");
  port->take();
  go(1, "silent");
  EXPECT_EQ(port->take(), lines{"tell 2 <relay Peer_Left silent>\n"});
  arrive(3, "<# Join_Room 42>");
  EXPECT_EQ(port->take(), lines{"place 3 with 2"});
}

TEST_F(relay_actors_test, an_empty_room_ends_and_leaves_nothing_behind) {
  for (uint64_t i = 1; i < 20; ++i) {
    arrive(i, "<# Join_Room " + std::to_string(i) + " aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>");
    EXPECT_EQ(port->take(), lines{"place " + std::to_string(i) + " with 0"});
    go(i);
  }
  // The bound is two rooms, so all of them were given up; and the tag is forgotten with its room.
  arrive(30, "<# Join_Room 1>");
  EXPECT_EQ(port->take(), lines{"place 30 with 0"});
}

TEST_F(relay_actors_test, a_seat_request_that_meets_a_closing_room_is_answered) {
  arrive(1, "<# Join_Room 42 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>");
  port->take();
  // Both are under way before any actor runs: whichever comes first, the newcomer is answered.
  auto& first = placed(1);
  caf::anon_send(hall, pending_joins{{from(2, "<# Join_Room 42>")}});
  caf::anon_send(std::exchange(first.who, nullptr), connection_closed{"left"});
  run();
  const auto said = port->take();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_TRUE(said[0] == "place 2 with 0" || said[0] == "refuse 2 wrong_tag") << said[0];
  arrive(3, "<# Join_Room 42>");
  EXPECT_EQ(port->take().at(0).rfind("place 3", 0), 0u);
}

TEST_F(relay_actors_test, refuses_rooms_beyond_the_bound) {
  arrive(1, "<# Join_Room 1>");
  arrive(2, "<# Join_Room 2>");
  port->take();
  arrive(3, "<# Join_Room 3>");
  arrive(4, "<# Join_Room 2>");
  EXPECT_EQ(port->take(), (lines{"refuse 3 full", "place 4 with 2"}));
}

TEST_F(relay_actors_test, a_draining_relay_lets_second_members_in_and_opens_no_rooms) {
  arrive(1, "<# Join_Room 42>");
  caf::anon_send(hall, atom::drain_v);
  run();
  port->take();
  arrive(2, "<# Join_Room 43>");
  EXPECT_EQ(port->take(), (lines{"refuse 2 draining"}));
  arrive(3, "<# Join_Room 42>");
  EXPECT_EQ(port->take(), (lines{"place 3 with 1"}));
  // Also one whose partner has been in the room before.
  go(3);
  port->take();
  arrive(4, "<# Join_Room 42>");
  EXPECT_EQ(port->take(), (lines{"place 4 with 1"}));
}

TEST_F(relay_actors_test, rooms_are_listed_described_and_ended) {
  caf::scoped_actor self{system};
  const auto rooms = [&] {
    auto request = self->request(hall, caf::infinite, atom::describe_v);
    run();
    room_numbers out;
    request.receive([&](room_numbers& x) { out = std::move(x); }, [](const caf::error&) {});
    return out.list;
  };
  EXPECT_TRUE(rooms().empty());
  arrive(1, "<# Join_Room 42>");
  pass(2s);
  arrive(2, "<# Join_Room 42>");
  pass(1s);
  EXPECT_EQ(rooms(), std::vector<uint64_t>{42});
  placed(2).life->bytes_forwarded = 7;
  auto request = self->request(hall, caf::infinite, atom::describe_v, uint64_t{42});
  run();
  room_description room;
  request.receive([&](room_description& x) { room = std::move(x); },
                  [](const caf::error& x) { ADD_FAILURE() << to_string(x); });
  EXPECT_EQ(room.room, 42u);
  EXPECT_EQ(room.open, 3s);
  ASSERT_EQ(room.people.size(), 2u);
  EXPECT_EQ(to_string(room.people[0].peer), "198.51.100.1:5001");
  EXPECT_EQ(room.people[0].inside, 3s);
  EXPECT_EQ(room.people[1].inside, 1s);
  EXPECT_EQ(room.people[1].bytes_forwarded, 7u);
  port->take();
  const auto kick = [&](uint64_t number) {
    auto asked = self->request(hall, caf::infinite, atom::kick_v, number);
    run();
    int out = -1;
    asked.receive([&](uint32_t count) { out = static_cast<int>(count); }, [](const caf::error&) {});
    return out;
  };
  EXPECT_EQ(kick(42), 2);
  EXPECT_EQ(port->take(), (lines{"refuse 1 kicked", "refuse 2 kicked"}));
  EXPECT_EQ(kick(43), -1);
}

TEST_F(relay_actors_test, a_room_that_is_over_is_recorded_with_its_mood) {
  const auto pair = [&](uint64_t first, uint64_t second) {
    arrive(first, "<# Join_Room 42>");
    pass(1s);
    arrive(second, "<# Join_Room 42>");
    placed(first).life->bytes_forwarded = 100;
    placed(second).life->bytes_forwarded = 11;
    pass(2s);
  };
  pair(1, 2);
  go(2, "left");
  pass(1s);
  EXPECT_TRUE(usage->list.empty());
  go(1, "lonely");
  ASSERT_EQ(usage->list.size(), 1u);
  const auto& x = usage->list.back();
  EXPECT_EQ(x.room, 42u);
  EXPECT_EQ(x.mood, room_mood::happy);
  EXPECT_EQ(x.open, 4s);
  EXPECT_EQ(x.together, 2s);
  EXPECT_EQ(x.bytes_forwarded, 111u);
  ASSERT_EQ(x.people.size(), 2u);
  EXPECT_EQ(x.people[1].host(), "198.51.100.2");
  pair(3, 4);
  go(3, "lost");
  go(4, "left");
  EXPECT_EQ(usage->list.back().mood, room_mood::errory);
  pair(5, 6);
  go(5, "kicked");
  go(6, "kicked");
  EXPECT_EQ(usage->list.back().mood, room_mood::kicked);
  arrive(7, "<# Join_Room 42>");
  go(7, "left");
  EXPECT_EQ(usage->list.back().mood, room_mood::lonely);
  EXPECT_EQ(usage->list.back().together, 0s);
  EXPECT_EQ(usage->list.back().bytes_forwarded, 0u);
  EXPECT_EQ(usage->list.size(), 4u);
}

TEST_F(relay_actors_test, silence_is_found_once_and_within_five_seconds_of_its_time) {
  arrive(1, "<# Join_Room 42>");
  port->take();
  placed(1).life->paired = true;
  pass(90s);
  EXPECT_EQ(port->take(), lines{});
  pass(5s);
  EXPECT_EQ(port->take(), lines{"refuse 1 silent"});
  pass(200s);
  EXPECT_EQ(port->take(), lines{});
}

TEST_F(relay_actors_test, any_byte_counts_as_a_sign_of_life) {
  arrive(1, "<# Join_Room 42>");
  placed(1).life->paired = true;
  port->take();
  for (int i = 0; i < 10; ++i) {
    pass(80s);
    placed(1).life->heard = true;
  }
  EXPECT_EQ(port->take(), lines{});
}

TEST_F(relay_actors_test, a_connection_that_is_held_back_is_not_silent) {
  arrive(1, "<# Join_Room 42>");
  placed(1).life->paired = true;
  placed(1).life->held = true;
  port->take();
  pass(200s);
  EXPECT_EQ(port->take(), lines{});
  placed(1).life->held = false;
  pass(95s);
  EXPECT_EQ(port->take(), lines{"refuse 1 silent"});
}

TEST_F(relay_actors_test, a_member_that_waits_alone_for_too_long_is_refused) {
  arrive(1, "<# Join_Room 42>");
  port->take();
  const auto live = [this](caf::timespan time) {
    for (caf::timespan t{0}; t < time; t += 1min) {
      placed(1).life->heard = true;
      pass(1min);
    }
  };
  live(29min);
  EXPECT_EQ(port->take(), lines{});
  live(2min);
  EXPECT_EQ(port->take(), lines{"refuse 1 lonely"});
}

TEST_F(relay_actors_test, the_heartbeat_forgets_connections_that_have_ended) {
  arrive(1, "<# Join_Room 42>");
  const std::weak_ptr<liveness> life = placed(1).life;
  go(1);
  port->placed.clear();
  EXPECT_FALSE(life.expired());
  advance(5s);
  EXPECT_TRUE(life.expired());
}

TEST(heartbeat_config, looks_often_enough) {
  heartbeat_config x;
  EXPECT_EQ(x.interval(), caf::timespan(2500ms));
  x.timeout = 24h;
  EXPECT_EQ(x.interval(), caf::timespan(5s));
  x.timeout = 100ms;
  EXPECT_EQ(x.interval(), caf::timespan(10ms));
}

} // namespace
} // namespace liveconnect::relay
