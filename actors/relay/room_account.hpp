#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "messages/base/token_bucket.hpp"

namespace liveconnect::relay {

class room_switch;

/// What one room has cost the relay, for the limits that count by room: bytes in all, bytes of this
/// second, and its age. Pure: callers pass the time.
///
/// The room's actor makes it for its first member and hands it to both seats; it outlives one
/// member's leaving, so that coming back clears nothing. The actor can only carry it: reading and
/// writing takes a key that the switch on the room's byte loop alone can make, so no two threads
/// meet in it.
class room_account {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Opens an account; room_switch has it, on its loop's thread.
  class key {
    // Not `= default`: that would make it an aggregate, and any code could then write `{}` for it.
    key() {} // NOLINT(modernize-use-equals-default)
    friend class room_switch;
    friend class room_account_test;
  };

  /// The room's first member is seated; a second call changes nothing.
  void open(key, time_point now) {
    if (!opened_)
      opened_ = now;
  }

  /// When it was opened; only of one that is open.
  time_point opened(key) const { return *opened_; }

  /// Whether `more` bytes are more than the room may still pass on; 0 is no limit.
  bool is_spent(key, uint64_t more, uint64_t bytes_max) const {
    return bytes_max != 0 && bytes_ + more > bytes_max;
  }

  /// `count` bytes were passed on.
  void add(key, uint64_t count) { bytes_ += count; }

  /// Puts bytes to the account of this second, of which there are `per_second`. Answers until when
  /// the room is over it: `now` when it is not.
  time_point charge(key, uint64_t count, double per_second, time_point now) {
    if (!budget_)
      budget_.emplace(per_second, per_second, now);
    budget_->spend(static_cast<double>(count), now);
    return budget_->solvent_at(now);
  }

  /// Other limits hold from now on: the budget of a second begins anew.
  void forget_budget(key) { budget_.reset(); }

private:
  uint64_t bytes_ = 0;
  std::optional<time_point> opened_;
  std::optional<token_bucket> budget_;
};

} // namespace liveconnect::relay
