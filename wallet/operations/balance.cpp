#include "wallet/operations/balance.hpp"

#include <algorithm>
#include <set>

#include "messages/base/error.hpp"
#include "wallet/operations/operation_journal.hpp"

namespace liveconnect::wallet {

namespace {

std::vector<note> sent_and_open(const journal_view& view) {
  const auto gone = parts_of(view).gone;
  std::set<note_id> over{gone.begin(), gone.end()};
  over.insert(view.settled.begin(), view.settled.end());
  std::vector<note> out;
  for (auto& x : view.sending->notes)
    if (over.count(x.id) == 0)
      out.push_back(x);
  return out;
}

std::vector<note> received_and_open(const journal_view& view) {
  std::vector<note> out;
  for (auto& x : view.received) {
    const auto graded = view.graded.find(x.id);
    const auto counterfeit =
        graded != view.graded.end() && graded->second.verdict == note_verdict::counterfeit;
    if (view.settled.count(x.id) == 0 && !counterfeit)
      out.push_back(x);
  }
  return out;
}

std::vector<note> in_healing(const journal_view& view) {
  std::vector<note> out;
  if (!view.heals.empty())
    for (auto& x : view.heals.back().targets)
      if (view.settled.count(x.id) == 0)
        out.push_back(x);
  return out;
}

// The notes of an open journal whose value is, or may yet be, ours.
std::vector<note> under_way(const journal_view& view) {
  if (view.closed)
    return {};
  switch (view.kind()) {
  case journal_kind::sender:
  case journal_kind::export_file:
    if (view.sending)
      return sent_and_open(view);
    return view.selected ? view.selected->notes : std::vector<note>{};
  case journal_kind::receiver:
  case journal_kind::import:
    return received_and_open(view);
  case journal_kind::change:
    // Sources and targets are the same money.
    return view.change && !is_completion(view) ? view.change->sources : std::vector<note>{};
  case journal_kind::heal:
    return in_healing(view);
  }
  return {};
}

void add_unreadable(wallet_balance& to, const folder_listing& from, const std::string& prefix) {
  for (auto& x : from.unreadable)
    to.unreadable.push_back({prefix + to_string(x.where), x.file, detail_of(x.problem)});
}

// The notes of these folders stand in the journals: only files that cannot be read matter here.
caf::error add_unreadable_elsewhere(workspace& space, wallet_balance& out) {
  const auto suspect = space.user.list(folder::suspect);
  const auto sender = space.sender.list({folder::bank, folder::fracked});
  const auto receiver = space.receiver.list({folder::suspect, folder::bank, folder::fracked});
  for (const auto& [from, prefix] : {std::pair{&suspect, ""}, std::pair{&sender, "Sender/"},
                                     std::pair{&receiver, "Receiver/"}}) {
    if (!*from)
      return from->error();
    add_unreadable(out, **from, prefix);
  }
  return {};
}

} // namespace

caf::expected<wallet_balance> balance_of(workspace& space) {
  wallet_balance out;
  const auto held = space.holds->all();
  const auto views = load_open_journals(space);
  if (!views)
    return views.error();
  std::set<note_id> seen;
  auto in_transit = [&](note_id id) {
    if (seen.insert(id).second)
      (void)out.in_transit.add(denomination_value(id.denomination));
  };
  for (auto& view : *views)
    for (auto& x : under_way(view))
      in_transit(x.id);
  const auto listing = space.user.list({folder::bank, folder::fracked});
  if (!listing)
    return listing.error();
  std::set<note_id> counted;
  for (auto& x : listing->notes) {
    if (held.count(x.value.id) != 0 || seen.count(x.value.id) != 0 ||
        !counted.insert(x.value.id).second)
      continue;
    (void)out.spendable.add(value_of(x.value));
    ++out.by_denomination[index_of(x.value.id.denomination)];
    ++out.notes;
    if (x.where == folder::fracked)
      ++out.fracked;
  }
  const auto limbo = space.user.list(folder::limbo);
  if (!limbo)
    return limbo.error();
  for (auto& x : limbo->notes)
    if (counted.count(x.value.id) == 0)
      in_transit(x.value.id);
  add_unreadable(out, *listing, "");
  add_unreadable(out, *limbo, "");
  if (auto err = add_unreadable_elsewhere(space, out))
    return err;
  return out;
}

caf::expected<std::vector<listed_note>> list_notes(workspace& space) {
  const auto held = space.holds->all();
  std::vector<listed_note> out;
  const auto add = [&](wallet_store& store, const std::vector<folder>& where,
                       const std::string& prefix) -> caf::error {
    const auto listing = store.list(where);
    if (!listing)
      return listing.error();
    for (auto& x : listing->notes) {
      listed_note one;
      one.id = x.value.id;
      one.folder = prefix + to_string(x.where);
      one.pown = x.value.pown;
      one.held = held.count(x.value.id) != 0;
      out.push_back(std::move(one));
    }
    return {};
  };
  if (auto err =
          add(space.user, {folder::bank, folder::fracked, folder::limbo, folder::suspect}, ""))
    return err;
  if (auto err = add(space.sender, {folder::bank, folder::fracked}, "Sender/"))
    return err;
  if (auto err = add(space.receiver, {folder::suspect, folder::bank, folder::fracked}, "Receiver/"))
    return err;
  std::stable_sort(out.begin(), out.end(),
                   [](const listed_note& x, const listed_note& y) { return x.id < y.id; });
  return out;
}

} // namespace liveconnect::wallet
