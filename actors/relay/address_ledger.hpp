#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <optional>

#include "actors/relay/relay_limits.hpp"
#include "messages/base/token_bucket.hpp"
#include "messages/interfaces/io.hpp"
#include "messages/interfaces/relay.hpp"

namespace liveconnect::relay {

/// What each address has done lately, for the limits that count by address
/// (docs/design/safety.md 6.5): open connections, new ones per minute, and wrong guesses of rooms
/// and tags. An IPv6 /64 counts as one address.
///
/// Pure: callers pass the time. Bounded: an address that has nothing open and nothing against it is
/// forgotten first, then the one that has nothing open and was seen least lately. Any thread: a
/// relay's loops share one.
class address_ledger {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Addresses without an open connection that are remembered at most.
  static constexpr size_t remembered_max = 65'536;

  explicit address_ledger(const relay_limits& limits, size_t remembered = remembered_max)
      : limits_(limits), remembered_max_(remembered) {}

  /// Takes other limits from now on. Budgets in use refill under the new ones.
  void set_limits(const relay_limits& limits);

  /// A connection comes from there; it is open until leave(), refused or not. Why it must be
  /// refused (address, hasty or guesses), or none.
  std::optional<refusal> enter(const endpoint& from, time_point now);

  /// A connection that enter() was told of is gone.
  void leave(const endpoint& from, time_point now);

  /// A connection from there named a tag that is not the room's.
  void wrong_guess(const endpoint& from, time_point now);

  /// Whether the address has guessed wrong too often and must wait.
  bool out(const endpoint& from, time_point now) const;

  /// Addresses remembered now.
  size_t size() const;

private:
  using key = std::array<uint8_t, 16>;

  struct record {
    size_t open = 0;
    std::optional<token_bucket> arrivals;
    std::optional<token_bucket> guesses;
    time_point out_until = time_point::min();
    /// Its place among those that have nothing open, the least lately seen first.
    std::optional<std::list<key>::iterator> idle;
  };

  static key key_of(const endpoint& x);
  /// The record of `k`, made if need be, and no longer among the idle.
  record& active_record(const key& k);
  /// Files `x` among the idle if it has nothing open, or forgets it.
  void put_back(const key& k, record& x, time_point now);

  mutable std::mutex mutex_;
  relay_limits limits_;
  size_t remembered_max_;
  std::map<key, record> records_;
  std::list<key> idle_;
};

} // namespace liveconnect::relay
