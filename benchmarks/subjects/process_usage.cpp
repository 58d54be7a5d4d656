#include "benchmarks/subjects/process_usage.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/stat.h>

#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

double seconds_of(clockid_t clock) {
  timespec x{};
  if (::clock_gettime(clock, &x) != 0)
    return -1;
  return static_cast<double>(x.tv_sec) + static_cast<double>(x.tv_nsec) * 1e-9;
}

/// VmRSS of /proc/PID/status; false when there is no such process.
bool read_resident(const std::string& folder, uint64_t& into) {
  std::ifstream file(folder + "/status");
  if (!file)
    return false;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string name;
    uint64_t value = 0;
    if (fields >> name >> value && name == "VmRSS:")
      into = value;
  }
  return true;
}

} // namespace

caf::expected<process_usage> usage_of(pid_t pid) {
  process_usage out;
  const auto folder = "/proc/" + std::to_string(pid);
  clockid_t clock{};
  if (!read_resident(folder, out.resident_kb) || ::clock_getcpuclockid(pid, &clock) != 0)
    return fail(ec::internal, "there is no process " + std::to_string(pid) + " to measure");
  out.cpu_seconds = seconds_of(clock);
  if (out.cpu_seconds < 0)
    return fail(ec::internal, "process " + std::to_string(pid) + " has ended while measured");
  return out;
}

uint64_t descriptors_of(pid_t pid) {
  uint64_t out = 0;
  std::error_code problem;
  const auto folder = "/proc/" + std::to_string(pid) + "/fd";
  // Since Linux 6.2 the folder's size is their number: counting ten thousand takes a while, and
  // this thread may be keeping a schedule.
  struct stat info {};
  if (::stat(folder.c_str(), &info) == 0 && info.st_size > 0)
    return static_cast<uint64_t>(info.st_size);
  for (std::filesystem::directory_iterator i(folder, problem), end; !problem && i != end;
       i.increment(problem))
    ++out;
  return out;
}

double own_cpu_seconds() {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

double own_thread_cpu_seconds() {
  return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

} // namespace liveconnect::bench
