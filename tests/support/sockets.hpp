#pragma once

#include <cstdint>
#include <string>

namespace liveconnect::test {

/// Plain loopback sockets for tests' own go-betweens; every failure throws std::runtime_error.

/// Non-blocking TCP listener on 127.0.0.1; `port` 0 lets the system choose and is set.
int listen_tcp(uint16_t& port);
/// Non-blocking UDP socket bound to 127.0.0.1; likewise.
int bind_udp(uint16_t& port);
/// Starts a non-blocking TCP connection to `127.0.0.1:PORT`.
int connect_tcp(uint16_t port);
/// A non-blocking UDP socket that talks with `127.0.0.1:PORT` alone.
int connect_udp(uint16_t port);

/// The port of `HOST:PORT`.
uint16_t port_of(const std::string& host_and_port);

/// The first of `count` ports in a row that no program uses, TCP and UDP. Another program may take
/// one before the caller does.
uint16_t free_ports(uint16_t count);

} // namespace liveconnect::test
