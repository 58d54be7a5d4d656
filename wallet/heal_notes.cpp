#include "wallet/heal_notes.hpp"

#include <algorithm>
#include <optional>

#include "messages/error.hpp"
#include "wallet/claim_notes.hpp"

namespace liveconnect::wallet {

namespace {

// Files healed notes by their letters. A healing never condemns: what is not whole stays fracked.
caf::error file_healed(wallet_store& store, const std::vector<stored_note>& before,
                       const std::vector<note>& after, const std::string& tag,
                       heal_report& report) {
  std::vector<note> to_bank;
  std::vector<note> changed;
  std::vector<note> changed_open;
  for (auto& x : after) {
    auto counts = raida::count_letters(x.pown);
    auto passes = static_cast<uint8_t>(counts.passed);
    report.fewest_passes = report.notes == 0 ? passes : std::min(report.fewest_passes, passes);
    ++report.notes;
    (void)report.value.add(value_of(x));
    auto whole = counts.passed == x.ans.size();
    if (whole) {
      ++report.healed;
      to_bank.push_back(x);
      to_bank.back().pans.clear();
      continue;
    }
    ++report.not_clean;
    auto was = std::find_if(before.begin(), before.end(),
                            [&](const stored_note& y) { return y.value.id == x.id; });
    if (was == before.end() || !same_numbers(was->value, x))
      (x.pans.empty() ? changed : changed_open).push_back(x);
  }
  if (!to_bank.empty())
    if (auto err = store.update(folder::fracked, folder::bank, to_bank, pans::without, tag))
      return err;
  if (!changed.empty())
    if (auto err = store.update(folder::fracked, folder::fracked, changed, pans::without, tag))
      return err;
  if (!changed_open.empty())
    if (auto err = store.update(folder::fracked, folder::fracked, changed_open, pans::with, tag))
      return err;
  return {};
}

} // namespace

caf::expected<heal_report> heal_notes(workspace& space, wallet_store& store,
                                      const std::vector<note_id>& ids, const transfer_id& owner) {
  heal_report report;
  auto stored = store.find(ids, {folder::fracked});
  if (!stored)
    return stored.error();
  std::vector<note_id> taken;
  stored->erase(std::remove_if(stored->begin(), stored->end(),
                               [&](const stored_note& x) {
                                 auto mine = !space.holds->is_held(x.value.id);
                                 if (!space.holds->take({x.value.id}, owner))
                                   return true;
                                 if (mine)
                                   taken.push_back(x.value.id);
                                 return false;
                               }),
                stored->end());
  if (stored->empty())
    return report;
  auto notes = notes_of(*stored);
  auto id = draw_transfer_id();
  std::optional<operation_journal> log;
  auto persist = [&](const std::vector<raida::fix_intent>& intents) -> caf::error {
    if (!log) {
      auto made = operation_journal::create(space, space.opened(journal_kind::heal, id, owner),
                                            notes.size());
      if (!made)
        return made.error();
      log.emplace(std::move(*made));
    }
    heal_record record;
    record.targets = notes;
    record.intents = intents;
    return log->append(encode(record));
  };
  auto result = raida::heal(*space.port, notes, persist, space.rules.quorum, space.rules.times);
  // On failure the notes stay held: their journal is open.
  if (!result)
    return result.error();
  if (auto err = file_healed(store, *stored, result->notes, tag_of(id), report))
    return err;
  if (log)
    if (auto err = log->close(closing::done, space.now()))
      return err;
  space.holds->release(taken, owner);
  return report;
}

caf::expected<heal_report> heal_all(workspace& space, const transfer_id& owner) {
  auto listing = space.user.list(folder::fracked);
  if (!listing)
    return listing.error();
  return heal_notes(space, space.user, ids_of(notes_of(listing->notes)), owner);
}

caf::expected<bool> finish_heal(workspace& space, operation_journal& log) {
  if (!log.view().heals.empty()) {
    auto ids = ids_of(log.view().heals.back().targets);
    for (auto store : {&space.user, &space.sender, &space.receiver}) {
      auto stored = store->find(ids, {folder::fracked});
      if (!stored)
        return stored.error();
      if (stored->empty())
        continue;
      auto before = *stored;
      auto notes = notes_of(before);
      adopt_intents(space, notes, log.view().heals);
      auto letters = raida::detect(*space.port, notes, space.rules.times);
      for (size_t i = 0; i < notes.size() && i < letters.size(); ++i) {
        // A server that a Fix went to and that is silent now may hold either value.
        for (auto& heal : log.view().heals)
          for (auto& intent : heal.intents)
            if (std::count(intent.notes.begin(), intent.notes.end(), notes[i].id) != 0 &&
                intent.server < letters[i].size() &&
                letters[i][intent.server] != raida::letter::passed &&
                letters[i][intent.server] != raida::letter::failed)
              return false;
        notes[i].pown = letters[i];
      }
      heal_report report;
      if (auto err = file_healed(*store, before, notes, tag_of(log.id()), report))
        return err;
    }
  }
  if (auto err = log.close(closing::done, space.now()))
    return err;
  return true;
}

caf::expected<heal_report> find_lost(workspace& space, const transfer_id& owner) {
  heal_report report;
  auto listing = space.user.list(folder::limbo);
  if (!listing)
    return listing.error();
  std::vector<note> notes;
  for (auto& x : listing->notes)
    if (!x.value.pans.empty() && !space.holds->is_held_by_other(x.value.id, owner))
      notes.push_back(x.value);
  if (notes.empty())
    return report;
  auto found = raida::find(*space.port, notes, space.rules.times);
  std::vector<note> to[4];
  const folder folders[4] = {folder::bank, folder::fracked, folder::counterfeit, folder::limbo};
  for (size_t i = 0; i < notes.size() && i < found.size(); ++i) {
    auto before = notes[i];
    auto& x = notes[i];
    raida::adopt_found(x, found[i]);
    auto counts = raida::count_letters(x.pown);
    ++report.notes;
    (void)report.value.add(value_of(x));
    if (counts.passed >= space.rules.quorum.settled()) {
      ++report.healed;
      if (counts.unknown() == 0)
        x.pans.clear();
      to[counts.passed == x.ans.size() ? 0 : 1].push_back(x);
    } else if (counts.failed >= space.rules.quorum.settled()) {
      ++report.not_clean;
      to[2].push_back(before);
    } else {
      ++report.not_clean;
      if (!same_numbers(x, before))
        to[3].push_back(x);
    }
  }
  for (size_t i = 0; i < 4; ++i)
    for (auto& x : to[i])
      if (auto err = space.user.update(folder::limbo, folders[i], {x},
                                       x.pans.empty() ? pans::without : pans::with,
                                       tag_of(draw_transfer_id())))
        return err;
  return report;
}

} // namespace liveconnect::wallet
