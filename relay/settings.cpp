#include "relay/settings.hpp"

#include "cli/shell/values.hpp"
#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "relay/relay_server.hpp"

namespace liveconnect::relay {

namespace {

using std::chrono::milliseconds;
using texts = std::vector<std::string>;

constexpr auto duration_max = std::chrono::hours(24);
constexpr uint64_t count_max = 1'000'000;
constexpr uint64_t socket_buffer_bytes_max = 16 * 1024 * 1024;
constexpr uint64_t frame_bytes_least = 4 * 1024;
constexpr uint64_t frame_bytes_most = 1024 * 1024;

caf::error wrong(const std::string& text, const char* what) {
  return fail(ec::bad_config, in_quotes(text) + " is not " + what);
}

/// Keeps a value that was read, or hands its error on.
template<class To, class From>
caf::error keep(To& to, const caf::expected<From>& from) {
  if (!from)
    return from.error();
  to = static_cast<To>(*from);
  return {};
}

caf::error read_listen(relay_settings& to, const texts& list) {
  for (const auto& x : list)
    if (const auto address = cli::parse_listen_address(x); !address)
      return address.error();
  to.listen = list;
  to.listen_is_default = false;
  return {};
}

caf::error read_proxies(relay_settings& to, const texts& list) {
  to.proxies.clear();
  for (const auto& x : list) {
    address_range range;
    if (!address_range::parse(x, range))
      return wrong(x, "a block of addresses, such as 10.0.0.0/8 or 2001:db8::7");
    to.proxies.push_back(range);
  }
  return {};
}

caf::error read_status_listen(relay_settings& to, const texts& list) {
  const bool none = list.front() == "none";
  if (!none && !cli::parse_listen_address(list.front()))
    return wrong(list.front(), "HOST:PORT, such as 127.0.0.1:9101, or none");
  to.status_listen = none ? std::string{} : list.front();
  to.status_listen_is_default = false;
  return {};
}

caf::error read_loops(relay_settings& to, const texts& list) {
  return keep(to.loops, cli::parse_count(list.front(), 0, loops_max));
}

caf::error read_socket_buffer(relay_settings& to, const texts& list) {
  return keep(to.socket_buffer_bytes, cli::parse_size(list.front(), 0, socket_buffer_bytes_max));
}

template<std::string relay_settings::*Member>
caf::error read_path(relay_settings& to, const texts& list) {
  const auto& text = list.front();
  if (text != "none" && (text.empty() || text.front() != '/'))
    return wrong(text, "an absolute path or none");
  to.*Member = text == "none" ? std::string{} : text;
  return {};
}

caf::error read_usage_addresses(relay_settings& to, const texts& list) {
  return keep(to.usage_addresses_full, cli::parse_word(list.front(), {"rounded", "full"}));
}

caf::error read_drain_timeout(relay_settings& to, const texts& list) {
  return keep(to.drain_timeout, cli::parse_duration(list.front(), milliseconds(0), duration_max));
}

template<milliseconds relay_limits::*Member>
caf::error read_duration(relay_settings& to, const texts& list) {
  return keep(to.limits.*Member, cli::parse_duration(list.front(), milliseconds(1), duration_max));
}

template<size_t relay_limits::*Member>
caf::error read_count(relay_settings& to, const texts& list) {
  return keep(to.limits.*Member, cli::parse_count(list.front(), 0, count_max));
}

template<size_t relay_limits::*Member>
caf::error read_size(relay_settings& to, const texts& list) {
  return keep(to.limits.*Member, cli::parse_size(list.front()));
}

caf::error read_frame_bytes(relay_settings& to, const texts& list) {
  return keep(to.limits.frame_bytes_max,
              cli::parse_size(list.front(), frame_bytes_least, frame_bytes_most));
}

using row = cli::settings_table<relay_settings>::row;

constexpr auto value = cli::flag_form::value;
constexpr auto repeated = cli::flag_form::repeated;

// long: a table with a row for each setting.
std::vector<row> rows() {
  return {
      {{"listen", "Address to listen on; may be repeated ([::]:9100, which takes IPv4 too)",
        repeated, "HOST:PORT"},
       read_listen},
      {{"loops",
        "I/O threads, 1 to 64; 0: one per core, or one on machines with two cores or fewer (0)",
        value, "N"},
       read_loops},
      {{"socket_buffer_bytes",
        "The system's send and receive buffers of a connection, each; larger ones are faster over "
        "long distances; 0: the system's choice (128KiB)",
        value, "SIZE"},
       read_socket_buffer},
      {{"heartbeat_timeout", "Close a connection that has been silent for this long (90s)", value,
        "DURATION"},
       read_duration<&relay_limits::heartbeat_timeout>},
      {{"frame_bytes_max",
        "Largest message, counted after # is replaced; programs send up to 64KiB (64KiB)", value,
        "SIZE"},
       read_frame_bytes},
      {{"join_deadline", "Time for the first message, Join_Room (10s)", value, "DURATION"},
       read_duration<&relay_limits::join_deadline>},
      {{"frame_deadline", "Time for the rest of a message once it has begun (30s)", value,
        "DURATION"},
       read_duration<&relay_limits::frame_deadline>},
      {{"write_queue_bytes_max",
        "Bytes that may wait to be sent to one connection, at least 128KiB more than "
        "frame_bytes_max (256KiB)",
        value, "SIZE"},
       read_size<&relay_limits::write_queue_bytes_max>},
      {{"stall_deadline",
        "Close a connection that has taken none of the bytes waiting for it for this long (30s)",
        value, "DURATION"},
       read_duration<&relay_limits::stall_deadline>},
      {{"room_wait", "How long a client may be alone in a room (30m)", value, "DURATION"},
       read_duration<&relay_limits::room_wait>},
      {{"connections_max", "Connections in all; 0: no limit (20000)", value, "N"},
       read_count<&relay_limits::connections_max>},
      {{"connections_per_address_max",
        "Connections from one address (an IPv6 /64 counts as one); 0: no limit (16)", value, "N"},
       read_count<&relay_limits::connections_per_address_max>},
      {{"rooms_max", "Rooms in all; 0: no limit (10000)", value, "N"},
       read_count<&relay_limits::rooms_max>},
      {{"new_connections_per_address_per_minute",
        "New connections from one address per minute; 0: no limit (30)", value, "N"},
       read_count<&relay_limits::new_connections_per_address_per_minute>},
      {{"new_connections_per_address_burst", "How many of these may come at once (20)", value, "N"},
       read_count<&relay_limits::new_connections_per_address_burst>},
      {{"wrong_guesses_per_address_per_minute",
        "Wrong tags from one address per minute before it is locked out; 0: no limit (10)", value,
        "N"},
       read_count<&relay_limits::wrong_guesses_per_address_per_minute>},
      {{"wrong_guesses_out", "How long such an address is locked out (10m)", value, "DURATION"},
       read_duration<&relay_limits::wrong_guesses_out>},
      {{"queued_bytes_max",
        "Bytes that may wait for all connections together before the connection with the longest "
        "queue is closed; 0: no limit (512MiB)",
        value, "SIZE"},
       read_size<&relay_limits::queued_bytes_max>},
      {{"room_bytes_max", "Bytes that one room may pass on in all; 0: no limit (64MiB)", value,
        "SIZE"},
       read_size<&relay_limits::room_bytes_max>},
      {{"room_bytes_per_second_max",
        "Bytes that one room may pass on per second before its senders are slowed down; 0: no "
        "limit (2MiB)",
        value, "SIZE"},
       read_size<&relay_limits::room_bytes_per_second_max>},
      {{"room_life", "How long a room may be open in all (24h)", value, "DURATION"},
       read_duration<&relay_limits::room_life>},
      {{"proxy_from",
        "Addresses of load balancers, whose connections begin with a PROXY header; may be repeated",
        repeated, "CIDR"},
       read_proxies},
      {{"status_listen",
        "Address of the status page, /metrics and health checks, or none (127.0.0.1:9101)", value,
        "HOST:PORT"},
       read_status_listen},
      {{"drain_timeout", "How long rooms may go on after SIGTERM; 0s: not at all (60s)", value,
        "DURATION"},
       read_drain_timeout},
      {{"admin_socket",
        "Path of the socket for rooms, kick, drain, status and log-level, or none (none; under "
        "systemd, admin.sock in the RuntimeDirectory)",
        value, "PATH"},
       read_path<&relay_settings::admin_socket>},
      {{"usage_log", "File that gets one line of JSON for each room that has ended, or none (none)",
        value, "PATH"},
       read_path<&relay_settings::usage_log>},
      {{"usage_addresses", "Addresses in the usage log: rounded (to /24 and /48) or full (rounded)",
        value, "WORD"},
       read_usage_addresses},
  };
}

} // namespace

const cli::settings_table<relay_settings>& relay_settings_table() {
  static const cli::settings_table<relay_settings> table{
      {{}, "LIVECONNECT_RELAY_", {"LIVECONNECT_RELAY_CONFIG"}}, rows()};
  return table;
}

caf::expected<relay_settings> load_settings(relay_settings built_in, const std::string& file,
                                            const cli::settings_layer& flags,
                                            const cli::variable_lookup& lookup) {
  const auto& table = relay_settings_table();
  std::vector<cli::settings_layer> layers{flags, cli::read_environment(table.names, lookup)};
  if (!file.empty()) {
    auto layer = cli::read_settings_file(table.names, file);
    if (!layer)
      return std::move(layer.error());
    layers.push_back(std::move(*layer));
  }
  if (auto err = cli::apply(table, layers, cli::checked::all, built_in))
    return err;
  if (auto err = check_together(built_in))
    return err;
  return built_in;
}

caf::error check_together(const relay_settings& x) {
  // What is coalesced for one write, a frame behind it, and the relay's own words.
  constexpr size_t beside_frame_bytes = 128 * 1024;
  if (x.limits.write_queue_bytes_max < x.limits.frame_bytes_max + beside_frame_bytes)
    return fail(ec::bad_config,
                "write_queue_bytes_max must be at least 128KiB more than frame_bytes_max, which "
                "is " +
                    std::to_string(x.limits.frame_bytes_max));
  return {};
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
