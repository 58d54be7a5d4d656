#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

namespace liveconnect::cli {

/// SIGINT, SIGTERM and SIGHUP (unless that is ignored) as an event. Made in main() before any other
/// thread, so that every thread inherits the block and only the one in here takes the signals.
///
/// The first signal is kept and told to whoever listens; the second one ends the process at once
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
  int raised_ = -1;
  int leave_ = -1;
  int signals_ = -1;
  std::thread thread_;
};

/// Sets the signals' mask back to what a fresh program expects; between fork and exec.
void restore_signals();

} // namespace liveconnect::cli
