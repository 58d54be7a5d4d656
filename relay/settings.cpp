#include "relay/settings.hpp"

#include <charconv>
#include <cstdlib>

#include "cli/shell/values.hpp"
#include "messages/base/error.hpp"
#include "messages/base/host_port.hpp"
#include "messages/base/printable.hpp"
#include "relay/relay_server.hpp"

namespace liveconnect::relay {

namespace {

using values = std::vector<std::string>;

caf::error wrong(const std::string& what) {
  return fail(ec::bad_config, what);
}

/// The text of a setting that is no list; empty when there is not just one.
std::string one(const values& list) {
  return list.size() == 1 ? list.front() : std::string{};
}

constexpr auto duration_max = std::chrono::hours(24);

caf::error set_listen(relay_settings& into, const values& list) {
  if (list.empty())
    return wrong("needs at least one HOST:PORT");
  for (const auto& x : list) {
    if (!split_host_port(x, 0))
      return wrong(in_quotes(x) + " is not HOST:PORT, such as 0.0.0.0:9100 or [::]:9100");
  }
  into.listen = list;
  into.listen_is_default = false;
  return caf::none;
}

caf::error set_proxies(relay_settings& into, const values& list) {
  if (list.empty())
    return wrong("needs at least one block of addresses");
  into.proxies.clear();
  for (const auto& x : list) {
    address_range range;
    if (!address_range::parse(x, range))
      return wrong(in_quotes(x) +
                   " is not a block of addresses, such as 10.0.0.0/8 or 2001:db8::7");
    into.proxies.push_back(range);
  }
  return caf::none;
}

caf::error set_status_listen(relay_settings& into, const values& list) {
  const auto text = one(list);
  if (text != "none" && !split_host_port(text, 0))
    return wrong(in_quotes(text) + " is neither HOST:PORT, such as 127.0.0.1:9101, nor none");
  into.status_listen = text == "none" ? std::string{} : text;
  into.status_listen_is_default = false;
  return caf::none;
}

constexpr size_t socket_buffer_most = 16 * 1024 * 1024;

caf::error set_loops(relay_settings& into, const values& list) {
  const auto text = one(list);
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, into.loops);
  if (error != std::errc{} || end != last || into.loops > loops_max)
    return wrong(in_quotes(text) + " is not a number from 0 (as the cores suggest) to 64");
  return caf::none;
}

caf::error set_socket_buffer(relay_settings& into, const values& list) {
  const auto x = cli::parse_size(one(list));
  if (!x || *x > socket_buffer_most)
    return wrong(in_quotes(one(list)) +
                 " is not a size from 0 (the system decides) to 16MiB, such as 128KiB");
  into.socket_buffer_bytes = *x;
  return caf::none;
}

template<std::string relay_settings::*Member>
caf::error set_path(relay_settings& into, const values& list) {
  const auto text = one(list);
  if (text != "none" && (text.empty() || text.front() != '/'))
    return wrong(in_quotes(text) + " is neither an absolute path nor none");
  into.*Member = text == "none" ? std::string{} : text;
  return caf::none;
}

caf::error set_usage_addresses(relay_settings& into, const values& list) {
  const auto text = one(list);
  if (text != "rounded" && text != "full")
    return wrong(in_quotes(text) + " is neither rounded nor full");
  into.usage_addresses_full = text == "full";
  return caf::none;
}

caf::error set_drain_timeout(relay_settings& into, const values& list) {
  const auto text = one(list);
  if (text == "0s") {
    into.drain_timeout = std::chrono::milliseconds(0);
    return caf::none;
  }
  const auto x = cli::parse_duration(text, duration_max);
  if (!x)
    return wrong(detail_of(x.error()) + ", nor 0s");
  into.drain_timeout = *x;
  return caf::none;
}

template<std::chrono::milliseconds relay_limits::*Member>
caf::error set_duration(relay_settings& into, const values& list) {
  const auto x = cli::parse_duration(one(list), duration_max);
  if (!x)
    return wrong(detail_of(x.error()));
  into.limits.*Member = *x;
  return caf::none;
}

template<size_t relay_limits::*Member>
caf::error set_count(relay_settings& into, const values& list) {
  uint32_t x = 0;
  const auto text = one(list);
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, x);
  if (error != std::errc{} || end != last || x > 1'000'000)
    return wrong(in_quotes(text) + " is not a number from 0 (no limit) to 1000000");
  into.limits.*Member = x;
  return caf::none;
}

template<size_t relay_limits::*Member>
caf::error set_size(relay_settings& into, const values& list) {
  const auto x = cli::parse_size(one(list));
  if (!x)
    return wrong(detail_of(x.error()));
  into.limits.*Member = *x;
  return caf::none;
}

constexpr size_t frame_bytes_least = 4 * 1024;
constexpr size_t frame_bytes_most = 1024 * 1024;

caf::error set_frame_bytes(relay_settings& into, const values& list) {
  const auto x = cli::parse_size(one(list));
  if (!x || *x < frame_bytes_least || *x > frame_bytes_most)
    return wrong(in_quotes(one(list)) + " is not a size from 4KiB to 1MiB");
  into.limits.frame_bytes_max = *x;
  return caf::none;
}

} // namespace

// long: a table, one row a setting
const std::vector<setting>& all_settings() {
  static const std::vector<setting> list{
      {"listen", "HOST:PORT to listen on; may be repeated ([::]:9100, which takes IPv4 too)",
       set_listen, "HOST:PORT"},
      {"loops",
       "I/O threads, 1 to 64; 0: one per core, or one on machines with two cores or fewer (0)",
       set_loops},
      {"socket_buffer_bytes",
       "kernel buffers of a connection, each way; 0: the system decides. More makes distant "
       "connections faster (128KiB)",
       set_socket_buffer},
      {"heartbeat_timeout", "drop a connection after this much silence (90s)",
       set_duration<&relay_limits::heartbeat_timeout>},
      {"frame_bytes_max",
       "bytes of one message, counted after # is replaced; clients use up to 64KiB (64KiB)",
       set_frame_bytes},
      {"join_deadline", "time for the first message, Join_Room (10s)",
       set_duration<&relay_limits::join_deadline>},
      {"frame_deadline", "time for the rest of a message once it has begun (30s)",
       set_duration<&relay_limits::frame_deadline>},
      {"write_queue_bytes_max",
       "bytes that may wait for one connection, at least 128KiB more than "
       "frame_bytes_max (256KiB)",
       set_size<&relay_limits::write_queue_bytes_max>},
      {"stall_deadline", "drop a connection that reads nothing of what waits for it (30s)",
       set_duration<&relay_limits::stall_deadline>},
      {"room_wait", "how long one client may be alone in a room (30m)",
       set_duration<&relay_limits::room_wait>},
      {"connections_max", "connections in total, 0 for no limit (20000)",
       set_count<&relay_limits::connections_max>},
      {"connections_per_address_max",
       "connections from one address; an IPv6 /64 counts as one; 0 for no limit (16)",
       set_count<&relay_limits::connections_per_address_max>},
      {"rooms_max", "rooms in total, 0 for no limit (10000)", set_count<&relay_limits::rooms_max>},
      {"new_connections_per_address_per_minute",
       "new connections from one address per minute, 0 for no limit (30)",
       set_count<&relay_limits::new_connections_per_address_per_minute>},
      {"new_connections_per_address_burst", "how many of these may come at once (20)",
       set_count<&relay_limits::new_connections_per_address_burst>},
      {"wrong_guesses_per_address_per_minute",
       "wrong tags from one address per minute before it must wait, 0 for no limit (10)",
       set_count<&relay_limits::wrong_guesses_per_address_per_minute>},
      {"wrong_guesses_out", "how long it must then wait (10m)",
       set_duration<&relay_limits::wrong_guesses_out>},
      {"queued_bytes_max",
       "bytes that wait for all connections together; the largest queues are closed first; 0 for "
       "no limit (512MiB)",
       set_size<&relay_limits::queued_bytes_max>},
      {"room_bytes_max", "bytes that one room passes on in total, 0 for no limit (64MiB)",
       set_size<&relay_limits::room_bytes_max>},
      {"room_bytes_per_second_max",
       "bytes that one room passes on per second before its senders are slowed down, 0 for no "
       "limit (2MiB)",
       set_size<&relay_limits::room_bytes_per_second_max>},
      {"room_life", "how long a room may be open in total (24h)",
       set_duration<&relay_limits::room_life>},
      {"proxy_from",
       "addresses of load balancers whose connections begin with a PROXY header; may be repeated",
       set_proxies, "CIDR"},
      {"status_listen",
       "HOST:PORT of the status page, /metrics and health checks, or none (127.0.0.1:9101)",
       set_status_listen},
      {"drain_timeout", "how long rooms may go on after SIGTERM, 0s to end at once (60s)",
       set_drain_timeout},
      {"admin_socket",
       "path of the socket for rooms, kick, drain, status and log-level, or none (none; under "
       "systemd admin.sock in the RuntimeDirectory)",
       set_path<&relay_settings::admin_socket>},
      {"usage_log", "file that gets one line of JSON per ended room, or none (none)",
       set_path<&relay_settings::usage_log>},
      {"usage_addresses", "addresses in the usage log: rounded to /24 and /48, or full (rounded)",
       set_usage_addresses},
  };
  return list;
}

const cli::settings_table& relay_setting_names() {
  static const cli::settings_table out = [] {
    std::vector<cli::setting_name> names;
    for (const auto& x : all_settings())
      names.push_back({x.name, x.description, nullptr, nullptr, x.list_of});
    return cli::settings_table{
        std::move(names), variable_prefix, {}, {std::string{variable_prefix} + "CONFIG"}};
  }();
  return out;
}

caf::error apply_layer(relay_settings& into, const cli::settings_layer& layer) {
  for (const auto& x : all_settings()) {
    const auto found = layer.find(x.name);
    if (found == layer.end())
      continue;
    if (auto err = x.set(into, found->second.values))
      return wrong(found->second.origin + ": " + detail_of(err));
  }
  return caf::none;
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

caf::error check_together(const relay_settings& x) {
  // What is gathered for one write, a frame behind it, and the relay's own words.
  if (x.limits.write_queue_bytes_max < x.limits.frame_bytes_max + 128 * 1024)
    return wrong(
        "write_queue_bytes_max must be at least 128KiB more than frame_bytes_max, which is " +
        std::to_string(x.limits.frame_bytes_max));
  return caf::none;
}

std::vector<std::string> changed_beside_limits(const relay_settings& x, const relay_settings& y) {
  std::vector<std::string> out;
  const auto compare = [&](const char* name, bool same) {
    if (!same)
      out.emplace_back(name);
  };
  compare("listen", x.listen == y.listen);
  compare("proxy_from", x.proxies == y.proxies);
  compare("loops", x.loops == y.loops);
  compare("socket_buffer_bytes", x.socket_buffer_bytes == y.socket_buffer_bytes);
  compare("status_listen", x.status_listen == y.status_listen);
  compare("admin_socket", x.admin_socket == y.admin_socket);
  compare("usage_log", x.usage_log == y.usage_log);
  compare("usage_addresses", x.usage_addresses_full == y.usage_addresses_full);
  compare("drain_timeout", x.drain_timeout == y.drain_timeout);
  return out;
}

} // namespace liveconnect::relay
