#include "relay/status/status_board.hpp"

#include <numeric>

namespace liveconnect::relay {

void status_board::put(const relay_sample& x, clock::time_point now) {
  const auto& c = x.counters;
  const auto refusals = std::accumulate(c.refused.begin(), c.refused.end(), uint64_t{0});
  const std::lock_guard lock(mutex_);
  last_ = x;
  put_ = now;
  history_.add(now, {c.bytes_forwarded, c.frames_forwarded, c.joined, refusals},
               {c.connections, c.rooms_waiting(), c.rooms_paired});
}

status_board::view status_board::now() const {
  const std::lock_guard lock(mutex_);
  view out;
  const auto t = clock::now();
  out.last = last_;
  out.draining = draining_.load();
  out.uptime = std::chrono::duration_cast<std::chrono::seconds>(t - start_);
  out.started = started_;
  out.age = t - put_;
  return out;
}

std::vector<rate_history::point> status_board::series(size_t which) const {
  const std::lock_guard lock(mutex_);
  return history_.series(which);
}

sampler::sampler(status_board& board, std::function<relay_sample()> take)
    : board_(board), take_(std::move(take)) {
  board_.put(take_());
  thread_ = std::thread([this] { run(); });
}

sampler::~sampler() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void sampler::run() {
  auto next = status_board::clock::now();
  for (;;) {
    next += std::chrono::seconds(1);
    {
      std::unique_lock lock(mutex_);
      if (changed_.wait_until(lock, next, [this] { return ending_; }))
        return;
    }
    board_.put(take_());
  }
}

} // namespace liveconnect::relay
