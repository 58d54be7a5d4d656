#include "wallet/operations/claim_notes.hpp"

#include <algorithm>
#include <set>

#include "messages/base/assert.hpp"
#include "messages/base/mutants.hpp"
#include "wallet/operations/server_memory.hpp"
#include "wallet/raida/derive.hpp"

namespace liveconnect::wallet {

using raida::find_answer;

namespace {

// Each round sends the PAN where the AN still holds and asks again. A server that keeps the AN
// through all of them is left for the next run.
constexpr int rounds_max = 3;

bool is_settled(find_answer x) {
  return x == find_answer::pan || x == find_answer::neither || x == find_answer::no_such_note;
}

// Asks FIND for the notes that some server has not settled.
void ask_unsettled(workspace& space, const std::vector<note>& notes, std::vector<found_row>& rows) {
  std::vector<size_t> which;
  std::vector<note> asked;
  for (size_t i = 0; i < notes.size(); ++i)
    if (!std::all_of(rows[i].begin(), rows[i].end(), is_settled)) {
      which.push_back(i);
      asked.push_back(notes[i]);
    }
  if (asked.empty())
    return;
  const auto answers = raida::find(*space.port, asked, space.rules.times);
  for (size_t k = 0; k < which.size() && k < answers.size(); ++k) {
    auto& row = rows[which[k]];
    for (size_t s = 0; s < row.size() && s < answers[k].size(); ++s)
      // Silence takes nothing back that is known.
      if (!is_settled(row[s]) && answers[k][s] != find_answer::unknown &&
          answers[k][s] != find_answer::not_asked)
        row[s] = answers[k][s];
  }
}

void take_passes(const std::vector<std::string>& letters, std::vector<found_row>& rows) {
  for (size_t i = 0; i < rows.size() && i < letters.size(); ++i)
    for (size_t s = 0; s < rows[i].size() && s < letters[i].size(); ++s)
      if (letters[i][s] == letter::passed)
        rows[i][s] = find_answer::pan;
      else if (LC_MUTANT(fail_believed_without_find) && letters[i][s] == letter::failed)
        rows[i][s] = find_answer::neither;
}

bool send_again(workspace& space, const std::vector<note>& notes, std::vector<found_row>& rows) {
  std::vector<note> again;
  std::vector<size_t> which;
  raida::server_choice where;
  for (size_t i = 0; i < notes.size(); ++i) {
    std::vector<bool> mask(rows[i].size());
    for (size_t s = 0; s < rows[i].size(); ++s)
      mask[s] = rows[i][s] == find_answer::an;
    if (std::find(mask.begin(), mask.end(), true) == mask.end())
      continue;
    again.push_back(notes[i]);
    which.push_back(i);
    where.push_back(std::move(mask));
  }
  if (again.empty())
    return false;
  const auto letters = raida::pown_at(*space.port, again, where, space.rules.times);
  std::vector<std::string> all(notes.size());
  for (size_t k = 0; k < which.size() && k < letters.size(); ++k)
    all[which[k]] = letters[k];
  take_passes(all, rows);
  return true;
}

} // namespace

std::vector<found_row> claim_notes(workspace& space, const std::vector<note>& notes,
                                   claim_start start) {
  std::vector<found_row> rows(notes.size(), found_row(space.servers(), find_answer::unknown));
  // Without its PANs a note cannot be powned: nothing is sent, and its outcome stays unknown.
  for (auto& x : notes)
    LC_ASSERT_OR(x.pans.size() == x.ans.size(), return rows);
  if (start == claim_start::fresh)
    take_passes(raida::pown(*space.port, notes, space.rules.times), rows);
  for (int round = 0; round < rounds_max; ++round) {
    ask_unsettled(space, notes, rows);
    if (!send_again(space, notes, rows))
      break;
  }
  return rows;
}

raida::persist_intents persist_in(operation_journal& log, const std::vector<note>& targets) {
  return [&log, &targets](const std::vector<raida::fix_intent>& intents) {
    heal_record record;
    record.targets = targets;
    record.intents = intents;
    return LC_MUTANT(pg_of_a_claim_only_in_memory) ? caf::error{} : log.append(encode(record));
  };
}

namespace {

// Whether each graded note is one of `asked`, and no note is graded twice.
bool are_among(const std::vector<graded_note>& graded, const std::vector<note>& asked) {
  std::set<note_id> left;
  for (auto& x : asked)
    left.insert(x.id);
  return std::all_of(graded.begin(), graded.end(),
                     [&](const graded_note& x) { return left.erase(x.coin.id) == 1; });
}

// Servers that pass `now` with another AN than the one the note was `given` with (I6).
size_t passes_beyond(const note& now, const std::vector<note>& given) {
  auto before =
      std::find_if(given.begin(), given.end(), [&](const note& x) { return x.id == now.id; });
  if (before == given.end())
    return 0;
  size_t out = 0;
  for (size_t s = 0; s < now.pown.size() && s < now.ans.size() && s < before->ans.size(); ++s)
    out += now.pown[s] == letter::passed && now.ans[s] != before->ans[s] ? 1 : 0;
  return out;
}

} // namespace

const earlier_look* look_at(const journal_view& view, note_id id) {
  const auto found = view.looks.find(id);
  return found == view.looks.end() ? nullptr : &found->second;
}

caf::expected<std::vector<graded_note>> grade_or_heal(workspace& space, operation_journal& log,
                                                      const std::vector<note>& notes,
                                                      const std::vector<found_row>& rows) {
  std::vector<graded_note> out;
  std::vector<note> weak;
  look_record looks;
  looks.at = space.now();
  looks.up_ms = space.up_ms();
  for (size_t i = 0; i < notes.size() && i < rows.size(); ++i) {
    if (auto graded = grade_claimed(notes[i], rows[i], space.rules.quorum))
      out.push_back(std::move(*graded));
    else if (auto lost = grade_lost(notes[i], rows[i], look_at(log.view(), notes[i].id),
                                    looks.up_ms, space.rules.quorum))
      out.push_back(std::move(*lost));
    else if (is_first_loss(rows[i], look_at(log.view(), notes[i].id), space.rules.quorum))
      looks.lines.push_back({notes[i].id, letters_of(rows[i])});
    else if (raida::has_bare_majority(raida::count_answers(rows[i]), space.rules.quorum))
      weak.push_back(with_found(notes[i], rows[i]));
  }
  if (!looks.lines.empty())
    if (auto err = log.append(encode(looks)))
      return err;
  if (weak.empty()) {
    LC_ASSERT(are_among(out, notes));
    return out;
  }
  adopt_intents(space, weak, log.view().heals);
  auto healed = heal_by_tickets(space, weak, persist_in(log, weak));
  if (!healed)
    return healed.error();
  remember_healing(space, *healed);
  for (auto& x : healed->notes) {
    // A server that passes the AN we were given passes the giver as well: it does not vote for us.
    const auto ours = passes_beyond(x, notes);
    if (ours < space.rules.quorum.settled())
      continue;
    graded_note graded;
    graded.verdict = ours == space.servers() ? note_verdict::authentic : note_verdict::fracked;
    graded.coin = std::move(x);
    out.push_back(std::move(graded));
  }
  LC_ASSERT(are_among(out, notes));
  return out;
}

void adopt_intents(workspace& space, std::vector<note>& notes,
                   const std::vector<heal_record>& heals) {
  // The newest try first: a server that holds its value has left the older ones behind.
  for (auto heal = heals.rbegin(); heal != heals.rend(); ++heal) {
    std::vector<note> asked;
    std::vector<size_t> which;
    for (size_t i = 0; i < notes.size(); ++i) {
      auto candidate = notes[i];
      candidate.pans = candidate.ans;
      auto any = false;
      for (auto& intent : heal->intents)
        for (auto& id : intent.notes)
          if (id == candidate.id && intent.server < candidate.pans.size()) {
            candidate.pans[intent.server] =
                raida::fixed_an(static_cast<uint8_t>(intent.server), id, intent.pg);
            any = true;
          }
      if (!any)
        continue;
      asked.push_back(std::move(candidate));
      which.push_back(i);
    }
    if (asked.empty())
      continue;
    const auto found = raida::find(*space.port, asked, space.rules.times);
    for (size_t k = 0; k < which.size() && k < found.size(); ++k)
      for (size_t s = 0; s < found[k].size() && s < asked[k].pans.size(); ++s)
        if (found[k][s] == find_answer::pan)
          notes[which[k]].ans[s] = asked[k].pans[s];
  }
}

} // namespace liveconnect::wallet
