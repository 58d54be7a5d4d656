#include "wallet/operations/take_ownership.hpp"

#include <algorithm>
#include <set>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"
#include "messages/base/mutants.hpp"
#include "wallet/operations/claim_notes.hpp"
#include "wallet/operations/finality.hpp"
#include "wallet/raida/note_codec.hpp"

namespace liveconnect::wallet {

namespace {

// Graded notes with this verdict that are not settled.
std::vector<note_id> unsettled(const journal_view& view, note_verdict what) {
  std::vector<note_id> out;
  for (auto& x : view.graded)
    if (x.second.verdict == what && view.settled.count(x.first) == 0)
      out.push_back(x.first);
  return out;
}

// Received notes without a verdict, with PANs or (`with` false) without.
std::vector<note> ungraded(const journal_view& view, bool with) {
  std::vector<note> out;
  for (auto& x : view.received)
    if (view.graded.count(x.id) == 0 && x.pans.empty() != with)
      out.push_back(x);
  return out;
}

// What the servers say about the ANs of these notes. A note that enough refuse is asked about a
// second time: one bad answer is no verdict (I7).
std::vector<found_row> ask_about_ans(workspace& space, const std::vector<note>& notes) {
  auto rows = raida::find(*space.port, notes, space.rules.times);
  rows.resize(notes.size());
  std::vector<note> doubted;
  std::vector<size_t> which;
  for (size_t i = 0; i < notes.size(); ++i)
    if (raida::conclude_an(raida::count_answers(rows[i]), space.rules.quorum) ==
        note_verdict::counterfeit) {
      doubted.push_back(notes[i]);
      which.push_back(i);
    }
  const auto again = raida::find(*space.port, doubted, space.rules.times);
  for (size_t k = 0; k < which.size() && k < again.size(); ++k)
    rows[which[k]] = again[k];
  return rows;
}

// Of notes without PANs, those whose ANs enough servers still accept. Those whose ANs 13+f refuse
// have another owner already, and are graded counterfeit: nothing is sent that could take a server
// from that owner. So are those that too few servers are left to accept, once a second look at
// another time says the same.
caf::expected<std::vector<note>> still_free(workspace& space, operation_journal& log,
                                            const std::vector<note>& notes, pown_start how) {
  const auto rows = ask_about_ans(space, notes);
  const auto& view = log.view();
  const auto patient = how == pown_start::if_majority || is_patience_over(view, space.now());
  std::vector<note> out;
  graded_record counterfeit;
  look_record looks;
  looks.at = space.now();
  looks.up_ms = space.up_ms();
  for (size_t i = 0; i < notes.size(); ++i) {
    const auto* before = look_at(view, notes[i].id);
    switch (conclude_free(rows[i], patient, before, looks.up_ms, space.rules.quorum)) {
    case free_outcome::free:
      out.push_back(notes[i]);
      break;
    case free_outcome::lost:
      counterfeit.notes.push_back({note_verdict::counterfeit, with_found(notes[i], rows[i])});
      break;
    case free_outcome::lost_once:
      looks.lines.push_back({notes[i].id, letters_of(rows[i])});
      break;
    case free_outcome::pending:
      break;
    }
  }
  if (!looks.lines.empty())
    if (auto err = log.append(encode(looks)))
      return err;
  if (!counterfeit.notes.empty())
    if (auto err = log.append(encode(counterfeit)))
      return err;
  return out;
}

// Final files of graded notes, from the vectors that the journal has (so a repeat after a kill
// makes the same ones), unless they went on to the user's wallet already.
caf::error put_finals(workspace& space, const journal_view& view, wallet_store& at,
                      const std::vector<note_id>& ids, folder where) {
  const auto arrived = space.user.find(ids, {where});
  if (!arrived)
    return arrived.error();
  std::set<note_id> there;
  for (auto& x : *arrived)
    there.insert(x.value.id);
  std::vector<note> missing;
  for (auto& id : ids)
    if (there.count(id) == 0)
      missing.push_back(view.graded.at(id).coin);
  return put_graded(at, where, missing, tag_of(view.id()));
}

// A counterfeit note lies in Counterfeit as it came, with both its sets. One that was condemned
// before its Pown has no file yet.
caf::error file_counterfeits(const journal_view& view, wallet_store& at) {
  const auto ids = unsettled(view, note_verdict::counterfeit);
  if (ids.empty())
    return {};
  const auto there = at.find(ids, {folder::suspect, folder::counterfeit});
  if (!there)
    return there.error();
  std::vector<note> missing;
  for (auto& id : ids) {
    auto& coin = view.graded.at(id).coin;
    if (std::none_of(there->begin(), there->end(), [&](const stored_note& x) {
          return x.value.id == id && x.value.ans == coin.ans;
        }))
      missing.push_back(coin);
  }
  if (auto err = put_graded(at, folder::suspect, missing, tag_of(view.id())))
    return err;
  return relocate(at, ids, folder::suspect, folder::counterfeit);
}

// The Suspect copies of authentic and fracked notes are superseded.
caf::error clear_suspect(const journal_view& view, wallet_store& at) {
  auto superseded = unsettled(view, note_verdict::authentic);
  const auto fracked = unsettled(view, note_verdict::fracked);
  superseded.insert(superseded.end(), fracked.begin(), fracked.end());
  return retire(at, superseded, folder::suspect);
}

} // namespace

ownership_report report_of(const journal_view& view, size_t servers) {
  ownership_report out;
  auto fewest = servers;
  for (auto& x : view.received) {
    const auto found = view.graded.find(x.id);
    if (found == view.graded.end()) {
      ++out.limbo;
      (void)out.limbo_value.add(value_of(x));
      continue;
    }
    fewest = std::min(fewest, count_letters(found->second.coin.pown).passed);
    switch (found->second.verdict) {
    case note_verdict::authentic:
      ++out.authentic;
      (void)out.value.add(value_of(x));
      break;
    case note_verdict::fracked:
      ++out.fracked;
      (void)out.value.add(value_of(x));
      break;
    case note_verdict::counterfeit:
    case note_verdict::superseded:
      ++out.counterfeit;
      (void)out.counterfeit_value.add(value_of(x));
      break;
    case note_verdict::limbo:
      ++out.limbo;
      (void)out.limbo_value.add(value_of(x));
      break;
    }
  }
  out.fewest_passes = view.graded.empty() ? uint8_t{0} : static_cast<uint8_t>(fewest);
  return out;
}

namespace {

// Draws PANs for the notes that have none, and makes them durable (P3). Unless they are to be
// powned at once, only for those whose AN the servers still hold. Answers how the notes with
// PANs are to be claimed.
caf::expected<claim_start> begin_pown(workspace& space, operation_journal& log, pown_start how) {
  auto bare = ungraded(log.view(), false);
  if (how != pown_start::at_once && !bare.empty()) {
    auto free = still_free(space, log, bare, how);
    if (!free)
      return free.error();
    bare = std::move(*free);
  }
  if (LC_MUTANT(new_pans_after_a_crash) && bare.empty())
    bare = ungraded(log.view(), true);
  if (bare.empty())
    return claim_start::unknown;
  const auto start = ungraded(log.view(), true).empty() ? claim_start::fresh : claim_start::unknown;
  for (auto& x : bare)
    x.pans = raida::draw_ans(space.servers());
  if (auto err = log.make_room(bare.size()))
    return err;
  if (auto err = log.append(encode_pans(record_type::pown, bare)))
    return err;
  return start;
}

// Removes the container that the notes came in: the journal has what was in it, and servers that
// miss the Pown would still take it.
caf::error retire_container(wallet_store& at, const std::string& container) {
  return container.empty() ? caf::error{} : at.remove_file(folder::import_, container);
}

// Powns what has no verdict yet, as far as the servers answer, and writes GRADED.
caf::error pown_and_grade(workspace& space, operation_journal& log, wallet_store& at,
                          const std::string& container, pown_start how) {
  const auto start = begin_pown(space, log, how);
  if (!start)
    return start.error();
  const auto open = ungraded(log.view(), true);
  for (auto& x : open)
    LC_ASSERT(x.pans.size() == x.ans.size());
  // For the user and other programs: the journal alone would do.
  if (auto err = at.put(folder::suspect, open, pans::with, tag_of(log.id())))
    return err;
  if (auto err = retire_container(at, container))
    return err;
  const auto rows = claim_notes(space, open, *start);
  auto graded = grade_or_heal(space, log, open, rows);
  if (!graded)
    return graded.error();
  if (graded->empty())
    return {};
  // GRADED before the files: it has the whole vectors, so the files follow from it alone. Both are
  // durable before a Suspect copy goes and before any receipt (P4).
  graded_record record;
  record.notes = std::move(*graded);
  return log.append(encode(record));
}

// Files the notes that are graded, moves what is ours to the user's wallet, and writes SETTLED. No
// server is asked.
caf::error settle_graded(workspace& space, operation_journal& log, wallet_store& at) {
  auto& view = log.view();
  const auto authentic = unsettled(view, note_verdict::authentic);
  const auto fracked = unsettled(view, note_verdict::fracked);
  auto settled = unsettled(view, note_verdict::counterfeit);
  settled.insert(settled.end(), authentic.begin(), authentic.end());
  settled.insert(settled.end(), fracked.begin(), fracked.end());
  if (settled.empty())
    return {};
  // Each was received, and none is settled yet.
  LC_ASSERT(settled.size() + view.settled.size() <= view.received.size());
  if (auto err = put_finals(space, view, at, authentic, folder::bank))
    return err;
  if (auto err = put_finals(space, view, at, fracked, folder::fracked))
    return err;
  if (auto err = file_counterfeits(view, at))
    return err;
  if (auto err = clear_suspect(view, at))
    return err;
  if (&at != &space.user) {
    if (auto err = at.move(authentic, folder::bank, space.user, folder::bank))
      return err;
    if (auto err = at.move(fracked, folder::fracked, space.user, folder::fracked))
      return err;
  }
  // Until here this journal held the notes, so no other operation can have spent one of them.
  if (auto err = log.append(encode_ids(record_type::settled, settled)))
    return err;
  space.holds->release(settled, log.id());
  auto ours = authentic;
  ours.insert(ours.end(), fracked.begin(), fracked.end());
  remember_powned(space, ours);
  return {};
}

} // namespace

caf::expected<ownership_report> take_ownership(workspace& space, operation_journal& log,
                                               wallet_store& at, const std::string& container,
                                               pown_start how) {
  if (log.view().received.empty())
    return fail(ec::internal, "no notes received");
  if (!all_graded(log.view()))
    if (auto err = pown_and_grade(space, log, at, container, how))
      return err;
  if (auto err = settle_graded(space, log, at))
    return err;
  return report_of(log.view(), space.servers());
}

} // namespace liveconnect::wallet
