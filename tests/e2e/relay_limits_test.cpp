// What the relay does with those who break its rules, are too slow, or too many.
#include <csignal>
#include <cstdio>
#include <fstream>
#include <poll.h>
#include <set>

#include <gtest/gtest.h>

#include "tests/e2e/relay_program.hpp"
#include "tests/support/http.hpp"

namespace liveconnect::test {
namespace {

using namespace std::chrono_literals;

tcp_client join(const relay_program& relay, const std::string& room) {
  tcp_client out(relay.address());
  out.send("<# Join_Room " + room + ">\n");
  EXPECT_EQ(out.read_line().value_or("").rfind("<relay Room_Joined", 0), 0u);
  return out;
}

/// The refusal's word, once the relay has said it and closed.
std::string refusal(tcp_client& x) {
  const auto line = x.read_until("Refused", 5s).value_or("nothing");
  EXPECT_TRUE(x.closed_by_peer());
  const auto begin = line.find("Refused ") + 8;
  return line.substr(begin, line.find(' ', begin) - begin);
}

std::string refusal_of(const relay_program& relay, const std::string& text) {
  tcp_client x(relay.address());
  x.send(text);
  return refusal(x);
}

/// Kilobytes of the process's memory in use.
size_t resident_kb(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string line;
  while (std::getline(status, line))
    if (line.rfind("VmRSS:", 0) == 0)
      return std::stoul(line.substr(6));
  return 0;
}

/// Two clients in room 7 that must not notice what happens in others. Made before the trouble
/// begins.
class undisturbed_room {
public:
  /// `first` is what each sends before the join: a PROXY header where one is due.
  explicit undisturbed_room(const std::string& address, const std::string& first = {})
      : a_(address), b_(address) {
    for (auto* x : {&a_, &b_}) {
      x->send(first + "<# Join_Room 7>\n");
      EXPECT_TRUE(x->read_until("Room_Joined"));
    }
    EXPECT_TRUE(a_.read_until("Peer_Joined"));
    EXPECT_TRUE(b_.read_until("Peer_Joined"));
  }
  explicit undisturbed_room(const relay_program& relay) : undisturbed_room(relay.address()) {}
  /// A word each way; true when nothing else came in between.
  bool goes_on() {
    const auto word = "Word_" + std::to_string(++said_) + ">";
    a_.send("<# " + word + "\n");
    b_.send("<# " + word + "\n");
    const auto heard = [&word](tcp_client& x) {
      const auto line = x.read_line().value_or("");
      return line.find("<relay") == line.npos && line.find(" " + word) != line.npos;
    };
    return heard(a_) && heard(b_);
  }

private:
  tcp_client a_;
  tcp_client b_;
  int said_ = 0;
};

TEST(relay_limits, the_first_message_must_be_a_join) {
  relay_program relay;
  EXPECT_EQ(refusal_of(relay, "<# Heartbeat>\n"), "join");
  EXPECT_EQ(refusal_of(relay, "<# Join_Room 0>\n"), "join");
  EXPECT_EQ(refusal_of(relay, "<# Join_Room>\n"), "join");
  EXPECT_EQ(refusal_of(relay, "<# Join_Room 42 short>\n"), "join");
  EXPECT_EQ(refusal_of(relay, "GET / HTTP/1.1\r\n\r\n"), "join");
  EXPECT_EQ(refusal_of(relay, std::string(129, '\n')), "join");
  EXPECT_EQ(refusal_of(relay, "<# Join_Room " + std::string(128, ' ')), "join");
  EXPECT_EQ(refusal_of(relay, "<127.0.0.1 Join_Room 42>\n"), "from");
  tcp_client json(relay.address());
  json.send(R"({"from":"#","Message Number":1})");
  EXPECT_EQ(json.read_line(), R"({"from":"relay","Message Number":104,"Message_Details":"join The )"
                              R"(first message must be Join_Room and a room number, within 128 )"
                              R"(bytes."})");
}

TEST(relay_limits, a_join_of_exactly_128_bytes_is_one) {
  relay_program relay;
  tcp_client x(relay.address());
  x.send("<# Join_Room 42" + std::string(128 - 16, ' ') + ">");
  EXPECT_TRUE(x.read_until("Room_Joined"));
}

TEST(relay_limits, a_join_that_takes_too_long_is_refused) {
  relay_program relay({"--join-deadline", "200ms"});
  undisturbed_room others(relay);
  tcp_client silent(relay.address());
  tcp_client half(relay.address());
  half.send("<# Join_");
  EXPECT_EQ(refusal(silent), "slow");
  EXPECT_EQ(refusal(half), "slow");
  EXPECT_TRUE(others.goes_on());
}

TEST(relay_limits, a_spoofed_from_ends_the_connection_and_the_peer_is_told) {
  relay_program relay;
  auto a = join(relay, "42");
  auto b = join(relay, "42");
  ASSERT_TRUE(b.read_until("Peer_Joined"));
  a.send("<# Heartbeat><relay Peer_Left silent>\n<# Received>\n");
  EXPECT_EQ(refusal(a), "from");
  EXPECT_EQ(b.read_line(), "<127.0.0.1 Heartbeat>");
  EXPECT_EQ(b.read_line(), "<relay Peer_Left from>");
  auto c = join(relay, "42");
  c.send("{\"from\":\"127.0.0.1\",\"Message Number\":1}\n");
  EXPECT_EQ(refusal(c), "from");
}

TEST(relay_limits, an_oversize_frame_never_reaches_the_peer) {
  relay_program relay;
  undisturbed_room others(relay);
  auto a = join(relay, "42");
  auto b = join(relay, "42");
  ASSERT_TRUE(b.read_until("Peer_Joined"));
  const std::string head = "<# coin>";
  // The largest: 65,536 bytes once `#` is nine characters of address.
  const std::string body(65'536 - 8 - 7 - 8, 'A');
  a.send(head + body + "</coin>\n");
  const auto got = b.read_line();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->size(), 65'536u);
  a.send(head + body + "A</coin>\n");
  EXPECT_EQ(refusal(a), "too_long");
  EXPECT_EQ(b.read_line(), "<relay Peer_Left too_long>");
  EXPECT_TRUE(others.goes_on());
}

TEST(relay_limits, the_frame_bound_may_be_another) {
  relay_program relay({"--frame-bytes-max", "8KiB"});
  undisturbed_room others(relay);
  auto a = join(relay, "42");
  auto b = join(relay, "42");
  ASSERT_TRUE(b.read_until("Peer_Joined"));
  const std::string body(8'192 - 8 - 7 - 8, 'A');
  a.send("<# coin>" + body + "</coin>\n");
  EXPECT_EQ(b.read_line().value_or("").size(), 8'192u);
  a.send("<# coin>" + body + "A</coin>\n");
  EXPECT_EQ(refusal(a), "too_long");
  EXPECT_TRUE(others.goes_on());
}

TEST(relay_limits, placeholders_count_as_what_they_become) {
  relay_program relay;
  auto a = join(relay, "42");
  a.send("<# coin>" + std::string(8'000, '#') + "</coin>\n");
  EXPECT_EQ(refusal(a), "too_long");
}

TEST(relay_limits, a_second_join_and_an_unreadable_message_are_refused) {
  relay_program relay;
  auto a = join(relay, "42");
  a.send("<# Join_Room 43>\n");
  EXPECT_EQ(refusal(a), "joined");
  auto b = join(relay, "44");
  b.send("hello?\n");
  EXPECT_EQ(refusal(b), "bad_frame");
}

TEST(relay_limits, a_silent_client_is_dropped_and_one_with_heartbeats_stays) {
  relay_program relay({"--heartbeat-timeout", "600ms"});
  auto a = join(relay, "42");
  auto b = join(relay, "42");
  ASSERT_TRUE(a.read_until("Peer_Joined"));
  undisturbed_room others(relay);
  // `a` beats until it hears of the other's end.
  const auto until = std::chrono::steady_clock::now() + 10s;
  std::optional<std::string> heard;
  while (!heard && std::chrono::steady_clock::now() < until) {
    a.send("<# Heartbeat>\n");
    ASSERT_TRUE(others.goes_on());
    heard = a.read_until("Peer_Left", 50ms);
  }
  EXPECT_EQ(heard, "<relay Peer_Left silent>");
  EXPECT_EQ(refusal(b), "silent");
}

TEST(relay_limits, a_client_that_stays_alone_is_sent_away) {
  relay_program relay({"--room-wait", "300ms"});
  undisturbed_room others(relay);
  auto a = join(relay, "42");
  EXPECT_EQ(refusal(a), "lonely");
  EXPECT_TRUE(others.goes_on());
}

TEST(relay_limits, a_frame_that_is_never_finished_is_refused) {
  relay_program relay({"--frame-deadline", "200ms"});
  undisturbed_room others(relay);
  auto a = join(relay, "42");
  a.send("<# coin>YWJj");
  EXPECT_EQ(refusal(a), "slow");
  EXPECT_TRUE(others.goes_on());
}

TEST(relay_limits, connections_of_one_address_are_bounded) {
  // It tries again and again below, which is no matter of this test.
  relay_program relay(
      {"--connections-per-address-max", "2", "--new-connections-per-address-per-minute", "0"});
  auto a = join(relay, "42");
  auto b = join(relay, "43");
  tcp_client third(relay.address());
  EXPECT_EQ(refusal(third), "address");
  third.close();
  // Clients that are inside stay inside.
  EXPECT_TRUE(a.silent_for(20ms));
  EXPECT_FALSE(a.closed_by_peer(0ms));
  b.close();
  // As soon as the relay has seen the ends, there is room again.
  const auto until = std::chrono::steady_clock::now() + 5s;
  bool in = false;
  while (!in && std::chrono::steady_clock::now() < until) {
    tcp_client next(relay.address());
    next.send("<# Join_Room 44>\n");
    in = next.read_line().value_or("").find("Room_Joined") != std::string::npos;
  }
  EXPECT_TRUE(in);
}

TEST(relay_limits, a_listed_balancer_speaks_for_its_clients) {
  relay_program relay({"--proxy-from", "127.0.0.0/8", "--connections-per-address-max", "1"});
  tcp_client a(relay.address());
  a.send("PROXY TCP4 198.51.100.20 203.0.113.7 55012 9100\r\n<# Join_Room 42>\n");
  EXPECT_EQ(a.read_line(), "<relay Room_Joined 42 198.51.100.20:55012 1>");
  tcp_client b(relay.address());
  // Version 2, byte by byte, with the join close behind.
  const std::string header(
      "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x07\xcb\0\x71\x01\x12\x34\x23\x8c", 28);
  for (const char byte : header)
    b.send(std::string(1, byte));
  b.send("<# Join_Room 42>\n<# Wink #>\n");
  EXPECT_EQ(b.read_line(), "<relay Room_Joined 42 203.0.113.7:4660 2>");
  EXPECT_EQ(a.read_line(), "<relay Peer_Joined 203.0.113.7:4660>");
  EXPECT_EQ(a.read_line(), "<203.0.113.7 Wink 203.0.113.7>");
  // The limit counts the client named, not the balancer.
  EXPECT_EQ(refusal_of(relay, "PROXY TCP4 198.51.100.20 203.0.113.7 1 2\r\n<# Join_Room 43>\n"),
            "address");
  // A health check is no client: it is closed without a word.
  tcp_client check(relay.address());
  check.send("PROXY UNKNOWN\r\n");
  EXPECT_TRUE(check.closed_by_peer());
  EXPECT_EQ(check.received(), "");
  // A balancer that forgets its header cannot name a client's address.
  EXPECT_EQ(refusal_of(relay, "<# Join_Room 43>\n"), "join");
}

TEST(relay_limits, only_a_listed_balancers_proxy_header_is_believed) {
  relay_program relay({"--proxy-from", "10.0.0.0/8", "--proxy-from", "2001:db8::/32"});
  EXPECT_EQ(
      refusal_of(relay, "PROXY TCP4 198.51.100.20 203.0.113.7 55012 9100\r\n<# Join_Room 42>"),
      "join");
  auto plain = join(relay, "42");
  plain.send("<# Heartbeat>\n");
}

TEST(relay_limits, connections_and_rooms_in_all_are_bounded) {
  relay_program relay({"--connections-max", "3", "--rooms-max", "1"});
  auto a = join(relay, "42");
  tcp_client other(relay.address());
  other.send("<# Join_Room 43>\n");
  EXPECT_EQ(refusal(other), "full");
  other.close();
  auto b = join(relay, "42");
  tcp_client c(relay.address());
  tcp_client d(relay.address());
  EXPECT_EQ(refusal(d), "full");
  ASSERT_TRUE(a.read_until("Peer_Joined"));
  b.send("<# Wink>\n");
  EXPECT_TRUE(a.read_until("Wink"));
}

std::string proxied(const std::string& host) {
  const bool v6 = host.find(':') != std::string::npos;
  return std::string("PROXY ") + (v6 ? "TCP6 " : "TCP4 ") + host + " " +
         (v6 ? "2001:db8::1" : "203.0.113.1") + " 55012 9100\r\n";
}

/// The limits that count by address, for clients whose address a balancer names: an IPv6 /64 is one
/// address, and the /64 beside it another.
struct relay_address_limits_test : ::testing::Test {
  static std::vector<std::string> flags(std::vector<std::string> more) {
    more.insert(more.end(), {"--proxy-from", "127.0.0.0/8"});
    return more;
  }
  static std::string answer(const relay_program& relay, const std::string& host,
                            const std::string& room) {
    tcp_client x(relay.address());
    x.send(proxied(host) + "<# Join_Room " + room + ">\n");
    const auto line = x.read_line().value_or("");
    const auto begin = line.find("Refused ");
    return begin == line.npos ? line.substr(0, 18)
                              : line.substr(begin + 8, line.find(' ', begin + 8) - begin - 8);
  }
  static constexpr const char* in = "<relay Room_Joined";
};

TEST_F(relay_address_limits_test, connections_are_counted_by_ipv6_network) {
  relay_program relay(flags({"--connections-per-address-max", "2"}));
  undisturbed_room others(relay.address(), proxied("2001:db8:1:1::1"));
  tcp_client a(relay.address());
  tcp_client b(relay.address());
  a.send(proxied("2001:db8:1:2::1") + "<# Join_Room 42>\n");
  b.send(proxied("2001:db8:1:2:ffff:ffff:ffff:ffff") + "<# Join_Room 43>\n");
  ASSERT_TRUE(a.read_until("Room_Joined"));
  ASSERT_TRUE(b.read_until("Room_Joined"));
  EXPECT_EQ(answer(relay, "2001:db8:1:2:abcd::9", "44"), "address");
  EXPECT_EQ(answer(relay, "2001:db8:1:3::1", "44"), in);
  EXPECT_EQ(answer(relay, "198.51.100.1", "44"), in);
  EXPECT_TRUE(others.goes_on());
}

TEST_F(relay_address_limits_test, new_connections_are_counted_by_ipv6_network) {
  relay_program relay(flags({"--new-connections-per-address-burst", "2"}));
  undisturbed_room others(relay.address(), proxied("2001:db8:1:1::1"));
  EXPECT_EQ(answer(relay, "2001:db8:1:2::1", "42"), in);
  EXPECT_EQ(answer(relay, "2001:db8:1:2::2", "42"), in);
  EXPECT_EQ(answer(relay, "2001:db8:1:2::3", "42"), "hasty");
  EXPECT_EQ(answer(relay, "2001:db8:1:3::3", "42"), in);
  EXPECT_TRUE(others.goes_on());
}

TEST_F(relay_address_limits_test, wrong_guesses_are_counted_by_ipv6_network) {
  relay_program relay(flags({"--wrong-guesses-per-address-per-minute", "2"}));
  const std::string tag = " 0123456789abcdef0123456789abcdef";
  undisturbed_room others(relay.address(), proxied("2001:db8:1:1::1"));
  tcp_client waiting(relay.address());
  waiting.send(proxied("2001:db8:1:4::1") + "<# Join_Room 42" + tag + ">\n");
  ASSERT_TRUE(waiting.read_until("Room_Joined"));
  EXPECT_EQ(answer(relay, "2001:db8:1:2::1", "42"), "wrong_tag");
  EXPECT_EQ(answer(relay, "2001:db8:1:2::2", "42"), "wrong_tag");
  EXPECT_EQ(answer(relay, "2001:db8:1:2::3", "42"), "guesses");
  EXPECT_EQ(answer(relay, "2001:db8:1:3::3", "42" + tag), in);
  EXPECT_TRUE(waiting.read_until("Peer_Joined"));
  EXPECT_TRUE(others.goes_on());
}

TEST(relay_limits, without_a_balancer_both_families_are_counted_for_themselves) {
  relay_program relay({"--connections-per-address-max", "2"}, {"[::]:0"});
  const auto port = relay.address().substr(relay.address().rfind(':'));
  undisturbed_room others("127.0.0.1" + port);
  tcp_client a("[::1]" + port);
  a.send("<# Join_Room 42>\n");
  ASSERT_TRUE(a.read_until("Room_Joined"));
  tcp_client b("[::1]" + port);
  b.send("<# Join_Room 42>\n");
  ASSERT_TRUE(a.read_until("Peer_Joined"));
  tcp_client third("[::1]" + port);
  EXPECT_EQ(refusal(third), "address");
  tcp_client fourth("127.0.0.1" + port);
  EXPECT_EQ(refusal(fourth), "address");
  EXPECT_TRUE(others.goes_on());
  b.send("<# Wink>\n");
  EXPECT_TRUE(a.read_until("Wink"));
}

TEST(relay_limits, every_refusal_is_counted_under_its_reason) {
  relay_program relay({"--status-listen", "127.0.0.1:0", "--join-deadline", "300ms",
                       "--connections-per-address-max", "0",
                       "--new-connections-per-address-per-minute", "0"});
  undisturbed_room others(relay);
  const std::string tag = " 0123456789abcdef0123456789abcdef";
  EXPECT_EQ(refusal_of(relay, "GET / HTTP/1.1\r\n\r\n"), "join");
  EXPECT_EQ(refusal_of(relay, "<1.2.3.4 Join_Room 42>\n"), "from");
  EXPECT_EQ(refusal_of(relay, "<# Join_Room 42>\n<# Join_Room 42>\n"), "joined");
  EXPECT_EQ(refusal_of(relay, "<# Join_Room 42>\nhello\n"), "bad_frame");
  EXPECT_EQ(refusal_of(relay, "<# Join_Room 42>\n<# coin>" + std::string(8'000, '#')), "too_long");
  EXPECT_EQ(refusal_of(relay, "<# Join_Room 7>\n"), "crowded");
  auto waiting = join(relay, "43");
  EXPECT_EQ(refusal_of(relay, "<# Join_Room 43" + tag + ">\n"), "wrong_tag");
  EXPECT_EQ(refusal_of(relay, ""), "slow");
  const std::set<std::string> expected{"join",     "from",    "joined",    "bad_frame",
                                       "too_long", "crowded", "wrong_tag", "slow"};
  std::set<std::string> counted;
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (counted != expected && std::chrono::steady_clock::now() < until) {
    counted.clear();
    const auto x =
        nlohmann::json::parse(http_get(relay.status(), "/status.json").body, nullptr, false);
    ASSERT_TRUE(x.is_object());
    for (const auto& [reason, count] : x["refusals"].items())
      if (count == 1)
        counted.insert(reason);
      else
        EXPECT_EQ(count, 0) << reason;
  }
  EXPECT_EQ(counted, expected);
  EXPECT_TRUE(others.goes_on());
}

TEST(relay_limits, a_slow_reader_holds_its_sender_back_and_is_dropped_when_it_stalls) {
  relay_program relay(
      {"--stall-deadline", "700ms", "--room-bytes-max", "0", "--room-bytes-per-second-max", "0"});
  auto a = join(relay, "42");
  auto b = join(relay, "42");
  auto c = join(relay, "43");
  auto d = join(relay, "43");
  ASSERT_TRUE(a.read_until("Peer_Joined"));
  ASSERT_TRUE(c.read_until("Peer_Joined"));
  const auto before = resident_kb(relay.program().pid());
  const std::string chunk = "<# coin>" + std::string(60'000, 'A') + "</coin>\n";
  // `b` reads nothing: what `a` can send is bounded by the system's buffers and the relay's queue.
  size_t sent = 0;
  const auto until = std::chrono::steady_clock::now() + 20s;
  bool stalled = false;
  while (!stalled && std::chrono::steady_clock::now() < until) {
    std::string rest = chunk.substr(sent % chunk.size());
    sent += a.send_some(rest);
    // The others do not notice.
    c.send("<# Heartbeat>\n");
    ASSERT_TRUE(d.read_until("Heartbeat"));
    stalled = a.read_until("Peer_Left", 1ms).has_value();
  }
  EXPECT_TRUE(stalled);
  EXPECT_NE(a.received().find("<relay Peer_Left stalled>"), std::string::npos);
  EXPECT_LT(sent, size_t{40} << 20);
  EXPECT_LT(resident_kb(relay.program().pid()), before + 2048);
}

TEST(relay_limits, a_slow_reader_that_wakes_up_in_time_has_lost_nothing) {
  relay_program relay({"--room-bytes-max", "0", "--room-bytes-per-second-max", "0"});
  auto a = join(relay, "42");
  auto b = join(relay, "42");
  ASSERT_TRUE(a.read_until("Peer_Joined"));
  ASSERT_TRUE(b.read_until("Peer_Joined"));
  // `b` reads nothing until `a` can send no more: the way through the relay is full then.
  std::string tail = " coin>" + std::string(60'000, 'A') + "</coin>\n";
  const std::string chunk = "<#" + tail;
  size_t sent = 0;
  pollfd writable{a.fd(), POLLOUT, 0};
  while (poll(&writable, 1, 300) > 0) {
    sent += a.send_some(chunk.substr(sent % chunk.size()));
    ASSERT_LT(sent, size_t{64} << 20) << "nothing holds the sender back";
  }
  const auto start = b.received().size();
  const auto frames = sent / chunk.size() + 1;
  const auto expected = frames * (chunk.size() + 8);
  std::string rest = chunk.substr(sent % chunk.size());
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (b.received().size() - start < expected && std::chrono::steady_clock::now() < until) {
    rest.erase(0, rest.empty() ? 0 : a.send_some(rest));
    b.read_line(5ms);
  }
  ASSERT_EQ(b.received().size() - start, expected);
  tail = "<127.0.0.1" + tail;
  for (size_t i = 0; i < frames; ++i)
    ASSERT_EQ(b.received().compare(start + i * tail.size(), tail.size(), tail), 0) << i;
}

TEST(relay_limits, new_connections_of_one_address_must_not_come_too_fast) {
  relay_program relay({"--new-connections-per-address-burst", "3"});
  undisturbed_room others(relay);
  auto third = join(relay, "42");
  EXPECT_EQ(refusal_of(relay, ""), "hasty");
  EXPECT_TRUE(others.goes_on());
  third.send("<# Heartbeat>\n");
  EXPECT_FALSE(third.closed_by_peer(50ms));
}

TEST(relay_limits, an_address_that_guesses_tags_is_shut_out_and_the_room_is_not) {
  relay_program relay({"--wrong-guesses-per-address-per-minute", "3", "--wrong-guesses-out", "1h",
                       "--proxy-from", "127.0.0.0/8"});
  const auto from = [](const std::string& host, const std::string& wanted) {
    return "PROXY TCP4 " + host + " 203.0.113.7 55012 9100\r\n<# Join_Room " + wanted + ">\n";
  };
  const std::string tag = " 0123456789abcdef0123456789abcdef";
  const std::string mallory = "198.51.100.66";
  tcp_client a(relay.address());
  a.send(from("198.51.100.1", "42" + tag));
  ASSERT_TRUE(a.read_until("Room_Joined"));
  tcp_client own(relay.address());
  own.send(from(mallory, "43"));
  ASSERT_TRUE(own.read_until("Room_Joined"));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(refusal_of(relay, from(mallory, "42")), "wrong_tag") << i;
  // Neither a room of its own nor the right tag helps now.
  EXPECT_EQ(refusal_of(relay, from(mallory, "44")), "guesses");
  EXPECT_EQ(refusal_of(relay, from(mallory, "42" + tag)), "guesses");
  // The room it tried is open to the one it waits for, and who is inside stays inside.
  tcp_client b(relay.address());
  b.send(from("198.51.100.2", "42" + tag));
  EXPECT_TRUE(b.read_until("Peer_Joined"));
  EXPECT_FALSE(own.closed_by_peer(50ms));
}

TEST(relay_limits, a_crowded_room_is_not_counted_as_a_wrong_guess) {
  relay_program relay({"--wrong-guesses-per-address-per-minute", "1"});
  const std::string tag = " 0123456789abcdef0123456789abcdef";
  auto a = join(relay, "42" + tag);
  auto b = join(relay, "42" + tag);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(refusal_of(relay, "<# Join_Room 42" + tag + ">\n"), "crowded") << i;
  EXPECT_EQ(refusal_of(relay, "<# Join_Room 42>\n"), "crowded");
  EXPECT_EQ(refusal_of(relay, "<# Join_Room 42" + tag + ">\n"), "guesses");
}

TEST(relay_limits, a_room_that_has_passed_on_enough_bytes_ends_for_both) {
  relay_program relay({"--room-bytes-max", "100KiB"});
  undisturbed_room others(relay);
  auto a = join(relay, "42");
  auto b = join(relay, "42");
  ASSERT_TRUE(a.read_until("Peer_Joined"));
  ASSERT_TRUE(b.read_until("Peer_Joined"));
  const std::string coin = "<# coin>" + std::string(30'000, 'A') + "</coin>\n";
  // Both directions count: 90 KB of 100, then one too many.
  a.send(coin);
  ASSERT_TRUE(b.read_until("coin"));
  b.send(coin);
  ASSERT_TRUE(a.read_until("coin"));
  a.send(coin);
  ASSERT_TRUE(b.read_until("coin"));
  b.send(coin);
  EXPECT_EQ(refusal(a), "bytes");
  EXPECT_EQ(refusal(b), "bytes");
  const auto once = a.received().find("<127.0.0.1 coin>");
  EXPECT_EQ(a.received().find("<127.0.0.1 coin>", once + 1), std::string::npos);
  EXPECT_TRUE(others.goes_on());
  // The number is free for another room, whose account begins anew.
  auto c = join(relay, "42");
}

TEST(relay_limits, leaving_and_coming_back_does_not_clear_a_rooms_account) {
  relay_program relay({"--room-bytes-max", "50KiB"});
  auto a = join(relay, "42");
  const std::string coin = "<# coin>" + std::string(30'000, 'A') + "</coin>\n";
  {
    auto b = join(relay, "42");
    ASSERT_TRUE(a.read_until("Peer_Joined"));
    b.send(coin);
    ASSERT_TRUE(a.read_until("coin"));
  }
  ASSERT_TRUE(a.read_until("Peer_Left"));
  auto b = join(relay, "42");
  b.send(coin);
  EXPECT_EQ(refusal(b), "bytes");
}

TEST(relay_limits, a_room_that_is_too_fast_is_read_more_slowly_and_loses_nothing) {
  relay_program relay({"--room-bytes-per-second-max", "256KiB"});
  undisturbed_room others(relay);
  auto a = join(relay, "42");
  auto b = join(relay, "42");
  ASSERT_TRUE(a.read_until("Peer_Joined"));
  ASSERT_TRUE(b.read_until("Peer_Joined"));
  // The burst covers 256 KiB, and the last 96 may be owed; those between take 0.6 s.
  const auto begin = std::chrono::steady_clock::now();
  std::string text;
  for (int i = 0; i < 16; ++i)
    text += "<# coin>" + std::string(32'752, 'A') + "</coin>";
  size_t frames = 0;
  const auto until = begin + 20s;
  while (frames < 16 && std::chrono::steady_clock::now() < until) {
    text.erase(0, text.empty() ? 0 : a.send_some(text));
    frames += b.read_line(5ms) ? 1 : 0;
    ASSERT_TRUE(others.goes_on());
  }
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(frames, 16u);
  EXPECT_GE(took, 600ms);
  EXPECT_LT(took, 10s);
}

TEST(relay_limits, a_room_lives_no_longer_than_it_may) {
  relay_program relay({"--room-life", "2s"});
  auto a = join(relay, "42");
  auto b = join(relay, "42");
  ASSERT_TRUE(a.read_until("Peer_Joined"));
  ASSERT_FALSE(a.read_line(1s));
  // Half as old.
  undisturbed_room others(relay);
  EXPECT_EQ(refusal(a), "expired");
  EXPECT_EQ(refusal(b), "expired");
  EXPECT_TRUE(others.goes_on());
  auto next = join(relay, "42");
}

TEST(relay_limits, when_queues_fill_the_memory_the_largest_goes_and_others_go_on) {
  // One byte: how much of a message the system leaves to the relay depends on its buffers, and once
  // anything is left the sender is held.
  relay_program relay(
      {"--queued-bytes-max", "1", "--room-bytes-max", "0", "--room-bytes-per-second-max", "0"});
  undisturbed_room others(relay);
  auto a = join(relay, "42");
  auto b = join(relay, "42");
  ASSERT_TRUE(a.read_until("Peer_Joined"));
  const std::string chunk = "<# coin>" + std::string(60'000, 'A') + "</coin>\n";
  size_t sent = 0;
  const auto until = std::chrono::steady_clock::now() + 20s;
  bool gone = false;
  while (!gone && std::chrono::steady_clock::now() < until) {
    sent += a.send_some(chunk.substr(sent % chunk.size()));
    ASSERT_TRUE(others.goes_on());
    gone = a.read_until("Peer_Left", 1ms).has_value();
  }
  EXPECT_NE(a.received().find("<relay Peer_Left memory>"), std::string::npos);
  EXPECT_TRUE(others.goes_on());
}

TEST(relay_limits, few_descriptors_do_no_harm) {
  process relay({"/bin/sh", "-c",
                 "ulimit -n 64; exec " LIVECONNECT_BIN
                 "/liveconnect-relay run --json --listen 127.0.0.1:0 "
                 "--connections-per-address-max 0 --new-connections-per-address-per-minute 0"});
  const auto line = relay.read_line(10s).value_or("");
  const auto begin = line.find("[\"") + 2;
  ASSERT_NE(line.find("ready"), std::string::npos) << relay.errors();
  const auto address = line.substr(begin, line.find('"', begin) - begin);
  // 32 of the 64 are kept for files; the ready line says what is left.
  EXPECT_NE(line.find("\"connections_max\":32"), std::string::npos) << line;
  undisturbed_room others(address);
  std::vector<tcp_client> crowd;
  for (int i = 0; i < 80; ++i)
    crowd.emplace_back(address);
  crowd[0].send("<# Join_Room 42>\n");
  EXPECT_TRUE(crowd[0].read_until("Room_Joined"));
  EXPECT_TRUE(others.goes_on());
  // Those at the end wait in the backlog until others have gone.
  crowd.erase(crowd.begin() + 1, crowd.begin() + 60);
  crowd.back().send("<# Join_Room 42>\n");
  EXPECT_TRUE(crowd.back().read_until("Room_Joined"));
  EXPECT_TRUE(crowd[0].read_until("Peer_Joined"));
  EXPECT_TRUE(others.goes_on());
}

} // namespace
} // namespace liveconnect::test
