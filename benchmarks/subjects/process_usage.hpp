#pragma once

#include <cstdint>
#include <sys/types.h>

#include <caf/expected.hpp>

namespace liveconnect::bench {

/// What a process has used so far, as the kernel tells it.
struct process_usage {
  /// Processor time of all its threads, ended ones too. It comes from the process's CPU clock,
  /// which counts nanoseconds, not from /proc/PID/stat, which counts ticks.
  double cpu_seconds = 0;
  /// VmRSS of /proc/PID/status; 0 for a process that has ended and that its parent has not fetched.
  uint64_t resident_kb = 0;
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
