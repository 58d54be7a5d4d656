#include "wallet/raida/server/address_limit.hpp"

#include <algorithm>
#include <string_view>

namespace liveconnect::raida {

namespace {

constexpr auto window = std::chrono::minutes(1);
/// Going through a full table takes a while: not at every request.
constexpr auto sweep_pause = std::chrono::seconds(1);

} // namespace

size_t address_limit::key_hash::operator()(const key& x) const {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(x.data()), x.size()});
}

bool address_limit::take(const endpoint& from, time_point now) {
  if (per_minute_ == 0)
    return true;
  auto who = from.address;
  if (!from.is_v4())
    std::fill(who.begin() + 8, who.end(), uint8_t{0});
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
