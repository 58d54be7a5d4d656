// What does a receipt cost the receiver that signs it, and the sender that checks it?
#include "benchmarks/micro/count.hpp"
#include "benchmarks/questions/sample_coins.hpp"
#include "messages/secure/receipt.hpp"

namespace liveconnect::bench {
namespace {

receipt receipt_of(size_t notes) {
  receipt out;
  out.time_unix = 1'795'370'400;
  for (const auto& x : sample_notes(notes))
    out.notes.push_back({x.id, x.pown, note_verdict::authentic});
  return out;
}

void receipt_sign(benchmark::State& state) {
  const auto notes = static_cast<size_t>(state.range(0));
  const auto x = receipt_of(notes);
  const auto key = signing_key::random();
  for (auto _ : state)
    benchmark::DoNotOptimize(sign_receipt(x, key));
  count_items(state, notes);
}
BENCHMARK(receipt_sign)->ArgName("notes")->Arg(1)->Arg(100);

void receipt_verify(benchmark::State& state) {
  const auto notes = static_cast<size_t>(state.range(0));
  const auto key = signing_key::random();
  const auto text = sign_receipt(receipt_of(notes), key);
  for (auto _ : state) {
    const auto got = verify_receipt(text, key.public_key());
    if (!got) {
      state.SkipWithError("a receipt did not verify");
      break;
    }
    benchmark::DoNotOptimize(got->notes.data());
  }
  count_items(state, notes);
}
BENCHMARK(receipt_verify)->ArgName("notes")->Arg(1)->Arg(100);

} // namespace
} // namespace liveconnect::bench
