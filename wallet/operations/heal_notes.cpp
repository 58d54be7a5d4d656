#include "wallet/operations/heal_notes.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "messages/base/error.hpp"
#include "wallet/operations/claim_notes.hpp"
#include "wallet/raida/derive.hpp"

namespace liveconnect::wallet {

namespace {

void count_note(heal_report& report, const note& x) {
  ++report.notes;
  (void)report.value.add(value_of(x));
}

void leave_alone(heal_report& report, const note& x, const char* why) {
  count_note(report, x);
  ++report.not_healed;
  report.lines.push_back(to_string(x.id) + " " + why);
}

// The folders of notes that a healing is about.
const std::vector<folder> healing_folders{folder::bank, folder::fracked, folder::limbo};

// The notes that lie in one of the folders `where` and have no duplicate in this wallet.
caf::expected<std::vector<stored_note>> single_copies(wallet_store& store,
                                                      const std::vector<note_id>& ids,
                                                      const std::set<folder>& where,
                                                      heal_report& report) {
  const auto all = store.find(ids, healing_folders);
  if (!all)
    return all.error();
  std::map<note_id, size_t> copies;
  for (auto& x : *all)
    ++copies[x.value.id];
  std::vector<stored_note> out;
  std::set<note_id> doubled;
  for (auto& x : *all) {
    if (where.count(x.where) == 0)
      continue;
    if (copies[x.value.id] == 1)
      out.push_back(std::move(x));
    else if (doubled.insert(x.value.id).second)
      leave_alone(report, x.value, "lies twice in the wallet and is not healed");
  }
  return out;
}

// Finishes a store.update() of this healing that was killed or failed half-way: the copy with the
// healing's tag is the newer one, so the older copies go to Trash.
caf::error finish_updates(wallet_store& store, const std::vector<note_id>& ids,
                          const std::string& tag) {
  const auto all = store.find(ids, healing_folders);
  if (!all)
    return all.error();
  const auto is_newer = [&](const stored_note& x) { return x.file.find(tag) != std::string::npos; };
  std::set<note_id> replaced;
  for (auto& x : *all)
    if (is_newer(x))
      replaced.insert(x.value.id);
  for (auto& x : *all)
    if (replaced.count(x.value.id) != 0 && !is_newer(x) && x.where != folder::bank)
      if (auto moved = store.move_file(x.where, x.file, folder::trash); !moved)
        return moved.error();
  return {};
}

// Files notes that were healed or asked about: their letters say where each belongs. A healing
// never condemns: a note that is not authentic stays in Fracked, and a note of Limbo leaves it once
// 13+f servers pass it (I6).
caf::error file_healed(workspace& space, wallet_store& store,
                       const std::vector<stored_note>& before, const std::vector<note>& after,
                       const std::string& tag, heal_report& report) {
  for (auto& x : after) {
    const auto was = std::find_if(before.begin(), before.end(),
                                  [&](const stored_note& y) { return y.value.id == x.id; });
    if (was == before.end())
      continue;
    const auto counts = count_letters(x.pown);
    const auto passes = static_cast<uint8_t>(counts.passed);
    report.fewest_passes = report.notes == 0 ? passes : std::min(report.fewest_passes, passes);
    count_note(report, x);
    const auto authentic = counts.passed == x.ans.size();
    ++(authentic ? report.healed : report.not_healed);
    auto to = was->where;
    if (authentic)
      to = folder::bank;
    else if (counts.passed >= space.rules.quorum.settled())
      to = folder::fracked;
    // New letters alone are worth an update: of a note that is sent fracked, they tell later which
    // server refused it before the receiver had it.
    if (to == was->where && same_numbers(was->value, x) && was->value.pown == x.pown)
      continue;
    auto now = x;
    if (authentic)
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
  // Holds first, files second: no other operation can pick these notes meanwhile.
  hold_guard held{*space.holds, ids, owner};
  const auto stored = single_copies(store, held.held(), {where}, report);
  if (!stored)
    return stored.error();
  if (stored->empty())
    return report;
  const auto notes = notes_of(*stored);
  const auto id = draw_transfer_id();
  std::optional<operation_journal> log;
  const auto persist = [&](const std::vector<raida::fix_intent>& intents) -> caf::error {
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
    // The journal is open and claims the notes until it is carried on.
    if (log)
      held.leave(ids_of(notes), id);
    return failed;
  }
  return report;
}

// The servers that a Fix of this note went to, each with the AN that the newest Fix asked for.
std::map<size_t, authenticity_number> tried(const journal_view& view, note_id id) {
  std::map<size_t, authenticity_number> out;
  for (auto& heal : view.heals)
    for (auto& intent : heal.intents)
      if (std::count(intent.notes.begin(), intent.notes.end(), id) != 0)
        out[intent.server] = raida::fixed_an(static_cast<uint8_t>(intent.server), id, intent.pg);
  return out;
}

// Asks FIND which of a note's two secrets each server holds. What a silent server may hold stays as
// the note's second set.
void settle_second_sets(workspace& space, std::vector<note>& notes) {
  const auto found = raida::find(*space.port, notes, space.rules.times);
  for (size_t i = 0; i < notes.size(); ++i) {
    auto& x = notes[i];
    x.pown.assign(x.ans.size(), letter::silent);
    if (i < found.size())
      raida::adopt_found(x, found[i]);
    for (size_t s = 0; s < x.pown.size(); ++s)
      if (x.pown[s] != letter::silent)
        x.pans[s] = x.ans[s];
    if (x.pans == x.ans)
      x.pans.clear();
  }
}

// Gives notes the letters of this moment: by FIND where a note has two sets of secrets, by Detect
// where it has one.
void ask_now(workspace& space, std::vector<note>& notes) {
  std::vector<note> open;
  std::vector<note> plain;
  for (auto& x : notes)
    (x.pans.empty() ? plain : open).push_back(x);
  const auto found = raida::find(*space.port, open, space.rules.times);
  const auto letters = raida::detect(*space.port, plain, space.rules.times);
  size_t next_open = 0;
  size_t next_plain = 0;
  for (auto& x : notes) {
    x.pown.assign(space.servers(), letter::silent);
    if (x.pans.empty()) {
      if (next_plain < letters.size())
        x.pown = letters[next_plain];
      ++next_plain;
    } else {
      if (next_open < found.size())
        raida::adopt_found(x, found[next_open]);
      ++next_open;
    }
  }
}

// The copies of one note that lie in several files.
using copies_of_note = std::vector<stored_note>;

bool lies_in_limbo(const stored_note& x) {
  return x.where == folder::limbo;
}

// Which copy of a note the servers call good, and whether a copy can be spent.
struct judged_copies {
  std::optional<size_t> good;
  bool spendable = false;
};

judged_copies judge(workspace& space, const copies_of_note& copies) {
  auto notes = notes_of(copies);
  ask_now(space, notes);
  // A good copy that can be spent comes first, since this operation may not take it out of Bank;
  // then the copy that most servers pass, and of equals the one with a second set of secrets.
  const auto rank = [&](size_t i) {
    return std::make_tuple(!lies_in_limbo(copies[i]), count_letters(notes[i].pown).passed,
                           !copies[i].value.pans.empty());
  };
  judged_copies out;
  for (size_t i = 0; i < copies.size(); ++i) {
    out.spendable = out.spendable || !lies_in_limbo(copies[i]);
    const bool good = count_letters(notes[i].pown).passed >= space.rules.quorum.settled();
    if (good && (!out.good || rank(i) > rank(*out.good)))
      out.good = i;
  }
  return out;
}

// Moves the copies in Limbo, except `good`, to Trash.
caf::error drop_other_copies(workspace& space, const copies_of_note& copies, size_t good) {
  for (size_t i = 0; i < copies.size(); ++i)
    if (i != good && lies_in_limbo(copies[i]))
      if (auto moved = space.user.move_file(folder::limbo, copies[i].file, folder::trash); !moved)
        return moved.error();
  return {};
}

// A note may have duplicates: in two files of Limbo, or in Limbo and in Bank or Fracked. Moves the
// copies that a good one makes worthless to Trash, and answers the notes of which no copy is known
// to be good.
caf::expected<std::set<note_id>>
settle_duplicates_in_limbo(workspace& space, const std::vector<note_id>& ids, heal_report& report) {
  auto all = space.user.find(ids, healing_folders);
  if (!all)
    return all.error();
  std::map<note_id, copies_of_note> by_note;
  for (auto& x : *all)
    by_note[x.value.id].push_back(std::move(x));
  std::set<note_id> out;
  for (auto& [id, copies] : by_note) {
    if (copies.size() < 2 || std::none_of(copies.begin(), copies.end(), lies_in_limbo))
      continue;
    const auto judged = judge(space, copies);
    if (!judged.good || (judged.spendable && lies_in_limbo(copies[*judged.good]))) {
      out.insert(id);
      leave_alone(report, copies.front().value,
                  judged.good
                      ? "is good in Limbo and bad where it could be spent; run 'wallet check' first"
                      : "lies twice, and the servers do not tell the copies apart yet");
      continue;
    }
    if (auto err = drop_other_copies(space, copies, *judged.good))
      return err;
  }
  return out;
}

// Notes of Limbo on their way to the folder that the servers' answers name.
class limbo_sorter {
public:
  limbo_sorter(workspace& space, heal_report& report) : space_(space), report_(report) {}

  // Notes with a second set of secrets: Find says which of them each server holds.
  caf::error sort_by_find(const std::vector<note>& open) {
    const auto found = raida::find(*space_.port, open, space_.rules.times);
    for (size_t i = 0; i < open.size() && i < found.size(); ++i) {
      auto now = open[i];
      // Letters of another day say nothing about today's answers.
      now.pown.assign(now.ans.size(), letter::silent);
      raida::adopt_found(now, found[i]);
      const auto to = place(now);
      if (to != folder::limbo && count_letters(now.pown).unknown() == 0)
        now.pans.clear();
      if (auto err = file(open[i], to == folder::counterfeit ? open[i] : now, to))
        return err;
    }
    return {};
  }

  // Notes with one set: Detect, and a second time where it refuses (one bad Detect is no verdict:
  // docs/formats/wallet.md "Legal moves").
  caf::error sort_by_detect(const std::vector<note>& plain) {
    const auto letters = raida::detect(*space_.port, plain, space_.rules.times);
    std::vector<note> doubted;
    for (size_t i = 0; i < plain.size() && i < letters.size(); ++i)
      if (count_letters(letters[i]).failed >= settled())
        doubted.push_back(plain[i]);
    const auto again = raida::detect(*space_.port, doubted, space_.rules.times);
    for (size_t i = 0; i < plain.size() && i < letters.size(); ++i) {
      auto now = plain[i];
      const auto second = std::find_if(doubted.begin(), doubted.end(),
                                       [&](const note& x) { return x.id == now.id; });
      now.pown = second == doubted.end() ? letters[i]
                                         : again[static_cast<size_t>(second - doubted.begin())];
      if (auto err = file(plain[i], now, place(now)))
        return err;
    }
    return {};
  }

  // Notes that a majority passes and some server refuses: to be healed.
  const std::vector<note_id>& weak() const { return weak_; }

private:
  size_t settled() const { return space_.rules.quorum.settled(); }

  // Where a note goes by its letters.
  folder place(const note& x) {
    const auto counts = count_letters(x.pown);
    count_note(report_, x);
    if (counts.passed >= settled()) {
      ++report_.healed;
      return counts.passed == x.ans.size() ? folder::bank : folder::fracked;
    }
    if (counts.failed >= settled()) {
      ++report_.not_healed;
      return folder::counterfeit;
    }
    if (counts.passed >= space_.rules.quorum.majority && counts.failed > 0)
      weak_.push_back(x.id);
    else
      ++report_.not_healed;
    return folder::limbo;
  }

  caf::error file(const note& before, const note& now, folder to) {
    if (to == folder::limbo && same_numbers(before, now))
      return {};
    return space_.user.update(folder::limbo, to, {now},
                              now.pans.empty() ? pans::without : pans::with,
                              tag_of(draw_transfer_id()));
  }

  workspace& space_;
  heal_report& report_;
  std::vector<note_id> weak_;
};

// Heals notes of Limbo, and adds what became of them to the report.
caf::error heal_weak(workspace& space, const std::vector<note_id>& weak, const transfer_id& owner,
                     heal_report& report) {
  const auto healed = heal_in(space, space.user, weak, folder::limbo, owner);
  if (!healed)
    return healed.error();
  const auto out = space.user.find(weak, {folder::bank, folder::fracked});
  if (!out)
    return out.error();
  const auto count = std::min(weak.size(), out->size());
  report.healed += static_cast<uint32_t>(out->size());
  report.not_healed += static_cast<uint32_t>(weak.size() - count);
  return {};
}

} // namespace

caf::expected<heal_report> heal_notes(workspace& space, wallet_store& store,
                                      const std::vector<note_id>& ids, const transfer_id& owner) {
  return heal_in(space, store, ids, folder::fracked, owner);
}

caf::expected<heal_report> heal_all(workspace& space, const transfer_id& owner) {
  const auto listing = space.user.list(folder::fracked);
  if (!listing)
    return listing.error();
  return heal_notes(space, space.user, ids_of(notes_of(listing->notes)), owner);
}

caf::error finish_heal(workspace& space, operation_journal& log) {
  heal_report report;
  if (!log.view().heals.empty()) {
    const auto ids = ids_of(log.view().heals.back().targets);
    for (auto store : {&space.user, &space.sender, &space.receiver}) {
      if (auto err = finish_updates(*store, ids, tag_of(log.id())))
        return err;
      const auto stored = single_copies(*store, ids, {folder::fracked, folder::limbo}, report);
      if (!stored)
        return stored.error();
      if (stored->empty())
        continue;
      auto notes = notes_of(*stored);
      adopt_intents(space, notes, log.view().heals);
      for (auto& x : notes) {
        if (x.pans.size() != x.ans.size())
          x.pans = x.ans;
        // A Fix went only where Find had denied what was open before.
        for (auto& [server, an] : tried(log.view(), x.id))
          if (server < x.pans.size())
            x.pans[server] = an;
      }
      settle_second_sets(space, notes);
      if (auto err = file_healed(space, *store, *stored, notes, tag_of(log.id()), report))
        return err;
    }
  }
  return log.close(closing::done, space.now());
}

caf::expected<heal_report> find_lost(workspace& space, const transfer_id& owner) {
  heal_report report;
  const auto listing = space.user.list(folder::limbo);
  if (!listing)
    return listing.error();
  // Holds first, files second, as in heal_in().
  std::optional<hold_guard> held{std::in_place, *space.holds, ids_of(notes_of(listing->notes)),
                                 owner};
  const auto doubled = settle_duplicates_in_limbo(space, held->held(), report);
  if (!doubled)
    return doubled.error();
  const auto stored = space.user.find(held->held(), {folder::limbo});
  if (!stored)
    return stored.error();
  std::vector<note> open;
  std::vector<note> plain;
  for (auto& x : *stored)
    if (doubled->count(x.value.id) == 0)
      (x.value.pans.empty() ? plain : open).push_back(x.value);
  limbo_sorter sorter{space, report};
  if (auto err = sorter.sort_by_find(open))
    return err;
  if (auto err = sorter.sort_by_detect(plain))
    return err;
  if (sorter.weak().empty())
    return report;
  // Healing holds them itself: in its journal's name, should it fail.
  held.reset();
  if (auto err = heal_weak(space, sorter.weak(), owner, report))
    return err;
  return report;
}

} // namespace liveconnect::wallet
