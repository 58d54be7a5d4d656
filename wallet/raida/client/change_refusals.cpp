#include "wallet/raida/client/change_refusals.hpp"

#include <algorithm>

namespace liveconnect::raida {

namespace {

constexpr uint64_t first_pause_ms = 60'000;
constexpr uint64_t longest_pause_ms = 3'600'000;

} // namespace

void change_refusals::refused(size_t server, uint64_t now_ms) {
  const std::lock_guard lock{guard_};
  auto& x = rests_[server];
  // One refusal that several threads saw at once counts once.
  if (now_ms < x.until_ms)
    return;
  x.pause_ms = x.pause_ms == 0 ? first_pause_ms : std::min(2 * x.pause_ms, longest_pause_ms);
  x.until_ms = now_ms + x.pause_ms;
}

void change_refusals::made_change(size_t server) {
  const std::lock_guard lock{guard_};
  rests_.erase(server);
}

std::vector<bool> change_refusals::willing(size_t servers, uint64_t now_ms) const {
  const std::lock_guard lock{guard_};
  std::vector<bool> out(servers, true);
  for (auto& [server, x] : rests_)
    if (server < servers && now_ms < x.until_ms)
      out[server] = false;
  return out;
}

} // namespace liveconnect::raida
