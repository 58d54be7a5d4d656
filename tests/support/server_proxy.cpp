#include "tests/support/server_proxy.hpp"

#include <algorithm>
#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/sockets.hpp"

namespace liveconnect::test {

namespace {

constexpr size_t group_at = 4;
constexpr size_t command_at = 5;

/// A door that could not be bound again, because its port is taken, is tried again after this.
constexpr int door_retry_ms = 20;

/// Writes what fits; false when the other end is gone.
bool pass(int fd, std::string& data) {
  while (!data.empty()) {
    const auto n = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (n <= 0)
      return errno == EAGAIN || errno == ENOTCONN;
    data.erase(0, static_cast<size_t>(n));
  }
  return true;
}

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
  /// What waits for its moment, before `down`'s next byte.
  std::vector<std::pair<clock::time_point, std::string>> late;
  bool client_ended = false;
  bool server_ended = false;
};

/// A datagram that waits for its moment.
struct server_proxy::late_answer {
  clock::time_point due;
  size_t server = 0;
  sockaddr_in client{};
  std::string data;
};

/// What one poll looks at, and where in its list each kind begins.
struct server_proxy::watched {
  std::vector<pollfd> list;
  size_t first_exchange = 0;
  size_t first_stream = 0;
};

server_proxy::server_proxy(uint16_t first_port, size_t servers, loses_answer loses)
    : loses_(std::move(loses)), first_port_(first_port), weather_(servers), buffer_(65'536) {
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

void server_proxy::set(const weather& x) {
  {
    std::lock_guard guard{mutex_};
    std::fill(weather_.begin(), weather_.end(), x);
  }
  ::eventfd_write(wake_, 1);
}

void server_proxy::set(size_t server, const weather& x) {
  {
    std::lock_guard guard{mutex_};
    weather_.at(server) = x;
  }
  ::eventfd_write(wake_, 1);
}

weather server_proxy::weather_of(size_t server) const {
  std::lock_guard guard{mutex_};
  return weather_[server];
}

void server_proxy::open_doors() {
  for (size_t i = 0; i < doors_.size(); ++i) {
    auto& x = *doors_[i];
    if (weather_of(i).refuses) {
      for (auto* fd : {&x.udp, &x.tcp}) {
        ::close(*fd);
        *fd = -1;
      }
      continue;
    }
    try {
      if (x.tcp < 0)
        x.tcp = listen_tcp(x.port);
      if (x.udp < 0)
        x.udp = bind_udp(x.port);
    } catch (const std::runtime_error&) {
      // Tried again at the next turn.
    }
  }
}

server_proxy::watched server_proxy::watch() const {
  watched out;
  out.list.push_back({wake_, POLLIN, 0});
  for (size_t i = 0; i < doors_.size(); ++i) {
    out.list.push_back({doors_[i]->udp, POLLIN, 0});
    out.list.push_back({weather_of(i).wedged ? -1 : doors_[i]->tcp, POLLIN, 0});
  }
  out.first_exchange = out.list.size();
  for (const auto& x : exchanges_)
    out.list.push_back({x->to_server, POLLIN, 0});
  out.first_stream = out.list.size();
  const auto wanted = [](bool ended, const std::string& data) {
    return static_cast<short>((ended ? 0 : POLLIN) | (data.empty() ? 0 : POLLOUT));
  };
  for (const auto& x : streams_) {
    out.list.push_back({x->client, wanted(x->client_ended, x->down), 0});
    out.list.push_back({x->to_server, wanted(x->server_ended, x->up), 0});
  }
  return out;
}

int server_proxy::milliseconds_to_wait() const {
  auto first = clock::time_point::max();
  for (const auto& x : late_)
    first = std::min(first, x.due);
  for (const auto& x : streams_)
    if (!x->late.empty())
      first = std::min(first, x->late.front().first);
  if (first != clock::time_point::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - clock::now());
    return std::max(0, static_cast<int>(left.count()));
  }
  for (size_t i = 0; i < doors_.size(); ++i)
    if ((doors_[i]->udp < 0 || doors_[i]->tcp < 0) && !weather_of(i).refuses)
      return door_retry_ms;
  return -1;
}

void server_proxy::take_answer(exchange& x) {
  const auto n = ::recv(x.to_server, buffer_.data(), buffer_.size(), 0);
  ::close(x.to_server);
  x.to_server = -1;
  if (n <= 0)
    return;
  const auto now = weather_of(x.server);
  if (now.silent || (loses_ && loses_(x.server, x.group, x.command))) {
    ++lost_;
    return;
  }
  late_.push_back(
      {clock::now() + now.delay, x.server, x.client,
       std::string{reinterpret_cast<const char*>(buffer_.data()), static_cast<size_t>(n)}});
}

void server_proxy::take_request(size_t server) {
  sockaddr_in from{};
  socklen_t size = sizeof(from);
  const auto n = ::recvfrom(doors_[server]->udp, buffer_.data(), buffer_.size(), 0,
                            reinterpret_cast<sockaddr*>(&from), &size);
  if (n <= static_cast<ssize_t>(command_at))
    return;
  ++asked_;
  const auto now = weather_of(server);
  for (unsigned i = 0; i < now.copies && !now.silent; ++i) {
    auto out = std::make_unique<exchange>();
    out->server = server;
    out->to_server = connect_udp(static_cast<uint16_t>(first_port_ + server));
    out->client = from;
    out->group = buffer_[group_at];
    out->command = buffer_[command_at];
    ::send(out->to_server, buffer_.data(), static_cast<size_t>(n), 0);
    exchanges_.push_back(std::move(out));
  }
}

void server_proxy::take_connection(size_t server) {
  const auto client =
      ::accept4(doors_[server]->tcp, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0)
    return;
  ++asked_;
  auto out = std::make_unique<stream>();
  out->server = server;
  out->client = client;
  out->to_server = connect_tcp(static_cast<uint16_t>(first_port_ + server));
  if (out->to_server < 0)
    ::close(client);
  else
    streams_.push_back(std::move(out));
}

bool server_proxy::move_bytes(stream& x, bool client_ready, bool server_ready) {
  const auto take = [this](int fd, std::string& data, bool& ended) {
    for (;;) {
      const auto n = ::recv(fd, buffer_.data(), buffer_.size(), 0);
      if (n <= 0) {
        ended = n == 0 || (errno != EAGAIN && errno != ENOTCONN);
        return;
      }
      data.append(reinterpret_cast<const char*>(buffer_.data()), static_cast<size_t>(n));
    }
  };
  const auto now = weather_of(x.server);
  if (client_ready && !x.client_ended)
    take(x.client, x.up, x.client_ended);
  if (now.silent)
    x.up.clear();
  std::string answer;
  if (server_ready && !x.server_ended)
    take(x.to_server, answer, x.server_ended);
  if (!answer.empty() && now.silent)
    ++lost_;
  else if (!answer.empty())
    x.late.emplace_back(clock::now() + now.delay, std::move(answer));
  while (!x.late.empty() && x.late.front().first <= clock::now()) {
    x.down += x.late.front().second;
    x.late.erase(x.late.begin());
  }
  const auto alive = pass(x.to_server, x.up) && pass(x.client, x.down);
  return alive && !(x.server_ended && x.late.empty() && x.down.empty()) &&
         !(x.client_ended && x.up.empty());
}

void server_proxy::deliver_late_answers() {
  const auto now = clock::now();
  const auto due = std::stable_partition(late_.begin(), late_.end(),
                                         [now](const late_answer& x) { return x.due > now; });
  for (auto i = due; i != late_.end(); ++i)
    ::sendto(doors_[i->server]->udp, i->data.data(), i->data.size(), 0,
             reinterpret_cast<const sockaddr*>(&i->client), sizeof(i->client));
  late_.erase(due, late_.end());
}

void server_proxy::run() {
  while (!leave_) {
    open_doors();
    auto all = watch();
    ::poll(all.list.data(), all.list.size(), milliseconds_to_wait());
    eventfd_t woken = 0;
    ::eventfd_read(wake_, &woken);
    const auto ready = [&all](size_t i) { return all.list[i].fd >= 0 && all.list[i].revents != 0; };
    const auto exchanges_before = exchanges_.size();
    const auto streams_before = streams_.size();
    for (size_t i = 0; i < exchanges_before; ++i)
      if (ready(all.first_exchange + i))
        take_answer(*exchanges_[i]);
    for (size_t i = 0; i < streams_before; ++i) {
      auto& x = *streams_[i];
      if (!move_bytes(x, ready(all.first_stream + 2 * i), ready(all.first_stream + 2 * i + 1))) {
        ::close(x.client);
        ::close(x.to_server);
        x.client = -1;
      }
    }
    deliver_late_answers();
    for (size_t i = 0; i < doors_.size(); ++i) {
      if (ready(1 + 2 * i))
        take_request(i);
      if (ready(2 + 2 * i))
        take_connection(i);
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
