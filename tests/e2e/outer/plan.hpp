#pragma once

#include <atomic>
#include <cstdint>

/// What the test and the library that it loads into a program agree on. The test says in the
/// environment what shall happen at which call, and reads in a shared file what did.
namespace liveconnect::outer {

/// Calls whose paths lie below this folder count, no others.
inline constexpr const char* root_variable = "LC_OUTER_ROOT";
/// A folder outside the root, on the same file system: names that were taken away are kept there
/// until a directory's fsync makes that final.
inline constexpr const char* kept_variable = "LC_OUTER_KEPT";
/// The shared file, `sizeof(report)` bytes.
inline constexpr const char* report_variable = "LC_OUTER_REPORT";
/// `kind at code seed`, decimal.
inline constexpr const char* plan_variable = "LC_OUTER_PLAN";

enum class cut : uint32_t {
  /// Nothing happens; calls are counted.
  none,
  /// SIGKILL before the call, or behind it.
  kill_before,
  kill_after,
  /// The call fails with the plan's code as errno.
  fail,
  /// The power goes before the call: all that no fsync made durable is undone, then SIGKILL.
  power,
  /// The same for a part of it, as the seed has it: file by file, directory by directory.
  power_part,
  /// As `power`, and no fsync has done anything since the program began.
  power_without_syncs,
};

struct plan {
  cut what = cut::none;
  /// The call's number, from 1 on.
  uint64_t at = 0;
  int code = 0;
  uint64_t seed = 0;
};

struct report {
  /// Calls that change something, or make it durable.
  std::atomic<uint64_t> changes;
  /// Those, and the opening of files for reading.
  std::atomic<uint64_t> calls;
  /// Syncs among them.
  std::atomic<uint64_t> syncs;
  /// Whether the plan's moment came.
  std::atomic<uint32_t> struck;
  /// What was undone by a power cut.
  std::atomic<uint32_t> undone;
  /// The call that was struck.
  char call[24];
};

} // namespace liveconnect::outer
