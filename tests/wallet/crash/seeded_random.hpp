#pragma once

#include <cstdint>

namespace liveconnect::test {

/// For as long as it lives, everything that the wallet draws (secrets, ids, names of temporary
/// files) follows from `seed`, so that a run makes the same file calls each time. Counts the runs
/// of this process only: nothing that leaves a test may be drawn under it.
class seeded_random {
public:
  explicit seeded_random(uint64_t seed);
  ~seeded_random();
  seeded_random(const seeded_random&) = delete;
  seeded_random& operator=(const seeded_random&) = delete;
};

} // namespace liveconnect::test
