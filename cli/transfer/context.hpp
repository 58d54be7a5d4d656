#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "actors/io/runtime.hpp"
#include "cli/transfer/environment.hpp"
#include "messages/interfaces/interfaces.hpp"
#include "messages/secure/invitation.hpp"

namespace liveconnect::session {
struct session_config;
}

namespace liveconnect::cli {

/// The parts a command works with, put together: actor system, sockets, the client of the 25
/// servers, the keeper of one data folder. Nothing is touched on disk or sent before something is
/// asked for.
class context {
public:
  /// Looks the servers' names up and spawns the actors. Fails with ec::network_failed when a
  /// server's name is not known.
  static caf::expected<std::unique_ptr<context>> make(environment& env);

  /// Lets the actors go and waits for them: an operation of the keeper ends first, and waits for no
  /// server any more.
  ~context();
  context(const context&) = delete;
  context& operator=(const context&) = delete;

  caf::actor_system& system() { return system_; }
  const keeper_actor& keeper() const { return keeper_; }
  const raida_client_actor& raida() const { return raida_; }

  /// Takes the wallet's lock and finishes what an earlier run left (docs/design/safety.md 5.4),
  /// telling what was done. Every command that touches the wallet starts with this.
  [[nodiscard]] caf::error recover(environment& env);

  /// What keeps a transfer or an export of `sum` from being begun: ec::not_enough_coins when less
  /// can be spent.
  [[nodiscard]] caf::error check_funds(environment& env, amount sum);

  /// Runs one side of a transfer until it has ended; the end's fields are run_session's, the
  /// transcript's file and process_cost(). `invitation_text` is kept in the journal. With `open` a
  /// transfer goes on where it stands.
  command_end run_sender(environment& env, const invitation& invite,
                         const secret_bytes& invitation_text,
                         const std::optional<wallet::open_transfer>& open = {});
  /// Says the end of a closed transfer again to its receiver, which may come within `wait`; no
  /// failure when it has heard.
  command_end run_answer(environment& env, const invitation& invite,
                         const wallet::open_transfer& over, std::chrono::seconds wait);
  command_end run_receiver(environment& env, const invitation& invite,
                           const secret_bytes& invitation_text,
                           const std::optional<wallet::open_transfer>& open = {});

private:
  context();

  /// Ends the client of the servers: whatever waits for one goes on without an answer.
  void stop_servers();

  caf::expected<session::session_config>
  session_for(environment& env, const invitation& invite, role side,
              const std::optional<wallet::open_transfer>& open);

  caf::actor_system_config config_;
  caf::actor_system system_;
  io::runtime net_;
  raida_client_actor raida_;
  keeper_actor keeper_;
};

/// The end of a command that takes from a wallet, or looks into it, and was given the name of one
/// that does not exist: nothing is made, and the nearest name is told. None when the wallet is
/// there, and for the first run, with the name that is built in.
std::optional<command_end> missing_wallet(const settings& conf);

} // namespace liveconnect::cli
