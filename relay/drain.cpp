#include "relay/drain.hpp"

#include <algorithm>

#include <caf/scoped_actor.hpp>

namespace liveconnect::relay {

namespace {

/// How often a drained relay looks whether it is empty.
constexpr std::chrono::milliseconds look_interval{100};

/// The lobby answers at once; only one that is gone does not.
constexpr std::chrono::seconds lobby_deadline{5};

/// The lobby has seen `drain` when it answers (its mailbox keeps the order), so a relay without
/// rooms will have none.
bool is_empty(caf::scoped_actor& self, const lobby_actor& lobby) {
  bool out = true;
  self->request(lobby, lobby_deadline, atom::describe_v)
      .receive([&](const room_numbers& x) { out = x.list.empty(); }, [](const caf::error&) {});
  return out;
}

} // namespace

drain_end drain(caf::actor_system& system, relay_server& server, cli::signal_source& signals,
                std::chrono::milliseconds timeout) {
  using clock = std::chrono::steady_clock;
  const auto until = clock::now() + timeout;
  caf::scoped_actor self{system};
  server.drain();
  for (;;) {
    if (is_empty(self, server.rooms()))
      return {true, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now());
    if (left.count() <= 0)
      return {};
    if (const int signal = signals.wait(std::min(left, look_interval)))
      return {false, signal};
  }
}

} // namespace liveconnect::relay
