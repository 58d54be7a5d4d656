#pragma once

#include <cstdint>
#include <sys/types.h>

#include <caf/expected.hpp>

namespace liveconnect::bench {

/// What a process has used so far, as the kernel tells it.
struct process_usage {
  /// Processor time of all its threads, ended ones too: the sum of utime and stime of
  /// /proc/PID/stat, read from the process's CPU clock, which counts nanoseconds instead of ticks.
  double cpu_seconds = 0;
  /// utime and stime of /proc/PID/stat, in steps of a tick (10 ms).
  double user_seconds = 0;
  double system_seconds = 0;
  /// VmRSS and VmHWM of /proc/PID/status.
  uint64_t resident_kb = 0;
  uint64_t resident_peak_kb = 0;
  uint64_t threads = 0;
};

/// Fails with ec::internal when there is no such process (any more).
caf::expected<process_usage> usage_of(pid_t pid);

/// How many descriptors it has open (entries of /proc/PID/fd); 0 when we may not look.
uint64_t descriptors_of(pid_t pid);

/// Processor time of this process alone, likewise.
double own_cpu_seconds();

/// Of the calling thread alone, for work that waits for nothing.
double own_thread_cpu_seconds();

} // namespace liveconnect::bench
