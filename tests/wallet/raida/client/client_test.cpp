#include <chrono>
#include <optional>

#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_byte_loop.hpp"
#include "wallet/raida/client/client.hpp"

namespace liveconnect::raida {
namespace {

using namespace std::chrono_literals;

/// A link that says its number, or nothing.
raida_link_actor::behavior_type numbered_link(raida_link_actor::pointer self, uint8_t number,
                                              std::shared_ptr<std::vector<ask_one>> heard,
                                              bool is_mute) {
  return {[=](const ask_one& x) -> caf::result<answer> {
    heard->push_back(x);
    if (is_mute)
      return self->make_response_promise<answer>();
    return answer{outcome::answered, number, x.payload.empty() ? bytes{} : bytes{x.payload[0]}};
  }};
}

class client_test : public test::actor_test {
protected:
  std::shared_ptr<std::vector<ask_one>> heard = std::make_shared<std::vector<ask_one>>();
  std::vector<raida_link_actor> links;
  raida_client_actor client;

  void start(std::vector<bool> mute) {
    for (size_t i = 0; i < mute.size(); ++i)
      links.push_back(
          system.spawn(numbered_link, static_cast<uint8_t>(100 + i), heard, bool{mute[i]}));
    client = system.spawn(raida_client, links, caf::timespan{10s});
    run();
  }

  void TearDown() override {
    caf::anon_send_exit(client, caf::exit_reason::user_shutdown);
    run();
  }

  std::shared_ptr<std::optional<answers>> ask(ask_all what) {
    auto out = std::make_shared<std::optional<answers>>();
    system.spawn([this, out, what](caf::event_based_actor* self) {
      self->request(client, caf::infinite, what).then([out](const answers& got) { *out = got; });
    });
    run();
    return out;
  }

  static ask_all question(size_t servers) {
    ask_all out;
    out.what = command::detect;
    for (size_t i = 0; i < servers; ++i)
      out.payloads.push_back({static_cast<uint8_t>(i)});
    return out;
  }
};

TEST_F(client_test, hands_each_server_its_part_and_collects_by_server) {
  start({false, false, false});
  const auto got = ask(question(3));
  ASSERT_TRUE(*got);
  ASSERT_EQ((*got)->list.size(), 3u);
  for (uint8_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*got)->list[i].what, outcome::answered);
    EXPECT_EQ((*got)->list[i].status, 100 + i);
    EXPECT_EQ((*got)->list[i].payload, bytes{i});
  }
  EXPECT_EQ(heard->at(0).what, command::detect);
  EXPECT_EQ(heard->at(0).deadline, caf::timespan{3s});
}

TEST_F(client_test, servers_skipped_or_without_payload_are_not_asked) {
  start({false, false, false, false});
  auto what = question(3);
  what.skip = {false, true};
  const auto got = ask(what);
  ASSERT_TRUE(*got);
  EXPECT_EQ(heard->size(), 2u);
  EXPECT_EQ((*got)->list[0].what, outcome::answered);
  EXPECT_EQ((*got)->list[1].what, outcome::not_asked);
  EXPECT_EQ((*got)->list[2].what, outcome::answered);
  EXPECT_EQ((*got)->list[3].what, outcome::not_asked);
}

TEST_F(client_test, asking_no_server_is_answered_at_once) {
  start({false, false});
  auto what = question(2);
  what.skip = {true, true};
  const auto got = ask(what);
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->list.size(), 2u);
  EXPECT_TRUE(heard->empty());
}

TEST_F(client_test, waits_for_all_and_calls_a_link_that_fails_to_answer_silent) {
  start({false, true, false});
  const auto got = ask(question(3));
  advance(12999ms);
  EXPECT_FALSE(*got);
  advance(1ms);
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->list[0].what, outcome::answered);
  EXPECT_EQ((*got)->list[1].what, outcome::silent);
  EXPECT_EQ((*got)->list[2].what, outcome::answered);
}

TEST_F(client_test, a_link_that_ends_leaves_its_server_unreachable_and_the_others_at_work) {
  start({false, false, false});
  caf::anon_send_exit(links[1], caf::exit_reason::user_shutdown);
  run();
  const auto got = ask(question(3));
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->list[0].what, outcome::answered);
  EXPECT_EQ((*got)->list[1].what, outcome::unreachable);
  EXPECT_EQ((*got)->list[2].what, outcome::answered);
}

TEST_F(client_test, links_end_with_their_client) {
  auto log = std::make_shared<test::fake_byte_loop>();
  auto loop = system.spawn(test::run_fake_byte_loop, log);
  std::vector<endpoint> servers(2);
  endpoint::parse("127.0.0.1:50000", servers[0]);
  endpoint::parse("127.0.0.1:50001", servers[1]);
  client = spawn_raida_client(system, loop, servers);
  run();
  const auto got = ask(question(2));
  ASSERT_EQ(log->connects.size(), 2u);
  EXPECT_EQ(log->at(1).how.to, servers[1]);
  size_t ended = 0;
  for (size_t i = 0; i < 2; ++i)
    log->at(i).owner->attach_functor([&ended] { ++ended; });
  caf::anon_send_exit(client, caf::exit_reason::user_shutdown);
  run();
  EXPECT_EQ(ended, 2u);
  EXPECT_TRUE(*got) << "nobody waits for a client that is gone";
  caf::anon_send_exit(loop, caf::exit_reason::user_shutdown);
  run();
}

TEST_F(client_test, links_end_with_the_last_handle_to_their_client) {
  start({});
  auto log = std::make_shared<test::fake_byte_loop>();
  auto loop = system.spawn(test::run_fake_byte_loop, log);
  const auto before = system.registry().running();
  { const auto dropped = spawn_raida_client(system, loop, std::vector<endpoint>(3)); }
  run();
  EXPECT_EQ(system.registry().running(), before);
  caf::anon_send_exit(loop, caf::exit_reason::user_shutdown);
  run();
}

TEST_F(client_test, a_client_that_ends_answers_what_is_open_as_its_links_do) {
  auto loop = std::make_shared<test::fake_byte_loop>();
  auto loop_actor = system.spawn(test::run_fake_byte_loop, loop);
  client = spawn_raida_client(system, loop_actor, std::vector<endpoint>(3));
  run();
  const auto got = ask(question(3));
  loop->connected(1);
  run();
  ASSERT_FALSE(*got);
  // By name: the test's own handle stays.
  caf::anon_send_exit(client, caf::exit_reason::user_shutdown);
  run();
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->list[0].what, outcome::unreachable);
  EXPECT_EQ((*got)->list[1].what, outcome::silent) << "its bytes had left";
  EXPECT_EQ((*got)->list[2].what, outcome::unreachable);
  caf::anon_send_exit(loop_actor, caf::exit_reason::user_shutdown);
}

} // namespace
} // namespace liveconnect::raida
