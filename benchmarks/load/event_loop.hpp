#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include <caf/error.hpp>

#include "benchmarks/load/sockets.hpp"

namespace liveconnect::bench {

using clock = std::chrono::steady_clock;
using time_point = clock::time_point;

/// Nanoseconds from `from` to `to`, 0 when `to` is earlier.
inline uint64_t nanoseconds_between(time_point from, time_point to) {
  const auto x = std::chrono::duration_cast<std::chrono::nanoseconds>(to - from).count();
  return x < 0 ? 0 : static_cast<uint64_t>(x);
}

/// Something that lives in an event_loop: it owns sockets, each known by a number of its own
/// choice.
class load {
public:
  virtual ~load() = default;

  /// epoll's `events` of the socket that was registered as `socket`.
  virtual void on_event(uint32_t socket, uint32_t events) = 0;

  /// When on_due() shall be called; time_point::max() for never. Asked before each wait.
  virtual time_point next_due() const { return time_point::max(); }
  virtual void on_due(time_point) {}
};

/// One thread's epoll and the loads that share it. Timers are exact to what the kernel's
/// nanosecond wait gives, not to milliseconds: schedules are kept by it.
class event_loop {
public:
  /// `stopped` is asked once a turn; when it says true, run_until() ends with ec::stopped.
  explicit event_loop(std::function<bool()> stopped = {});

  /// Makes a load known and answers with its number.
  uint32_t add(load& x);
  /// Forgets it; none of its sockets may be watched any more. Not from within a turn.
  void remove(const load& x);

  /// Watches `fd` for `events` on behalf of a load; again for other events or another load.
  void watch(int fd, uint32_t events, uint32_t load_number, uint32_t socket);
  void unwatch(int fd);

  /// Makes the run end with this error; the first one counts.
  void fail_with(caf::error x);
  const caf::error& failure() const { return failure_; }

  /// Serves events and timers until the time has come or `done` says true after a turn. Fails with
  /// what a load failed with, or with ec::stopped.
  caf::error run_until(time_point end, const std::function<bool()>& done = {});

private:
  void turn(time_point end);

  descriptor epoll_;
  std::function<bool()> stopped_;
  std::vector<load*> loads_;
  caf::error failure_;
};

} // namespace liveconnect::bench
