#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/expected.hpp>

#include "actors/io/byte_loop.hpp"
#include "actors/io/descriptor.hpp"
#include "actors/relay/relay_limits.hpp"
#include "actors/relay/switchboard.hpp"

namespace liveconnect::relay {

/// What a relay is given besides its limits.
struct server_options {
  /// Load balancers whose PROXY headers are believed.
  std::vector<address_range> proxies;
  /// Hears of every room that is over; may be null.
  std::shared_ptr<room_usage_port> usage;
  /// Byte loops, each a thread; 0 counts as 1.
  size_t loops = 1;
  /// io::loop_config::accepted_buffer_bytes.
  size_t socket_buffer_bytes = 0;
};

/// A relay's loops at most.
inline constexpr size_t loops_max = 64;

/// How many loops to run: those asked for, or (0) what suits so many cores: one a core, and one
/// alone where there are two or fewer.
size_t loops_for(size_t asked, size_t cores);

/// A whole relay: byte loops, switches, lobby and heartbeat, wired. Declare it after the actor
/// system.
class relay_server {
public:
  relay_server(caf::actor_system& system, const relay_limits& limits, server_options beside = {});

  /// stop().
  ~relay_server();

  relay_server(const relay_server&) = delete;
  relay_server& operator=(const relay_server&) = delete;

  /// Listens on every address of HOST:PORT and answers with what was bound (port 0 lets the system
  /// choose). Fails with ec::bad_argument, ec::network_failed (unknown host) or ec::cannot_listen.
  caf::expected<std::vector<endpoint>> listen(const std::string& host_and_port);

  /// Accepts from a listening TCP socket that is there already (relay/socket_activation.hpp), and
  /// answers with its address. Fails with ec::cannot_listen.
  caf::expected<endpoint> listen(io::descriptor listening_socket);

  /// Takes no new rooms from now on; the second member of a room that waits is still let in.
  void drain();

  /// Other limits from now on, for seated connections as well. How many connections the descriptors
  /// allow is seen anew: call provide_descriptors() before.
  void set_limits(const relay_limits& limits);

  /// How many connections there may be: what is asked for, or what the descriptors allow.
  size_t connections_max() const;
  /// How many rooms; 0: no bound.
  size_t rooms_max() const { return rooms_max_; }

  /// Where the rooms are asked for, described and ended.
  const lobby_actor& rooms() const { return lobby_; }

  /// Says Closing on every connection, sends what is queued (for two seconds at most), closes, and
  /// ends the actors. Later calls do nothing.
  void stop();

  relay_counters counters() { return switches_->counters(); }
  /// How often accepting rested because descriptors were short.
  uint64_t accept_rests() const { return loops_.front()->accept_rests(); }
  /// How often a turn was put off so that small messages go together (docs/design/relay.md
  /// "Coalescing").
  uint64_t coalesced_turns() const;

private:
  void await_records();

  caf::actor_system& system_;
  const bool records_;
  bool stopped_ = false;
  /// relay_limits::connections_max as it is now; 0: no bound.
  std::atomic<size_t> asked_connections_max_;
  std::atomic<size_t> rooms_max_;
  std::vector<std::shared_ptr<io::byte_loop>> loops_;
  std::shared_ptr<switchboard> switches_;
  heartbeat_actor heartbeat_;
  lobby_actor lobby_;
};

/// What this process's descriptors allow.
struct descriptor_room {
  /// Connections that fit: above that, accepting rests (docs/design/safety.md 6.5).
  size_t connections = 0;
  /// The limit in force, and how far it could be raised.
  uint64_t soft = 0;
  uint64_t hard = 0;
  /// Whether it was raised just now.
  bool raised = false;
};

/// Raises this process's descriptor limit as far as it may go and as the limits need it; never
/// lowers it, so connections that are open stay.
descriptor_room provide_descriptors(const relay_limits& limits);

} // namespace liveconnect::relay
