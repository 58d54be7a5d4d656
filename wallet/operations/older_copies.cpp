#include "wallet/operations/older_copies.hpp"

#include <algorithm>
#include <array>

#include "wallet/operations/known_secrets.hpp"
#include "wallet/operations/pown_again.hpp"

namespace liveconnect::wallet {

namespace {

constexpr std::array folders_of_copies{folder::bank, folder::fracked, folder::limbo,
                                       folder::suspect};

// The sets of secrets of a note's copies.
using copy_sets = std::vector<secret_set>;

std::map<note_id, copy_sets> sets_of(const std::vector<stored_note>& copies) {
  std::map<note_id, copy_sets> out;
  for (auto& x : copies)
    add_known(out, x.value, x.where);
  return out;
}

bool has_numbers(const copy_sets& sets, const note& x) {
  return std::any_of(sets.begin(), sets.end(), [&](const secret_set& y) { return y.ans == x.ans; });
}

copy_fate fate_of(const held_row& row, const raida::quorum_rules& rules) {
  const auto counts = count_held(row, known_sets_max);
  if (counts.none >= rules.settled())
    return copy_fate::dead;
  return counts.first >= rules.majority ? copy_fate::living : copy_fate::unknown;
}

// Notes whose copies the servers are asked about.
struct asked_copies {
  std::vector<note_id> ids;
  std::vector<copy_sets> sets;
};

// Asks, and asks once more about what seems dead.
void ask_twice(workspace& space, const asked_copies& asked, std::map<note_id, copy_fate>& out) {
  asked_copies doubted;
  const auto rows = ask_which(space, asked.ids, asked.sets);
  for (size_t i = 0; i < asked.ids.size(); ++i) {
    out[asked.ids[i]] = fate_of(rows[i], space.rules.quorum);
    if (out[asked.ids[i]] != copy_fate::dead)
      continue;
    doubted.ids.push_back(asked.ids[i]);
    doubted.sets.push_back(asked.sets[i]);
  }
  const auto again = ask_which(space, doubted.ids, doubted.sets);
  for (size_t i = 0; i < doubted.ids.size(); ++i)
    out[doubted.ids[i]] = fate_of(again[i], space.rules.quorum);
}

caf::error set_aside(workspace& space, const stored_note& copy, const note& coming) {
  if (!loses_secrets(copy.value, coming))
    return space.user.remove_file(copy.where, copy.file);
  const auto moved = space.user.move_file(copy.where, copy.file, folder::trash);
  return moved ? caf::error{} : moved.error();
}

} // namespace

caf::expected<std::map<note_id, copy_fate>> judge_copies(workspace& space,
                                                         const std::vector<note>& coming) {
  const auto copies =
      space.user.find(ids_of(coming), {folders_of_copies.begin(), folders_of_copies.end()});
  if (!copies)
    return copies.error();
  auto sets = sets_of(*copies);
  std::map<note_id, copy_fate> out;
  asked_copies asked;
  for (auto& x : coming) {
    const auto found = sets.find(x.id);
    if (found == sets.end())
      continue;
    if (has_numbers(found->second, x)) {
      out[x.id] = copy_fate::same;
      continue;
    }
    asked.ids.push_back(x.id);
    asked.sets.push_back(in_order(std::move(found->second)));
  }
  ask_twice(space, asked, out);
  return out;
}

caf::error set_older_aside(workspace& space, const journal_view& view) {
  std::map<note_id, const note*> coming;
  for (auto& x : view.received)
    if (view.graded.count(x.id) == 0)
      coming[x.id] = &x;
  std::vector<note_id> ids;
  for (auto& x : coming)
    ids.push_back(x.first);
  for (auto where : folders_of_copies) {
    const auto copies = space.user.find(ids, {where});
    if (!copies)
      return copies.error();
    for (auto& x : *copies)
      if (x.value.ans != coming[x.value.id]->ans)
        if (auto err = set_aside(space, x, *coming[x.value.id]))
          return err;
  }
  return {};
}

} // namespace liveconnect::wallet
