#pragma once

#include <benchmark/benchmark.h>

namespace liveconnect::bench {

/// So many bytes went through in each iteration: the table then has bytes a second.
inline void count_bytes(benchmark::State& state, size_t each) {
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(each));
}

/// So many things (frames, notes) went through in each iteration: items a second.
inline void count_items(benchmark::State& state, size_t each) {
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(each));
}

} // namespace liveconnect::bench
