#include "wallet/raida/server/fix_votes.hpp"

#include <algorithm>
#include <unordered_set>

namespace liveconnect::raida {

fix_votes::fix_votes(pending_fix fix, size_t servers)
    : fix_(std::move(fix)), needed_(needed_of(servers)) {}

std::vector<ticket_claim> fix_votes::next_round(time_point now) {
  if (rounds_ >= fix_rounds_max)
    return {};
  if (rounds_++ == 0)
    return fix_.claims;
  std::vector<ticket_claim> out;
  for (auto claim : fix_.claims)
    if (const auto i = heard_.find(claim.server); i != heard_.end() && !is_fresh(i->second, now))
      out.push_back(claim);
  return out;
}

void fix_votes::hear(ticket_listing x) {
  const auto server = x.server;
  if (std::any_of(fix_.claims.begin(), fix_.claims.end(),
                  [server](const ticket_claim& y) { return y.server == server; }))
    heard_[server] = std::move(x);
}

bool fix_votes::is_decided(time_point now) const {
  const auto votes = count_votes(fix_.claims, fresh(now), now);
  for (size_t i = 0; i < fix_.notes.size(); ++i) {
    if (i >= fix_.before.size() || !fix_.before[i])
      continue; // free: nothing helps it
    const auto x = votes.find(fix_.notes[i]);
    if (x == votes.end() || x->second < needed_)
      return false;
  }
  return true;
}

std::vector<ticket_listing> fix_votes::fresh(time_point now) const {
  std::vector<ticket_listing> out;
  for (const auto& [server, x] : heard_)
    if (is_fresh(x, now))
      out.push_back(x);
  return out;
}

std::unordered_map<note_id, size_t> count_votes(const std::vector<ticket_claim>& asked,
                                                const std::vector<ticket_listing>& listings,
                                                fix_votes::time_point now) {
  std::unordered_map<note_id, size_t> out;
  std::unordered_set<uint8_t> voted;
  for (const auto& x : listings) {
    const auto is_asked = [&x](const ticket_claim& y) { return y.server == x.server; };
    if (!fix_votes::is_fresh(x, now) || std::none_of(asked.begin(), asked.end(), is_asked) ||
        !voted.insert(x.server).second)
      continue;
    const std::unordered_set<note_id> named(x.notes.begin(), x.notes.end());
    for (auto id : named)
      ++out[id];
  }
  return out;
}

} // namespace liveconnect::raida
