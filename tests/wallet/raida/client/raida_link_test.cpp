#include <chrono>
#include <optional>

#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_byte_loop.hpp"
#include "wallet/raida/client/raida_link.hpp"

namespace liveconnect::raida {
namespace {

using namespace std::chrono_literals;
using io::close_reason;

/// The largest request that goes as a datagram, and the smallest that does not.
constexpr size_t udp_payload = udp_request_max - header_size - body_overhead;
constexpr size_t tcp_payload = udp_payload + 1;

class raida_link_test : public test::actor_test {
protected:
  std::shared_ptr<test::fake_byte_loop> loop = std::make_shared<test::fake_byte_loop>();
  test::fake_byte_loop_actor loop_actor;
  raida_link_actor link;

  void SetUp() override {
    loop_actor = system.spawn(test::run_fake_byte_loop, loop);
    raida_link_config bounds;
    bounds.server = 7;
    endpoint::parse("127.0.0.1:50007", bounds.at);
    start(bounds);
  }

  void TearDown() override {
    caf::anon_send_exit(link, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(loop_actor, caf::exit_reason::user_shutdown);
    run();
  }

  void start(raida_link_config bounds) {
    if (link)
      caf::anon_send_exit(link, caf::exit_reason::user_shutdown);
    link = system.spawn(raida_link, loop_actor, bounds);
    run();
  }

  using outbox = std::shared_ptr<std::optional<answer>>;

  /// Asks; the answer is in what it returns, once it has come.
  outbox ask(command what, size_t payload = 0, caf::timespan deadline = 3s) {
    auto out = std::make_shared<std::optional<answer>>();
    system.spawn([this, out, what, payload, deadline](caf::event_based_actor* self) {
      self->request(link, caf::infinite, ask_one{what, secret_bytes(payload, 0x5a), deadline})
          .then([out](const answer& got) { *out = got; });
    });
    run();
    return out;
  }

  void connected(size_t i) {
    loop->connected(i);
    run();
  }
  void received(size_t i, bytes data) {
    loop->received(i, std::move(data));
    run();
  }
  void closed(size_t i, close_reason reason) {
    loop->closed(i, reason);
    run();
  }

  /// What a server answers to the request sent through connect number `i`.
  bytes response(size_t i, uint8_t status, bytes payload = {}) {
    const auto& packet = loop->sent[loop->at(i).socket];
    const auto header = decode_header(7, arrival::tcp, packet);
    if (!std::holds_alternative<request_header>(header))
      return {};
    const auto body = decode_body(std::get<request_header>(header), packet, std::nullopt);
    if (!std::holds_alternative<request>(body))
      return {};
    return encode_response(std::get<request>(body).reply, status, payload, 1);
  }
};

TEST_F(raida_link_test, a_small_request_is_a_datagram_and_its_answer_comes_back) {
  const auto got = ask(command::detect, udp_payload);
  ASSERT_EQ(loop->connects.size(), 1u);
  EXPECT_EQ(loop->at(0).how.how, io::transport::udp);
  EXPECT_EQ(to_string(loop->at(0).how.to), "127.0.0.1:50007");
  EXPECT_TRUE(loop->sent.empty());
  connected(0);
  EXPECT_EQ(loop->sent[loop->at(0).socket].size(), udp_request_max);
  received(0, response(0, 243, {0x05}));
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->what, outcome::answered);
  EXPECT_EQ((*got)->status, 243);
  EXPECT_EQ((*got)->payload, bytes{0x05});
  EXPECT_TRUE(loop->was_closed(loop->at(0).socket));
}

TEST_F(raida_link_test, an_answer_with_another_echo_is_passed_over_for_the_right_one) {
  const auto got = ask(command::detect);
  connected(0);
  auto wrong = response(0, 241);
  wrong[6] = static_cast<uint8_t>(wrong[6] ^ 1);
  received(0, wrong);
  EXPECT_FALSE(*got);
  received(0, response(0, 242));
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->what, outcome::answered);
  EXPECT_EQ((*got)->status, 242);
}

TEST_F(raida_link_test, only_wrong_answers_are_invalid_at_the_deadline) {
  const auto got = ask(command::detect);
  connected(0);
  auto wrong = response(0, 241);
  wrong[20] = static_cast<uint8_t>(wrong[20] ^ 1);
  received(0, wrong);
  received(0, bytes{1, 2, 3});
  advance(2999ms);
  EXPECT_FALSE(*got);
  advance(1ms);
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->what, outcome::invalid);
}

TEST_F(raida_link_test, no_answer_is_silent_exactly_at_the_deadline) {
  const auto got = ask(command::pown, 37, 5s);
  connected(0);
  advance(4999ms);
  EXPECT_FALSE(*got);
  advance(1ms);
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->what, outcome::silent);
  EXPECT_TRUE(loop->was_closed(loop->at(0).socket));
}

TEST_F(raida_link_test, a_late_answer_is_dropped) {
  const auto first = ask(command::detect);
  connected(0);
  const auto late = response(0, 241);
  advance(3s);
  ASSERT_TRUE(*first);
  const auto second = ask(command::detect);
  connected(1);
  received(0, late);
  closed(0, close_reason::local);
  received(0, late);
  EXPECT_EQ((*first)->what, outcome::silent);
  EXPECT_FALSE(*second);
  received(1, response(1, 242));
  ASSERT_TRUE(*second);
  EXPECT_EQ((*second)->status, 242);
}

TEST_F(raida_link_test, an_answer_through_another_requests_socket_does_not_count) {
  const auto first = ask(command::detect);
  const auto second = ask(command::detect);
  ASSERT_EQ(loop->connects.size(), 2u);
  connected(0);
  connected(1);
  received(1, response(0, 241));
  EXPECT_FALSE(*first);
  EXPECT_FALSE(*second);
  received(0, response(0, 241));
  received(1, response(1, 242));
  ASSERT_TRUE(*first && *second);
  EXPECT_EQ((*first)->status, 241);
  EXPECT_EQ((*second)->status, 242);
}

TEST_F(raida_link_test, a_refused_datagram_is_unreachable) {
  const auto got = ask(command::detect);
  connected(0);
  closed(0, close_reason::failed);
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->what, outcome::unreachable);
}

TEST_F(raida_link_test, nothing_left_before_the_socket_stood) {
  const auto udp = ask(command::detect);
  const auto tcp = ask(command::detect, tcp_payload);
  advance(3s);
  ASSERT_TRUE(*udp && *tcp);
  EXPECT_EQ((*udp)->what, outcome::unreachable);
  EXPECT_EQ((*tcp)->what, outcome::unreachable);
  EXPECT_TRUE(loop->sent.empty());
}

TEST_F(raida_link_test, a_large_request_goes_over_tcp_and_its_answer_may_come_in_any_pieces) {
  const auto got = ask(command::detect, tcp_payload);
  ASSERT_EQ(loop->connects.size(), 1u);
  EXPECT_EQ(loop->at(0).how.how, io::transport::tcp);
  EXPECT_EQ(loop->at(0).how.deadline, caf::timespan{3s});
  connected(0);
  const auto whole = response(0, 243, bytes(100, 0x77));
  for (size_t i = 0; i + 1 < whole.size(); ++i)
    received(0, {whole[i]});
  EXPECT_FALSE(*got);
  received(0, {whole.back(), 0xde, 0xad});
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->what, outcome::answered);
  EXPECT_EQ((*got)->payload, bytes(100, 0x77));
}

TEST_F(raida_link_test, whether_a_byte_had_left_decides_what_a_broken_connection_means) {
  const auto refused = ask(command::pown, tcp_payload);
  closed(0, close_reason::failed);
  ASSERT_TRUE(*refused);
  EXPECT_EQ((*refused)->what, outcome::unreachable);

  const auto broken = ask(command::pown, tcp_payload);
  ASSERT_EQ(loop->connects.size(), 2u);
  connected(1);
  closed(1, close_reason::failed);
  ASSERT_TRUE(*broken);
  EXPECT_EQ((*broken)->what, outcome::silent);

  const auto half = ask(command::pown, tcp_payload);
  connected(2);
  auto part = response(2, 241);
  part.resize(20);
  received(2, part);
  closed(2, close_reason::peer);
  ASSERT_TRUE(*half);
  EXPECT_EQ((*half)->what, outcome::silent);

  const auto late = ask(command::pown, tcp_payload);
  connected(3);
  advance(3s);
  ASSERT_TRUE(*late);
  EXPECT_EQ((*late)->what, outcome::silent);
}

TEST_F(raida_link_test, an_answer_that_announces_too_much_is_invalid_at_once) {
  const auto got = ask(command::detect, tcp_payload);
  connected(0);
  auto head = response(0, 243);
  head[9] = 0xff;
  received(0, head);
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->what, outcome::invalid);
  EXPECT_TRUE(loop->was_closed(loop->at(0).socket));
}

TEST_F(raida_link_test, one_tcp_connection_at_a_time_and_the_next_only_once_the_last_is_gone) {
  const auto first = ask(command::detect, tcp_payload);
  const auto second = ask(command::detect, tcp_payload);
  const auto third = ask(command::detect, 21);
  ASSERT_EQ(loop->connects.size(), 2u);
  EXPECT_EQ(loop->at(1).how.how, io::transport::udp);
  connected(0);
  received(0, response(0, 241));
  ASSERT_TRUE(*first);
  EXPECT_EQ(loop->connects.size(), 2u);
  closed(0, close_reason::local);
  ASSERT_EQ(loop->connects.size(), 3u);
  EXPECT_EQ(loop->at(2).how.how, io::transport::tcp);
  connected(2);
  received(2, response(2, 242));
  ASSERT_TRUE(*second);
  EXPECT_EQ((*second)->status, 242);
}

TEST_F(raida_link_test, the_deadline_counts_from_the_sending_not_from_the_queue) {
  const auto first = ask(command::detect, tcp_payload);
  const auto second = ask(command::detect, tcp_payload);
  advance(3s);
  ASSERT_TRUE(*first);
  closed(0, close_reason::local);
  connected(1);
  advance(2s);
  EXPECT_FALSE(*second);
  received(1, response(1, 241));
  ASSERT_TRUE(*second);
  EXPECT_EQ((*second)->what, outcome::answered);
}

TEST_F(raida_link_test, a_request_that_waits_too_long_never_leaves) {
  const auto first = ask(command::fix, tcp_payload, 100s);
  connected(0);
  const auto second = ask(command::detect, tcp_payload);
  advance(59s);
  EXPECT_FALSE(*second);
  advance(1s);
  ASSERT_TRUE(*second);
  EXPECT_EQ((*second)->what, outcome::unreachable);
  EXPECT_FALSE(*first);
  received(0, response(0, 241));
  closed(0, close_reason::local);
  EXPECT_TRUE(*first);
  EXPECT_EQ(loop->connects.size(), 1u);
}

TEST_F(raida_link_test, the_reminder_of_the_queue_does_not_end_what_has_left_it) {
  ask(command::fix, tcp_payload, 59s);
  connected(0);
  const auto second = ask(command::fix, tcp_payload, 40s);
  advance(59s);
  closed(0, close_reason::local);
  connected(1);
  advance(1s);
  EXPECT_FALSE(*second);
  received(1, response(1, 241));
  ASSERT_TRUE(*second);
  EXPECT_EQ((*second)->what, outcome::answered);
}

TEST_F(raida_link_test, datagrams_in_flight_and_requests_are_bounded) {
  raida_link_config bounds;
  bounds.server = 7;
  bounds.requests_max = 3;
  bounds.udp_max = 2;
  start(bounds);
  const auto a = ask(command::detect);
  const auto b = ask(command::detect);
  const auto c = ask(command::detect);
  const auto d = ask(command::detect);
  EXPECT_EQ(loop->connects.size(), 2u);
  ASSERT_TRUE(*d);
  EXPECT_EQ((*d)->what, outcome::unreachable);
  connected(0);
  received(0, response(0, 241));
  closed(0, close_reason::local);
  EXPECT_EQ(loop->connects.size(), 3u);
  EXPECT_TRUE(*a);
  EXPECT_FALSE(*b || *c);
}

TEST_F(raida_link_test, without_a_descriptor_a_server_is_unreachable) {
  loop->is_full = true;
  const auto udp = ask(command::detect);
  const auto tcp = ask(command::detect, tcp_payload);
  ASSERT_TRUE(*udp && *tcp);
  EXPECT_EQ((*udp)->what, outcome::unreachable);
  EXPECT_EQ((*tcp)->what, outcome::unreachable);
  loop->is_full = false;
  ask(command::detect, tcp_payload);
  EXPECT_EQ(loop->connects.size(), 1u);
}

TEST_F(raida_link_test, a_socket_that_comes_too_late_is_closed_before_the_next_opens) {
  loop->holds_answers = true;
  const auto first = ask(command::detect, tcp_payload);
  const auto second = ask(command::detect, tcp_payload);
  advance(3s);
  ASSERT_TRUE(*first);
  EXPECT_EQ((*first)->what, outcome::unreachable);
  EXPECT_EQ(loop->connects.size(), 1u);
  caf::anon_send(loop_actor, atom::tick_v);
  run();
  EXPECT_TRUE(loop->was_closed(loop->at(0).socket));
  connected(0);
  EXPECT_TRUE(loop->sent.empty());
  EXPECT_EQ(loop->connects.size(), 1u);
  closed(0, close_reason::local);
  EXPECT_EQ(loop->connects.size(), 2u);
  EXPECT_FALSE(*second);
}

TEST_F(raida_link_test, when_the_loop_ends_every_request_is_answered) {
  const auto sent = ask(command::pown);
  connected(0);
  const auto opening = ask(command::pown);
  const auto tcp = ask(command::pown, tcp_payload);
  const auto waiting = ask(command::pown, tcp_payload);
  caf::anon_send_exit(loop_actor, caf::exit_reason::kill);
  run();
  ASSERT_TRUE(*sent && *opening && *tcp && *waiting);
  EXPECT_EQ((*sent)->what, outcome::silent);
  EXPECT_EQ((*opening)->what, outcome::unreachable);
  EXPECT_EQ((*tcp)->what, outcome::unreachable);
  EXPECT_EQ((*waiting)->what, outcome::unreachable);
  const auto later = ask(command::detect);
  ASSERT_TRUE(*later);
  EXPECT_EQ((*later)->what, outcome::unreachable);
}

TEST_F(raida_link_test, a_payload_that_no_packet_holds_is_not_asked) {
  const auto got = ask(command::detect, payload_max + 1);
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->what, outcome::not_asked);
  EXPECT_TRUE(loop->connects.empty());
}

TEST_F(raida_link_test, a_link_that_ends_answers_what_is_open) {
  raida_link_config bounds;
  endpoint::parse("127.0.0.1:50007", bounds.at);
  bounds.udp_max = 3;
  start(bounds);
  const auto sent = ask(command::pown, 37);
  const auto spoiled = ask(command::pown, 37);
  const auto opening = ask(command::pown, 37);
  const auto waiting = ask(command::pown, 37);
  connected(0);
  connected(1);
  received(1, bytes{1, 2, 3});
  caf::anon_send_exit(link, caf::exit_reason::user_shutdown);
  run();
  for (const auto& got : {sent, spoiled, opening, waiting})
    ASSERT_TRUE(*got);
  EXPECT_EQ((*sent)->what, outcome::silent);
  EXPECT_EQ((*spoiled)->what, outcome::invalid);
  EXPECT_EQ((*opening)->what, outcome::unreachable);
  EXPECT_EQ((*waiting)->what, outcome::unreachable);
}

} // namespace
} // namespace liveconnect::raida
