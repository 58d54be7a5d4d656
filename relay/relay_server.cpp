#include "relay/relay_server.hpp"

#include <algorithm>
#include <sys/resource.h>

#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "actors/io/descriptor.hpp"
#include "actors/io/resolve.hpp"
#include "actors/relay/heartbeat.hpp"
#include "actors/relay/lobby.hpp"
#include "messages/base/error.hpp"
#include "messages/base/host_port.hpp"

namespace liveconnect::relay {

namespace {

/// A refused client gets its sentence within this, and the end of the relay takes no longer.
constexpr std::chrono::seconds linger{2};

/// Rooms that end with the relay hand in their records within this.
constexpr std::chrono::seconds records_deadline{2};

/// Busy one-way streams of small messages are passed on together (docs/design/relay.md "Design that
/// gives it").
constexpr std::chrono::microseconds coalesce{50};
/// And heartbeats of a relay in which nothing else is said.
constexpr std::chrono::microseconds coalesce_idle{4000};

/// One read: with it a silent receiver costs the relay less than 64 KiB (what was read and cannot
/// go on), and more at a time was measured to bring nothing.
constexpr size_t read_bytes_max = 48 * 1024;
/// Descriptors beside the connections: listeners, logs, two for each loop (where there are many
/// loops, the twentieth on top is large enough for them).
constexpr size_t descriptors_beside = 64;

io::loop_config loop_settings(const relay_limits& limits, size_t socket_buffer_bytes) {
  io::loop_config out;
  out.write_queue_bytes_max = limits.write_queue_bytes_max;
  out.linger = linger;
  out.read_bytes_max = read_bytes_max;
  out.accepted_buffer_bytes = socket_buffer_bytes;
  out.coalesce = coalesce;
  out.coalesce_idle = coalesce_idle;
  return out;
}

/// As many loops as asked for, numbered, with one count of descriptors; fewer where descriptors are
/// too short for them, but one in any case.
std::vector<std::shared_ptr<io::byte_loop>> make_loops(size_t count, io::loop_config config) {
  config.sockets_open = std::make_shared<std::atomic<size_t>>(0);
  std::vector<std::shared_ptr<io::byte_loop>> out;
  for (size_t i = 0; i < count; ++i) {
    config.number = static_cast<uint8_t>(i);
    auto made = std::make_shared<io::byte_loop>(config);
    if (i > 0 && !made->running())
      break;
    out.push_back(std::move(made));
  }
  return out;
}

} // namespace

size_t loops_for(size_t asked, size_t cores) {
  // On two cores the second is the actors', the kernel's and the operator's.
  const size_t fitting = cores <= 2 ? 1 : cores;
  return std::clamp<size_t>(asked == 0 ? fitting : asked, 1, loops_max);
}

relay_server::relay_server(caf::actor_system& system, const relay_limits& limits,
                           server_options beside)
    : system_(system), records_(beside.usage != nullptr),
      asked_connections_max_(limits.connections_max), rooms_max_(limits.rooms_max),
      loops_(make_loops(loops_for(beside.loops, 1),
                        loop_settings(limits, beside.socket_buffer_bytes))),
      switches_(std::make_shared<switchboard>(loops_, limits)),
      heartbeat_(
          system.spawn(heartbeat, heartbeat_config{limits.heartbeat_timeout, limits.room_wait})),
      lobby_(system.spawn(
          lobby, lobby_config{switches_, heartbeat_, limits.rooms_max, std::move(beside.usage)})) {
  switches_->trust_proxies(beside.proxies);
  switches_->set_lobby(lobby_);
}

relay_server::~relay_server() {
  stop();
}

caf::expected<std::vector<endpoint>> relay_server::listen(const std::string& host_and_port) {
  const auto at = split_host_port(host_and_port, 0);
  if (!at)
    return fail(ec::bad_argument, "not HOST:PORT");
  auto addresses = io::resolve(at->host, at->port);
  if (!addresses)
    return addresses.error();
  std::vector<endpoint> out;
  for (const auto& x : *addresses) {
    auto made = loops_.front()->open(io::listen{x, io::transport::tcp}, switches_->acceptor());
    if (!made)
      return made.error();
    out.push_back(made->at);
  }
  return out;
}

caf::expected<endpoint> relay_server::listen(io::descriptor listening_socket) {
  auto made = loops_.front()->open(std::move(listening_socket), switches_->acceptor());
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
  for (const auto& x : loops_)
    x->set_bounds(limits.write_queue_bytes_max, 0);
  switches_->set_limits(limits);
  const limits_update change{limits.heartbeat_timeout, limits.room_wait, limits.rooms_max};
  caf::anon_send(lobby_, change);
  caf::anon_send(heartbeat_, change);
}

size_t relay_server::connections_max() const {
  const size_t asked = asked_connections_max_;
  const auto possible = io::sockets_by_limit();
  return asked == 0 ? possible : std::min(asked, possible);
}

uint64_t relay_server::coalesced_turns() const {
  uint64_t out = 0;
  for (const auto& x : loops_)
    out += x->coalesced_turns();
  return out;
}

/// The end of each connection is on its way to its room, which then hands in its record.
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
  switches_->close_all();
  // The first one first: it has the listeners, and moves no line to a loop that has ended.
  for (const auto& x : loops_)
    x->stop();
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
