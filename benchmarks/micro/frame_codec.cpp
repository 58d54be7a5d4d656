// What does it cost to write a message in either notation, and to read it back?
#include "benchmarks/micro/count.hpp"
#include "benchmarks/questions/sample_coins.hpp"
#include "messages/base/base64.hpp"
#include "messages/wire/frame.hpp"

namespace liveconnect::bench {
namespace {

/// A command with its proof, as most messages are.
frame command() {
  auto out = make_frame(message_number::amount, "3439");
  out.auth = std::string(24, 'A');
  return out;
}

/// Coins: the body is most of it.
frame coin(size_t notes) {
  auto out = make_frame(message_number::coin, base64_encode(sample_coin_file(notes)));
  out.index = 1;
  out.count = 1;
  return out;
}

void encoding(benchmark::State& state, const frame& x, notation how) {
  size_t size = 0;
  for (auto _ : state) {
    const auto text = encode(x, how);
    size = text.size();
    benchmark::DoNotOptimize(text.data());
  }
  count_bytes(state, size);
}

void parsing(benchmark::State& state, const frame& x, notation how) {
  const auto text = encode(x, how);
  for (auto _ : state) {
    frame_reader reader;
    reader.feed(byte_view(text));
    const auto got = reader.next();
    if (!got || !*got) {
      state.SkipWithError("a frame did not come back");
      break;
    }
    benchmark::DoNotOptimize((*got)->details.data());
  }
  count_bytes(state, text.size());
}

BENCHMARK_CAPTURE(encoding, tag_command, command(), notation::tag);
BENCHMARK_CAPTURE(encoding, json_command, command(), notation::json);
BENCHMARK_CAPTURE(encoding, tag_coin_1_note, coin(1), notation::tag);
BENCHMARK_CAPTURE(encoding, json_coin_1_note, coin(1), notation::json);
BENCHMARK_CAPTURE(encoding, tag_coin_100_notes, coin(100), notation::tag);
BENCHMARK_CAPTURE(encoding, json_coin_100_notes, coin(100), notation::json);
BENCHMARK_CAPTURE(parsing, tag_command, command(), notation::tag);
BENCHMARK_CAPTURE(parsing, json_command, command(), notation::json);
BENCHMARK_CAPTURE(parsing, tag_coin_1_note, coin(1), notation::tag);
BENCHMARK_CAPTURE(parsing, json_coin_1_note, coin(1), notation::json);
BENCHMARK_CAPTURE(parsing, tag_coin_100_notes, coin(100), notation::tag);
BENCHMARK_CAPTURE(parsing, json_coin_100_notes, coin(100), notation::json);

} // namespace
} // namespace liveconnect::bench
