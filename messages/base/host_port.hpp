#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace liveconnect {

/// `HOST:PORT` as it was written; the host may be a name, which is looked up when it is used.
struct host_port {
  std::string host;
  uint16_t port = 0;
};

/// Splits `HOST:PORT` or `[V6]:PORT`, the one form that every program and file here uses. Nothing
/// for anything else: an empty host, a V6 address without brackets, a port that is not a number of
/// `port_min`..65535. What the host is made of, the caller checks.
std::optional<host_port> split_host_port(std::string_view text, uint16_t port_min = 1);

/// `relay.example.org:9100`, `[::1]:9100`.
std::string to_string(const host_port& x);

} // namespace liveconnect
