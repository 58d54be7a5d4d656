#include "benchmarks/figures/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace liveconnect::bench {

histogram::histogram() : counts_(slots) {}

size_t histogram::slot_of(uint64_t value) {
  value = std::min(value, value_max);
  if (value < steps)
    return static_cast<size_t>(value);
  // The leading `step_bits + 1` bits name the step within its power of two.
  const auto shift = 63u - step_bits - static_cast<unsigned>(__builtin_clzll(value));
  return static_cast<size_t>(steps * shift + (value >> shift));
}

uint64_t histogram::greatest_of(size_t slot) {
  if (slot < 2 * steps)
    return slot;
  const auto shift = slot / steps - 1;
  const auto leading = slot - shift * steps;
  return ((leading + 1) << shift) - 1;
}

void histogram::record(uint64_t nanoseconds, uint64_t times) {
  if (times == 0)
    return;
  counts_[slot_of(nanoseconds)] += times;
  count_ += times;
  min_ = std::min(min_, nanoseconds);
  max_ = std::max(max_, nanoseconds);
  sum_ += static_cast<double>(nanoseconds) * static_cast<double>(times);
}

void histogram::clear() {
  *this = histogram{};
}

uint64_t histogram::quantile(double share) const {
  if (count_ == 0)
    return 0;
  const auto wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::clamp<uint64_t>(static_cast<uint64_t>(wanted), 1, count_);
  uint64_t seen = 0;
  for (size_t i = 0; i < slots; ++i) {
    seen += counts_[i];
    if (seen >= rank)
      // The last step also holds what is longer than it.
      return i + 1 == slots ? max_ : std::min(greatest_of(i), max_);
  }
  return max_;
}

} // namespace liveconnect::bench
