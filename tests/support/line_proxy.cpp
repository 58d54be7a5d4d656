#include "tests/support/line_proxy.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/sockets.hpp"

namespace liveconnect::test {

line_proxy::line_proxy(const std::string& relay, alteration alter)
    : alter_(std::move(alter)), relay_(relay) {
  uint16_t port = 0;
  listener_ = listen_tcp(port);
  address_ = "127.0.0.1:" + std::to_string(port);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  thread_ = std::thread([this] { run(); });
}

line_proxy::~line_proxy() {
  leave_ = true;
  ::eventfd_write(wake_, 1);
  thread_.join();
  for (auto& x : pairs_)
    close_pair(*x);
  ::close(listener_);
  ::close(wake_);
}

void line_proxy::set_relay(const std::string& relay) {
  std::lock_guard guard{mutex_};
  relay_ = relay;
}

std::vector<line_proxy::record> line_proxy::lines() const {
  std::lock_guard guard{mutex_};
  return record_;
}

bool line_proxy::wait_for(const std::function<bool(const record&)>& wanted, milliseconds deadline) {
  std::unique_lock guard{mutex_};
  return changed_.wait_for(guard, deadline,
                           [&] { return std::any_of(record_.begin(), record_.end(), wanted); });
}

void line_proxy::cut() {
  cut_ = true;
  ::eventfd_write(wake_, 1);
}

void line_proxy::accept_one() {
  auto client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0)
    return;
  std::string relay;
  {
    std::lock_guard guard{mutex_};
    relay = relay_;
  }
  auto server = connect_tcp(port_of(relay));
  if (server < 0) {
    ::close(client);
    return;
  }
  auto x = std::make_unique<pair>();
  x->number = count_++;
  x->up.from = x->down.to = client;
  x->up.to = x->down.from = server;
  pairs_.push_back(std::move(x));
}

bool line_proxy::flush(half& x) {
  while (!x.outgoing.empty()) {
    auto n = ::send(x.to, x.outgoing.data(), x.outgoing.size(), MSG_NOSIGNAL);
    if (n < 0)
      return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
    x.outgoing.erase(0, static_cast<size_t>(n));
  }
  return true;
}

void line_proxy::read_from(pair& x, bool to_relay) {
  auto& way = to_relay ? x.up : x.down;
  char buffer[16384];
  for (;;) {
    auto n = ::recv(way.from, buffer, sizeof(buffer), 0);
    if (n < 0)
      way.from_ended = errno != EAGAIN && errno != EINTR && errno != ENOTCONN;
    if (n == 0)
      way.from_ended = true;
    if (n <= 0)
      break;
    way.partial.append(buffer, static_cast<size_t>(n));
  }
  for (auto end = way.partial.find('\n'); end != std::string::npos; end = way.partial.find('\n')) {
    record seen{x.number, to_relay, way.partial.substr(0, end)};
    way.partial.erase(0, end + 1);
    std::optional<std::string> passed = seen.line;
    if (alter_)
      passed = alter_(seen);
    {
      std::lock_guard guard{mutex_};
      record_.push_back(std::move(seen));
    }
    changed_.notify_all();
    if (passed)
      way.outgoing += *passed + "\n";
  }
}

void line_proxy::close_pair(pair& x) {
  for (auto fd : {x.up.from, x.up.to})
    if (fd >= 0)
      ::close(fd);
  x.up.from = x.up.to = x.down.from = x.down.to = -1;
}

void line_proxy::run() {
  while (!leave_) {
    std::vector<pollfd> wait{{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
    for (const auto& x : pairs_) {
      auto events = [](const half& in, const half& out) {
        return static_cast<short>((in.from_ended ? 0 : POLLIN) |
                                  (out.outgoing.empty() ? 0 : POLLOUT));
      };
      wait.push_back({x->up.from, events(x->up, x->down), 0});
      wait.push_back({x->down.from, events(x->down, x->up), 0});
    }
    ::poll(wait.data(), wait.size(), -1);
    eventfd_t ignored = 0;
    ::eventfd_read(wake_, &ignored);
    if (cut_.exchange(false)) {
      for (auto& x : pairs_)
        close_pair(*x);
      pairs_.clear();
      continue;
    }
    auto before = pairs_.size();
    for (size_t i = 0; i < before; ++i) {
      auto& x = *pairs_[i];
      if (wait[2 + 2 * i].revents != 0)
        read_from(x, true);
      if (wait[3 + 2 * i].revents != 0)
        read_from(x, false);
      auto alive = flush(x.up) && flush(x.down);
      auto finished = (x.up.from_ended && x.up.outgoing.empty()) ||
                      (x.down.from_ended && x.down.outgoing.empty());
      if (!alive || finished)
        close_pair(x);
    }
    pairs_.erase(
        std::remove_if(pairs_.begin(), pairs_.end(), [](const auto& x) { return x->up.from < 0; }),
        pairs_.end());
    if (wait[0].revents != 0)
      accept_one();
  }
}

} // namespace liveconnect::test
