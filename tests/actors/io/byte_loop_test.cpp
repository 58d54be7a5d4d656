#include <atomic>
#include <fcntl.h>
#include <future>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "actors/io/byte_loop.hpp"
#include "messages/base/error.hpp"
#include "tests/actors/io/recorder.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/tcp_client.hpp"

namespace liveconnect::io {
namespace {

using namespace std::chrono_literals;
using liveconnect::test::tcp_client;
using test::recorder;

endpoint at(const char* host, uint16_t port = 0) {
  endpoint out;
  EXPECT_TRUE(endpoint::parse(host, port, out)) << host;
  return out;
}

bytes text_bytes(const std::string& x) {
  return byte_view(x).copy();
}

/// Runs a function on the loop's thread and gives its result.
template<class F>
auto on_loop(byte_loop& loop, F f) {
  std::promise<decltype(f())> promise;
  loop.post([&] { promise.set_value(f()); });
  return promise.get_future().get();
}

/// A listener and one stream that goes through it, both ends on the same loop.
struct pair_of_streams {
  explicit pair_of_streams(const char* host = "127.0.0.1", loop_config config = {}) : loop(config) {
    const auto listener = loop.open(listen{at(host)}, far_side);
    EXPECT_TRUE(listener);
    const auto id = loop.open(connect{listener->at}, near_side);
    EXPECT_TRUE(id);
    near = *id;
    EXPECT_TRUE(near_side->wait_for(event_kind::connected));
    EXPECT_TRUE(far_side->wait_for(event_kind::accepted));
    far = far_side->get(event_kind::accepted).socket;
  }

  std::shared_ptr<recorder> near_side = std::make_shared<recorder>();
  std::shared_ptr<recorder> far_side = std::make_shared<recorder>();
  byte_loop loop;
  socket_id near;
  socket_id far;
};

/// Counts what comes, and answers each read if it shall.
struct counting_handler : socket_handler {
  explicit counting_handler(byte_loop& on, bool answer) : loop(on), answers(answer) {}
  void on_received(socket_id socket, byte_view data, const endpoint&) override {
    for (const auto byte : data)
      in_order = in_order && byte == static_cast<uint8_t>('a' + received++ % 26);
    total = received;
    if (answers)
      loop.write(socket, data);
  }
  byte_loop& loop;
  const bool answers;
  uint64_t received = 0;
  std::atomic<bool> in_order{true};
  std::atomic<uint64_t> total{0};
};

loop_config coalescing() {
  loop_config out;
  out.coalesce = 50us;
  return out;
}

TEST(byte_loop_coalescing, a_busy_one_way_stream_of_small_messages_is_read_together_and_in_order) {
  byte_loop loop{coalescing()};
  const auto sink = std::make_shared<counting_handler>(loop, false);
  const auto listener = loop.open(listen{at("127.0.0.1")}, sink);
  ASSERT_TRUE(listener);
  tcp_client client(to_string(listener->at));
  const std::string alphabet = "abcdefghijklmnopqrstuvwxyz";
  uint64_t sent = 0;
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (loop.coalesced_turns() < 20 && std::chrono::steady_clock::now() < until) {
    ASSERT_TRUE(client.send(alphabet));
    sent += alphabet.size();
  }
  EXPECT_GE(loop.coalesced_turns(), 20u);
  while (sink->total < sent && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  EXPECT_EQ(sink->total, sent);
  EXPECT_TRUE(sink->in_order);
  loop.stop();
}

loop_config coalescing_when_idle() {
  loop_config out;
  out.coalesce_idle = 4ms;
  return out;
}

TEST(byte_loop_coalescing, heartbeats_of_many_streams_are_read_together) {
  byte_loop loop{coalescing_when_idle()};
  const auto who = std::make_shared<recorder>();
  const auto listener = loop.open(listen{at("127.0.0.1")}, who);
  ASSERT_TRUE(listener);
  std::vector<tcp_client> clients;
  for (int i = 0; i < 100; ++i)
    clients.emplace_back(to_string(listener->at));
  ASSERT_TRUE(who->wait_for(event_kind::accepted, clients.size()));
  // Until no stream counts as newly accepted.
  loop.post([&] { loop.set_timer(who->get(event_kind::accepted).socket, loop.now() + 1200ms); });
  ASSERT_TRUE(who->wait_timers(1));
  // One after the other, so that each has a turn of its own.
  size_t heard = 0;
  const auto all_speak = [&] {
    for (auto& x : clients) {
      ASSERT_TRUE(x.send("!"));
      ASSERT_TRUE(who->wait_for(event_kind::received, ++heard));
    }
  };
  all_speak();
  EXPECT_GE(loop.coalesced_turns(), 1u);
  // The same streams, active now: none waits, but for a turn that was put off before.
  const auto before = loop.coalesced_turns();
  all_speak();
  EXPECT_LE(loop.coalesced_turns(), before + 1);
}

TEST(byte_loop_coalescing, a_stream_that_is_answered_is_never_put_off) {
  byte_loop loop{coalescing()};
  const auto echo = std::make_shared<counting_handler>(loop, true);
  const auto listener = loop.open(listen{at("127.0.0.1")}, echo);
  ASSERT_TRUE(listener);
  tcp_client client(to_string(listener->at));
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(client.send("\n"));
    ASSERT_TRUE(client.read_line());
  }
  EXPECT_EQ(loop.coalesced_turns(), 0u);
  loop.stop();
}

class byte_loop_hosts_test : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Families, byte_loop_hosts_test, ::testing::Values("127.0.0.1", "::1"),
                         [](const auto& x) { return std::string(x.index == 0 ? "IPv4" : "IPv6"); });

TEST_P(byte_loop_hosts_test, carries_a_stream_both_ways) {
  pair_of_streams x(GetParam());
  x.loop.send(x.near, text_bytes("hello "));
  x.loop.send(x.near, text_bytes("there"));
  EXPECT_TRUE(x.far_side->wait_text(x.far, "hello there"));
  x.loop.send(x.far, text_bytes("and back"));
  EXPECT_TRUE(x.near_side->wait_text(x.near, "and back"));
  EXPECT_EQ(x.far_side->get(event_kind::accepted).peer.host(), GetParam());
}

TEST_P(byte_loop_hosts_test, carries_datagrams_and_names_their_source) {
  byte_loop loop;
  const auto server = std::make_shared<recorder>();
  const auto client = std::make_shared<recorder>();
  const auto bound = loop.open(listen{at(GetParam()), transport::udp}, server);
  ASSERT_TRUE(bound);
  const auto id = loop.open(connect{bound->at, transport::udp}, client);
  ASSERT_TRUE(id);
  const std::string largest(65507, 'x');
  loop.send(*id, text_bytes("ask"));
  loop.send(*id, text_bytes(largest));
  ASSERT_TRUE(server->wait_for(event_kind::received, 2));
  const auto ask = server->get(event_kind::received);
  EXPECT_EQ(byte_view(ask.data).text(), "ask");
  EXPECT_EQ(server->get(event_kind::received, 1).data.size(), largest.size());
  loop.send_to(bound->socket, ask.peer, text_bytes("answer"));
  EXPECT_TRUE(client->wait_text(*id, "answer"));
  EXPECT_EQ(client->get(event_kind::received).peer, bound->at);
}

TEST(byte_loop, a_connected_datagram_socket_hears_one_source_only) {
  byte_loop loop;
  const auto all = std::make_shared<recorder>();
  const auto friendly = loop.open(listen{at("127.0.0.1"), transport::udp}, all);
  const auto stranger = loop.open(listen{at("127.0.0.1"), transport::udp}, all);
  const auto client = std::make_shared<recorder>();
  const auto id = loop.open(connect{friendly->at, transport::udp}, client);
  loop.send(*id, text_bytes("ask"));
  ASSERT_TRUE(all->wait_for(event_kind::received));
  const auto where = all->get(event_kind::received).peer;
  loop.send_to(stranger->socket, where, text_bytes("forged"));
  loop.send_to(friendly->socket, where, text_bytes("true"));
  ASSERT_TRUE(client->wait_text(*id, "true"));
}

TEST(byte_loop, reports_a_refused_connection) {
  byte_loop loop;
  const auto who = std::make_shared<recorder>();
  const auto taken = loop.open(listen{at("127.0.0.1")}, who);
  ASSERT_TRUE(taken);
  loop.close(taken->socket);
  ASSERT_TRUE(who->wait_for(event_kind::closed));
  const auto id = loop.open(connect{taken->at}, who);
  ASSERT_TRUE(id);
  ASSERT_TRUE(who->wait_for(event_kind::closed, 2));
  const auto x = who->get(event_kind::closed, 1);
  EXPECT_EQ(x.socket, *id);
  EXPECT_EQ(x.reason, close_reason::failed);
  EXPECT_EQ(byte_view(x.data).text(), "Connection refused");
}

TEST(byte_loop, gives_up_a_connection_at_its_deadline) {
  // A listener whose backlog is full answers no client: the third connection stays half open.
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_storage address{};
  const auto length = at("127.0.0.1").to(address);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(fd, 0), 0);
  socklen_t got = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &got);
  const auto where = endpoint::from(address);
  byte_loop loop;
  const auto who = std::make_shared<recorder>();
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(loop.open(connect{where, transport::tcp, 100ms}, who));
  EXPECT_TRUE(who->wait([](const auto& list) {
    return std::any_of(list.begin(), list.end(), [](const auto& x) {
      return x.kind == event_kind::closed && x.reason == close_reason::timed_out;
    });
  }));
  ::close(fd);
}

TEST(byte_loop, refuses_an_address_that_is_taken) {
  byte_loop loop;
  const auto who = std::make_shared<recorder>();
  const auto first = loop.open(listen{at("127.0.0.1")}, who);
  ASSERT_TRUE(first);
  const auto second = loop.open(listen{first->at}, who);
  ASSERT_FALSE(second);
  EXPECT_EQ(code_of(second.error()), ec::cannot_listen);
  EXPECT_NE(detail_of(second.error()).find(to_string(first->at)), std::string::npos);
}

TEST(byte_loop, takes_over_a_listener_and_leaves_it_open_for_its_other_holders) {
  uint16_t port = 0;
  const descriptor kept{liveconnect::test::listen_tcp(port)};
  const auto where = "127.0.0.1:" + std::to_string(port);
  const auto who = std::make_shared<recorder>();
  // A blocking one, as a service manager hands it over.
  ASSERT_EQ(fcntl(kept.get(), F_SETFL, 0), 0);
  {
    byte_loop loop;
    const int inherited = dup(kept.get());
    const auto made = loop.open(descriptor{inherited}, who);
    ASSERT_TRUE(made) << caf::to_string(made.error());
    EXPECT_EQ(to_string(made->at), where);
    EXPECT_EQ(fcntl(inherited, F_GETFD), FD_CLOEXEC);
    EXPECT_NE(fcntl(inherited, F_GETFL) & O_NONBLOCK, 0);
    tcp_client a(where);
    a.send("hello");
    ASSERT_TRUE(who->wait_for(event_kind::accepted));
    EXPECT_TRUE(who->wait_text(who->get(event_kind::accepted).socket, "hello"));
  }
  // The next loop finds those who came meanwhile.
  tcp_client b(where);
  byte_loop next;
  ASSERT_TRUE(next.open(descriptor{dup(kept.get())}, who));
  EXPECT_TRUE(who->wait_for(event_kind::accepted, 2));
}

TEST(byte_loop, takes_over_nothing_but_a_listener) {
  byte_loop loop;
  const auto who = std::make_shared<recorder>();
  uint16_t port = 0;
  const int udp = liveconnect::test::bind_udp(port);
  const int bound = socket(AF_INET, SOCK_STREAM, 0);
  const int local = socket(AF_UNIX, SOCK_STREAM, 0);
  const sa_family_t any_name = AF_UNIX;
  ASSERT_EQ(bind(local, reinterpret_cast<const sockaddr*>(&any_name), sizeof any_name), 0);
  ASSERT_EQ(::listen(local, 1), 0);
  for (const int fd : {udp, bound, local, ::open("/dev/null", O_RDONLY)}) {
    const auto made = loop.open(descriptor{fd}, who);
    ASSERT_FALSE(made) << fd;
    EXPECT_EQ(code_of(made.error()), ec::cannot_listen);
    EXPECT_EQ(fcntl(fd, F_GETFD), -1) << "it is closed";
  }
}

TEST(byte_loop, tells_how_the_other_end_left) {
  pair_of_streams x;
  x.loop.close(x.near);
  ASSERT_TRUE(x.far_side->wait_for(event_kind::closed));
  EXPECT_EQ(x.far_side->get(event_kind::closed).reason, close_reason::peer);
  ASSERT_TRUE(x.near_side->wait_for(event_kind::closed));
  EXPECT_EQ(x.near_side->get(event_kind::closed).reason, close_reason::local);
}

TEST(byte_loop, a_close_that_flushes_loses_nothing_though_the_peer_still_talks) {
  byte_loop loop;
  const auto who = std::make_shared<recorder>();
  const auto listener = loop.open(listen{at("127.0.0.1")}, who);
  tcp_client client(to_string(listener->at));
  ASSERT_TRUE(client.send("unread words\n"));
  ASSERT_TRUE(who->wait_for(event_kind::received));
  const auto id = who->get(event_kind::accepted).socket;
  std::string sent;
  for (int i = 0; i < 20000; ++i)
    sent += "line " + std::to_string(i) + "\n";
  loop.send(id, text_bytes(sent));
  loop.close(id);
  for (int i = 0; i < 100; ++i)
    client.send("more words that are not read\n");
  ASSERT_TRUE(client.closed_by_peer());
  EXPECT_EQ(client.received(), sent);
  client.close();
  EXPECT_TRUE(who->wait_for(event_kind::closed));
}

TEST(byte_loop, a_slow_reader_is_closed_at_the_bound) {
  loop_config config;
  config.write_queue_bytes_max = 100'000;
  pair_of_streams x("127.0.0.1", config);
  x.loop.pause(x.far);
  const bytes chunk(50'000, 'x');
  for (int i = 0; i < 2000 && x.near_side->count(event_kind::closed) == 0; ++i)
    x.loop.send(x.near, chunk);
  ASSERT_TRUE(x.near_side->wait_for(event_kind::closed));
  EXPECT_EQ(x.near_side->get(event_kind::closed).reason, close_reason::overflow);
}

TEST(byte_loop, a_paused_stream_keeps_its_bytes_for_later) {
  loop_config config;
  config.write_queue_bytes_max = 64u << 20;
  pair_of_streams x("127.0.0.1", config);
  x.loop.pause(x.far);
  x.loop.send(x.near, bytes(32u << 20, 'x'));
  // The system's buffers hold less than that, so some must wait here.
  EXPECT_GT(on_loop(x.loop, [&] { return x.loop.queued(x.near); }), 0u);
  EXPECT_EQ(x.far_side->count(event_kind::received), 0u);
  x.loop.resume(x.far);
  EXPECT_TRUE(x.far_side->wait_bytes(x.far, 32u << 20));
  EXPECT_TRUE(x.near_side->wait_drained());
  EXPECT_EQ(on_loop(x.loop, [&] { return x.loop.written(x.near); }), 32u << 20);
}

TEST(byte_loop, a_late_command_never_meets_a_reused_slot) {
  pair_of_streams x;
  const auto stale = x.near;
  x.loop.close(stale, false);
  ASSERT_TRUE(x.near_side->wait_for(event_kind::closed));
  ASSERT_TRUE(x.far_side->wait_for(event_kind::closed));
  const auto listener = x.loop.open(listen{at("127.0.0.1")}, x.far_side);
  const auto fresh = x.loop.open(connect{listener->at}, x.near_side);
  ASSERT_TRUE(x.far_side->wait_for(event_kind::accepted, 2));
  const auto far = x.far_side->get(event_kind::accepted, 1).socket;
  EXPECT_NE(*fresh, stale);
  EXPECT_NE(far, stale);
  EXPECT_NE(far, x.far);
  x.loop.send(stale, text_bytes("late"));
  x.loop.close(stale, false);
  x.loop.send(*fresh, text_bytes("in time"));
  EXPECT_TRUE(x.far_side->wait_text(far, "in time"));
}

TEST(byte_loop, sends_what_was_queued_before_the_connection_stood) {
  byte_loop loop;
  const auto who = std::make_shared<recorder>();
  const auto listener = loop.open(listen{at("127.0.0.1")}, who);
  const auto id = loop.prepare(connect{listener->at}, who);
  ASSERT_TRUE(id);
  loop.send(*id, text_bytes("early"));
  loop.start(*id);
  ASSERT_TRUE(who->wait_for(event_kind::accepted));
  EXPECT_TRUE(who->wait_text(who->get(event_kind::accepted).socket, "early"));
}

TEST(byte_loop, listeners_rest_at_the_bound_and_go_on_when_a_socket_closes) {
  loop_config config;
  config.sockets_max = 3;
  byte_loop loop(config);
  const auto who = std::make_shared<recorder>();
  const auto listener = loop.open(listen{at("127.0.0.1")}, who);
  tcp_client a(to_string(listener->at));
  tcp_client b(to_string(listener->at));
  tcp_client c(to_string(listener->at));
  ASSERT_TRUE(who->wait_for(event_kind::accepted, 2));
  EXPECT_EQ(on_loop(loop, [&] { return loop.open_sockets(); }), 3u);
  EXPECT_EQ(who->count(event_kind::accepted), 2u);
  loop.close(who->get(event_kind::accepted).socket, false);
  EXPECT_TRUE(who->wait_for(event_kind::accepted, 3));
  EXPECT_GE(loop.accept_rests(), 1u);
}

TEST(byte_loop, other_bounds_hold_from_then_on) {
  loop_config config;
  config.sockets_max = 2;
  byte_loop loop(config);
  const auto who = std::make_shared<recorder>();
  const auto listener = loop.open(listen{at("127.0.0.1")}, who);
  tcp_client a(to_string(listener->at));
  tcp_client b(to_string(listener->at));
  ASSERT_TRUE(who->wait_for(event_kind::accepted));
  // Who waits is taken at once, not when the rest is over.
  loop.set_bounds(1'000, 3);
  EXPECT_TRUE(who->wait_for(event_kind::accepted, 2));
  // The peer does not read, and what waits is too much now.
  const auto id = who->get(event_kind::accepted).socket;
  loop.send(id, bytes(16u << 20, 'x'));
  ASSERT_TRUE(who->wait_for(event_kind::closed));
  EXPECT_EQ(who->get(event_kind::closed).reason, close_reason::overflow);
}

TEST(byte_loop, survives_running_out_of_descriptors) {
  loop_config config;
  config.sockets_max = 1'000'000;
  byte_loop loop(config);
  const auto who = std::make_shared<recorder>();
  const auto listener = loop.open(listen{at("127.0.0.1")}, who);
  tcp_client first(to_string(listener->at));
  ASSERT_TRUE(who->wait_for(event_kind::accepted));
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  // Room for the client's own end of one more connection and not for ours.
  const int next = dup(0);
  ::close(next);
  auto tight = before;
  tight.rlim_cur = static_cast<rlim_t>(next) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  tcp_client second(to_string(listener->at));
  const auto until = byte_loop::clock::now() + 5s;
  while (loop.accept_rests() == 0 && byte_loop::clock::now() < until)
    std::this_thread::yield();
  EXPECT_EQ(loop.accept_rests(), 1u);
  EXPECT_EQ(who->count(event_kind::accepted), 1u);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  first.close();
  EXPECT_TRUE(who->wait_for(event_kind::accepted, 2));
}

TEST(byte_loop, a_stream_moves_to_another_loop_with_what_it_has_not_read) {
  byte_loop first;
  loop_config second_config;
  second_config.number = 1;
  byte_loop second{second_config};
  const auto here = std::make_shared<recorder>();
  const auto there = std::make_shared<recorder>();
  const auto listener = first.open(listen{at("127.0.0.1")}, here);
  tcp_client client(to_string(listener->at));
  ASSERT_TRUE(here->wait_for(event_kind::accepted));
  const auto old_id = here->get(event_kind::accepted).socket;
  const auto peer = here->get(event_kind::accepted).peer;
  on_loop(first, [&] {
    first.pause(old_id);
    return 0;
  });
  ASSERT_TRUE(client.send("said before\n"));
  auto socket = std::make_shared<descriptor>(on_loop(first, [&] { return first.release(old_id); }));
  ASSERT_TRUE(socket->valid());
  EXPECT_FALSE(on_loop(first, [&] { return first.release(old_id); }).valid());
  const auto id = on_loop(second, [&] { return second.adopt(std::move(*socket), peer, there); });
  EXPECT_EQ(old_id.loop(), 0);
  EXPECT_EQ(id.loop(), 1);
  EXPECT_EQ(there->count(event_kind::received), 0u) << "it is paused";
  second.resume(id);
  ASSERT_TRUE(there->wait_for(event_kind::received));
  EXPECT_EQ(there->get(event_kind::received).data, text_bytes("said before\n"));
  second.send(id, text_bytes("answered\n"));
  EXPECT_EQ(client.read_line(), "answered");
  client.close();
  EXPECT_TRUE(there->wait_for(event_kind::closed));
  // The first loop has told no owner of its going, and has one socket left.
  EXPECT_EQ(here->count(event_kind::closed), 0u);
  EXPECT_EQ(on_loop(first, [&] { return first.open_sockets(); }), 1u);
}

TEST(byte_loop, stop_flushes_tells_every_owner_and_refuses_what_comes_later) {
  const auto who = std::make_shared<recorder>();
  byte_loop loop;
  const auto listener = loop.open(listen{at("127.0.0.1")}, who);
  tcp_client client(to_string(listener->at));
  ASSERT_TRUE(who->wait_for(event_kind::accepted));
  client.send("a word that is not read\n");
  const std::string last(200'000, 'x');
  loop.send(who->get(event_kind::accepted).socket, text_bytes(last));
  auto stopped = std::async(std::launch::async, [&] { loop.stop(); });
  ASSERT_TRUE(client.closed_by_peer());
  stopped.get();
  EXPECT_EQ(client.received(), last);
  EXPECT_EQ(who->count(event_kind::closed), 2u);
  EXPECT_EQ(who->get(event_kind::closed).reason, close_reason::local);
  const auto late = loop.open(connect{listener->at}, who);
  ASSERT_FALSE(late);
  EXPECT_EQ(code_of(late.error()), ec::stopped);
  loop.send(listener->socket, {});
}

TEST(byte_loop, a_timer_fires_once_and_may_be_replaced) {
  pair_of_streams x;
  x.loop.post([&] {
    x.loop.set_timer(x.near, x.loop.now() + 1h);
    x.loop.set_timer(x.near, x.loop.now() + 1ms);
  });
  EXPECT_TRUE(x.near_side->wait_timers(1));
  x.loop.post([&] { x.loop.set_timer(x.near, x.loop.now()); });
  EXPECT_TRUE(x.near_side->wait_timers(2));
}

} // namespace
} // namespace liveconnect::io
