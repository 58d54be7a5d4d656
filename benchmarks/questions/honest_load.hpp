#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <caf/error.hpp>

#include "benchmarks/load/paced_load.hpp"
#include "benchmarks/load/pair_opener.hpp"
#include "benchmarks/load/periodic.hpp"
#include "benchmarks/load/waiting_host.hpp"
#include "benchmarks/questions/soak_plan.hpp"

namespace liveconnect::bench {

/// The honest side of a soak: busy rooms, idle rooms with heartbeats, a new pair every second, and
/// a host that waits alone in a room whose tag the attackers guess.
class honest_load {
public:
  /// `victim_room` and `victim_tag` are the waiting host's.
  honest_load(event_loop& loop, const soak_plan& plan, subject& through, uint64_t victim_room,
              std::string victim_tag);
  ~honest_load();

  /// Called with how many rooms are open, while open() opens them.
  using progress = std::function<void(size_t open)>;
  /// Opens all rooms and seats the host; 80 s at most. Then everything speaks.
  caf::error open(const progress& on_progress);
  /// Begins nothing new, lets the host's partner come, and waits until all that was said has
  /// arrived.
  caf::error finish();
  /// Closes the connections of rooms and host. No figure may be asked for afterwards.
  void leave();

  /// The busy rooms, whose latency is measured.
  paced_load& busy() { return *busy_; }
  /// Frames of all rooms.
  uint64_t sent() const;
  uint64_t received() const;
  /// Newcomers whose pair has met, and those still on their way.
  uint64_t newcomers() const { return newcomers_; }
  size_t newcomers_missing() const { return opener_ ? opener_->in_progress() : 0; }
  const waiting_host& host() const { return host_; }

private:
  caf::error open_busy(time_point until);
  caf::error open_idle(time_point until, const progress& on_progress);
  caf::error seat_host();
  void begin_newcomers();

  event_loop& loop_;
  const soak_plan& plan_;
  subject& through_;
  waiting_host host_;
  std::unique_ptr<paced_load> busy_;
  std::vector<std::unique_ptr<paced_load>> idle_;
  std::unique_ptr<pair_opener> opener_;
  std::unique_ptr<periodic> beats_;
  std::unique_ptr<periodic> openings_;
  uint64_t newcomers_ = 0;
};

} // namespace liveconnect::bench
