#include "relay/relay_server.hpp"

#include <algorithm>
#include <sys/resource.h>

#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "actors/heartbeat.hpp"
#include "actors/io/descriptor.hpp"
#include "actors/io/resolve.hpp"
#include "actors/lobby.hpp"
#include "messages/error.hpp"

namespace liveconnect::relay {

namespace {

/// A refused client gets its sentence within this, and the end of the relay takes no longer.
constexpr std::chrono::seconds linger{2};

/// Rooms that end with the relay hand in their records within this.
constexpr std::chrono::seconds records_deadline{2};

/// Busy one-way streams of small messages are passed on together (relay.md, adaptive coalescing).
constexpr std::chrono::microseconds gather{50};
/// And heartbeats of a relay in which nobody talks.
constexpr std::chrono::microseconds gather_idle{4000};

/// Descriptors beside the connections: listeners, logs, the loop's own.
constexpr size_t descriptors_beside = 64;

io::loop_config loop_settings(const relay_limits& limits) {
  io::loop_config out;
  out.write_queue_bytes_max = limits.write_queue_bytes_max;
  out.linger = linger;
  out.gather = gather;
  out.gather_idle = gather_idle;
  return out;
}

} // namespace

relay_server::relay_server(caf::actor_system& system, const relay_limits& limits,
                           server_options beside)
    : system_(system), records_(beside.usage != nullptr),
      asked_connections_max_(limits.connections_max), rooms_max_(limits.rooms_max),
      net_(system, loop_settings(limits)),
      switch_(std::make_shared<room_switch>(net_.share(), limits)),
      heartbeat_(
          system.spawn(heartbeat, heartbeat_config{limits.heartbeat_timeout, limits.room_wait})),
      lobby_(system.spawn(
          lobby, lobby_config{switch_, heartbeat_, limits.rooms_max, std::move(beside.usage)})) {
  switch_->trust_proxies(std::move(beside.proxies));
  switch_->set_lobby(lobby_);
}

relay_server::~relay_server() {
  stop();
}

caf::expected<std::vector<endpoint>> relay_server::listen(const std::string& host_and_port) {
  std::string host;
  uint16_t port = 0;
  if (!io::split_host_port(host_and_port, host, port))
    return fail(ec::bad_argument, "not HOST:PORT");
  auto addresses = io::resolve(host, port);
  if (!addresses)
    return addresses.error();
  std::vector<endpoint> out;
  for (const auto& x : *addresses) {
    auto made = net_.loop().open(io::listen{x, io::transport::tcp}, switch_);
    if (!made)
      return made.error();
    out.push_back(made->at);
  }
  return out;
}

caf::expected<endpoint> relay_server::listen(io::descriptor listening_socket) {
  auto made = net_.loop().open(std::move(listening_socket), switch_);
  if (!made)
    return made.error();
  return made->at;
}

void relay_server::drain() {
  caf::anon_send(lobby_, atom::drain_v);
}

void relay_server::set_limits(const relay_limits& limits) {
  asked_connections_max_ = limits.connections_max;
  rooms_max_ = limits.rooms_max;
  net_.loop().set_bounds(limits.write_queue_bytes_max, 0);
  switch_->set_limits(limits);
  const bounds change{limits.heartbeat_timeout, limits.room_wait, limits.rooms_max};
  caf::anon_send(lobby_, change);
  caf::anon_send(heartbeat_, change);
}

size_t relay_server::connections_max() const {
  const size_t asked = asked_connections_max_;
  const auto possible = io::sockets_by_limit();
  return asked == 0 ? possible : std::min(asked, possible);
}

/// Everybody's end is on its way to the rooms; each hands in its record when it is there.
void relay_server::await_records() {
  const auto until = std::chrono::steady_clock::now() + records_deadline;
  caf::scoped_actor self{system_};
  bool waiting = true;
  while (waiting && std::chrono::steady_clock::now() < until)
    self->request(lobby_, records_deadline, atom::describe_v)
        .receive([&](const room_numbers& x) { waiting = !x.list.empty(); },
                 [&](const caf::error&) { waiting = false; });
}

void relay_server::stop() {
  if (std::exchange(stopped_, true))
    return;
  switch_->close_all();
  net_.loop().stop();
  if (records_)
    await_records();
  caf::anon_send_exit(lobby_, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(heartbeat_, caf::exit_reason::user_shutdown);
}

descriptor_room provide_descriptors(const relay_limits& limits) {
  descriptor_room out;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    const auto wanted =
        limits.connections_max == 0
            ? files.rlim_max
            : static_cast<rlim_t>((limits.connections_max + descriptors_beside) * 20 / 19 + 1);
    if (files.rlim_cur < wanted && files.rlim_cur < files.rlim_max) {
      auto more = files;
      more.rlim_cur = std::min(wanted, files.rlim_max);
      out.raised = setrlimit(RLIMIT_NOFILE, &more) == 0;
      if (out.raised)
        files = more;
    }
    out.soft = files.rlim_cur;
    out.hard = files.rlim_max;
  }
  out.connections = io::sockets_by_limit();
  return out;
}

} // namespace liveconnect::relay
