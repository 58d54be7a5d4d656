#include "actors/relay/switchboard.hpp"

namespace liveconnect::relay {

switchboard::switchboard(std::vector<std::shared_ptr<io::byte_loop>> loops,
                         const relay_limits& limits) {
  const auto shared = std::make_shared<switch_shared>(limits);
  for (auto& x : loops)
    switches_.push_back(std::make_shared<room_switch>(std::move(x), limits, shared));
  for (const auto& x : switches_)
    shared->switches.push_back(x);
}

void switchboard::set_lobby(const lobby_actor& lobby) {
  for (const auto& x : switches_)
    x->set_lobby(lobby);
}

void switchboard::trust_proxies(const std::vector<address_range>& proxies) {
  acceptor()->trust_proxies(proxies);
}

void switchboard::place(seating what) {
  auto& home = of(what.socket);
  home.place(std::move(what));
}

void switchboard::tell(io::socket_id socket, bytes text) {
  of(socket).tell(socket, std::move(text));
}

void switchboard::refuse(io::socket_id socket, refusal why) {
  of(socket).refuse(socket, why);
}

void switchboard::wrong_guess(io::socket_id socket) {
  of(socket).wrong_guess(socket);
}

void switchboard::set_limits(const relay_limits& limits) {
  for (const auto& x : switches_)
    x->set_limits(limits);
}

void switchboard::close_all() {
  for (const auto& x : switches_)
    x->close_all();
}

relay_counters switchboard::counters() {
  relay_counters out;
  for (const auto& x : switches_)
    out += x->counters();
  return out;
}

} // namespace liveconnect::relay
