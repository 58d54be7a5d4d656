#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include <caf/error.hpp>
#include <caf/expected.hpp>

namespace liveconnect::bench {

/// One way to do a piece of work of microseconds, to be timed beside others.
struct contender {
  /// Does it so many times; false when it went wrong.
  std::function<bool(size_t)> run;
  /// Makes what run() of so many uses up, outside of the time taken. May be empty.
  std::function<bool(size_t)> prepare;
};

/// Makes a contender's function from one that does the piece once: the loop costs nothing then.
template<class Once>
std::function<bool(size_t)> many_times(Once once) {
  return [once = std::move(once)](size_t times) mutable {
    for (size_t i = 0; i < times; ++i)
      if (!once())
        return false;
    return true;
  };
}

/// Makes the compiler believe that what `x` points at is read.
inline void keep_alive(const void* x) {
  asm volatile("" : : "r"(x) : "memory");
}

/// Times contenders in turns of about a millisecond each. What counts is processor time of this
/// thread, and the median of the turns: another program on the core hits one turn at most, and that
/// through its cache only.
class turns {
public:
  /// Finds out how often each has to do its piece for one turn. From then on the process keeps what
  /// it frees: else glibc gives the end of the heap back whenever it happens to be free, and which
  /// contender then pays for fetching it again, page by page, depends on what lies where.
  static caf::expected<turns> between(std::vector<contender> list);

  /// Seconds that one piece takes each contender, in their order. Goes on for about `time`, at
  /// least one turn each; `first` begins. Fails with ec::internal when a contender does, and with
  /// ec::stopped when `stopped` says so.
  caf::expected<std::vector<double>> run(std::chrono::nanoseconds time, size_t first = 0,
                                         const std::function<bool()>& stopped = nullptr);

private:
  std::vector<contender> list_;
  std::vector<size_t> times_;
};

} // namespace liveconnect::bench
