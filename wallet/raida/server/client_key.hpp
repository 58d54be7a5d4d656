#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "messages/base/endpoint.hpp"

namespace liveconnect::raida {

/// Whom a server's budgets count as one client: an IPv4 address, or a /64 of IPv6. Ports do not
/// matter.
using client_key = std::array<uint8_t, 16>;

struct client_key_hash {
  size_t operator()(const client_key& x) const;
};

client_key key_of(const endpoint& x);

/// 127.0.0.0/8 and ::1.
bool is_loopback(const endpoint& x);

} // namespace liveconnect::raida
