#include "wallet/operations/heal_notes.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "messages/base/error.hpp"
#include "messages/base/mutants.hpp"
#include "wallet/operations/claim_notes.hpp"
#include "wallet/operations/import_notes.hpp"
#include "wallet/operations/known_secrets.hpp"
#include "wallet/operations/pown_again.hpp"
#include "wallet/operations/server_memory.hpp"
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

// Finishes the filing of this healing that was killed or failed half-way: the copy with the
// healing's tag is the newer one, so the older copies go. The journal has their secrets.
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
    if (replaced.count(x.value.id) != 0 && !is_newer(x))
      if (auto err = store.remove_file(x.where, x.file))
        return err;
  return {};
}

// Files notes that were healed or asked about: their letters say where each belongs. A healing
// never condemns: a note that is not authentic stays in Fracked, and a note of Limbo leaves it once
// 13+f servers pass it (I6).
caf::error file_healed(workspace& space, wallet_store& store,
                       const std::vector<stored_note>& before, const std::vector<note>& after,
                       heal_journal& log, heal_report& report) {
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
    // Silence takes no note out of Bank.
    else if (counts.passed >= space.rules.quorum.settled() &&
             (to != folder::bank || counts.failed > 0))
      to = folder::fracked;
    auto now = x;
    if (authentic)
      now.pans.clear();
    // New letters alone are worth a file: of a note that is sent fracked, they tell later which
    // server refused it before the receiver had it.
    if (auto err = file_anew(store, *was, now, to, log))
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
  heal_journal log{space, owner, notes.size()};
  const auto go = [&]() -> caf::error {
    // From the wallet's own history first, since that asks nothing of other servers; a note of
    // Limbo is not counted, and a claim on it is no more than a claim.
    const auto now = where == folder::limbo ? caf::expected<std::vector<note>>{notes}
                                            : pown_again(space, notes, log.again());
    if (!now)
      return now.error();
    const auto persist = [&](const std::vector<raida::fix_intent>& intents) {
      heal_record record;
      record.targets = *now;
      record.intents = intents;
      return LC_MUTANT(pg_only_in_memory) ? caf::error{} : log.append(encode(record));
    };
    const auto healed = heal_by_tickets(space, *now, persist, where != folder::limbo);
    if (!healed)
      return healed.error();
    if (auto err = file_healed(space, store, *stored, healed->notes, log, report))
      return err;
    if (auto err = log.close())
      return err;
    remember_healing(space, *healed);
    return {};
  };
  if (auto err = go()) {
    // The journal is open and claims the notes until it is carried on.
    if (log.is_begun())
      held.leave(ids_of(notes), log.id());
    return err;
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

// Takes over what FIND said of a note with two sets: the second one is what all servers are to
// hold, so a server that holds the first alone does not pass the note. Where the two differ and a
// server is silent or holds the first, both stay.
void adopt_present(note& x, const found_row& found) {
  const auto second = x.pans;
  x.pown.assign(x.ans.size(), letter::silent);
  raida::adopt_found(x, found);
  for (size_t s = 0; s < x.pown.size() && s < found.size(); ++s) {
    if (found[s] == raida::find_answer::an && second[s] != x.ans[s]) {
      x.pown[s] = letter::failed;
    } else if (x.pown[s] != letter::silent) {
      // Also where it holds neither: the first may be another's as well.
      x.ans[s] = second[s];
      x.pans[s] = second[s];
    }
  }
  if (x.pans == x.ans)
    x.pans.clear();
}

// Asks FIND which of a note's two secrets each server holds.
void settle_second_sets(workspace& space, std::vector<note>& notes) {
  const auto found = raida::find(*space.port, notes, space.rules.times);
  for (size_t i = 0; i < notes.size() && i < found.size(); ++i)
    adopt_present(notes[i], found[i]);
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

// Removes the copies in Limbo, except `good`.
caf::error drop_other_copies(workspace& space, const copies_of_note& copies, size_t good,
                             heal_journal& log) {
  for (size_t i = 0; i < copies.size(); ++i)
    if (i != good && lies_in_limbo(copies[i]))
      if (auto err = drop_copy(space.user, copies[i], copies[good].value, log))
        return err;
  return {};
}

// A note may have duplicates: in two files of Limbo, or in Limbo and in Bank or Fracked. Removes
// the copies that a good one makes worthless, and answers the notes of which no copy is known to be
// good.
caf::expected<std::set<note_id>> settle_duplicates_in_limbo(workspace& space,
                                                            const std::vector<note_id>& ids,
                                                            heal_journal& log,
                                                            heal_report& report) {
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
    if (auto err = drop_other_copies(space, copies, *judged.good, log))
      return err;
  }
  return out;
}

// Drops the second set where a server has said which secret it holds.
void drop_answered(note& x) {
  for (size_t s = 0; s < x.pans.size() && s < x.pown.size(); ++s)
    if (x.pown[s] == letter::passed || x.pown[s] == letter::failed)
      x.pans[s] = x.ans[s];
  if (x.pans == x.ans)
    x.pans.clear();
}

// Notes of Limbo on their way to the folder that the servers' answers name.
class limbo_sorter {
public:
  limbo_sorter(workspace& space, heal_report& report, heal_journal& log)
      : space_(space), report_(report), log_(log) {}

  // Notes with a second set of secrets: Find says which of them each server holds.
  caf::error sort_by_find(const std::vector<stored_note>& open) {
    const auto found = raida::find(*space_.port, notes_of(open), space_.rules.times);
    for (size_t i = 0; i < open.size() && i < found.size(); ++i) {
      auto now = open[i].value;
      // Where a majority took the second set, the first is no longer a secret of ours alone. Else
      // the Pown never got anywhere, and either set is good.
      if (raida::count_answers(found[i]).pan >= space_.rules.quorum.majority) {
        adopt_present(now, found[i]);
      } else {
        // Letters of another day say nothing about today's answers.
        now.pown.assign(now.ans.size(), letter::silent);
        raida::adopt_found(now, found[i]);
      }
      if (auto err = sort(open[i], std::move(now)))
        return err;
    }
    return {};
  }

  // Notes with one set: Detect.
  caf::error sort_by_detect(const std::vector<stored_note>& plain) {
    const auto letters = raida::detect(*space_.port, notes_of(plain), space_.rules.times);
    for (size_t i = 0; i < plain.size() && i < letters.size(); ++i) {
      auto now = plain[i].value;
      now.pown = letters[i];
      if (auto err = sort(plain[i], std::move(now)))
        return err;
    }
    return {};
  }

  // Asks about the notes that 13+f servers refuse once more, under every set of secrets that this
  // disk has for them: one refusal is no verdict (I7). Notes that live elsewhere are in revived().
  caf::error judge_refused() {
    const auto told = look_for_living(space_, notes_of(refused_));
    if (!told)
      return told.error();
    for (auto& x : refused_) {
      const auto id = x.value.id;
      count_note(report_, x.value);
      if (const auto living = told->living.find(id); living != told->living.end()) {
        revived_.push_back(living->second);
        continue;
      }
      ++report_.not_healed;
      if (told->dead.count(id) == 0)
        continue;
      if (auto moved = space_.user.move_file(x.where, x.file, folder::counterfeit); !moved)
        return moved.error();
    }
    return {};
  }

  // Notes that a majority passes and some server refuses: to be healed.
  const std::vector<note_id>& weak() const { return weak_; }
  // Notes whose living secrets were found elsewhere on this disk: to be made ours anew.
  const std::vector<note>& revived() const { return revived_; }

private:
  size_t settled() const { return space_.rules.quorum.settled(); }

  caf::error sort(const stored_note& before, note now) {
    const auto counts = count_letters(now.pown);
    if (counts.failed >= settled()) {
      refused_.push_back(before);
      return {};
    }
    count_note(report_, now);
    auto to = folder::limbo;
    if (counts.passed >= settled()) {
      ++report_.healed;
      to = counts.passed == now.ans.size() ? folder::bank : folder::fracked;
    } else if (counts.passed >= space_.rules.quorum.majority && counts.failed > 0) {
      weak_.push_back(now.id);
      drop_answered(now);
    } else {
      ++report_.not_healed;
    }
    if (to == folder::bank)
      now.pans.clear();
    if (to == folder::limbo && same_numbers(before.value, now))
      return {};
    return file_anew(space_.user, before, now, to, log_);
  }

  workspace& space_;
  heal_report& report_;
  heal_journal& log_;
  std::vector<note_id> weak_;
  std::vector<stored_note> refused_;
  std::vector<note> revived_;
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

// Makes notes of Limbo ours under new secrets whose living ones were found elsewhere on this disk.
caf::error revive(workspace& space, const std::vector<note>& notes, heal_report& report) {
  operation_report done;
  if (auto err = take_in(space, notes, done))
    return err;
  report.healed += done.authentic + done.fracked;
  report.not_healed += done.counterfeit + done.limbo;
  return {};
}

// Sorts the notes of Limbo that are held, but for those whose copies cannot be told apart.
caf::error sort_limbo(workspace& space, const std::vector<note_id>& held, heal_journal& log,
                      limbo_sorter& sorter, heal_report& report) {
  const auto doubled = settle_duplicates_in_limbo(space, held, log, report);
  if (!doubled)
    return doubled.error();
  const auto stored = space.user.find(held, {folder::limbo});
  if (!stored)
    return stored.error();
  std::vector<stored_note> open;
  std::vector<stored_note> plain;
  for (auto& x : *stored)
    if (doubled->count(x.value.id) == 0)
      (x.value.pans.empty() ? plain : open).push_back(x);
  if (auto err = sorter.sort_by_find(open))
    return err;
  if (auto err = sorter.sort_by_detect(plain))
    return err;
  if (auto err = sorter.judge_refused())
    return err;
  return log.close();
}

// Learns what became of the Fixes and Powns of a healing that was killed, and files its notes.
caf::error settle_healed(workspace& space, wallet_store& store,
                         const std::vector<stored_note>& stored, heal_journal& log,
                         const journal_view& view, heal_report& report) {
  auto notes = notes_of(stored);
  adopt_intents(space, notes, view.heals);
  for (auto& x : notes) {
    if (x.pans.size() != x.ans.size())
      x.pans = x.ans;
    // A Fix went only where Find had denied what was open before.
    for (auto& [server, an] : tried(view, x.id))
      if (server < x.pans.size())
        x.pans[server] = an;
  }
  settle_second_sets(space, notes);
  return file_healed(space, store, stored, notes, log, report);
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
  heal_journal into{space, log};
  std::set<note_id> touched;
  for (auto& heal : log.view().heals)
    for (auto& x : heal.targets)
      touched.insert(x.id);
  for (auto some : {&log.view().again, &log.view().superseded})
    for (auto& x : *some)
      touched.insert(x.id);
  const std::vector<note_id> ids{touched.begin(), touched.end()};
  for (auto store : {&space.user, &space.sender, &space.receiver}) {
    if (ids.empty())
      break;
    if (auto err = finish_updates(*store, ids, tag_of(log.id())))
      return err;
    const auto stored =
        single_copies(*store, ids, {folder::bank, folder::fracked, folder::limbo}, report);
    if (!stored)
      return stored.error();
    if (auto err = settle_healed(space, *store, *stored, into, log.view(), report))
      return err;
  }
  return log.close(closing::done, space.now());
}

caf::expected<heal_report> find_lost(workspace& space, const transfer_id& owner) {
  heal_report report;
  const auto listing = space.user.list(folder::limbo);
  if (!listing)
    return listing.error();
  if (listing->notes.empty())
    return report;
  heal_journal log{space, owner, listing->notes.size()};
  // Holds first, files second, as in heal_in().
  std::optional<hold_guard> held{std::in_place, *space.holds, ids_of(notes_of(listing->notes)),
                                 owner};
  limbo_sorter sorter{space, report, log};
  if (auto err = sort_limbo(space, held->held(), log, sorter, report)) {
    if (log.is_begun())
      held->leave(held->held(), log.id());
    return err;
  }
  // What follows holds them itself: in its journal's name, should it fail.
  held.reset();
  if (auto err = revive(space, sorter.revived(), report))
    return err;
  if (sorter.weak().empty())
    return report;
  if (auto err = heal_weak(space, sorter.weak(), owner, report))
    return err;
  return report;
}

} // namespace liveconnect::wallet
