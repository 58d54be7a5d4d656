#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace liveconnect {

/// `HOST:PORT` as a person, a file or an invitation writes it. The host may be a name, which is
/// looked up when it is used.
struct host_port {
  /// Without brackets; contains `:` only when it is an IPv6 address.
  std::string host;
  uint16_t port = 0;
};

inline bool operator==(const host_port& x, const host_port& y) {
  return x.host == y.host && x.port == y.port;
}

/// Reads `HOST:PORT` or `[V6]:PORT`; none for anything else. The port is a decimal number without
/// leading zeros from `port_least` to 65535: 0, which lets the system choose, is for listeners. The
/// host is at most 253 letters, digits and `-._%`.
std::optional<host_port> parse_host_port(std::string_view text, uint16_t port_least = 1);

/// `relay.example.org:9100`, `[::1]:9100`.
std::string to_string(const host_port& x);

} // namespace liveconnect
