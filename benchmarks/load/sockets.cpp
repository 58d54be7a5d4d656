#include "benchmarks/load/sockets.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

caf::error system_failure(const std::string& what) {
  return fail(ec::network_failed, what + ": " + std::strerror(errno));
}

void set(int fd, int level, int name, int value) {
  // None of these can fail on a TCP socket of ours, and nothing depends on them but speed.
  ::setsockopt(fd, level, name, &value, sizeof value);
}

} // namespace

void descriptor::reset() {
  if (fd_ >= 0)
    ::close(std::exchange(fd_, -1));
}

caf::expected<descriptor> connect_to(const endpoint& target, const endpoint* source) {
  sockaddr_storage address{};
  const auto length = target.to(address);
  descriptor out{::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!out)
    return system_failure("socket");
  set(out.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  if (source != nullptr) {
    auto from = *source;
    from.port = 0;
    sockaddr_storage text{};
    const auto size = from.to(text);
    // The port is chosen when the other end is known, so one address has 28,000 for each target.
    set(out.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (::bind(out.get(), reinterpret_cast<sockaddr*>(&text), size) != 0)
      return system_failure("bind " + from.host());
  }
  if (::connect(out.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 &&
      errno != EINPROGRESS)
    return system_failure("connect " + to_string(target));
  return out;
}

caf::expected<descriptor> listen_on_loopback(endpoint& where, bool inherited) {
  endpoint::parse("127.0.0.1", 0, where);
  sockaddr_storage address{};
  auto length = static_cast<socklen_t>(where.to(address));
  descriptor out{
      ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | (inherited ? 0 : SOCK_CLOEXEC), 0)};
  if (!out || ::bind(out.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(out.get(), 4096) != 0 ||
      ::getsockname(out.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return system_failure("listen on 127.0.0.1");
  where = endpoint::from(address);
  return out;
}

caf::expected<descriptor> accept_from(int listener) {
  descriptor out{::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!out) {
    if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR)
      return descriptor{};
    return system_failure("accept");
  }
  set(out.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  return out;
}

void close_at_once(descriptor& x) {
  if (!x)
    return;
  const linger none{1, 0};
  ::setsockopt(x.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  x.reset();
}

caf::error error_on(int fd, const char* what) {
  int code = 0;
  socklen_t size = sizeof code;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
  return fail(ec::network_failed,
              std::string(what) + ": " + (code == 0 ? "closed" : std::strerror(code)));
}

size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return 1024;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<size_t>(limit.rlim_cur);
}

} // namespace liveconnect::bench
