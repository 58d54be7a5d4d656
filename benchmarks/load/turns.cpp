#include "benchmarks/load/turns.hpp"

#include <malloc.h>

#include "benchmarks/figures/statistics.hpp"
#include "benchmarks/load/event_loop.hpp"
#include "benchmarks/subjects/process_usage.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

/// Long beside what reading the clock costs, short beside a time slice of the system.
constexpr double turn_seconds = 1e-3;
constexpr size_t times_max = 1u << 22;
/// More than any turn has in use; glibc takes no larger M_MMAP_THRESHOLD.
constexpr int kept_bytes = 32 << 20;

/// Processor time of so many pieces; negative when one went wrong.
double seconds_of_turn(const contender& x, size_t times) {
  if (x.prepare && !x.prepare(times))
    return -1;
  const auto begun = own_thread_cpu_seconds();
  if (!x.run(times))
    return -1;
  return own_thread_cpu_seconds() - begun;
}

caf::error broken() {
  return fail(ec::internal, "A piece of work failed in the benchmark. Report this.");
}

} // namespace

caf::expected<turns> turns::between(std::vector<contender> list) {
  ::mallopt(M_TRIM_THRESHOLD, kept_bytes);
  ::mallopt(M_MMAP_THRESHOLD, kept_bytes);
  turns out;
  out.list_ = std::move(list);
  for (const auto& x : out.list_) {
    size_t times = 1;
    for (;; times *= 2) {
      const auto seconds = seconds_of_turn(x, times);
      if (seconds < 0)
        return broken();
      if (seconds > turn_seconds / 2 || times >= times_max)
        break;
    }
    out.times_.push_back(times);
  }
  return out;
}

caf::expected<std::vector<double>> turns::run(std::chrono::nanoseconds time, size_t first,
                                              const std::function<bool()>& stopped) {
  std::vector<std::vector<double>> seconds(list_.size());
  const auto end = clock::now() + time;
  do {
    for (size_t i = 0; i < list_.size(); ++i) {
      const auto at = (i + first) % list_.size();
      const auto one = seconds_of_turn(list_[at], times_[at]);
      if (one < 0)
        return broken();
      seconds[at].push_back(one / static_cast<double>(times_[at]));
      if (stopped && stopped())
        return fail(ec::stopped, "Stopped before the end. Start again for a whole result.");
    }
  } while (clock::now() < end);
  std::vector<double> out;
  for (auto& x : seconds)
    out.push_back(median(std::move(x)));
  return out;
}

} // namespace liveconnect::bench
