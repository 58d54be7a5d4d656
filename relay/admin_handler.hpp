#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include <caf/actor_system.hpp>
#include <spdlog/logger.h>

#include "messages/interfaces/relay_interfaces.hpp"
#include "relay/admin/admin_server.hpp"
#include "relay/status/status_board.hpp"

namespace liveconnect::relay {

/// What the commands of the admin socket do: `rooms`, `kick`, `status`, `drain`, `log-level`
/// (docs/operators.md). Used by the admin server's one thread.
class admin_handler {
public:
  /// `ask_for_drain` is called for `drain`; it may be called again.
  admin_handler(caf::actor_system& system, lobby_actor lobby, const status_board& board,
                std::shared_ptr<spdlog::logger> log, std::function<void()> ask_for_drain);

  /// An admin_server::handler.
  nlohmann::ordered_json handle(const nlohmann::json& request,
                                const admin_server::say_function& say);

private:
  nlohmann::ordered_json rooms(bool full_addresses, const admin_server::say_function& say);
  nlohmann::ordered_json kick(const nlohmann::json& request);
  nlohmann::ordered_json set_log_level(const nlohmann::json& request);

  caf::actor_system& system_;
  const lobby_actor lobby_;
  const status_board& board_;
  const std::shared_ptr<spdlog::logger> log_;
  const std::function<void()> ask_for_drain_;
};

} // namespace liveconnect::relay
