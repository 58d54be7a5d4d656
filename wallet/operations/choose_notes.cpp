#include "wallet/operations/choose_notes.hpp"

#include <algorithm>
#include <utility>

#include "messages/base/error.hpp"
#include "wallet/operations/heal_notes.hpp"
#include "wallet/operations/pown_again.hpp"
#include "wallet/raida/note_codec.hpp"

namespace liveconnect::wallet {

namespace {

// Another operation may be faster; then its notes are left out and the choice is made anew.
constexpr int tries_max = 8;

// Notes of one denomination that the servers are asked about before one of them is broken.
constexpr size_t asked_of_a_value = 32;

bool has_smaller_id(const stored_note& x, const stored_note& y) {
  return x.value.id < y.value.id;
}

} // namespace

purse purse_of(const std::vector<stored_note>& notes) {
  purse out;
  for (auto& x : notes)
    ++(x.where == folder::bank ? out.authentic : out.fracked)[index_of(x.value.id.denomination)];
  return out;
}

purse notes_needed(const change_plan& plan) {
  auto out = plan.take;
  for (auto join = plan.joins.rbegin(); join != plan.joins.rend(); ++join) {
    const auto made = index_of(static_cast<int8_t>(join->code + 1));
    if (out.authentic[made] > 0)
      --out.authentic[made];
    out.authentic[index_of(join->code)] += raida::change_count;
  }
  for (auto step = plan.breaks.rbegin(); step != plan.breaks.rend(); ++step) {
    auto& notes = step->fracked ? out.fracked : out.authentic;
    auto& made = notes[index_of(static_cast<int8_t>(step->code - 1))];
    made -= std::min<uint32_t>(made, raida::change_count);
    ++notes[index_of(step->code)];
  }
  return out;
}

caf::expected<std::vector<note>> pick_notes(const std::vector<stored_note>& from,
                                            const purse& wanted) {
  auto left = wanted;
  auto sorted = from;
  std::sort(sorted.begin(), sorted.end(), has_smaller_id);
  std::vector<note> out;
  for (auto& x : sorted) {
    auto& count = (x.where == folder::bank ? left.authentic
                                           : left.fracked)[index_of(x.value.id.denomination)];
    if (count == 0)
      continue;
    --count;
    out.push_back(x.value);
  }
  for (size_t i = 0; i < denomination_count; ++i)
    if (left.authentic[i] > 0 || left.fracked[i] > 0)
      return fail(ec::internal, "a plan asks for notes that are not there");
  return out;
}

namespace {

// The note that most servers pass, of equals the one that fewest refuse, and its letters.
std::pair<stored_note, letter_counts> most_passed(workspace& space,
                                                  const std::vector<stored_note>& notes) {
  const auto holders = ask_holders(space, notes_of(notes));
  std::pair<stored_note, letter_counts> best{notes.front(), {}};
  for (size_t i = 0; i < notes.size(); ++i) {
    const auto counts = count_letters(letters_of_present(holders[i]));
    const auto better = counts.passed > best.second.passed ||
                        (counts.passed == best.second.passed && counts.failed < best.second.failed);
    if (i == 0 || better)
      best = {notes[i], counts};
  }
  return best;
}

} // namespace

caf::expected<note_id> note_to_break(workspace& space, const std::vector<stored_note>& from,
                                     const break_step& step, const transfer_id& owner) {
  std::vector<stored_note> some;
  for (auto& x : from)
    if (x.value.id.denomination == step.code && some.size() < asked_of_a_value)
      some.push_back(x);
  if (some.empty())
    return fail(ec::internal, "the plan breaks a note that is not there");
  auto [best, counts] = most_passed(space, some);
  const auto id = best.value.id;
  if (counts.failed > 0) {
    if (auto err = relocate(space.user, {id}, folder::bank, folder::fracked))
      return err;
    if (auto healed = heal_notes(space, space.user, {id}, owner); !healed)
      return healed.error();
    const auto now = space.user.find({id}, {folder::bank, folder::fracked});
    if (!now)
      return now.error();
    if (!now->empty())
      counts = most_passed(space, *now).second;
  }
  if (counts.passed < space.rules.quorum.settled())
    return fail(ec::change_not_possible,
                "only " + std::to_string(counts.passed) + " servers pass " + to_string(id) +
                    ", and " + std::to_string(space.rules.quorum.settled()) + " must, to break it");
  return id;
}

std::vector<note_id> ten_to_join(const std::vector<stored_note>& from, const join_step& step) {
  std::vector<note_id> out;
  for (auto where : {folder::bank, folder::fracked})
    for (auto& x : from)
      if (out.size() < raida::change_count && x.where == where &&
          x.value.id.denomination == step.code)
        out.push_back(x.value.id);
  if (out.size() < raida::change_count)
    out.clear();
  return out;
}

namespace {

// The notes of Bank and Fracked that no operation holds.
struct unheld_notes {
  std::vector<stored_note> list;
  // Set where the disk did not give a file: what is missing from the list may be in it.
  caf::error trouble;
};

caf::expected<unheld_notes> free_notes(workspace& space) {
  // Holds first, files second: a note whose hold ends in between has left its folder.
  auto held = space.holds->all();
  const auto listing = space.user.list({folder::bank, folder::fracked});
  if (!listing)
    return listing.error();
  // A note that lies twice is not paid out: recovery settles it first.
  for (auto& x : duplicates_of(*listing))
    held.insert(x.id);
  unheld_notes out;
  out.trouble = disk_trouble(*listing);
  for (auto& x : listing->notes)
    if (held.count(x.value.id) == 0)
      out.list.push_back(x);
  return out;
}

// The notes of `free` that the plan may break.
std::vector<stored_note> possible_sources(const std::vector<stored_note>& free,
                                          const change_plan& plan) {
  std::vector<stored_note> out;
  for (auto& step : plan.breaks) {
    size_t count = 0;
    for (auto& x : free)
      if (x.value.id.denomination == step.code && count++ < asked_of_a_value)
        out.push_back(x);
  }
  return out;
}

// Moves notes of Bank that some server refuses to Fracked, and answers them. Asking holds nothing:
// notes that are held by no journal are in no balance.
caf::expected<std::vector<note_id>> demote_refused(workspace& space,
                                                   const std::vector<stored_note>& bank) {
  const auto holders = ask_holders(space, notes_of(bank));
  std::vector<note_id> refused;
  for (size_t i = 0; i < bank.size(); ++i)
    if (count_letters(letters_of_present(holders[i])).failed > 0)
      refused.push_back(bank[i].value.id);
  // Holds first, files second: another operation may have taken them meanwhile.
  const hold_guard held{*space.holds, refused, draw_transfer_id()};
  if (auto err = relocate(space.user, held.held(), folder::bank, folder::fracked))
    return err;
  return held.held();
}

// What may be broken must be known to be good: asks the servers about the notes of the plan's
// denominations. Answers whether the choice has to be made anew.
caf::expected<bool> look_at_sources(workspace& space, const std::vector<stored_note>& free,
                                    const change_plan& plan) {
  std::vector<stored_note> bank;
  std::vector<note_id> fracked;
  for (auto& x : possible_sources(free, plan))
    if (x.where == folder::bank)
      bank.push_back(x);
    else
      fracked.push_back(x.value.id);
  const auto refused = demote_refused(space, bank);
  if (!refused)
    return refused.error();
  const auto breaks_fracked = std::any_of(plan.breaks.begin(), plan.breaks.end(),
                                          [](const break_step& x) { return x.fracked; });
  // Healing is for when no good note will do.
  if (refused->size() < bank.size() && !breaks_fracked)
    return !refused->empty();
  fracked.insert(fracked.end(), refused->begin(), refused->end());
  if (fracked.empty())
    return false;
  if (auto healed = heal_notes(space, space.user, fracked, draw_transfer_id()); !healed)
    return healed.error();
  return true;
}

} // namespace

caf::expected<std::vector<note>> choose_notes(workspace& space, amount sum,
                                              const transfer_id& owner) {
  auto looked = false;
  for (int tries = 0; tries < tries_max; ++tries) {
    const auto free = free_notes(space);
    if (!free)
      return free.error();
    const auto plan = plan_change(purse_of(free->list), sum, space.rules.change);
    if (!plan) {
      // A note that the disk does not give just now is not one that is missing.
      return free->trouble ? free->trouble : plan.error();
    }
    if (!plan->breaks.empty() && !looked) {
      looked = true;
      const auto anew = look_at_sources(space, free->list, *plan);
      if (!anew)
        return anew.error();
      if (*anew)
        continue;
    }
    auto chosen = pick_notes(free->list, notes_needed(*plan));
    if (!chosen)
      return chosen.error();
    const auto ids = ids_of(*chosen);
    if (!space.holds->take(ids, owner))
      continue;
    const auto still_there = space.user.find(ids, {folder::bank, folder::fracked});
    if (still_there && still_there->size() == ids.size())
      return chosen;
    space.holds->release(ids, owner);
    if (!still_there)
      return still_there.error();
  }
  return fail(ec::wallet_busy, "other transfers keep taking the notes");
}

} // namespace liveconnect::wallet
