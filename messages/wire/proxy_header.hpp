#pragma once

#include <cstddef>
#include <cstdint>

#include "messages/base/bytes.hpp"
#include "messages/base/endpoint.hpp"

namespace liveconnect {

/// The longest PROXY header read: version 2's 16 bytes and 520 more, which holds every address
/// family and the usual TLVs. Version 1 has at most 107 ("The PROXY protocol", sections 2.1, 2.2).
inline constexpr size_t proxy_header_bytes_max = 536;

/// What stands at the front of a connection that comes through a load balancer.
struct proxy_header {
  enum class kind : uint8_t {
    /// Not complete yet, and nothing is wrong with it so far.
    more,
    /// A client's TCP connection; `source` is the client.
    client,
    /// The balancer speaks for itself, or knows no client (LOCAL, UNKNOWN, no family).
    health_check,
    /// Not a header, a broken one, one that is too long, or one of datagrams or unix sockets.
    malformed,
  };
  kind what = kind::more;
  /// Bytes of the header; the client's own begin behind them. For client and health_check.
  size_t size = 0;
  endpoint source;
};

/// Reads a PROXY header of version 1 or 2 from what has come so far. Ask again with more bytes
/// until the answer is not `more`; that is at the latest at proxy_header_bytes_max. Hostile bytes
/// are refused at the first one that cannot belong to a header. Pure. Only for connections from
/// addresses that are trusted to write one.
proxy_header read_proxy_header(byte_view so_far);

} // namespace liveconnect
