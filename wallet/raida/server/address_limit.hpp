#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "wallet/raida/server/client_key.hpp"

namespace liveconnect::raida {

/// So many requests a minute from one client address. Pure: time comes from the caller. A minute's
/// worth may come at once; it refills evenly. An IPv6 address counts with its whole /64, ports do
/// not matter. Not thread-safe.
class address_limit {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Addresses remembered at once. Beyond them new addresses pass uncounted: a client that
  /// forges senders must not keep all others out.
  static constexpr size_t addresses_max = 65536;

  /// 0: no limit.
  explicit address_limit(uint32_t per_minute) : per_minute_(per_minute) {}

  /// Counts one request, and says whether it is within the limit; one that is not costs nothing.
  /// `now` never goes back.
  bool take(const endpoint& from, time_point now);

  size_t remembered() const { return free_again_.size(); }

private:
  uint32_t per_minute_;
  time_point next_sweep_{};
  /// When the address will have its whole minute's worth again.
  std::unordered_map<client_key, time_point, client_key_hash> free_again_;
};

} // namespace liveconnect::raida
