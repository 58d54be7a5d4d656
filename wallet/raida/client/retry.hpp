#pragma once

#include <chrono>
#include <cstddef>

#include "wallet/raida/client/port.hpp"

/// When to ask for serials again.
namespace liveconnect::raida {

/// The pauses between tries to get serials that enough servers offer to one session: short, since
/// servers offer the same to a session that asks again (server_core, reserve()); random, so that
/// sessions that collided do not collide again. Blocks; for one series of tries.
class serial_retry {
public:
  /// No further try begins once `within` has passed.
  explicit serial_retry(std::chrono::nanoseconds within)
      : until_(std::chrono::steady_clock::now() + within) {}

  /// Waits, and says whether to try again: at most tries_max - 1 times, and never over a port that
  /// was stopped.
  bool wait(raida_port& port);

  static constexpr size_t tries_max = 5;

private:
  std::chrono::steady_clock::time_point until_;
  size_t waited_ = 0;
};

} // namespace liveconnect::raida
