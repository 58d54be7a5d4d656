#include "actors/relay/address_ledger.hpp"

namespace liveconnect::relay {

namespace {

token_bucket a_minute(size_t count, size_t burst, token_bucket::time_point now) {
  return {static_cast<double>(count) / 60, static_cast<double>(burst), now};
}

} // namespace

address_ledger::key address_ledger::key_of(const endpoint& x) {
  auto out = x.address;
  // An IPv6 customer has a /64 at least: one address of it is as good as another.
  if (!x.is_v4())
    std::fill(out.begin() + 8, out.end(), uint8_t{0});
  return out;
}

void address_ledger::set_limits(const relay_limits& limits) {
  std::lock_guard<std::mutex> guard{mutex_};
  limits_ = limits;
  for (auto& [k, x] : records_) {
    x.arrivals.reset();
    x.guesses.reset();
  }
}

address_ledger::record& address_ledger::active_record(const key& k) {
  auto& x = records_[k];
  if (x.idle) {
    idle_.erase(*x.idle);
    x.idle.reset();
  }
  return x;
}

void address_ledger::put_back(const key& k, record& x, time_point now) {
  if (x.open > 0)
    return;
  const bool blank = (!x.arrivals || x.arrivals->full(now)) &&
                     (!x.guesses || x.guesses->full(now)) && x.out_until <= now;
  if (blank) {
    records_.erase(k);
    return;
  }
  idle_.push_back(k);
  x.idle = std::prev(idle_.end());
  while (idle_.size() > remembered_max_) {
    records_.erase(idle_.front());
    idle_.pop_front();
  }
}

std::optional<refusal> address_ledger::enter(const endpoint& from, time_point now) {
  std::lock_guard<std::mutex> guard{mutex_};
  auto& x = active_record(key_of(from));
  ++x.open;
  if (x.out_until > now)
    return refusal::guesses;
  if (limits_.new_connections_per_address_per_minute != 0) {
    if (!x.arrivals)
      x.arrivals = a_minute(limits_.new_connections_per_address_per_minute,
                            std::max<size_t>(1, limits_.new_connections_per_address_burst), now);
    if (!x.arrivals->take(now))
      return refusal::hasty;
  }
  if (limits_.connections_per_address_max != 0 && x.open > limits_.connections_per_address_max)
    return refusal::address;
  return std::nullopt;
}

void address_ledger::leave(const endpoint& from, time_point now) {
  std::lock_guard<std::mutex> guard{mutex_};
  const auto k = key_of(from);
  const auto at = records_.find(k);
  if (at == records_.end() || at->second.open == 0)
    return;
  --at->second.open;
  put_back(k, at->second, now);
}

void address_ledger::wrong_guess(const endpoint& from, time_point now) {
  std::lock_guard<std::mutex> guard{mutex_};
  const auto most = limits_.wrong_guesses_per_address_per_minute;
  if (most == 0)
    return;
  const auto k = key_of(from);
  auto& x = active_record(k);
  if (!x.guesses)
    x.guesses = a_minute(most, most, now);
  x.guesses->take(now);
  if (x.guesses->tokens(now) < 1)
    x.out_until = now + limits_.wrong_guesses_out;
  put_back(k, x, now);
}

bool address_ledger::out(const endpoint& from, time_point now) const {
  std::lock_guard<std::mutex> guard{mutex_};
  const auto at = records_.find(key_of(from));
  return at != records_.end() && at->second.out_until > now;
}

size_t address_ledger::size() const {
  std::lock_guard<std::mutex> guard{mutex_};
  return records_.size();
}

} // namespace liveconnect::relay
