#include "tests/support/tcp_client.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "messages/base/endpoint.hpp"

namespace liveconnect::test {

namespace {

using clock = std::chrono::steady_clock;

int left(clock::time_point until) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
  return static_cast<int>(std::clamp<long long>(ms, 0, 1'000'000));
}

int connect_to(const endpoint& to) {
  sockaddr_storage address{};
  const auto length = to.to(address);
  const int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    const int error = errno;
    if (fd >= 0)
      ::close(fd);
    throw std::runtime_error("connect to " + to_string(to) + ": " + std::strerror(error));
  }
  return fd;
}

endpoint parse(const std::string& text) {
  endpoint out;
  if (!endpoint::parse(text, out))
    throw std::runtime_error("no address: " + text);
  return out;
}

endpoint parse(const std::string& host, uint16_t port) {
  endpoint out;
  if (!endpoint::parse(host, port, out))
    throw std::runtime_error("no address: " + host);
  return out;
}

endpoint own_end(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return endpoint::from(address);
}

} // namespace

tcp_client::tcp_client(const std::string& host, uint16_t port)
    : fd_(connect_to(parse(host, port))) {}

tcp_client::tcp_client(const std::string& host_and_port) : fd_(connect_to(parse(host_and_port))) {}

tcp_client::tcp_client(tcp_client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), ended_(other.ended_), in_(std::move(other.in_)),
      read_(other.read_) {}

tcp_client& tcp_client::operator=(tcp_client&& other) noexcept {
  close();
  fd_ = std::exchange(other.fd_, -1);
  ended_ = other.ended_;
  in_ = std::move(other.in_);
  read_ = other.read_;
  return *this;
}

tcp_client::~tcp_client() {
  close();
}

bool tcp_client::send(const std::string& text) {
  const auto until = clock::now() + std::chrono::seconds(10);
  size_t done = 0;
  while (done < text.size()) {
    const auto n = ::send(fd_, text.data() + done, text.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      done += static_cast<size_t>(n);
      continue;
    }
    if (errno == EINTR)
      continue;
    if (errno != EAGAIN)
      return false;
    pollfd fd{fd_, POLLOUT, 0};
    if (poll(&fd, 1, left(until)) == 0)
      return false;
  }
  return true;
}

size_t tcp_client::send_some(const std::string& text) {
  const auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return n > 0 ? static_cast<size_t>(n) : 0;
}

bool tcp_client::pump(clock::time_point until) {
  if (ended_ || fd_ < 0)
    return false;
  pollfd fd{fd_, POLLIN, 0};
  if (poll(&fd, 1, left(until)) <= 0)
    return false;
  char buffer[65536];
  const auto n = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (n > 0)
    in_.append(buffer, static_cast<size_t>(n));
  else if (n == 0 || (errno != EAGAIN && errno != EINTR))
    ended_ = true;
  return true;
}

std::optional<std::string> tcp_client::read_line(milliseconds deadline) {
  const auto until = clock::now() + deadline;
  for (;;) {
    const auto end = in_.find('\n', read_);
    if (end != std::string::npos) {
      auto line = in_.substr(read_, end - read_);
      read_ = end + 1;
      return line;
    }
    if (!pump(until) && (ended_ || clock::now() >= until))
      return std::nullopt;
  }
}

std::optional<std::string> tcp_client::read_until(const std::string& part, milliseconds deadline) {
  const auto until = clock::now() + deadline;
  for (;;) {
    auto line = read_line(milliseconds(left(until)));
    if (!line || line->find(part) != std::string::npos)
      return line;
  }
}

bool tcp_client::silent_for(milliseconds quiet) {
  return !read_line(quiet);
}

bool tcp_client::closed_by_peer(milliseconds deadline) {
  const auto until = clock::now() + deadline;
  while (!ended_) {
    if (!pump(until) && clock::now() >= until)
      return false;
  }
  return true;
}

std::string tcp_client::local_host() const {
  return own_end(fd_).host();
}

std::string tcp_client::local_address() const {
  return to_string(own_end(fd_));
}

void tcp_client::close() {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

void tcp_client::reset() {
  if (fd_ >= 0) {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  close();
}

} // namespace liveconnect::test
