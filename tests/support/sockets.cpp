#include "tests/support/sockets.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <random>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace liveconnect::test {

namespace {

[[noreturn]] void give_up(const char* what) {
  throw std::runtime_error(std::string{what} + ": " + std::strerror(errno));
}

sockaddr_in loopback(uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

int make(int kind) {
  auto fd = ::socket(AF_INET, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    give_up("socket");
  return fd;
}

bool try_bind(int fd, int kind, uint16_t& port) {
  // For TCP: what an ended connection still holds does not count. For UDP it would let two programs
  // share a port and take each other's datagrams.
  int on = 1;
  if (kind == SOCK_STREAM)
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  auto at = loopback(port);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0)
    return false;
  socklen_t size = sizeof(at);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  port = ntohs(at.sin_port);
  return true;
}

} // namespace

int listen_tcp(uint16_t& port) {
  auto fd = make(SOCK_STREAM);
  if (!try_bind(fd, SOCK_STREAM, port) || ::listen(fd, 128) != 0)
    give_up("listen");
  return fd;
}

int bind_udp(uint16_t& port) {
  auto fd = make(SOCK_DGRAM);
  if (!try_bind(fd, SOCK_DGRAM, port))
    give_up("bind");
  return fd;
}

int connect_tcp(uint16_t port) {
  auto fd = make(SOCK_STREAM);
  auto at = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0 &&
      errno != EINPROGRESS) {
    ::close(fd);
    return -1;
  }
  return fd;
}

int connect_udp(uint16_t port) {
  auto fd = make(SOCK_DGRAM);
  auto at = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0)
    give_up("connect");
  return fd;
}

uint16_t port_of(const std::string& host_and_port) {
  return static_cast<uint16_t>(std::stoul(host_and_port.substr(host_and_port.rfind(':') + 1)));
}

uint16_t free_ports(uint16_t count) {
  std::random_device random;
  // Below the range that the system hands out by itself.
  std::uniform_int_distribution<uint32_t> first{10'000, 32'000};
  for (int attempt = 0; attempt < 100; ++attempt) {
    auto base = static_cast<uint16_t>(first(random));
    bool all = true;
    for (uint16_t i = 0; i < count && all; ++i)
      for (auto kind : {SOCK_STREAM, SOCK_DGRAM}) {
        auto fd = make(kind);
        auto port = static_cast<uint16_t>(base + i);
        all = all && try_bind(fd, kind, port);
        ::close(fd);
      }
    if (all)
      return base;
  }
  throw std::runtime_error("no free ports in a row");
}

} // namespace liveconnect::test
