#include "wallet/raida/server/address_limit.hpp"

#include <algorithm>

namespace liveconnect::raida {

namespace {

constexpr auto window = std::chrono::minutes(1);
/// Going through a full table takes a while: not at every request.
constexpr auto sweep_pause = std::chrono::seconds(1);

} // namespace

bool address_limit::take(const endpoint& from, time_point now) {
  if (per_minute_ == 0)
    return true;
  const auto who = key_of(from);
  auto i = free_again_.find(who);
  if (i == free_again_.end()) {
    if (free_again_.size() >= addresses_max && now >= next_sweep_) {
      next_sweep_ = now + sweep_pause;
      for (auto j = free_again_.begin(); j != free_again_.end();)
        j = j->second <= now ? free_again_.erase(j) : std::next(j);
    }
    if (free_again_.size() >= addresses_max)
      return true;
    i = free_again_.emplace(who, now).first;
  }
  const auto then = std::max(i->second, now) + std::chrono::nanoseconds(window) / per_minute_;
  if (then > now + window)
    return false;
  i->second = then;
  return true;
}

} // namespace liveconnect::raida
