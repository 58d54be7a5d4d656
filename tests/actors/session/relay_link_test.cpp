#include "actors/session/relay_link.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_byte_loop.hpp"
#include "tests/support/fake_relay.hpp"

namespace liveconnect::session {
namespace {

using namespace std::chrono_literals;
using liveconnect::test::fake_relay;

/// What a link told its owner, as short words.
struct told {
  std::vector<std::string> words;
  size_t count(const std::string& what) const {
    return static_cast<size_t>(std::count(words.begin(), words.end(), what));
  }
};

class links : public liveconnect::test::actor_test {
protected:
  links() {
    config.relays.resize(1);
    config.room = 42;
    loop = relay->spawn(system);
  }
  ~links() override {
    for (auto& x : spawned)
      caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(loop, caf::exit_reason::user_shutdown);
    run();
  }

  link_actor start(std::shared_ptr<told> to, link_config with) {
    auto owner = system.spawn([to](link_owner_actor::pointer) -> link_owner_actor::behavior_type {
      return {
          [to](const link_entered& x) {
            to->words.push_back("entered " + std::to_string(x.people));
          },
          [to](const link_peer& x) { to->words.push_back(x.present ? "came" : "went " + x.word); },
          [to](const link_frame& x) { to->words.push_back(name_of(x.what)); },
          [to](const link_beat&) { to->words.push_back("beat"); },
          [to](const link_lost_line&) { to->words.push_back("lost"); },
          [to](const link_failed& x) { to->words.push_back("failed " + to_string(x.code)); },
      };
    });
    auto out = system.spawn(relay_link, std::move(with), loop, owner);
    spawned.push_back(caf::actor_cast<caf::actor>(owner));
    spawned.push_back(caf::actor_cast<caf::actor>(out));
    caf::anon_send(out, link_open{});
    run();
    return out;
  }

  link_config config;
  std::shared_ptr<fake_relay> relay = std::make_shared<fake_relay>();
  byte_loop_actor loop;
  std::vector<caf::actor> spawned;
  std::shared_ptr<told> one = std::make_shared<told>();
  std::shared_ptr<told> two = std::make_shared<told>();
};

TEST_F(links, two_in_a_room_hear_of_each_other_and_pass_frames) {
  auto a = start(one, config);
  auto b = start(two, config);
  caf::anon_send(a, link_send{make_frame(message_number::making_change)});
  run();
  caf::anon_send(b, link_close{});
  run();
  EXPECT_EQ(one->words, (std::vector<std::string>{"entered 1", "came", "went gone"}));
  EXPECT_EQ(two->words, (std::vector<std::string>{"entered 2", "came", "Making_Change"}));
}

TEST_F(links, a_frame_keeps_its_bytes_under_way_until_the_owner_has_taken_it) {
  auto loop_log = std::make_shared<liveconnect::test::fake_byte_loop>();
  auto quiet = system.spawn(liveconnect::test::run_fake_byte_loop, loop_log);
  std::vector<link_frame> kept;
  auto owner = system.spawn([&kept](link_owner_actor::pointer) -> link_owner_actor::behavior_type {
    return {
        [](const link_entered&) {},
        [](const link_peer&) {},
        [&kept](const link_frame& x) { kept.push_back(x); },
        [](const link_beat&) {},
        [](const link_lost_line&) {},
        [](const link_failed&) {},
    };
  });
  auto line = system.spawn(relay_link, config, quiet, owner);
  spawned = {caf::actor_cast<caf::actor>(line), caf::actor_cast<caf::actor>(owner),
             caf::actor_cast<caf::actor>(quiet)};
  caf::anon_send(line, link_open{});
  run();
  loop_log->connected(0);
  run();
  auto arrive = [&](const std::string& text) {
    io::event what;
    what.socket = loop_log->at(0).socket;
    what.data = byte_view(text).copy();
    auto credit = std::make_shared<int>(0);
    std::weak_ptr<int> out = credit;
    caf::anon_send(loop_log->at(0).owner, io::events{{what}, std::move(credit)});
    credit.reset();
    run();
    return out;
  };
  // What the relay says is taken by the link itself; so is half a frame.
  EXPECT_TRUE(arrive("<relay Room_Joined 42 127.0.0.1:5 2>").expired());
  EXPECT_TRUE(arrive("<127.0.0.1:6 Making_").expired());
  auto first = arrive("Change><127.0.0.1:6 Joining_Coins>");
  auto second = arrive("<127.0.0.1:6 Finding_Change>");
  ASSERT_EQ(kept.size(), 3u);
  kept.erase(kept.begin());
  EXPECT_FALSE(first.expired());
  kept.erase(kept.begin());
  EXPECT_TRUE(first.expired());
  EXPECT_FALSE(second.expired());
  kept.clear();
  EXPECT_TRUE(second.expired());
}

TEST_F(links, beats_come_once_an_interval_and_go_on_after_a_reconnection) {
  start(one, config);
  for (int i = 0; i < 10; ++i)
    advance(1s);
  EXPECT_EQ(one->count("beat"), 2u);
  relay->cut_all();
  run();
  advance(100ms);
  EXPECT_EQ(one->count("entered 1"), 2u);
  for (int i = 0; i < 10; ++i)
    advance(1s);
  EXPECT_EQ(one->count("beat"), 4u);
}

TEST_F(links, back_off_doubles_up_to_its_bound_until_patience_ends) {
  config.relay_patience = 60s;
  start(one, config);
  relay->down = true;
  relay->cut_all();
  run();
  const auto before = relay->attempts();
  // 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, then every 5 s: 6 tries in 6.3 s, 10 more in the next 53.7 s.
  for (int i = 0; i < 590; ++i)
    advance(100ms);
  EXPECT_EQ(one->count("failed relay_unreachable"), 0u);
  EXPECT_GE(relay->attempts() - before, 14u);
  EXPECT_LE(relay->attempts() - before, 17u);
  for (int i = 0; i < 100; ++i)
    advance(100ms);
  EXPECT_EQ(one->count("failed relay_unreachable"), 1u);
  EXPECT_EQ(one->count("lost"), 1u);
}

TEST_F(links, a_room_that_is_crowded_by_our_own_old_seat_is_tried_again) {
  start(one, config);
  relay->cut_all();
  // The relay has not noticed yet: it still refuses.
  relay->refusal = "crowded Two people are in this room.";
  run();
  advance(100ms);
  EXPECT_EQ(one->words.back(), "lost");
  relay->refusal.clear();
  for (int i = 0; i < 10; ++i)
    advance(100ms);
  EXPECT_EQ(one->count("entered 1"), 2u);
}

TEST_F(links, refusals_of_a_newcomer_are_final_and_have_their_codes) {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"crowded x", "failed room_full"},      {"wrong_tag x", "failed not_authentic"},
      {"full x", "failed relay_busy"},        {"address x", "failed relay_busy"},
      {"draining x", "failed relay_busy"},    {"lonely x", "failed peer_gone"},
      {"bad_frame x", "failed relay_refused"}};
  for (const auto& [refusal, expected] : rows) {
    relay->refusal = refusal;
    auto seen = std::make_shared<told>();
    start(seen, config);
    EXPECT_EQ(seen->words, std::vector<std::string>{expected}) << refusal;
  }
}

TEST_F(links, bytes_that_are_no_frame_end_the_connection_and_not_the_link) {
  start(one, config);
  start(two, config);
  relay->shout(relay->sockets()[0], "{]\n");
  run();
  EXPECT_EQ(one->count("lost"), 1u);
  advance(100ms);
  EXPECT_EQ(one->count("entered 2"), 1u);
}

TEST_F(links, a_link_ends_with_its_owner) {
  start(one, config);
  caf::anon_send_exit(spawned[0], caf::exit_reason::user_shutdown);
  run();
  EXPECT_TRUE(relay->sockets().empty());
}

} // namespace
} // namespace liveconnect::session
