#include "benchmarks/load/event_loop.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <sys/prctl.h>

#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

/// The longest wait: a signal must be noticed.
constexpr auto nap_max = std::chrono::milliseconds(100);

timespec to_timespec(clock::duration x) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(x).count();
  return {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

} // namespace

event_loop::event_loop(std::function<bool()> stopped)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), stopped_(std::move(stopped)) {
  // The kernel may stretch waits by 50 us to save power; a schedule must not be.
  ::prctl(PR_SET_TIMERSLACK, 1);
  if (!epoll_)
    fail_with(fail(ec::internal, std::string("epoll_create1: ") + std::strerror(errno)));
}

uint32_t event_loop::add(load& x) {
  loads_.push_back(&x);
  return static_cast<uint32_t>(loads_.size() - 1);
}

void event_loop::remove(const load& x) {
  // The numbers of the others stay.
  std::replace(loads_.begin(), loads_.end(), const_cast<load*>(&x), static_cast<load*>(nullptr));
}

void event_loop::watch(int fd, uint32_t events, uint32_t load_number, uint32_t socket) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = (uint64_t{load_number} << 32) | socket;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0)
    return;
  if (errno != ENOENT || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    fail_with(fail(ec::internal, std::string("epoll_ctl: ") + std::strerror(errno)));
}

void event_loop::unwatch(int fd) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void event_loop::fail_with(caf::error x) {
  if (!failure_)
    failure_ = std::move(x);
}

void event_loop::turn(time_point end) {
  auto due = end;
  for (const auto* x : loads_)
    if (x != nullptr)
      due = std::min(due, x->next_due());
  const auto now = clock::now();
  const auto wait = std::clamp<clock::duration>(due - now, clock::duration::zero(), nap_max);
  const auto timeout = to_timespec(wait);
  epoll_event events[256];
  const auto count = ::epoll_pwait2(epoll_.get(), events, 256, &timeout, nullptr);
  if (count < 0 && errno != EINTR)
    return fail_with(fail(ec::internal, std::string("epoll_pwait2: ") + std::strerror(errno)));
  for (int i = 0; i < count && !failure_; ++i) {
    const auto token = events[i].data.u64;
    if (auto* x = loads_[token >> 32])
      x->on_event(static_cast<uint32_t>(token), events[i].events);
  }
  const auto later = clock::now();
  for (auto* x : loads_)
    if (x != nullptr && !failure_ && x->next_due() <= later)
      x->on_due(later);
}

caf::error event_loop::run_until(time_point end, const std::function<bool()>& done) {
  while (!failure_ && clock::now() < end && !(done && done())) {
    if (stopped_ && stopped_())
      return fail(ec::stopped, "stopped by a signal");
    turn(end);
  }
  return failure_;
}

} // namespace liveconnect::bench
