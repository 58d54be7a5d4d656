#include <deque>
#include <future>

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include "actors/io/loop_gate.hpp"
#include "actors/io/runtime.hpp"
#include "messages/error.hpp"
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

struct LoopGate : ::testing::Test {
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

TEST_F(LoopGate, ServesAnActorThatSeesNothingOfActorsIo) {
  const auto owner = system.spawn(echo, net.gate());
  const auto at = listen_for(owner);
  ASSERT_NE(at.at.port, 0);
  tcp_client client(to_string(at.at));
  client.send("hello\n");
  EXPECT_EQ(client.read_line(), "hello");
  self->send(net.gate(), close{at.socket});
  EXPECT_TRUE(hears(owner, "closed"));
}

TEST_F(LoopGate, AnOwnerKnowsItsConnectionsIdBeforeTheFirstEvent) {
  const auto server = system.spawn(echo, net.gate());
  const auto at = listen_for(server);
  for (int i = 0; i < 50; ++i) {
    const auto client = system.spawn(echo, net.gate());
    self->send(client, connect{at.at});
    ASSERT_TRUE(hears(client, "connected mine"));
    self->send(client, atom::stop_v);
  }
}

TEST_F(LoopGate, TheSocketsOfAnOwnerThatEndsAreClosed) {
  auto owner = system.spawn(echo, net.gate());
  const auto at = listen_for(owner);
  tcp_client client(to_string(at.at));
  client.send("hello\n");
  ASSERT_EQ(client.read_line(), "hello");
  self->send(owner, atom::stop_v);
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_THROW(tcp_client(to_string(at.at)), std::runtime_error);
}

TEST_F(LoopGate, AnOwnerWithSocketsLivesThoughNobodyElseKnowsIt) {
  const auto at = listen_for(system.spawn(echo, net.gate()));
  tcp_client client(to_string(at.at));
  client.send("still there\n");
  EXPECT_EQ(client.read_line(), "still there");
}

TEST_F(LoopGate, SaysSoWhenTheAddressIsTaken) {
  const auto owner = system.spawn(echo, net.gate());
  const auto at = listen_for(owner);
  self->request(net.gate(), 5s, listen{at.at}, caf::actor_cast<socket_owner_actor>(owner))
      .receive([](const listening&) { FAIL() << "listens twice"; },
               [](const caf::error& e) { EXPECT_EQ(code_of(e), ec::cannot_listen); });
}

} // namespace
} // namespace liveconnect::io
