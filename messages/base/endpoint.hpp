#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <caf/meta/type_name.hpp>

struct sockaddr_storage;

namespace liveconnect {

/// A numeric address and port. IPv4 is kept as an IPv4-mapped IPv6 address, so that both compare as
/// one.
struct endpoint {
  std::array<uint8_t, 16> address{};
  uint16_t port = 0;

  bool is_v4() const;

  /// `127.0.0.1`, `::1`: the address alone, in its usual text form; what the relay writes over `#`.
  std::string host() const;

  /// Reads a numeric IPv4 or IPv6 address (no name is looked up); false when it is none.
  static bool parse(std::string_view host, uint16_t port, endpoint& out);
  /// Reads `HOST:PORT` or `[V6]:PORT` with a numeric host.
  static bool parse(std::string_view host_and_port, endpoint& out);

  static endpoint from(const sockaddr_storage& x);
  /// Fills `out` as AF_INET for IPv4 and AF_INET6 else; returns the length to give to the kernel.
  unsigned to(sockaddr_storage& out) const;
};

inline bool operator==(const endpoint& x, const endpoint& y) {
  return x.address == y.address && x.port == y.port;
}
inline bool operator!=(const endpoint& x, const endpoint& y) {
  return !(x == y);
}

/// `127.0.0.1:9100`, `[::1]:9100`.
std::string to_string(const endpoint& x);

template<class Inspector>
typename Inspector::result_type inspect(Inspector& f, endpoint& x) {
  return f(caf::meta::type_name("endpoint"), x.address, x.port);
}

} // namespace liveconnect
