// What does the relay spend on finding frames and writing an address over each `#`?
#include "actors/relay/frame_scanner.hpp"

#include <algorithm>
#include <utility>

#include "benchmarks/load/numbered_frames.hpp"
#include "benchmarks/micro/count.hpp"

namespace liveconnect::bench {
namespace {

constexpr std::string_view address = "203.0.113.7";
/// What one read of the relay brings, or one frame when that is longer.
constexpr size_t read_bytes = 16 * 1024;

/// Frames of that size, one behind the other, and how many. `more_hashes`: every 32nd letter of the
/// bodies is a `#`, which no client of ours sends and every relay must replace.
std::pair<std::string, size_t> stream_of(size_t frame_bytes, bool more_hashes) {
  const auto pattern = coin_pattern(frame_bytes);
  if (!pattern)
    return {};
  auto text = pattern->text;
  if (more_hashes)
    for (size_t i = pattern->number_at; i < text.size() && text[i] != '<'; i += 32)
      text[i] = '#';
  const auto count = std::max<size_t>(1, read_bytes / frame_bytes);
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += text;
  return {out, count};
}

/// Looks for all frames of a stream and hands each to `take`; false when it is not all frames.
template<class Take>
bool scan_all(std::string_view stream, size_t count, Take take) {
  frame_scanner scanner(4 * frame_bytes_max, address.size() - 1);
  for (size_t i = 0; i < count; ++i) {
    if (scanner.scan(byte_view(stream)) != scan_result::frame)
      return false;
    take(byte_view(stream).sub(scanner.begin(), scanner.size()), scanner.placeholders());
    stream.remove_prefix(scanner.begin() + scanner.size());
    scanner.next();
  }
  return true;
}

template<class Once>
void run(benchmark::State& state, Once once) {
  const auto [stream, count] = stream_of(static_cast<size_t>(state.range(0)), state.range(1) != 0);
  for (auto _ : state)
    if (stream.empty() || !once(stream, count)) {
      state.SkipWithError("a frame was not found");
      break;
    }
  count_bytes(state, stream.size());
  count_items(state, count);
}

void scanner_find(benchmark::State& state) {
  run(state, [](std::string_view stream, size_t count) {
    return scan_all(stream, count, [](byte_view frame, size_t hashes) {
      benchmark::DoNotOptimize(frame.data());
      benchmark::DoNotOptimize(hashes);
    });
  });
}

void scanner_find_and_gather(benchmark::State& state) {
  frame_gatherer gathered;
  run(state, [&](std::string_view stream, size_t count) {
    gathered.clear();
    const bool found = scan_all(stream, count, [&](byte_view frame, size_t hashes) {
      gathered.add(frame, hashes, address);
    });
    benchmark::DoNotOptimize(gathered.pieces().data());
    return found;
  });
}

void sizes(benchmark::internal::Benchmark* x) {
  x->ArgNames({"bytes", "hashes"});
  for (const auto bytes : {64, 4 * 1024, 48 * 1024})
    for (const auto hashes : {0, 1})
      x->Args({bytes, hashes});
}
BENCHMARK(scanner_find)->Apply(sizes);
BENCHMARK(scanner_find_and_gather)->Apply(sizes);

} // namespace
} // namespace liveconnect::bench
