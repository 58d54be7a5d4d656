#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>

#include <caf/all.hpp>

#include "messages/base/error.hpp"
#include "messages/interfaces/interfaces.hpp"

namespace liveconnect::test {

/// sockets_test without a kernel, for actors on the deterministic scheduler: a byte_loop_actor on
/// one side, plain calls for the test on the other. Nothing is lost or reordered; addresses named
/// in `hanging` take connections and never answer.
class fake_network {
public:
  /// A socket of the test.
  struct client {
    bytes in;
    bool closed = false;
    io::close_reason reason = io::close_reason::none;
  };

  std::set<std::pair<bool, uint16_t>> taken_ports; ///< (is udp, port): listening there fails.
  std::set<uint16_t> hanging;

  byte_loop_actor spawn(caf::actor_system& system) {
    return system.spawn([this](byte_loop_actor::pointer self) -> byte_loop_actor::behavior_type {
      return {
          [this](const io::listen& x,
                 const socket_owner_actor& owner) -> caf::result<io::listening> {
            auto at = x.at;
            bool udp = x.how == io::transport::udp;
            if (at.port == 0)
              at.port = next_port_++;
            if (taken_ports.count({udp, at.port}) != 0 || listeners_.count({udp, at.port}) != 0)
              return fail(ec::cannot_listen, "port " + std::to_string(at.port));
            auto id = add(owner);
            sockets_[id].listens = {udp, at.port};
            listeners_[{udp, at.port}] = id;
            return io::listening{id, at};
          },
          [this, self](const io::connect& x,
                       const socket_owner_actor& owner) -> caf::result<io::socket_id> {
            auto id = add(owner);
            // The id is answered before the first event: another job opens the connection.
            self->system().spawn([this, id, port = x.to.port] { connect_tcp(id, port); });
            return id;
          },
          [this](const io::send& x) { transmit(x.socket, x.data); },
          [this](const io::send_to& x) {
            if (auto i = datagram_peers_.find(x.to.port); i != datagram_peers_.end())
              datagrams_[i->second].push_back(x.data);
          },
          [this](const io::close& x) { close(x.socket, io::close_reason::local); },
      };
    });
  }

  // --- the test's side ---

  io::socket_id connect(uint16_t port, endpoint from = {}) {
    auto id = add({});
    clients_[id];
    connect_tcp(id, port, from);
    return id;
  }
  void send(io::socket_id socket, bytes data) { transmit(socket, std::move(data)); }
  void hang_up(io::socket_id socket) { close(socket, io::close_reason::local); }
  const client& at(io::socket_id socket) { return clients_[socket]; }

  /// One datagram from a port of the test's own, several in one loop turn when given several.
  void datagrams(uint16_t from, uint16_t to, std::vector<bytes> list) {
    datagram_peers_[from] = from;
    auto i = listeners_.find({true, to});
    if (i == listeners_.end())
      return;
    io::events out;
    for (auto& x : list) {
      io::event e;
      e.kind = io::event_kind::received;
      e.socket = i->second;
      e.peer.port = from;
      e.data = std::move(x);
      out.list.push_back(std::move(e));
    }
    caf::anon_send(sockets_[i->second].owner, std::move(out));
  }
  std::vector<bytes> datagrams_at(uint16_t port) { return datagrams_[port]; }
  size_t open_sockets() const { return sockets_.size(); }
  bool is_listening(bool udp, uint16_t port) const { return listeners_.count({udp, port}) != 0; }

private:
  struct open_socket {
    socket_owner_actor owner; // invalid: the test's
    io::socket_id peer;
    std::pair<bool, uint16_t> listens{false, 0};
  };

  io::socket_id add(const socket_owner_actor& owner) {
    io::socket_id id{++last_};
    sockets_[id].owner = owner;
    return id;
  }

  void tell(io::socket_id to, io::event e) {
    e.socket = to;
    if (auto i = clients_.find(to); i != clients_.end()) {
      if (e.kind == io::event_kind::received)
        i->second.in.insert(i->second.in.end(), e.data.begin(), e.data.end());
      if (e.kind == io::event_kind::closed) {
        i->second.closed = true;
        i->second.reason = e.reason;
      }
      return;
    }
    auto i = sockets_.find(to);
    if (i != sockets_.end())
      caf::anon_send(i->second.owner, io::events{{std::move(e)}});
  }

  void connect_tcp(io::socket_id id, uint16_t port, endpoint from = {}) {
    if (hanging.count(port) != 0)
      return;
    auto i = listeners_.find({false, port});
    if (i == listeners_.end()) {
      close(id, io::close_reason::failed);
      return;
    }
    auto accepted = add(sockets_[i->second].owner);
    sockets_[accepted].peer = id;
    sockets_[id].peer = accepted;
    io::event e;
    e.kind = io::event_kind::accepted;
    e.listener = i->second;
    e.peer = from;
    tell(accepted, std::move(e));
    io::event c;
    c.kind = io::event_kind::connected;
    tell(id, std::move(c));
  }

  void transmit(io::socket_id from, bytes data) {
    auto i = sockets_.find(from);
    if (i == sockets_.end() || i->second.peer == io::socket_id{})
      return;
    io::event e;
    e.kind = io::event_kind::received;
    e.data = std::move(data);
    tell(i->second.peer, std::move(e));
  }

  void close(io::socket_id id, io::close_reason why) {
    auto i = sockets_.find(id);
    if (i == sockets_.end())
      return;
    auto peer = i->second.peer;
    io::event e;
    e.kind = io::event_kind::closed;
    e.reason = why;
    tell(id, std::move(e));
    listeners_.erase(i->second.listens);
    sockets_.erase(id);
    if (peer != io::socket_id{}) {
      if (auto j = sockets_.find(peer); j != sockets_.end())
        j->second.peer = {};
      close(peer, io::close_reason::peer);
    }
  }

  uint64_t last_ = 0;
  uint16_t next_port_ = 40000;
  std::map<io::socket_id, open_socket> sockets_;
  std::map<io::socket_id, client> clients_;
  std::map<std::pair<bool, uint16_t>, io::socket_id> listeners_;
  std::map<uint16_t, uint16_t> datagram_peers_;
  std::map<uint16_t, std::vector<bytes>> datagrams_;
};

} // namespace liveconnect::test
