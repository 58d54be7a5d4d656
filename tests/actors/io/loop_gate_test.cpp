#include <deque>
#include <future>
#include <mutex>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include "actors/io/actor_owner.hpp"
#include "actors/io/loop_gate.hpp"
#include "actors/io/runtime.hpp"
#include "messages/base/error.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/tcp_client.hpp"

namespace liveconnect::io {
namespace {

using namespace std::chrono_literals;
using liveconnect::test::tcp_client;

endpoint loopback() {
  endpoint out;
  EXPECT_TRUE(endpoint::parse("127.0.0.1", 0, out));
  return out;
}

/// An owner that answers every line with itself and tells the test what it heard, in order.
struct echo_state {
  std::vector<std::string> heard;
  socket_id mine;
};

using echo_actor =
    socket_owner_actor::extend<caf::replies_to<atom::open_transfers>::with<std::string>,
                               caf::reacts_to<connect>, caf::reacts_to<atom::stop>>;

echo_actor::behavior_type echo(echo_actor::stateful_pointer<echo_state> self,
                               byte_loop_actor gate) {
  return {
      [self, gate](const events& x) {
        for (const auto& e : x.list) {
          switch (e.kind) {
          case event_kind::accepted:
            self->state.heard.push_back("accepted");
            break;
          case event_kind::connected:
            self->state.heard.push_back(e.socket == self->state.mine ? "connected mine"
                                                                     : "connected unknown");
            break;
          case event_kind::received:
            self->state.heard.push_back("received");
            self->send(gate, send{e.socket, e.data});
            break;
          case event_kind::closed:
            self->state.heard.push_back("closed");
            break;
          }
        }
      },
      [self](atom::open_transfers) {
        std::string out;
        for (const auto& x : self->state.heard)
          out += x + ";";
        return out;
      },
      [self, gate](const connect& what) {
        self->request(gate, 5s, what, caf::actor_cast<socket_owner_actor>(self))
            .then([self](socket_id id) { self->state.mine = id; });
      },
      [self](atom::stop) { self->quit(); },
  };
}

struct loop_gate_test : ::testing::Test {
  caf::actor_system_config config;
  caf::actor_system system{config};
  runtime net{system};
  caf::scoped_actor self{system};

  listening listen_for(const echo_actor& owner) {
    listening out;
    self->request(net.gate(), 5s, listen{loopback()}, caf::actor_cast<socket_owner_actor>(owner))
        .receive([&](const listening& x) { out = x; },
                 [](const caf::error& e) { FAIL() << detail_of(e); });
    return out;
  }

  /// Asks until what the owner heard contains `part`.
  bool hears(const echo_actor& owner, const std::string& part) {
    const auto until = byte_loop::clock::now() + 5s;
    while (byte_loop::clock::now() < until) {
      std::string heard;
      self->request(owner, 5s, atom::open_transfers_v)
          .receive([&](std::string& x) { heard = std::move(x); }, [](const caf::error&) {});
      if (heard.find(part) != std::string::npos)
        return true;
    }
    return false;
  }
};

TEST_F(loop_gate_test, serves_an_actor_that_sees_nothing_of_actors_io) {
  const auto owner = system.spawn(echo, net.gate());
  const auto at = listen_for(owner);
  ASSERT_NE(at.at.port, 0);
  tcp_client client(to_string(at.at));
  client.send("hello\n");
  EXPECT_EQ(client.read_line(), "hello");
  self->send(net.gate(), close{at.socket});
  EXPECT_TRUE(hears(owner, "closed"));
}

TEST_F(loop_gate_test, an_owner_knows_its_connections_id_before_the_first_event) {
  const auto server = system.spawn(echo, net.gate());
  const auto at = listen_for(server);
  for (int i = 0; i < 50; ++i) {
    const auto client = system.spawn(echo, net.gate());
    self->send(client, connect{at.at});
    ASSERT_TRUE(hears(client, "connected mine"));
    self->send(client, atom::stop_v);
  }
}

TEST_F(loop_gate_test, the_sockets_of_an_owner_that_ends_are_closed) {
  auto owner = system.spawn(echo, net.gate());
  const auto at = listen_for(owner);
  tcp_client client(to_string(at.at));
  client.send("hello\n");
  ASSERT_EQ(client.read_line(), "hello");
  self->send(owner, atom::stop_v);
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_THROW(tcp_client(to_string(at.at)), std::runtime_error);
}

TEST_F(loop_gate_test, an_owner_with_sockets_lives_without_any_other_reference) {
  const auto at = listen_for(system.spawn(echo, net.gate()));
  tcp_client client(to_string(at.at));
  client.send("still there\n");
  EXPECT_EQ(client.read_line(), "still there");
}

TEST_F(loop_gate_test, says_so_when_the_address_is_taken) {
  const auto owner = system.spawn(echo, net.gate());
  const auto at = listen_for(owner);
  self->request(net.gate(), 5s, listen{at.at}, caf::actor_cast<socket_owner_actor>(owner))
      .receive([](const listening&) { FAIL() << "listens twice"; },
               [](const caf::error& e) { EXPECT_EQ(code_of(e), ec::cannot_listen); });
}

/// What a slow owner was given and has not let go.
struct hoard {
  std::mutex guard;
  std::vector<std::shared_ptr<const void>> credits;
  size_t held = 0;
  size_t total = 0;
  bool in_order = true;

  std::pair<size_t, size_t> held_and_total() {
    std::lock_guard<std::mutex> lock{guard};
    return {held, total};
  }
  void let_go() {
    std::vector<std::shared_ptr<const void>> out;
    std::lock_guard<std::mutex> lock{guard};
    out.swap(credits);
    held = 0;
  }
};

socket_owner_actor::behavior_type run_hoarder(socket_owner_actor::pointer,
                                              std::shared_ptr<hoard> out) {
  return {[out](const events& x) {
    std::lock_guard<std::mutex> lock{out->guard};
    for (const auto& e : x.list)
      if (e.kind == event_kind::received) {
        for (const auto byte : e.data) {
          out->in_order = out->in_order && byte == static_cast<uint8_t>(out->total % 251);
          ++out->total;
        }
        out->held += e.data.size();
      }
    if (x.credit)
      out->credits.push_back(x.credit);
  }};
}

TEST_F(loop_gate_test, an_owner_that_falls_behind_is_not_read_for_and_loses_nothing) {
  constexpr size_t flood = 24u << 20;
  // What may come on top of the window: the reads of one turn.
  constexpr size_t slack = 256u << 10;
  auto out = std::make_shared<hoard>();
  // With a mailbox of its own thread, so that it is never behind by chance.
  auto owner = system.spawn<caf::detached>(run_hoarder, out);
  auto at = net.loop().open(listen{loopback()}, net.loop().handler_for(owner));
  ASSERT_TRUE(at);
  std::string text(flood, 0);
  for (size_t i = 0; i < flood; ++i)
    text[i] = static_cast<char>(i % 251);
  tcp_client client(to_string(at->at));
  auto sent = std::async(std::launch::async, [&] { return client.send(text); });
  size_t stalls = 0;
  while (out->held_and_total().second < flood) {
    if (out->held_and_total().first < owner_window_bytes / 2) {
      std::this_thread::yield();
      continue;
    }
    // Each turn of the loop could read more: it must not.
    for (int i = 0; i < 40; ++i) {
      std::promise<void> turn;
      net.loop().post([&] { turn.set_value(); });
      turn.get_future().wait();
    }
    ASSERT_LE(out->held_and_total().first, owner_window_bytes + slack);
    ++stalls;
    out->let_go();
  }
  EXPECT_TRUE(sent.get());
  EXPECT_GE(stalls, 5u);
  EXPECT_TRUE(out->in_order);
  caf::anon_send_exit(owner, caf::exit_reason::user_shutdown);
}

TEST_F(loop_gate_test, a_flood_of_datagrams_is_dropped_by_the_system_while_the_owner_is_behind) {
  auto out = std::make_shared<hoard>();
  auto owner = system.spawn<caf::detached>(run_hoarder, out);
  auto at = net.loop().open(listen{loopback(), transport::udp}, net.loop().handler_for(owner));
  ASSERT_TRUE(at);
  const auto from = liveconnect::test::connect_udp(at->at.port);
  const std::string datagram(1000, 'x');
  // Far more than the window: an owner that were read for regardless would have it all.
  const auto until = byte_loop::clock::now() + 20s;
  auto before = size_t{0};
  for (int quiet = 0; quiet < 100 && byte_loop::clock::now() < until;) {
    for (int i = 0; i < 50; ++i)
      (void)::send(from, datagram.data(), datagram.size(), 0);
    std::promise<void> turn;
    net.loop().post([&] { turn.set_value(); });
    turn.get_future().wait();
    const auto now = out->held_and_total().first;
    ASSERT_LE(now, owner_window_bytes);
    quiet = now == before && now > 0 ? quiet + 1 : 0;
    before = now;
  }
  EXPECT_GT(before, owner_window_bytes / 4);
  // It is read for again once it has taken what it has.
  out->let_go();
  const auto known = out->held_and_total().second;
  while (out->held_and_total().second == known && byte_loop::clock::now() < until)
    (void)::send(from, datagram.data(), datagram.size(), 0);
  EXPECT_GT(out->held_and_total().second, known);
  ::close(from);
  caf::anon_send_exit(owner, caf::exit_reason::user_shutdown);
}

} // namespace
} // namespace liveconnect::io
