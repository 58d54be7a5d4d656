#include "tests/support/server_proxy.hpp"

#include <algorithm>
#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/sockets.hpp"

namespace liveconnect::test {

namespace {

constexpr size_t group_at = 4;
constexpr size_t command_at = 5;

} // namespace

/// Where clients find one server.
struct server_proxy::door {
  uint16_t port = 0;
  int udp = -1;
  int tcp = -1;
};

/// One datagram asked, and the socket that its answer comes back through.
struct server_proxy::exchange {
  size_t server = 0;
  int to_server = -1;
  sockaddr_in client{};
  uint8_t group = 0;
  uint8_t command = 0;
};

/// One TCP connection and its way on.
struct server_proxy::stream {
  size_t server = 0;
  int client = -1;
  int to_server = -1;
  std::string up;
  std::string down;
  bool client_ended = false;
  bool server_ended = false;
};

server_proxy::server_proxy(uint16_t first_port, size_t servers, loses_answer loses)
    : loses_(std::move(loses)), first_port_(first_port) {
  while (doors_.size() < servers) {
    // The same port for both transports; another one when the second is taken.
    auto x = std::make_unique<door>();
    x->tcp = listen_tcp(x->port);
    try {
      x->udp = bind_udp(x->port);
    } catch (const std::exception&) {
      ::close(x->tcp);
      continue;
    }
    doors_.push_back(std::move(x));
  }
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  thread_ = std::thread([this] { run(); });
}

server_proxy::~server_proxy() {
  leave_ = true;
  ::eventfd_write(wake_, 1);
  thread_.join();
  for (const auto& x : doors_) {
    ::close(x->udp);
    ::close(x->tcp);
  }
  for (const auto& x : exchanges_)
    ::close(x->to_server);
  for (const auto& x : streams_) {
    ::close(x->client);
    ::close(x->to_server);
  }
  ::close(wake_);
}

std::string server_proxy::addresses() const {
  std::string out;
  for (const auto& x : doors_)
    out += (out.empty() ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(x->port);
  return out;
}

void server_proxy::run() {
  std::vector<uint8_t> buffer(65'536);
  auto pass = [](int fd, std::string& data) {
    while (!data.empty()) {
      auto n = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
      if (n <= 0)
        return errno == EAGAIN || errno == ENOTCONN;
      data.erase(0, static_cast<size_t>(n));
    }
    return true;
  };
  auto take = [&](int fd, std::string& data, bool& ended) {
    for (;;) {
      auto n = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (n > 0) {
        data.append(reinterpret_cast<const char*>(buffer.data()), static_cast<size_t>(n));
        continue;
      }
      ended = n == 0 || (errno != EAGAIN && errno != ENOTCONN);
      return;
    }
  };
  while (!leave_) {
    std::vector<pollfd> wait{{wake_, POLLIN, 0}};
    for (const auto& x : doors_) {
      wait.push_back({x->udp, POLLIN, 0});
      wait.push_back({x->tcp, POLLIN, 0});
    }
    auto first_exchange = wait.size();
    for (const auto& x : exchanges_)
      wait.push_back({x->to_server, POLLIN, 0});
    auto first_stream = wait.size();
    for (const auto& x : streams_) {
      wait.push_back(
          {x->client,
           static_cast<short>((x->client_ended ? 0 : POLLIN) | (x->down.empty() ? 0 : POLLOUT)),
           0});
      wait.push_back(
          {x->to_server,
           static_cast<short>((x->server_ended ? 0 : POLLIN) | (x->up.empty() ? 0 : POLLOUT)), 0});
    }
    ::poll(wait.data(), wait.size(), -1);
    auto exchanges_before = exchanges_.size();
    auto streams_before = streams_.size();

    for (size_t i = 0; i < exchanges_before; ++i) {
      if (wait[first_exchange + i].revents == 0)
        continue;
      auto& x = *exchanges_[i];
      auto n = ::recv(x.to_server, buffer.data(), buffer.size(), 0);
      if (n > 0 && loses_(x.server, x.group, x.command))
        ++lost_;
      else if (n > 0)
        ::sendto(doors_[x.server]->udp, buffer.data(), static_cast<size_t>(n), 0,
                 reinterpret_cast<const sockaddr*>(&x.client), sizeof(x.client));
      ::close(x.to_server);
      x.to_server = -1;
    }
    for (size_t i = 0; i < streams_before; ++i) {
      auto& x = *streams_[i];
      if (wait[first_stream + 2 * i].revents != 0 && !x.client_ended)
        take(x.client, x.up, x.client_ended);
      if (wait[first_stream + 2 * i + 1].revents != 0 && !x.server_ended)
        take(x.to_server, x.down, x.server_ended);
      auto alive = pass(x.to_server, x.up) && pass(x.client, x.down);
      if (!alive || (x.server_ended && x.down.empty()) || (x.client_ended && x.up.empty())) {
        ::close(x.client);
        ::close(x.to_server);
        x.client = -1;
      }
    }
    for (size_t i = 0; i < doors_.size(); ++i) {
      auto& x = *doors_[i];
      if (wait[1 + 2 * i].revents != 0) {
        sockaddr_in from{};
        socklen_t size = sizeof(from);
        auto n = ::recvfrom(x.udp, buffer.data(), buffer.size(), 0,
                            reinterpret_cast<sockaddr*>(&from), &size);
        if (n > static_cast<ssize_t>(command_at)) {
          auto out = std::make_unique<exchange>();
          out->server = i;
          out->to_server = connect_udp(static_cast<uint16_t>(first_port_ + i));
          out->client = from;
          out->group = buffer[group_at];
          out->command = buffer[command_at];
          ::send(out->to_server, buffer.data(), static_cast<size_t>(n), 0);
          exchanges_.push_back(std::move(out));
        }
      }
      if (wait[2 + 2 * i].revents != 0) {
        auto client = ::accept4(x.tcp, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client < 0)
          continue;
        auto out = std::make_unique<stream>();
        out->server = i;
        out->client = client;
        out->to_server = connect_tcp(static_cast<uint16_t>(first_port_ + i));
        if (out->to_server < 0)
          ::close(client);
        else
          streams_.push_back(std::move(out));
      }
    }
    exchanges_.erase(std::remove_if(exchanges_.begin(), exchanges_.end(),
                                    [](const auto& x) { return x->to_server < 0; }),
                     exchanges_.end());
    streams_.erase(std::remove_if(streams_.begin(), streams_.end(),
                                  [](const auto& x) { return x->client < 0; }),
                   streams_.end());
  }
}

} // namespace liveconnect::test
