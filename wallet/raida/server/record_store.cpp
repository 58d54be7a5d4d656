#include "wallet/raida/server/record_store.hpp"

namespace liveconnect::raida {

bool add_to(supply_account& account, const std::vector<change>& changes) {
  auto sum = account;
  for (const auto& x : changes) {
    if (x.effect == supply_effect::none)
      continue;
    auto& part = x.effect == supply_effect::created ? sum.created : sum.freed;
    const auto units = denomination_value(x.id.denomination).units();
    if (part + units < part)
      return false;
    part += units;
  }
  account = sum;
  return true;
}

} // namespace liveconnect::raida
