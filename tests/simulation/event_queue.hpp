#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

namespace liveconnect::simulation {

/// Microseconds of simulated time.
using sim_time = uint64_t;

constexpr sim_time milliseconds(uint64_t x) {
  return x * 1'000;
}
constexpr sim_time seconds(uint64_t x) {
  return x * 1'000'000;
}

/// What is going to happen, by time; what is due at the same moment, in the order in which it was
/// added. The clock jumps from one event to the next.
class event_queue {
public:
  sim_time now() const { return now_; }

  void after(sim_time delay, std::function<void()> what) {
    events_.push({now_ + delay, ++last_number_, std::move(what)});
  }

  /// Lets everything happen up to `until`, and the clock stand there.
  void run_until(sim_time until) {
    while (!events_.empty() && events_.top().when <= until) {
      auto next = std::move(const_cast<event&>(events_.top()));
      events_.pop();
      now_ = next.when;
      ++happened_;
      next.what();
    }
    if (now_ < until)
      now_ = until;
  }

  /// Lets the next thing happen; false when there is none.
  bool run_next() {
    if (events_.empty())
      return false;
    run_until(events_.top().when);
    return true;
  }

  uint64_t happened() const { return happened_; }

private:
  struct event {
    sim_time when;
    uint64_t number;
    std::function<void()> what;

    friend bool operator<(const event& x, const event& y) {
      return x.when != y.when ? x.when > y.when : x.number > y.number;
    }
  };

  sim_time now_ = 0;
  uint64_t last_number_ = 0;
  uint64_t happened_ = 0;
  std::priority_queue<event> events_;
};

} // namespace liveconnect::simulation
