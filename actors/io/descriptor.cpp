#include "actors/io/descriptor.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "messages/base/error.hpp"

namespace liveconnect::io {

namespace {

void set(int fd, int level, int name, int value) {
  setsockopt(fd, level, name, &value, sizeof value);
}

int kind_of(transport how) {
  return (how == transport::tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
}

/// `127.0.0.1:9100: Address already in use`, from errno.
caf::error cannot(ec code, const char* what, const endpoint& at) {
  const int error = errno;
  return fail(code, what + to_string(at) + ": " + std::strerror(error));
}

} // namespace

descriptor& descriptor::operator=(descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.fd_;
    other.fd_ = -1;
  }
  return *this;
}

void descriptor::reset() {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

caf::expected<descriptor> make_bound(const listen& what, int backlog, size_t buffer_bytes) {
  sockaddr_storage address{};
  const auto length = what.at.to(address);
  descriptor out{socket(address.ss_family, kind_of(what.how), 0)};
  if (!out.valid())
    return cannot(ec::cannot_listen, "no socket for ", what.at);
  // A restarted relay must get its port back while old connections time out. Not for UDP: there it
  // would let two servers share a port unnoticed.
  if (what.how == transport::tcp) {
    set(out.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    // Accepted sockets inherit it: one call for all of them.
    set_no_delay(out.get());
    set_accepted_buffers(out.get(), buffer_bytes);
  }
  if (address.ss_family == AF_INET6)
    set(out.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(out.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0)
    return cannot(ec::cannot_listen, "", what.at);
  if (what.how == transport::tcp && ::listen(out.get(), backlog) != 0)
    return cannot(ec::cannot_listen, "", what.at);
  return out;
}

int listening_family(int fd) {
  const auto option = [fd](int name) {
    int value = -1;
    socklen_t length = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
  };
  return option(SO_TYPE) == SOCK_STREAM && option(SO_ACCEPTCONN) == 1 ? option(SO_DOMAIN)
                                                                      : AF_UNSPEC;
}

caf::error prepare_inherited(const descriptor& fd) {
  const int family = listening_family(fd.get());
  if (family != AF_INET && family != AF_INET6)
    return fail(ec::cannot_listen, "it is not a listening TCP socket");
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flags < 0 || fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
      fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0)
    return fail(ec::cannot_listen, std::strerror(errno));
  set_no_delay(fd.get());
  return caf::none;
}

caf::expected<descriptor> make_unconnected(const connect& what) {
  descriptor out{socket(what.to.is_v4() ? AF_INET : AF_INET6, kind_of(what.how), 0)};
  if (!out.valid())
    return cannot(ec::network_failed, "no socket for ", what.to);
  if (what.how == transport::tcp)
    set_no_delay(out.get());
  return out;
}

void set_accepted_buffers(int listener, size_t bytes) {
  if (bytes == 0)
    return;
  set(listener, SOL_SOCKET, SO_SNDBUF, static_cast<int>(bytes));
  set(listener, SOL_SOCKET, SO_RCVBUF, static_cast<int>(bytes));
}

void set_no_delay(int fd) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

endpoint local_end(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return {};
  return endpoint::from(address);
}

bool fill_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
        ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
      return false;
  return true;
}

size_t sockets_by_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return 1024 - 52;
  const auto files = static_cast<size_t>(std::min<rlim_t>(limit.rlim_cur, 1u << 20));
  const auto percent = files - files / 20;
  return std::max<size_t>(1, std::min(percent, files > 32 ? files - 32 : 1));
}

} // namespace liveconnect::io
