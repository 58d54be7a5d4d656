#pragma once

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "messages/base/bytes.hpp"

/// What every fuzz target is made with. The same file is a libFuzzer program in the preset fuzz,
/// and one of the parsers that replay_test.cpp feeds with the seeds in every other preset.
namespace liveconnect::fuzz {

/// Runs one input; ends the process where a property does not hold.
using target_function = void (*)(byte_view data);

/// One target as the replay knows it.
struct target {
  const char* name;
  target_function run;
};

/// All targets that are linked in, in no order.
std::vector<target>& all_targets();

/// Adds a target to the list before main() runs.
struct target_registration {
  target_registration(const char* name, target_function run) {
    all_targets().push_back({name, run});
  }
};

} // namespace liveconnect::fuzz

/// Begins a target: its body follows, and reads `data`. The name is that of its folder of seeds.
#ifdef LIVECONNECT_LIBFUZZER
#define FUZZ_TARGET(name)                                                                          \
  static void fuzz_##name(liveconnect::byte_view data);                                            \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {                       \
    fuzz_##name({bytes, size});                                                                    \
    return 0;                                                                                      \
  }                                                                                                \
  static void fuzz_##name(liveconnect::byte_view data)
#else
#define FUZZ_TARGET(name)                                                                          \
  static void fuzz_##name(liveconnect::byte_view data);                                            \
  static const liveconnect::fuzz::target_registration registered_##name{#name, fuzz_##name};       \
  static void fuzz_##name(liveconnect::byte_view data)
#endif

/// Ends the run when a property does not hold, so that libFuzzer keeps the input.
#define REQUIRE(condition)                                                                         \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);          \
      std::abort();                                                                                \
    }                                                                                              \
  } while (false)
