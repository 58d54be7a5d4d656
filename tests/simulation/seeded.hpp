#pragma once

#include <cstddef>
#include <cstdint>

namespace liveconnect::simulation {

/// splitmix64's mixing: numbers that follow from their key alone, so that taking one fault out of a
/// run changes no other draw.
constexpr uint64_t mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// A row of numbers that repeats with its seed.
class seeded {
public:
  explicit seeded(uint64_t seed) : state_(mixed(seed ^ 0x5eed)) {}

  uint64_t next() { return mixed(state_ += 0x9e3779b97f4a7c15); }
  /// 0..n-1; n > 0.
  uint64_t below(uint64_t n) { return next() % n; }
  uint64_t between(uint64_t least, uint64_t most) { return least + below(most - least + 1); }
  bool chance(unsigned percent) { return below(100) < percent; }
  template<class T, size_t N>
  const T& one_of(const T (&list)[N]) {
    return list[below(N)];
  }

private:
  uint64_t state_;
};

/// Gives libsodium numbers that repeat with `seed`, for the whole process: the wallet draws its
/// secrets, ids and sessions there. A new call begins a new row.
void seed_sodium(uint64_t seed);
/// From here on sodium's numbers come from another row of the same seed: each program draws from
/// its own, whatever others draw meanwhile. Row 0 is whoever has none.
void choose_row(uint64_t number);

} // namespace liveconnect::simulation
