#pragma once

#include <algorithm>
#include <chrono>

namespace liveconnect::relay {

/// A budget that refills evenly: `per_second` tokens a second up to `burst`. Pure: callers pass the
/// time, which never goes back. May be overdrawn, so that a cost that is known only afterwards is
/// paid for by waiting.
class token_bucket {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Full at `now`.
  token_bucket(double per_second, double burst, time_point now)
      : per_second_(per_second), burst_(burst), tokens_(burst), at_(now) {}

  /// What is there at `now`; negative while overdrawn.
  double tokens(time_point now) {
    if (now > at_) {
      const std::chrono::duration<double> passed = now - at_;
      tokens_ = std::min(burst_, tokens_ + passed.count() * per_second_);
      at_ = now;
    }
    return tokens_;
  }

  /// Takes one token if there is one.
  bool take(time_point now) {
    if (tokens(now) < 1)
      return false;
    tokens_ -= 1;
    return true;
  }

  /// Takes `cost` in any case.
  void spend(double cost, time_point now) { tokens_ = tokens(now) - cost; }

  /// When the debt is paid back: `now` when there is none.
  time_point solvent_at(time_point now) {
    const auto have = tokens(now);
    if (have >= 0)
      return now;
    // Rounded up: at that time there is no debt left.
    const std::chrono::duration<double> wait{-have / per_second_};
    return now + std::chrono::ceil<std::chrono::steady_clock::duration>(wait);
  }

  bool full(time_point now) { return tokens(now) >= burst_; }

private:
  double per_second_;
  double burst_;
  double tokens_;
  time_point at_;
};

} // namespace liveconnect::relay
