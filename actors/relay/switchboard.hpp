#pragma once

#include <memory>
#include <vector>

#include "actors/relay/room_switch.hpp"

namespace liveconnect::relay {

/// All of a relay's switches, one per byte loop, as one: what actors and the composition root talk
/// to.
///
/// The first loop has the listeners. A connection is moved to its room's loop when it has said
/// which room that is, so both members of a room always meet in one loop; from then on its socket's
/// id names that loop. Any thread, except where it says otherwise.
class switchboard : public room_switch_port {
public:
  /// At least one loop, each with its place in the list as its number.
  switchboard(std::vector<std::shared_ptr<io::byte_loop>> loops, const relay_limits& limits);

  /// Whom listeners belong to; open them on the first loop.
  const std::shared_ptr<room_switch>& acceptor() const { return switches_.front(); }

  // Before the first listener is opened; see room_switch.
  void set_lobby(const lobby_actor& lobby);
  void trust_proxies(const std::vector<address_range>& proxies);

  void place(seating what) override;
  void tell(io::socket_id socket, bytes text) override;
  void refuse(io::socket_id socket, refusal why) override;
  void wrong_guess(io::socket_id socket) override;

  void set_limits(const relay_limits& limits);
  void close_all();

  /// Of all switches; waits for each loop's turn. From no loop's thread.
  relay_counters counters();

private:
  room_switch& of(io::socket_id socket) { return *switches_[socket.loop()]; }

  std::vector<std::shared_ptr<room_switch>> switches_;
};

} // namespace liveconnect::relay
