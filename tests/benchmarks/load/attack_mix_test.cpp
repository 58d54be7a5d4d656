// A fake relay on loopback: what the attackers say to it, and how they count what it answers.
#include <map>
#include <set>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "benchmarks/load/attack_mix.hpp"

namespace liveconnect::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Answers every first bytes with the same words and closes, or just keeps what comes.
class fake_relay : public load {
public:
  fake_relay(event_loop& loop, std::string answer)
      : loop_(loop), number_(loop.add(*this)), answer_(std::move(answer)),
        listener_(std::move(*listen_on_loopback(where))) {
    loop_.watch(listener_.get(), EPOLLIN, number_, UINT32_MAX);
  }
  ~fake_relay() override { loop_.remove(*this); }

  void on_event(uint32_t socket, uint32_t) override {
    if (socket == UINT32_MAX) {
      while (auto fd = accept_from(listener_.get())) {
        if (!*fd)
          return;
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        ::getpeername(fd->get(), reinterpret_cast<sockaddr*>(&from), &size);
        hosts.insert(endpoint::from(from).host());
        list_.push_back(std::move(*fd));
        loop_.watch(list_.back().get(), EPOLLIN, number_, static_cast<uint32_t>(list_.size() - 1));
      }
      return;
    }
    auto& fd = list_[socket];
    char buffer[1024];
    const auto n = fd ? ::recv(fd.get(), buffer, sizeof buffer, 0) : 0;
    if (n > 0)
      heard += std::string(buffer, static_cast<size_t>(n));
    if (!fd || (n > 0 && answer_.empty()))
      return;
    if (n > 0)
      ::send(fd.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
    loop_.unwatch(fd.get());
    fd.reset();
  }

  endpoint where;
  std::set<std::string> hosts;
  std::string heard;

private:
  event_loop& loop_;
  uint32_t number_;
  std::string answer_;
  descriptor listener_;
  std::vector<descriptor> list_;
};

attack_mix::config config_for(const fake_relay& relay, std::vector<attack_kind> kinds) {
  attack_mix::config out;
  out.kinds = std::move(kinds);
  out.target = relay.where;
  out.seed = 7;
  out.victim_room = 42;
  out.trickle = milliseconds(5);
  return out;
}

TEST(attack_mix, counts_the_relays_words_by_kind) {
  event_loop loop;
  fake_relay relay{loop, "<relay Refused wrong_tag No.>\n"};
  attack_mix mix{loop, config_for(relay, {attack_kind::wrong_tag})};
  mix.start(clock::now());
  const auto& tally = mix.tally(attack_kind::wrong_tag);
  const auto refused = [&] {
    const auto at = tally.refused.find("wrong_tag");
    return at == tally.refused.end() ? 0 : at->second;
  };
  ASSERT_FALSE(loop.run_until(clock::now() + seconds(20), [&] { return refused() >= 3; }));
  EXPECT_GE(refused(), 3u);
  EXPECT_NE(relay.heard.find("Join_Room 42 "), std::string::npos);
  EXPECT_EQ(relay.hosts.count("127.0.0.1"), 0u) << "honest ends come from there";
}

TEST(attack_mix, a_closed_connection_without_a_word_is_counted_as_that) {
  event_loop loop;
  // Empty lines say nothing.
  fake_relay relay{loop, "\n"};
  attack_mix mix{loop, config_for(relay, {attack_kind::noise})};
  mix.start(clock::now());
  const auto& tally = mix.tally(attack_kind::noise);
  ASSERT_FALSE(loop.run_until(clock::now() + seconds(20), [&] { return tally.closed >= 2; }));
  EXPECT_GE(tally.closed, 2u);
  EXPECT_TRUE(tally.refused.empty());
}

TEST(attack_mix, an_attacker_that_waits_for_a_deadline_outlasts_the_attack) {
  event_loop loop;
  fake_relay relay{loop, ""};
  attack_mix mix{loop, config_for(relay, {attack_kind::slow_join, attack_kind::noise})};
  mix.start(clock::now());
  const auto& slow = mix.tally(attack_kind::slow_join);
  const auto& noise = mix.tally(attack_kind::noise);
  ASSERT_FALSE(
      loop.run_until(clock::now() + seconds(20), [&] { return slow.open > 0 && noise.open > 0; }));
  mix.stop();
  EXPECT_GT(slow.open, 0u);
  EXPECT_EQ(noise.open, 0u);
  EXPECT_EQ(noise.given_up, noise.begun);
  // It goes on, a byte at a time.
  const auto before = slow.bytes;
  ASSERT_FALSE(loop.run_until(clock::now() + seconds(20), [&] { return slow.bytes > before + 3; }));
  EXPECT_GT(slow.bytes, before + 3);
  mix.end();
  EXPECT_EQ(mix.open(), 0u);
}

TEST(attack_mix, each_attack_has_a_place_a_name_and_an_end) {
  ASSERT_EQ(all_attacks().size(), attack_kinds);
  for (size_t i = 0; i < attack_kinds; ++i) {
    const auto& x = all_attacks()[i];
    EXPECT_EQ(static_cast<size_t>(x.kind), i) << x.name;
    EXPECT_EQ(find_attack(x.name), &x);
    EXPECT_GT(x.per_second, 0);
    EXPECT_TRUE(!x.typical.empty() || x.kind == attack_kind::reset) << x.name;
  }
  EXPECT_EQ(find_attack("politeness"), nullptr);
}

} // namespace
} // namespace liveconnect::bench
