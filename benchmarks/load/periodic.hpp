#pragma once

#include <chrono>
#include <functional>

#include "benchmarks/load/event_loop.hpp"

namespace liveconnect::bench {

/// Calls a function of its loop's at intervals.
class periodic : public load {
public:
  periodic(event_loop& loop, std::chrono::milliseconds interval, std::function<void(time_point)> f)
      : loop_(loop), interval_(interval), f_(std::move(f)), due_(clock::now() + interval) {
    loop_.add(*this);
  }
  ~periodic() override { loop_.remove(*this); }
  void stop() { due_ = time_point::max(); }

  void on_event(uint32_t, uint32_t) override {}
  time_point next_due() const override { return due_; }
  void on_due(time_point now) override {
    due_ = now + interval_;
    f_(now);
  }

private:
  event_loop& loop_;
  std::chrono::milliseconds interval_;
  std::function<void(time_point)> f_;
  time_point due_;
};

} // namespace liveconnect::bench
