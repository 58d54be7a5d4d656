// The relay as a user of `nc` meets it: the real program, and clients that write lines.
#include <csignal>

#include <gtest/gtest.h>

#include "tests/e2e/relay_program.hpp"

namespace liveconnect::test {
namespace {

using namespace std::chrono_literals;

/// A client in the room, past the relay's greeting.
tcp_client join(const relay_program& relay, const std::string& room, const std::string& people) {
  tcp_client out(relay.address());
  out.send("<# Join_Room " + room + ">\n");
  const auto said = out.read_line();
  const auto number = room.substr(0, room.find(' '));
  EXPECT_EQ(said, "<relay Room_Joined " + number + " " + out.local_address() + " " + people + ">");
  return out;
}

struct room_of_two {
  explicit room_of_two(const relay_program& relay, const std::string& room = "42")
      : a(join(relay, room, "1")), b(join(relay, room, "2")) {
    EXPECT_EQ(a.read_line(), "<relay Peer_Joined " + b.local_address() + ">");
    EXPECT_EQ(b.read_line(), "<relay Peer_Joined " + a.local_address() + ">");
  }
  tcp_client a;
  tcp_client b;
};

TEST(relay_rooms, two_clients_see_each_others_messages_and_addresses) {
  relay_program relay;
  room_of_two x(relay);
  x.a.send("<# Heartbeat>\n");
  EXPECT_EQ(x.b.read_line(), "<127.0.0.1 Heartbeat>");
  x.b.send("<# Heartbeat>\n<# 3439>\n<# Wink with # and ##>\n");
  EXPECT_EQ(x.a.read_line(), "<127.0.0.1 Heartbeat>");
  EXPECT_EQ(x.a.read_line(), "<127.0.0.1 3439>");
  EXPECT_EQ(x.a.read_line(), "<127.0.0.1 Wink with 127.0.0.1 and 127.0.0.1127.0.0.1>");
  x.a.send("<# coin>YWJj</coin><# Closing>");
  EXPECT_EQ(x.b.read_line(), "<127.0.0.1 coin>YWJj</coin>");
  EXPECT_EQ(x.b.read_line(), "<127.0.0.1 Closing>");
}

TEST(relay_rooms, each_client_is_answered_in_the_notation_it_began_with) {
  relay_program relay;
  tcp_client json(relay.address());
  json.send(R"({"from":"#","Message Number":100,"Message_Details":"7"})"
            "\n");
  EXPECT_EQ(json.read_line(), R"({"from":"relay","Message Number":101,"Message_Details":"7 )" +
                                  json.local_address() + R"( 1"})");
  auto tags = join(relay, "7", "2");
  EXPECT_EQ(tags.read_line(), "<relay Peer_Joined " + json.local_address() + ">");
  EXPECT_EQ(json.read_line(), R"({"from":"relay","Message Number":102,"Message_Details":")" +
                                  tags.local_address() + R"("})");
  // Frames go on as they were written, with the address filled in.
  json.send("{\n\"from\": \"#\",\n\"Message Number\": 1,\n\"Message_Details\": \"dfs#dfs\",\n}\n");
  EXPECT_EQ(tags.read_line(), "{");
  EXPECT_EQ(tags.read_line(), "\"from\": \"127.0.0.1\",");
  EXPECT_EQ(tags.read_line(), "\"Message Number\": 1,");
  EXPECT_EQ(tags.read_line(), "\"Message_Details\": \"dfs127.0.0.1dfs\",");
  EXPECT_EQ(tags.read_line(), "}");
  tags.close();
  EXPECT_EQ(json.read_line(), R"({"from":"relay","Message Number":103,"Message_Details":"left"})");
}

TEST(relay_rooms, the_third_is_refused_and_learns_nothing) {
  relay_program relay;
  room_of_two x(relay);
  tcp_client third(relay.address());
  third.send("<# Join_Room 42>\n<# Heartbeat>\n");
  const auto said = third.read_line();
  ASSERT_TRUE(said);
  EXPECT_EQ(said->rfind("<relay Refused crowded ", 0), 0u) << *said;
  EXPECT_TRUE(third.closed_by_peer());
  EXPECT_EQ(third.received(), *said + "\n");
  x.a.send("<# Received>\n");
  EXPECT_EQ(x.b.read_line(), "<127.0.0.1 Received>");
}

TEST(relay_rooms, tags_must_be_equal_or_both_missing) {
  relay_program relay;
  const std::string tag(32, 'a');
  auto first = join(relay, "42 " + tag, "1");
  for (const auto* text :
       {"<# Join_Room 42>\n", "<# Join_Room 42 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb>\n"}) {
    tcp_client other(relay.address());
    other.send(text);
    EXPECT_EQ(other.read_line().value_or("").rfind("<relay Refused wrong_tag ", 0), 0u) << text;
    EXPECT_TRUE(other.closed_by_peer());
  }
  auto second = join(relay, "42 " + tag, "2");
  EXPECT_EQ(first.read_line(), "<relay Peer_Joined " + second.local_address() + ">");
}

TEST(relay_rooms, a_client_that_leaves_makes_room_for_another) {
  relay_program relay;
  room_of_two x(relay);
  x.a.send("<# Closing>\n");
  x.a.close();
  EXPECT_EQ(x.b.read_line(), "<127.0.0.1 Closing>");
  EXPECT_EQ(x.b.read_line(), "<relay Peer_Left left>");
  auto again = join(relay, "42", "2");
  EXPECT_EQ(x.b.read_line(), "<relay Peer_Joined " + again.local_address() + ">");
  x.b.send("<# Heartbeat>\n");
  EXPECT_EQ(again.read_until("Heartbeat"), "<127.0.0.1 Heartbeat>");
  again.reset();
  EXPECT_EQ(x.b.read_line(), "<relay Peer_Left lost>");
}

TEST(relay_rooms, an_emptied_room_forgets_its_tag) {
  relay_program relay;
  { auto first = join(relay, "42 " + std::string(32, 'a'), "1"); }
  // The relay learns of the end in its own time: until then the seat is taken.
  const auto until = std::chrono::steady_clock::now() + 5s;
  std::string said;
  while (std::chrono::steady_clock::now() < until && said.rfind("<relay Room_Joined 42", 0) != 0) {
    tcp_client next(relay.address());
    next.send("<# Join_Room 42>\n");
    said = next.read_line().value_or("");
  }
  EXPECT_EQ(said.rfind("<relay Room_Joined 42", 0), 0u) << said;
}

TEST(relay_rooms, what_is_said_before_the_peer_is_there_is_not_kept) {
  relay_program relay;
  auto first = join(relay, "42", "1");
  first.send("<# Heartbeat>\n<# 3439>\n");
  auto second = join(relay, "42", "2");
  EXPECT_EQ(second.read_line(), "<relay Peer_Joined " + first.local_address() + ">");
  ASSERT_TRUE(first.read_until("Peer_Joined"));
  first.send("<# Received>\n");
  EXPECT_EQ(second.read_line(), "<127.0.0.1 Received>");
}

TEST(relay_rooms, what_follows_the_join_in_the_same_send_is_passed_on) {
  relay_program relay;
  auto first = join(relay, "42", "1");
  tcp_client second(relay.address());
  second.send("<# Join_Room 42><# Heartbeat><# Wink>\n");
  ASSERT_TRUE(first.read_until("Peer_Joined"));
  EXPECT_EQ(first.read_line(), "<127.0.0.1 Heartbeat>");
  EXPECT_EQ(first.read_line(), "<127.0.0.1 Wink>");
}

TEST(relay_rooms, listens_on_several_addresses_of_both_families) {
  relay_program relay({}, {"127.0.0.1:0", "[::1]:0"});
  ASSERT_EQ(relay.addresses(), 2u);
  tcp_client v4(relay.address(0));
  v4.send("<# Join_Room 42>\n");
  EXPECT_EQ(v4.read_line(), "<relay Room_Joined 42 " + v4.local_address() + " 1>");
  tcp_client v6(relay.address(1));
  v6.send("<# Join_Room 42>\n");
  EXPECT_EQ(v6.read_line(), "<relay Room_Joined 42 " + v6.local_address() + " 2>");
  EXPECT_EQ(v6.read_line(), "<relay Peer_Joined " + v4.local_address() + ">");
  EXPECT_EQ(v4.read_line(), "<relay Peer_Joined " + v6.local_address() + ">");
  v6.send("<# Wink # #>\n");
  EXPECT_EQ(v4.read_line(), "<::1 Wink ::1 ::1>");
}

TEST(relay_rooms, one_address_may_serve_both_families) {
  relay_program relay({}, {"[::]:0"});
  const auto port = relay.address().substr(relay.address().rfind(':') + 1);
  tcp_client v4("127.0.0.1:" + port);
  v4.send("<# Join_Room 42>\n");
  EXPECT_EQ(v4.read_line(), "<relay Room_Joined 42 " + v4.local_address() + " 1>");
  tcp_client v6("[::1]:" + port);
  v6.send("<# Join_Room 42>\n");
  EXPECT_EQ(v6.read_line(), "<relay Room_Joined 42 " + v6.local_address() + " 2>");
  v4.send("<# Heartbeat>\n");
  EXPECT_EQ(v6.read_until("Heartbeat"), "<127.0.0.1 Heartbeat>");
}

TEST(relay_rooms, megabytes_of_coins_arrive_in_order_both_ways) {
  relay_program relay;
  room_of_two x(relay);
  const std::string body(48'000, 'A');
  const int frames = 100;
  std::string sent;
  std::string expected;
  for (int i = 0; i < frames; ++i) {
    const auto tail = " i=\"" + std::to_string(i + 1) + "\" n=\"100\">" + body + "</coin>\n";
    sent += "<# coin" + tail;
    expected += "<127.0.0.1 coin" + tail;
  }
  // Both send and take at once, as far as the system lets them.
  size_t sent_a = 0;
  size_t sent_b = 0;
  const auto start_a = x.a.received().size();
  const auto start_b = x.b.received().size();
  const auto until = std::chrono::steady_clock::now() + 20s;
  const auto done = [&] {
    return x.a.received().size() - start_a == expected.size() &&
           x.b.received().size() - start_b == expected.size();
  };
  while (!done() && std::chrono::steady_clock::now() < until) {
    sent_a += sent_a < sent.size() ? x.a.send_some(sent.substr(sent_a, 100'000)) : 0;
    sent_b += sent_b < sent.size() ? x.b.send_some(sent.substr(sent_b, 100'000)) : 0;
    x.a.read_line(1ms);
    x.b.read_line(1ms);
  }
  EXPECT_TRUE(x.a.received().substr(start_a) == expected);
  EXPECT_TRUE(x.b.received().substr(start_b) == expected);
}

} // namespace
} // namespace liveconnect::test
