#include "tests/simulation/seeded.hpp"

#include <sodium.h>

namespace liveconnect::simulation {

namespace {

seeded& row() {
  static seeded out{0};
  return out;
}

const char* name() {
  return "simulation";
}

uint32_t draw() {
  return static_cast<uint32_t>(row().next());
}

void fill(void* const to, const size_t size) {
  auto* out = static_cast<uint8_t*>(to);
  for (size_t i = 0; i < size;) {
    const auto x = row().next();
    for (size_t k = 0; k < sizeof(x) && i < size; ++k, ++i)
      out[i] = static_cast<uint8_t>(x >> (8 * k));
  }
}

randombytes_implementation source = {name, draw, nullptr, nullptr, fill, nullptr};

} // namespace

void seed_sodium(uint64_t seed) {
  row() = seeded{seed};
  randombytes_set_implementation(&source);
}

} // namespace liveconnect::simulation
