// How long does a transfer wait for a record to be on the disk? A real file, with fdatasync, in
// TMPDIR: name a folder on the disk in question, since /tmp may be memory.
#include <optional>

#include "benchmarks/micro/count.hpp"
#include "benchmarks/questions/sample_coins.hpp"
#include "benchmarks/subjects/scratch_folder.hpp"
#include "wallet/files/folders.hpp"
#include "wallet/files/posix_file_ops.hpp"
#include "wallet/journal/journal.hpp"

namespace liveconnect::bench {
namespace {

void journal_append(benchmark::State& state) {
  const auto payload = sample_coin_file(static_cast<size_t>(state.range(0)));
  const auto folder = scratch_folder::make();
  if (!folder)
    return state.SkipWithError("no temporary folder can be made");
  wallet::posix_file_ops ops;
  // Begun anew when it is full: a transfer's journal never grows as long as a run of these.
  constexpr uint64_t size = 4u << 20;
  std::optional<wallet::journal> file;
  size_t wallets = 0;
  const auto begin_another = [&] {
    file.reset();
    const auto root = folder->path() / std::to_string(wallets);
    std::filesystem::remove_all(root);
    const auto next = folder->path() / std::to_string(++wallets);
    if (wallet::create_wallet(ops, next, "w"))
      return false;
    auto made = wallet::journal::create(ops, next, {}, 0, size);
    if (made)
      file.emplace(std::move(*made));
    return static_cast<bool>(made);
  };
  if (!begin_another())
    return state.SkipWithError("no journal can be made");
  for (auto _ : state) {
    if (file->used() + payload.size() + 1024 > size) {
      state.PauseTiming();
      const bool made = begin_another();
      state.ResumeTiming();
      if (!made) {
        state.SkipWithError("no journal can be made");
        break;
      }
    }
    if (file->append(1, payload)) {
      state.SkipWithError("a record could not be written");
      break;
    }
  }
  count_bytes(state, payload.size());
}
BENCHMARK(journal_append)->ArgName("notes")->Arg(1)->Arg(100)->UseRealTime();

} // namespace
} // namespace liveconnect::bench
