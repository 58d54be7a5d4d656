#include "wallet/operations/finality.hpp"

#include <algorithm>

namespace liveconnect::wallet {

namespace {

uint32_t rest_of(wall_seconds powned, wall_seconds now) {
  if (now < powned || now - powned >= ticket_life_seconds)
    return 0;
  return static_cast<uint32_t>(ticket_life_seconds - (now - powned));
}

} // namespace

bool may_be_fixed(const server_memory& x, const raida::quorum_rules& rules) {
  const auto without =
      static_cast<size_t>(std::count_if(x.fix.begin(), x.fix.end(), [&](const auto& one) {
        return one.first < rules.servers && one.second.failures >= fixes_failed_for_none;
      }));
  return rules.servers - without >= rules.majority;
}

uint32_t final_in_seconds(const server_memory& x, note_id id, const raida::quorum_rules& rules,
                          wall_seconds now) {
  const auto found = x.powned.find(id);
  if (found == x.powned.end() || !may_be_fixed(x, rules))
    return 0;
  return rest_of(found->second, now);
}

uint32_t final_in_seconds(const server_memory& x, const raida::quorum_rules& rules,
                          wall_seconds now) {
  uint32_t out = 0;
  if (may_be_fixed(x, rules))
    for (const auto& [id, at] : x.powned)
      out = std::max(out, rest_of(at, now));
  return out;
}

void remember_powned(workspace& space, const std::vector<note_id>& ids) {
  auto memory = load_memory(space);
  if (ids.empty() || !may_be_fixed(memory, space.rules.quorum))
    return;
  memory.add_powned(ids, space.now());
  save_memory(space, memory);
}

} // namespace liveconnect::wallet
