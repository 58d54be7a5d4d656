// What does it cost to announce coins, and to check an announcement?
#include "benchmarks/micro/count.hpp"
#include "messages/secure/manifest.hpp"

namespace liveconnect::bench {
namespace {

/// 3 x 1,000 + 4 x 100 + 3 x 10 + 9 x 1.
manifest example() {
  manifest out;
  out.sum = amount::from_coins(3439);
  out.notes = 19;
  out.by_denomination[8] = 9;
  out.by_denomination[9] = 3;
  out.by_denomination[10] = 4;
  out.by_denomination[11] = 3;
  return out;
}

void manifest_encode(benchmark::State& state) {
  const auto x = example();
  for (auto _ : state)
    benchmark::DoNotOptimize(encode(x));
  count_bytes(state, manifest_bytes);
}
BENCHMARK(manifest_encode);

void manifest_decode(benchmark::State& state) {
  const auto encoded = encode(example());
  for (auto _ : state) {
    const auto got = decode_manifest(encoded);
    if (!got) {
      state.SkipWithError("a manifest did not come back");
      break;
    }
    benchmark::DoNotOptimize(got->notes);
  }
  count_bytes(state, manifest_bytes);
}
BENCHMARK(manifest_decode);

void manifest_hash(benchmark::State& state) {
  const auto x = example();
  for (auto _ : state)
    benchmark::DoNotOptimize(hash_of(x));
  count_bytes(state, manifest_bytes);
}
BENCHMARK(manifest_hash);

} // namespace
} // namespace liveconnect::bench
