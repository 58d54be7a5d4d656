#pragma once

#include <memory>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/expected.hpp>

#include "actors/io/runtime.hpp"
#include "actors/relay_limits.hpp"
#include "actors/room_switch.hpp"

namespace liveconnect::relay {

/// What a relay is given besides its limits.
struct server_options {
  /// Load balancers whose PROXY headers are believed.
  std::vector<address_range> proxies;
  /// Hears of every room that is over; may be null.
  std::shared_ptr<room_usage_port> usage;
};

/// A whole relay: byte loop, switch, lobby and heartbeat, wired. Declare it after the actor system.
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

  /// Takes no new rooms from now on; partners of those who wait are still let in.
  void drain();

  /// Other limits from now on, for those inside as well.
  void set_limits(const relay_limits& limits);

  /// Where the rooms are asked for, described and ended.
  const lobby_actor& rooms() const { return lobby_; }

  /// Says Closing to everybody, sends what is queued (for two seconds at most), closes, and ends
  /// the actors. Later calls do nothing.
  void stop();

  relay_counters counters() { return switch_->counters(); }
  /// How often accepting rested because descriptors were short.
  uint64_t accept_rests() { return net_.loop().accept_rests(); }

private:
  void await_records();

  caf::actor_system& system_;
  const bool records_;
  bool stopped_ = false;
  io::runtime net_;
  std::shared_ptr<room_switch> switch_;
  heartbeat_actor heartbeat_;
  lobby_actor lobby_;
};

/// Raises this process's descriptor limit as far as it may go and as the limits need it. Answers
/// with how many connections fit: above that, accepting rests (safety.md 6.5).
size_t provide_descriptors(const relay_limits& limits);

} // namespace liveconnect::relay
