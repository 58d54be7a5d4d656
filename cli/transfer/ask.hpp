#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <caf/all.hpp>
#include <fmt/format.h>

#include "cli/transfer/command.hpp"
#include "messages/interfaces/fwd.hpp"

namespace liveconnect::cli {

/// Asks an actor and waits for its answer, telling the user once a second that it still works and
/// for what. A signal ends the waiting with ec::stopped; what the actor does is its own business
/// then (a wallet's operation is safe to leave at any point).
///
/// Call from the main thread only; one at a time.
template<class Result, class Handle, class... Ts>
caf::expected<Result> ask(environment& env, caf::actor_system& system, const Handle& whom,
                          const std::string& doing, Ts... request) {
  caf::scoped_actor self{system};
  const auto waiter = caf::actor_cast<caf::actor>(self);
  system.spawn([=](caf::event_based_actor* asker) {
    asker->request(whom, caf::infinite, request...)
        .then([=](Result& x) { asker->send(waiter, std::move(x)); },
              [=](caf::error& x) { asker->send(waiter, std::move(x)); });
  });
  env.stop.listen([waiter](int) { caf::anon_send(waiter, atom::stop_v); });
  std::optional<caf::expected<Result>> answer;
  const auto began = std::chrono::steady_clock::now();
  while (!answer) {
    self->receive([&](Result& x) { answer.emplace(std::move(x)); },
                  [&](caf::error& x) { answer.emplace(std::move(x)); },
                  [&](atom::stop) { answer.emplace(fail(ec::stopped)); },
                  caf::after(std::chrono::seconds(1)) >>
                      [&] {
                        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
                                                 std::chrono::steady_clock::now() - began)
                                                 .count();
                        env.out.event("progress", {{"what", doing}, {"seconds", seconds}});
                        env.out.line(fmt::format("  {} ({} s)", doing, seconds));
                      });
  }
  env.stop.listen({});
  return std::move(*answer);
}

} // namespace liveconnect::cli
