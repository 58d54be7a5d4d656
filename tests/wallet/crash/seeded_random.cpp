#include "tests/wallet/crash/seeded_random.hpp"

#include <cstring>

#include <sodium.h>

namespace liveconnect::test {

namespace {

uint64_t state = 0;

uint64_t next() { // splitmix64
  auto x = state += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

const char* name() {
  return "seeded";
}

uint32_t word() {
  return static_cast<uint32_t>(next());
}

void fill(void* to, const size_t size) {
  auto* out = static_cast<uint8_t*>(to);
  for (size_t done = 0; done < size; done += sizeof(uint64_t)) {
    const auto x = next();
    std::memcpy(out + done, &x, size - done < sizeof x ? size - done : sizeof x);
  }
}

randombytes_implementation seeded{name, word, nullptr, nullptr, fill, nullptr};

} // namespace

seeded_random::seeded_random(uint64_t seed) {
  state = seed;
  randombytes_set_implementation(&seeded);
}

seeded_random::~seeded_random() {
  randombytes_set_implementation(&randombytes_sysrandom_implementation);
}

} // namespace liveconnect::test
