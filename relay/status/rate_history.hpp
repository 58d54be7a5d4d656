#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace liveconnect::relay {

/// What the charts of the status page are drawn from: rates and levels over the last minute in
/// steps of a second, the last ten minutes in steps of ten, and the last hour in steps of a minute.
/// 180 points in all, however long the relay runs. Pure: the caller says what time it is. One
/// thread at a time.
class rate_history {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  /// Numbers that only grow, since the start.
  struct totals {
    uint64_t bytes = 0;
    uint64_t messages = 0;
    uint64_t joins = 0;
    uint64_t refusals = 0;
  };

  /// Numbers as they are now.
  struct levels {
    uint64_t connections = 0;
    uint64_t rooms_waiting = 0;
    uint64_t rooms_paired = 0;
  };

  /// One step: averages a second over it, and the levels at its end.
  struct point {
    double bytes = 0;
    double messages = 0;
    double joins = 0;
    double refusals = 0;
    levels at_end;
  };

  static constexpr size_t points_max = 60;
  static constexpr std::array<std::chrono::seconds, 3> steps{
      std::chrono::seconds(1), std::chrono::seconds(10), std::chrono::seconds(60)};

  /// Everything is measured from here on; the totals then are not taken for a rate.
  explicit rate_history(time_point start);
  rate_history(time_point start, const totals& then);

  /// Takes a sample; meant once a second. Steps that passed without one (the machine slept) share
  /// what was counted meanwhile evenly. Totals that shrink count as nothing.
  void add(time_point now, const totals& x, const levels& y);

  /// The points of steps[which], oldest first; at most points_max.
  std::vector<point> series(size_t which) const;

private:
  struct ring {
    std::array<point, points_max> points{};
    /// Steps finished since the start; the newest is at (finished - 1) % points_max.
    uint64_t finished = 0;
    time_point last;
    totals then;
  };

  static void advance(ring& to, std::chrono::seconds step, time_point start, time_point now,
                      const totals& x, const levels& y);

  time_point start_;
  std::array<ring, steps.size()> rings_;
};

} // namespace liveconnect::relay
