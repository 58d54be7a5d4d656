#pragma once

#include <functional>

#include <caf/actor_system.hpp>

#include "cli/transfer/environment.hpp"
#include "messages/interfaces/interfaces.hpp"

namespace liveconnect::cli {

/// Starts one session with `spawn`, shows it until it has finished, and says how it ended. The
/// first signal cancels while nothing has moved and stops with an open journal afterwards
/// (docs/design/safety.md 5.4); a cancel that takes longer than 0.4 s becomes a stop. Either way
/// `stop_servers` is called once the session knows, so that no step of the wallet waits for
/// servers.
///
/// The end's fields: role, session, transfer, amount, notes, receipt, returned (what came back of a
/// transfer that was sent in part), ms (from the handshake on), total_ms, open.
command_end run_session(environment& env, caf::actor_system& system, role side,
                        const std::function<session_actor(session_observer_actor)>& spawn,
                        const std::function<void()>& stop_servers);

} // namespace liveconnect::cli
