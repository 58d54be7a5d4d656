// What does it cost to write coins in format 9, and to read them?
#include "wallet/files/coin_file.hpp"

#include "benchmarks/micro/count.hpp"
#include "benchmarks/questions/sample_coins.hpp"

namespace liveconnect::bench {
namespace {

void coin_file_write(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  const auto notes = sample_notes(count);
  for (auto _ : state)
    benchmark::DoNotOptimize(wallet::encode_coin_file(notes, wallet::pans::without));
  count_items(state, count);
}
BENCHMARK(coin_file_write)->ArgName("notes")->Arg(1)->Arg(100)->Arg(10'000);

void coin_file_read(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  const auto file = sample_coin_file(count);
  for (auto _ : state) {
    const auto got = wallet::parse_coin_file(file);
    if (!got) {
      state.SkipWithError("a coin file did not come back");
      break;
    }
    benchmark::DoNotOptimize(got->data());
  }
  count_items(state, count);
  count_bytes(state, file.size());
}
BENCHMARK(coin_file_read)->ArgName("notes")->Arg(1)->Arg(100)->Arg(10'000);

} // namespace
} // namespace liveconnect::bench
