#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>

#include "wallet/raida/operator_key.hpp"
#include "wallet/raida/server/server_actor.hpp"

namespace liveconnect::raida {

/// Which servers of the network run in this process, and where everything is.
struct host_options {
  /// Holds operator.key and one record file a server; made (0700) when needed.
  std::filesystem::path data;
  /// Address to listen on; the port is the base: server i takes port + i. Port 0: a free port each.
  endpoint at;
  /// Servers to run, each below raida_count, none twice, at least one.
  std::vector<uint8_t> ids;
  /// Where the others are, index = server, for Fix; may be shorter. Our own are filled in.
  std::vector<endpoint> addresses;
  server_limits limits;
  /// As in server_options.
  uint32_t breaks_per_minute = server_options{}.breaks_per_minute;
  bool limits_loopback = false;
  /// Called with sentences for the operator, from any thread; may be empty.
  std::function<void(const std::string&)> log;
};

/// All servers listen; one entry a server, in the order asked for.
struct servers_ready {
  std::vector<server_ready> list;
};

/// Asks the host to start. Once.
struct start_servers {};

/// The RAIDA HOST interface: the servers of this process.
using raida_host_actor = caf::typed_actor<
    // Starts all servers and answers when each listens. Fails with the first server's error; then
    // none runs and the host ends.
    caf::replies_to<start_servers>::with<servers_ready>,
    // Stops all servers in order, answers when their sockets are closed, and ends.
    caf::replies_to<atom::stop>::with<atom::done>>;

/// What the host starts servers with (it makes their ticket books itself); tests put other stores
/// and fewer servers here.
struct host_setup {
  endpoint at;
  std::vector<endpoint> addresses;
  /// One entry a server to run.
  std::vector<server_setup> servers;
  bool detached = true;
};

/// Watches its servers: when one ends with an error, the others are stopped and the host ends with
/// that error.
raida_host_actor spawn_host(caf::actor_system& system, host_setup setup);

/// The host's setup for real files: reads or makes the operator's key. Fails with ec::bad_argument
/// for wrong ids and with what load_or_make_operator_key() says.
caf::expected<host_setup> host_setup_of(const byte_loop_actor& loop, const host_options& options);

/// Servers that run in this process.
struct running_servers {
  raida_host_actor host;
  std::vector<server_ready> list;
};

/// Starts servers and blocks until all listen (one minute at most). Not for actors.
caf::expected<running_servers> spawn_servers(caf::actor_system& system, const byte_loop_actor& loop,
                                             const host_options& options);

/// Stops them and blocks until their sockets are closed (half a minute at most).
caf::error stop_servers(caf::actor_system& system, const running_servers& servers);

} // namespace liveconnect::raida

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::raida::servers_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::raida::start_servers)
