#pragma once

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "actors/session/receiver_machine.hpp"
#include "actors/session/sender_machine.hpp"
#include "messages/secure/receipt.hpp"
#include "tests/simulation/person.hpp"
#include "wallet/transfer/receiver_transfer.hpp"
#include "wallet/transfer/sender_transfer.hpp"

namespace liveconnect::simulation {

/// The relay's room of one transfer, and the session of either side in it: the real machines, their
/// frames on a line that may break at any of them, their timers on the simulated clock. What a
/// machine asks its wallet, the person's program answers on its fiber.
class room {
public:
  /// All outlive it.
  room(event_queue& events, const scenario& what);
  ~room();

  /// Called by a program on its fiber: meets the other side and comes back when the session is
  /// over. The transfer is a fresh one or one that goes on.
  void send(person& who, wallet::sender_transfer& money, amount sum);
  void receive(person& who, wallet::receiver_transfer& money, amount sum);
  /// A program is over: what is left of its session goes with it.
  void drop(role side);
  /// The person cancels, if a session runs.
  void cancel(role side);

  /// How a side's last session ended; nothing while none has.
  const std::optional<session::action::end>& end_of(role side) const;
  /// Called when coins leave the sender, with them.
  std::function<void(const wallet::coin_payload&)> on_coins;
  uint64_t frames() const { return frames_; }

private:
  struct side;
  struct wire_frame {
    uint64_t connection = 0;
    session::any_input what;
  };

  side& at(role x);
  side& other(role x);
  void join(role x, person& who);
  void serve(role x);
  void handle(role x, session::any_input what);
  void carry_out(role x, session::any_action& what);
  void answer(role x, session::ticket which, session::question& what);
  session::any_input answer_sender(session::ticket which, session::question& what);
  session::any_input answer_receiver(session::ticket which, session::question& what);
  void transmit(role from, session::any_input what);
  void deliver(role to);
  void arm(role x, session::timer which);
  void meet();
  void part();
  void leave(role x);

  event_queue& events_;
  const scenario& what_;
  std::array<std::unique_ptr<side>, 2> sides_;
  /// Counts the times at which both proved the key to each other; 0 before the first.
  uint64_t connection_ = 0;
  bool secured_ = false;
  bool meeting_ = false;
  uint64_t frames_ = 0;
  wallet::receipt_terms terms_;
};

} // namespace liveconnect::simulation
