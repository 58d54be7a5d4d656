#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include <caf/actor_clock.hpp>
#include <caf/timespan.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include "messages/interfaces/interfaces.hpp"
#include "wallet/raida/packet.hpp"

namespace liveconnect::raida {

/// What a RAIDA LINK needs to know of its server, and its bounds.
struct link_config {
  /// 0..24 in the product.
  uint8_t server = 0;
  endpoint at;
  /// Requests waiting and in flight; one more is answered `unreachable` at once.
  size_t requests_max = 256;
  /// Datagrams in flight at a time, each with a socket of its own.
  size_t udp_max = 32;
  /// A TCP connection must stand within this, or within the request's deadline if that is shorter.
  caf::timespan connect_deadline = std::chrono::seconds(5);
  /// A request that could not start within this is answered `unreachable`: it never left.
  caf::timespan wait_max = std::chrono::seconds(60);
};

/// The longest a link takes to answer a request, beyond the request's own deadline.
constexpr caf::timespan link_slack(const link_config& x) {
  return x.wait_max + std::chrono::seconds(1);
}

/// The RAIDA LINK with what it hears from its sockets and sends itself.
using raida_link_impl = raida_link_actor::extend<
    // From the byte loop, about sockets of ours. What concerns closed ones is ignored.
    caf::reacts_to<io::events>,
    // INTERNAL: the request of this number may be overdue.
    caf::reacts_to<atom::tick, uint64_t>>;

/// One request on its way through a link.
struct link_request {
  enum class stage : uint8_t {
    /// In the queue; nothing was done for it.
    waiting,
    /// A socket is being opened; no byte has left.
    opening,
    /// Handed to the socket: from here on no answer means "unknown".
    sent,
  };

  stage now = stage::waiting;
  io::transport how = io::transport::udp;
  outgoing_request out;
  caf::timespan deadline{};
  caf::actor_clock::time_point expires;
  caf::typed_response_promise<answer> promise;
  io::socket_id socket;
  /// TCP: what has come so far, at most response_max bytes.
  bytes incoming;
  /// UDP: something came that was no answer to this request.
  bool saw_invalid = false;
  uint8_t invalid_status = 0;
};

/// State of a RAIDA LINK. Touched by its own actor only.
struct link_state {
  link_config config;
  byte_loop_actor loop;
  bool loop_is_gone = false;

  uint64_t last_number = 0;
  std::map<uint64_t, link_request> requests;
  std::deque<uint64_t> udp_waiting;
  std::deque<uint64_t> tcp_waiting;
  /// Sockets asked for and not yet known to be closed.
  size_t udp_open = 0;
  size_t tcp_open = 0;
  struct open_socket {
    uint64_t request = 0;
    io::transport how = io::transport::udp;
  };
  std::map<io::socket_id, open_socket> sockets;

  static inline const char* name = "raida_link";
};

/// All traffic with one server.
///
/// Every datagram has a connected socket of its own, so that an answer belongs to its request by
/// the socket it came through (docs/formats/raida.md 3). A datagram that is no valid answer is
/// remembered and the wait goes on: only at the deadline does it make the outcome `invalid`. A
/// request over 1024 bytes goes over TCP, one connection at a time: the next opens only when the
/// last is known to be closed (docs/formats/raida.md 11.1). Nothing is repeated here.
///
/// A TCP request whose connection fails before a byte was handed over is `unreachable`, later
/// `silent`. A datagram that the other end's system refuses is `unreachable`: no program was there
/// to read it.
///
/// Monitors the byte loop: when that ends, what is open is answered and later requests are
/// `unreachable`. Ends by an exit message or with the RAIDA CLIENT it is linked to.
raida_link_impl::behavior_type raida_link(raida_link_impl::stateful_pointer<link_state> self,
                                          byte_loop_actor loop, link_config config);

} // namespace liveconnect::raida
