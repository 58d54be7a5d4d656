#pragma once

#include <chrono>
#include <functional>

#include "actors/io/descriptor.hpp"

namespace liveconnect::relay {

/// SIGTERM, SIGINT and SIGHUP as something to wait for, besides being woken by another thread. Make
/// it before any thread: all of them must leave the signals to this. One a process.
class process_signals {
public:
  process_signals();

  /// What SIGHUP does, within wait(). Until it is set, SIGHUP does nothing.
  void on_hangup(std::function<void()> job) { hangup_ = std::move(job); }

  /// Waits for a signal, a wake() or the time. The signal's number, or 0 (also after SIGHUP).
  int wait(std::chrono::milliseconds time);

  /// Ends a wait() now or the next one at once. Any thread.
  void wake();

  /// Gives SIGTERM and SIGINT back to the system: the next one ends the process.
  void release();

private:
  std::function<void()> hangup_;
  io::descriptor signals_;
  io::descriptor wake_;
};

} // namespace liveconnect::relay
