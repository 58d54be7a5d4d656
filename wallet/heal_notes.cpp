#include "wallet/heal_notes.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "messages/error.hpp"
#include "wallet/claim_notes.hpp"
#include "wallet/raida/derive.hpp"

namespace liveconnect::wallet {

namespace {

// Files notes that were healed or asked about, by their letters, from where each of them lay. A
// healing never condemns: what is not whole stays fracked, and what lay in Limbo leaves it once
// 13+f servers pass it (I6).
caf::error file_healed(workspace& space, wallet_store& store,
                       const std::vector<stored_note>& before, const std::vector<note>& after,
                       const std::string& tag, heal_report& report) {
  for (auto& x : after) {
    auto was = std::find_if(before.begin(), before.end(),
                            [&](const stored_note& y) { return y.value.id == x.id; });
    if (was == before.end())
      continue;
    auto counts = raida::count_letters(x.pown);
    auto passes = static_cast<uint8_t>(counts.passed);
    report.fewest_passes = report.notes == 0 ? passes : std::min(report.fewest_passes, passes);
    ++report.notes;
    (void)report.value.add(value_of(x));
    auto whole = counts.passed == x.ans.size();
    ++(whole ? report.healed : report.not_clean);
    auto to = whole                                           ? folder::bank
              : counts.passed >= space.rules.quorum.settled() ? folder::fracked
                                                              : was->where;
    if (to == was->where && same_numbers(was->value, x))
      continue;
    auto now = x;
    if (whole)
      now.pans.clear();
    if (auto err =
            store.update(was->where, to, {now}, now.pans.empty() ? pans::without : pans::with, tag))
      return err;
  }
  return {};
}

// Heals notes that lie in `where`; see heal_notes().
caf::expected<heal_report> heal_in(workspace& space, wallet_store& store,
                                   const std::vector<note_id>& ids, folder where,
                                   const transfer_id& owner) {
  heal_report report;
  // Holds first, files second: what is free now cannot be picked by anybody else meanwhile.
  hold_guard held{*space.holds, ids, owner};
  auto stored = store.find(held.held(), {where});
  if (!stored)
    return stored.error();
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
  auto failed = result ? file_healed(space, store, *stored, result->notes, tag_of(id), report)
                       : std::move(result.error());
  if (!failed && log)
    failed = log->close(closing::done, space.now());
  if (failed) {
    // The journal is open: the notes stay held by it, until it is carried on.
    if (log)
      held.leave_to(id);
    return failed;
  }
  return report;
}

// Servers that a Fix of this note went to, each with the AN of its newest try.
std::map<size_t, authenticity_number> tried(const journal_view& view, note_id id) {
  std::map<size_t, authenticity_number> out;
  for (auto& heal : view.heals)
    for (auto& intent : heal.intents)
      if (std::count(intent.notes.begin(), intent.notes.end(), id) != 0)
        out[intent.server] = raida::fixed_an(static_cast<uint8_t>(intent.server), id, intent.pg);
  return out;
}

} // namespace

caf::expected<heal_report> heal_notes(workspace& space, wallet_store& store,
                                      const std::vector<note_id>& ids, const transfer_id& owner) {
  return heal_in(space, store, ids, folder::fracked, owner);
}

caf::expected<heal_report> heal_all(workspace& space, const transfer_id& owner) {
  auto listing = space.user.list(folder::fracked);
  if (!listing)
    return listing.error();
  return heal_notes(space, space.user, ids_of(notes_of(listing->notes)), owner);
}

caf::expected<bool> finish_heal(workspace& space, operation_journal& log) {
  std::vector<note_id> decided;
  auto waiting = false;
  if (!log.view().heals.empty()) {
    std::vector<note_id> ids;
    for (auto& x : log.view().heals.back().targets)
      if (log.view().settled.count(x.id) == 0)
        ids.push_back(x.id);
    for (auto store : {&space.user, &space.sender, &space.receiver}) {
      auto stored = store->find(ids, {folder::fracked, folder::limbo});
      if (!stored)
        return stored.error();
      if (stored->empty())
        continue;
      auto notes = notes_of(*stored);
      adopt_intents(space, notes, log.view().heals);
      auto letters = raida::detect(*space.port, notes, space.rules.times);
      std::vector<note> known;
      for (size_t i = 0; i < notes.size() && i < letters.size(); ++i) {
        auto& x = notes[i];
        x.pown = letters[i];
        auto passed = raida::count_letters(x.pown).passed;
        auto may_hold = x.ans;
        // A server that a Fix went to and that is silent now may hold either value.
        for (auto& [server, an] : tried(log.view(), x.id))
          if (server < x.pown.size() && x.pown[server] != raida::letter::passed &&
              x.pown[server] != raida::letter::failed)
            may_hold[server] = an;
        auto open = may_hold != x.ans;
        if (open && passed < space.rules.quorum.settled()) {
          waiting = true;
          continue;
        }
        // 13+f pass, so the note is ours whatever the silent ones hold. What they may hold becomes
        // its second set, to be asked about with the next healing.
        if (open)
          x.pans = std::move(may_hold);
        known.push_back(x);
        decided.push_back(x.id);
      }
      heal_report report;
      if (auto err = file_healed(space, *store, *stored, known, tag_of(log.id()), report))
        return err;
    }
  }
  if (!waiting) {
    if (auto err = log.close(closing::done, space.now()))
      return err;
    return true;
  }
  if (!decided.empty()) {
    if (auto err = log.append(encode_ids(record_type::settled, decided)))
      return err;
    space.holds->release(decided, log.id());
  }
  return false;
}

caf::expected<heal_report> find_lost(workspace& space, const transfer_id& owner) {
  heal_report report;
  auto listing = space.user.list(folder::limbo);
  if (!listing)
    return listing.error();
  // Holds first, files second, as in heal_in().
  std::optional<hold_guard> held{std::in_place, *space.holds, ids_of(notes_of(listing->notes)),
                                 owner};
  auto stored = space.user.find(held->held(), {folder::limbo});
  if (!stored)
    return stored.error();
  std::vector<note> open;
  std::vector<note> plain;
  for (auto& x : *stored)
    (x.value.pans.empty() ? plain : open).push_back(x.value);
  auto file = [&](const note& before, const note& now, folder to) -> caf::error {
    if (to == folder::limbo && same_numbers(before, now))
      return {};
    return space.user.update(folder::limbo, to, {now},
                             now.pans.empty() ? pans::without : pans::with,
                             tag_of(draw_transfer_id()));
  };
  std::vector<note_id> weak;
  // Where a note goes by its letters. What a majority passes and some refuse is to be healed.
  auto place = [&](const note& x) {
    auto counts = raida::count_letters(x.pown);
    ++report.notes;
    (void)report.value.add(value_of(x));
    if (counts.passed >= space.rules.quorum.settled()) {
      ++report.healed;
      return counts.passed == x.ans.size() ? folder::bank : folder::fracked;
    }
    if (counts.failed >= space.rules.quorum.settled()) {
      ++report.not_clean;
      return folder::counterfeit;
    }
    if (counts.passed >= space.rules.quorum.majority && counts.failed > 0)
      weak.push_back(x.id);
    else
      ++report.not_clean;
    return folder::limbo;
  };
  auto found = raida::find(*space.port, open, space.rules.times);
  for (size_t i = 0; i < open.size() && i < found.size(); ++i) {
    auto now = open[i];
    raida::adopt_found(now, found[i]);
    auto to = place(now);
    if (to != folder::limbo && raida::count_letters(now.pown).unknown() == 0)
      now.pans.clear();
    if (auto err = file(open[i], to == folder::counterfeit ? open[i] : now, to))
      return err;
  }
  auto letters = raida::detect(*space.port, plain, space.rules.times);
  // One bad Detect is no verdict (wallet/format.md (e), "Legal moves").
  std::vector<note> doubted;
  for (size_t i = 0; i < plain.size() && i < letters.size(); ++i)
    if (raida::count_letters(letters[i]).failed >= space.rules.quorum.settled())
      doubted.push_back(plain[i]);
  auto again = raida::detect(*space.port, doubted, space.rules.times);
  for (size_t i = 0; i < plain.size() && i < letters.size(); ++i) {
    auto now = plain[i];
    auto second =
        std::find_if(doubted.begin(), doubted.end(), [&](const note& x) { return x.id == now.id; });
    now.pown =
        second == doubted.end() ? letters[i] : again[static_cast<size_t>(second - doubted.begin())];
    if (auto err = file(plain[i], now, place(now)))
      return err;
  }
  if (weak.empty())
    return report;
  // Healing holds them itself: in its journal's name, should it fail.
  held.reset();
  auto healed = heal_in(space, space.user, weak, folder::limbo, owner);
  if (!healed)
    return healed.error();
  auto out = space.user.find(weak, {folder::bank, folder::fracked});
  if (!out)
    return out.error();
  report.healed += static_cast<uint32_t>(out->size());
  report.not_clean += static_cast<uint32_t>(weak.size() - std::min(weak.size(), out->size()));
  return report;
}

} // namespace liveconnect::wallet
