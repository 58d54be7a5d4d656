#pragma once

#include <memory>
#include <string>

#include "actors/session/session.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_observer.hpp"
#include "tests/support/fake_relay.hpp"
#include "tests/support/fake_wallets.hpp"

namespace liveconnect::test {

/// Two session actors with fake wallets over the relay in memory, on the deterministic scheduler.
class session_pair : public actor_test {
protected:
  session_pair() {
    invite = make_invitation("relay.test", 9100, 4'000'000'000, amount::from_coins(3439));
    settings.invite = invite;
    settings.relays.resize(1);
    loop = relay->spawn(system);
  }

  ~session_pair() override {
    for (auto& x : spawned)
      caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(loop, caf::exit_reason::user_shutdown);
    run();
  }

  void start_sender() {
    auto wallet = fake_sender_wallet(system, money);
    auto observer = fake_observer(system, seen_by_sender);
    sender = session::sender_session(system, sender_settings(), loop, wallet, observer);
    for (const auto& x :
         {caf::actor_cast<caf::actor>(wallet), caf::actor_cast<caf::actor>(observer),
          caf::actor_cast<caf::actor>(sender)})
      spawned.push_back(x);
  }

  void start_receiver() {
    auto wallet = fake_receiver_wallet(system, money);
    auto observer = fake_observer(system, seen_by_receiver);
    receiver = session::receiver_session(system, receiver_settings(), loop, wallet, observer);
    for (const auto& x :
         {caf::actor_cast<caf::actor>(wallet), caf::actor_cast<caf::actor>(observer),
          caf::actor_cast<caf::actor>(receiver)})
      spawned.push_back(x);
  }

  virtual session::session_config sender_settings() { return settings; }
  virtual session::session_config receiver_settings() { return settings; }

  /// Runs, and lets time pass in steps of 100 ms, until both have finished or `most` has passed.
  void run_to_the_end(caf::timespan most = std::chrono::minutes(20)) {
    run();
    for (caf::timespan gone{0}; gone < most && !(sender_end() && receiver_end());
         gone += std::chrono::milliseconds(100))
      advance(std::chrono::milliseconds(100));
  }

  const session::finished* sender_end() const { return seen_by_sender->last<session::finished>(); }
  const session::finished* receiver_end() const {
    return seen_by_receiver->last<session::finished>();
  }

  invitation invite;
  session::session_config settings;
  std::shared_ptr<fake_relay> relay = std::make_shared<fake_relay>();
  std::shared_ptr<fake_money> money = fake_money::of_3439();
  std::shared_ptr<seen_events> seen_by_sender = std::make_shared<seen_events>();
  std::shared_ptr<seen_events> seen_by_receiver = std::make_shared<seen_events>();
  byte_loop_actor loop;
  session_actor sender;
  session_actor receiver;
  std::vector<caf::actor> spawned;
};

} // namespace liveconnect::test
