#include "tests/simulation/seeded.hpp"

#include <map>

#include <sodium.h>

namespace liveconnect::simulation {

namespace {

struct all_rows {
  uint64_t seed = 0;
  std::map<uint64_t, seeded> rows;
  seeded* now = nullptr;
};

all_rows& rows() {
  static all_rows out;
  return out;
}

seeded& row() {
  return *rows().now;
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
  rows().seed = seed;
  rows().rows.clear();
  choose_row(0);
  randombytes_set_implementation(&source);
}

void choose_row(uint64_t number) {
  auto& all = rows();
  all.now = &all.rows.emplace(number, seeded{mixed(all.seed) ^ number}).first->second;
}

} // namespace liveconnect::simulation
