#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace liveconnect::cli {

/// SIGINT, SIGTERM and SIGHUP as something to wait for, besides being woken by another thread. Make
/// it before any other thread, so that every thread inherits the block and only wait() takes them.
/// One per process.
class signal_source {
public:
  enum class hangup : uint8_t {
    /// SIGHUP is a signal like the others, unless it is ignored (nohup).
    ends,
    /// SIGHUP runs a job within wait().
    reloads,
  };

  explicit signal_source(hangup what);
  ~signal_source();
  signal_source(const signal_source&) = delete;
  signal_source& operator=(const signal_source&) = delete;

  /// What SIGHUP does with hangup::reloads. Until it is set, SIGHUP does nothing.
  void on_hangup(std::function<void()> job) { job_ = std::move(job); }

  /// Waits for a signal, a wake() or the time; a negative time never passes. The signal's number,
  /// or 0 (also after a SIGHUP that reloads).
  int wait(std::chrono::milliseconds time);

  /// Ends a wait() now or the next one at once. Any thread.
  void wake();

  /// Gives the signals that end the program back to the system: the next one ends the process.
  void release();

private:
  const hangup hangup_;
  std::function<void()> job_;
  int signals_ = -1;
  int wake_ = -1;
};

/// Signals for a program that works while they come: the first one is kept and passed to a
/// listener, and may leave a bounded time (end_within()); the second one ends the process at once
/// (through `last_word`), for commands that cannot stop: the journal makes both safe for money.
/// Make it in main() before any other thread.
class interrupts {
public:
  /// `last_word` runs on the watching thread just before a second signal ends the process.
  explicit interrupts(std::function<void(int)> last_word);
  ~interrupts();
  interrupts(const interrupts&) = delete;
  interrupts& operator=(const interrupts&) = delete;

  /// The signal that came, 0 while none has.
  int signal() const { return signal_.load(); }

  /// Becomes readable for good once a signal has come: for poll().
  int descriptor() const { return raised_; }

  /// Calls `f` with the signal, on the watching thread; at once when it has come already. One
  /// listener at a time; an empty function stops listening, and none runs after that returns.
  void listen(std::function<void(int)> f);

  /// The same for a second function that stands beside the listener, and runs after it: for what a
  /// command's parts do for as long as they live.
  void attend(std::function<void(int)> f);

  /// From now on the first signal, too, ends the process: this long after it came, through
  /// `last_word`, unless the command has ended by then. It guards against work that no signal can
  /// interrupt, such as a slow disk or a name that is being looked up. None when zero, as at first.
  void end_within(std::chrono::milliseconds time);

  /// The command has ended and its result is being written: only a second signal ends it now.
  void command_ended();

private:
  void watch();
  std::chrono::milliseconds time_left();
  [[noreturn]] void end_now(int number);

  signal_source source_{signal_source::hangup::ends};
  std::function<void(int)> last_word_;
  std::function<void(int)> listener_;
  std::function<void(int)> attendant_;
  /// Both under the mutex: how long the first signal leaves, and when that will be over.
  std::chrono::milliseconds end_within_{0};
  std::optional<std::chrono::steady_clock::time_point> ends_at_;
  std::mutex mutex_;
  std::atomic<int> signal_{0};
  std::atomic<bool> leaving_{false};
  int raised_ = -1;
  std::thread thread_;
};

/// Sets the signals' mask back to what a fresh program expects; between fork and exec.
void restore_signals();

} // namespace liveconnect::cli
