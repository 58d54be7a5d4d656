#include "cli/transfer/process_cost.hpp"

#include <ctime>
#include <fstream>
#include <sstream>

#include "wallet/files/sync_calls.hpp"

namespace liveconnect::cli {

namespace {

/// Not getrusage: its ru_maxrss begins with what the parent had when it started us.
uint64_t peak_kb() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string name;
    uint64_t value = 0;
    if (fields >> name >> value && name == "VmHWM:")
      return value;
  }
  return 0;
}

uint64_t cpu_ms() {
  timespec x{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &x) != 0)
    return 0;
  return static_cast<uint64_t>(x.tv_sec) * 1000 + static_cast<uint64_t>(x.tv_nsec) / 1'000'000;
}

} // namespace

json_fields process_cost() {
  return {{"syncs", wallet::sync_calls()}, {"peak_kb", peak_kb()}, {"cpu_ms", cpu_ms()}};
}

} // namespace liveconnect::cli
