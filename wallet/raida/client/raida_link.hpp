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
struct raida_link_config {
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
constexpr caf::timespan raida_link_slack(const raida_link_config& x) {
  return x.wait_max + std::chrono::seconds(1);
}

/// The RAIDA LINK with what it hears from its sockets and sends itself.
using raida_link_impl = raida_link_actor::extend<
    // From the byte loop, about sockets of ours. What concerns closed ones is ignored.
    caf::reacts_to<io::events>,
    // INTERNAL: the request of this number may be overdue.
    caf::reacts_to<atom::tick, uint64_t>>;

/// State of a RAIDA LINK. Touched by its own actor only.
class raida_link_state {
public:
  using pointer = raida_link_impl::stateful_pointer<raida_link_state>;

  explicit raida_link_state(pointer actor) : self(actor) {}

  void setup(byte_loop_actor loop, raida_link_config config);
  caf::result<answer> on_ask(const ask_one& x);
  void on_events(const io::events& list);
  /// The request of this number may be overdue.
  void on_tick(uint64_t number);

  static inline const char* name = "raida_link";

private:
  /// One request on its way through the link.
  struct request {
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
    /// UDP: something came that was not an answer to this request.
    bool saw_invalid = false;
    uint8_t invalid_status = 0;

    /// What to say of the request when no answer can come any more.
    answer without_answer() const;
  };

  /// The requests of one transport.
  struct lane {
    std::deque<uint64_t> waiting;
    /// Sockets asked for and not yet known to be closed.
    size_t open = 0;
  };

  struct open_socket {
    uint64_t request = 0;
    io::transport how = io::transport::udp;
  };

  lane& lane_of(io::transport how) { return how == io::transport::udp ? udp_ : tcp_; }
  request* find(uint64_t number);

  void start_waiting();
  void start(uint64_t number, request& x);
  /// Answers a request, forgets it and closes its socket; what still comes from there is dropped.
  void finish(uint64_t number, answer what);
  /// A socket is closed, or was never opened: the next may open.
  void release(io::transport how);

  void on_opened(uint64_t number, io::transport how, io::socket_id socket);
  void on_event(const io::event& x);
  void on_connected(request& x);
  void on_datagram(uint64_t number, request& x, byte_view data);
  void on_stream(uint64_t number, request& x, byte_view data);
  void on_closed(io::socket_id socket, io::close_reason reason);
  void on_loop_down();
  void on_exit(caf::exit_msg& x);
  /// Answers every request as far as it got: nothing more can come.
  void answer_open();

  pointer self;
  raida_link_config config_;
  byte_loop_actor loop_;
  bool loop_is_gone_ = false;

  uint64_t last_number_ = 0;
  std::map<uint64_t, request> requests_;
  lane udp_;
  lane tcp_;
  std::map<io::socket_id, open_socket> sockets_;
};

/// All traffic with one server.
///
/// Every datagram has a connected socket of its own, so that an answer belongs to its request by
/// the socket it came through (docs/formats/raida.md 3). A datagram that is not a valid answer is
/// remembered and the wait goes on: only at the deadline does it make the outcome `invalid`. A
/// request over 1024 bytes goes over TCP, one connection at a time: the next opens only when the
/// last is known to be closed (docs/formats/raida.md 11.1). Nothing is repeated here.
///
/// A TCP request whose connection fails before a byte was handed over is `unreachable`, later
/// `silent`. A datagram that the other end's system refuses is `unreachable`: no program was there
/// to read it.
///
/// Monitors the byte loop: when that ends, what is open is answered and later requests are
/// `unreachable`. Ends by an exit message or with the RAIDA CLIENT it is linked to; what is open is
/// answered before, so that nobody waits for a link that is gone.
raida_link_impl::behavior_type raida_link(raida_link_state::pointer self, byte_loop_actor loop,
                                          raida_link_config config);

} // namespace liveconnect::raida
