#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "actors/io/byte_loop.hpp"

namespace liveconnect::io::test {

/// A socket handler that keeps all it hears and lets a test wait for what it expects.
class recorder : public socket_handler {
public:
  void on_accepted(socket_id listener, socket_id socket, const endpoint& peer) override {
    event x;
    x.kind = event_kind::accepted;
    x.socket = socket;
    x.listener = listener;
    x.peer = peer;
    keep(x);
  }
  void on_connected(socket_id socket, const endpoint& peer) override {
    event x;
    x.kind = event_kind::connected;
    x.socket = socket;
    x.peer = peer;
    keep(x);
  }
  void on_received(socket_id socket, byte_view data, const endpoint& from) override {
    event x;
    x.socket = socket;
    x.peer = from;
    x.data = data.copy();
    keep(x);
  }
  void on_closed(socket_id socket, close_reason reason, std::string_view text) override {
    event x;
    x.kind = event_kind::closed;
    x.socket = socket;
    x.reason = reason;
    x.data = byte_view(text).copy();
    keep(x);
  }
  void on_drained(socket_id) override {
    std::lock_guard<std::mutex> guard{mutex_};
    ++drained_;
    changed_.notify_all();
  }
  void on_timer(socket_id) override {
    std::lock_guard<std::mutex> guard{mutex_};
    ++timers_;
    changed_.notify_all();
  }

  /// Waits until `holds(events)` or five seconds have passed; returns which.
  template<class F>
  bool wait(F holds) {
    std::unique_lock<std::mutex> lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds(5), [&] { return holds(list_); });
  }
  bool wait_for(event_kind kind, size_t count = 1) {
    return wait([&](const auto&) { return count_of(kind) >= count; });
  }
  bool wait_drained() {
    std::unique_lock<std::mutex> lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds(5), [&] { return drained_ > 0; });
  }
  bool wait_timers(int count) {
    std::unique_lock<std::mutex> lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds(5), [&] { return timers_ >= count; });
  }

  std::vector<event> list() {
    std::lock_guard<std::mutex> guard{mutex_};
    return list_;
  }
  /// The n-th event of its kind.
  event get(event_kind kind, size_t n = 0) {
    std::lock_guard<std::mutex> guard{mutex_};
    for (const auto& x : list_)
      if (x.kind == kind && n-- == 0)
        return x;
    return {};
  }
  size_t count(event_kind kind) {
    std::lock_guard<std::mutex> guard{mutex_};
    return count_of(kind);
  }
  /// All stream bytes of one socket in order.
  std::string text(socket_id socket) {
    std::lock_guard<std::mutex> guard{mutex_};
    return text_of(socket);
  }
  bool wait_text(socket_id socket, const std::string& expected) {
    return wait([&](const auto&) { return text_of(socket) == expected; });
  }
  bool wait_bytes(socket_id socket, size_t count) {
    return wait([&](const auto& list) {
      size_t sum = 0;
      for (const auto& x : list)
        if (x.kind == event_kind::received && x.socket == socket)
          sum += x.data.size();
      return sum >= count;
    });
  }

private:
  void keep(const event& x) {
    std::lock_guard<std::mutex> guard{mutex_};
    list_.push_back(x);
    changed_.notify_all();
  }
  size_t count_of(event_kind kind) const {
    return static_cast<size_t>(
        std::count_if(list_.begin(), list_.end(), [&](const auto& x) { return x.kind == kind; }));
  }
  std::string text_of(socket_id socket) const {
    std::string out;
    for (const auto& x : list_)
      if (x.kind == event_kind::received && x.socket == socket)
        out += byte_view(x.data).text();
    return out;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<event> list_;
  int drained_ = 0;
  int timers_ = 0;
};

} // namespace liveconnect::io::test
