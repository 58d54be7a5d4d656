#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

namespace liveconnect::cli {

/// Signals as something to wait for, besides being woken by another thread. Make it before any
/// thread: all of them must leave the signals to this. One a process.
class signal_source {
public:
  /// SIGTERM and SIGINT, and SIGHUP too if `with_hangup`.
  explicit signal_source(bool with_hangup = true);
  ~signal_source();
  signal_source(const signal_source&) = delete;
  signal_source& operator=(const signal_source&) = delete;

  /// What SIGHUP does, within wait(), instead of ending it. Empty: wait() answers SIGHUP like the
  /// others.
  void on_hangup(std::function<void()> job) { hangup_ = std::move(job); }

  /// Waits for a signal, a wake() or the time (negative: without end). The signal's number, or 0.
  int wait(std::chrono::milliseconds time);

  /// Ends a wait() now or the next one at once. Any thread.
  void wake();

  /// Gives SIGTERM and SIGINT back to the system: the next one ends the process.
  void release();

private:
  std::function<void()> hangup_;
  int signals_ = -1;
  int wake_ = -1;
};

/// SIGINT, SIGTERM and SIGHUP (unless that is ignored, as under nohup) as an event. Made in main()
/// before any other thread.
///
/// The first signal is kept and told to the listener; the second one ends the process at once
/// (through `last_word`), for commands that cannot stop: the journal makes that safe for money.
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

private:
  void watch();

  std::function<void(int)> last_word_;
  std::function<void(int)> listener_;
  std::mutex mutex_;
  std::atomic<int> signal_{0};
  std::atomic<bool> leaving_{false};
  int raised_ = -1;
  signal_source source_;
  std::thread thread_;
};

/// Sets the signals' mask back to what a fresh program expects; between fork and exec.
void restore_signals();

} // namespace liveconnect::cli
