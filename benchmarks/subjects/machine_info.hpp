#pragma once

#include <cstdint>
#include <string>

#include "benchmarks/figures/json.hpp"

namespace liveconnect::bench {

/// What a result was measured on: without it a figure says nothing.
struct machine_info {
  /// As /proc/cpuinfo names it, "unknown" where it does not.
  std::string cpu;
  /// Cores that this process may use.
  unsigned cores = 0;
  std::string kernel;
  std::string system;
  uint64_t memory_kb = 0;
};

/// Reads this machine's.
machine_info this_machine();

json to_json(const machine_info& x);

/// The commit that this program was built from, with `+changes` when files differed from it;
/// "unknown" when it was built outside of a repository.
const char* built_from_commit();

/// The first line that `PROGRAM ARGUMENT` prints within 5 s, on either stream; "unknown" when there
/// is none. For versions.
std::string first_line_of(const std::string& program, const std::string& argument);

/// The full path of a program of that name in PATH or in /usr/sbin, where Debian keeps servers;
/// empty when there is none.
std::string find_program(const std::string& name);

} // namespace liveconnect::bench
