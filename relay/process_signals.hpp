#pragma once

#include <chrono>

#include "actors/io/descriptor.hpp"

namespace liveconnect::relay {

/// SIGTERM and SIGINT as something to wait for, besides being woken by another thread. Make it
/// before any thread: all of them must leave the signals to this. One a process.
class process_signals {
public:
  process_signals();

  /// Waits for a signal, a wake() or the time. The signal's number, or 0.
  int wait(std::chrono::milliseconds time);

  /// Ends a wait() now or the next one at once. Any thread.
  void wake();

  /// Gives the signals back to the system: the next one ends the process.
  void release();

private:
  io::descriptor signals_;
  io::descriptor wake_;
};

} // namespace liveconnect::relay
