#include "relay/status/rate_history.hpp"

#include <algorithm>

namespace liveconnect::relay {

rate_history::rate_history(time_point start) : rate_history(start, totals{}) {}

rate_history::rate_history(time_point start, const totals& then) : start_(start) {
  for (auto& x : rings_) {
    x.last = start;
    x.then = then;
  }
}

void rate_history::add(time_point now, const totals& x, const levels& y) {
  for (size_t i = 0; i < steps.size(); ++i)
    advance(rings_[i], steps[i], start_, now, x, y);
}

/// Steps lie on a grid from the start on: a sample that is a little late does not move those after
/// it.
void rate_history::advance(ring& to, std::chrono::seconds step, time_point start, time_point now,
                           const totals& x, const levels& y) {
  if (now <= to.last)
    return;
  const auto finished = static_cast<uint64_t>((now - start) / step);
  if (finished <= to.finished)
    return;
  const std::chrono::duration<double> took = now - to.last;
  const auto rate = [&](uint64_t before, uint64_t after) {
    return after > before ? static_cast<double>(after - before) / took.count() : 0.0;
  };
  const point made{rate(to.then.bytes, x.bytes), rate(to.then.messages, x.messages),
                   rate(to.then.joins, x.joins), rate(to.then.refusals, x.refusals), y};
  // More than a ringful has nowhere to go.
  const auto missed = std::min<uint64_t>(finished - to.finished, points_max);
  for (uint64_t i = finished - missed; i < finished; ++i)
    to.points[i % points_max] = made;
  to.finished = finished;
  to.last = now;
  to.then = x;
}

std::vector<rate_history::point> rate_history::series(size_t which) const {
  const auto& from = rings_.at(which);
  const auto count = std::min<uint64_t>(from.finished, points_max);
  std::vector<point> out;
  out.reserve(count);
  for (uint64_t i = from.finished - count; i < from.finished; ++i)
    out.push_back(from.points[i % points_max]);
  return out;
}

} // namespace liveconnect::relay
