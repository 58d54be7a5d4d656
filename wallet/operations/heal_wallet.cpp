#include "wallet/operations/heal_wallet.hpp"

#include "wallet/operations/check_notes.hpp"
#include "wallet/operations/heal_notes.hpp"

namespace liveconnect::wallet {

namespace {

void add_lines(operation_report& to, const heal_report& from) {
  to.lines.insert(to.lines.end(), from.lines.begin(), from.lines.end());
}

// A line for each counted note that not all servers passed a moment ago.
caf::error add_states(workspace& space, operation_report& to) {
  const auto listing = space.user.list({folder::bank, folder::fracked});
  if (!listing)
    return listing.error();
  for (auto& x : listing->notes) {
    const auto counts = count_letters(x.value.pown);
    if (x.value.pown.empty() || counts.passed == space.servers())
      continue;
    to.lines.push_back(to_string(x.value.id) + ": " + std::to_string(counts.passed) +
                       " servers hold it, " + std::to_string(counts.failed) + " refuse it, " +
                       std::to_string(counts.unknown()) + " did not say");
  }
  return {};
}

} // namespace

caf::expected<operation_report> heal_wallet(workspace& space) {
  const auto owner = draw_transfer_id();
  const auto found = find_lost(space, owner);
  if (!found)
    return found.error();
  const auto healed = heal_all(space, owner);
  if (!healed)
    return healed.error();
  auto out = check_notes(space);
  if (!out)
    return out;
  add_lines(*out, *found);
  add_lines(*out, *healed);
  if (auto err = add_states(space, *out))
    return err;
  if (found->notes > 0)
    out->lines.push_back(std::to_string(found->healed) + " of " + std::to_string(found->notes) +
                         " lost notes found");
  return out;
}

} // namespace liveconnect::wallet
