#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace liveconnect::test {

/// Holds one thread at a point until another has done something there.
class gate {
public:
  /// The held thread: says that it is there and waits until opened. Later calls go through at once.
  void pass() {
    std::unique_lock guard{mutex_};
    reached_ = true;
    changed_.notify_all();
    changed_.wait(guard, [this] { return open_; });
  }

  /// The other thread: waits until a thread is held; false when the deadline passes first.
  bool wait_reached(std::chrono::milliseconds deadline) {
    std::unique_lock guard{mutex_};
    return changed_.wait_for(guard, deadline, [this] { return reached_; });
  }

  void open() {
    std::lock_guard guard{mutex_};
    open_ = true;
    changed_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool reached_ = false;
  bool open_ = false;
};

/// Opens a gate when a test leaves its scope early, so that no thread stays held.
class gate_opener {
public:
  explicit gate_opener(gate& x) : gate_(x) {}
  ~gate_opener() { gate_.open(); }
  gate_opener(const gate_opener&) = delete;
  gate_opener& operator=(const gate_opener&) = delete;

private:
  gate& gate_;
};

} // namespace liveconnect::test
