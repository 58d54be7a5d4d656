#include "relay/admin/unix_socket.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

namespace liveconnect::relay {

bool unix_address(const std::string& path, sockaddr_un& out) {
  out = {};
  out.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof out.sun_path || path.find('\0') != std::string::npos)
    return false;
  path.copy(out.sun_path, path.size());
  return true;
}

void set_patience(int fd, std::chrono::seconds patience) {
  const timeval time{static_cast<time_t>(patience.count()), 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

int connect_unix(const std::string& path, std::chrono::seconds patience) {
  sockaddr_un at{};
  if (!unix_address(path, at)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  set_patience(fd, patience);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto count = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    text.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

} // namespace liveconnect::relay
