#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "actors/relay/room_switch.hpp"
#include "relay/status/rate_history.hpp"

namespace liveconnect::relay {

/// What the relay has counted at one moment.
struct relay_sample {
  relay_counters counters;
  /// Times that accepting rested for want of descriptors.
  uint64_t accept_rests = 0;
  /// Times that small messages were gathered for one write.
  uint64_t gatherings = 0;
  /// The bounds now; 0: none.
  uint64_t connections_max = 0;
  uint64_t rooms_max = 0;
};

/// All that the status page, /metrics and the admin socket tell of the relay as a whole: the last
/// sample, the rates before it, and whether new rooms are taken. Holds no address, room or
/// name. Every method from any thread.
class status_board {
public:
  using clock = std::chrono::steady_clock;

  struct view {
    relay_sample last;
    bool draining = false;
    std::chrono::seconds uptime{0};
    std::chrono::system_clock::time_point started;
    /// How old the sample is; a relay whose loop answers has one of the last second.
    clock::duration age{0};
  };

  explicit status_board(std::string version) : version_(std::move(version)) {}

  /// Puts up a new sample.
  void put(const relay_sample& x, clock::time_point now = clock::now());
  void set_draining() { draining_.store(true); }

  bool draining() const { return draining_.load(); }
  const std::string& version() const { return version_; }
  view now() const;
  /// Points of rate_history::steps[which], oldest first.
  std::vector<rate_history::point> series(size_t which) const;

private:
  const std::string version_;
  const clock::time_point start_ = clock::now();
  const std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  std::atomic<bool> draining_{false};
  mutable std::mutex mutex_;
  relay_sample last_;
  clock::time_point put_ = start_;
  rate_history history_{start_};
};

/// A sample older than this means that the byte loop hangs.
inline constexpr std::chrono::seconds sample_age_max{5};

/// Puts a sample on the board now and every second, from a thread of its own: a loop that hangs
/// stops the samples and nothing else.
class sampler {
public:
  /// `take` may wait for the relay; it is called from the constructor first.
  sampler(status_board& board, std::function<relay_sample()> take);
  ~sampler();

  sampler(const sampler&) = delete;
  sampler& operator=(const sampler&) = delete;

private:
  void run();

  status_board& board_;
  const std::function<relay_sample()> take_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace liveconnect::relay
