#include "wallet/operations/make_change.hpp"

#include <algorithm>
#include <set>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"
#include "wallet/operations/claim_notes.hpp"
#include "wallet/raida/note_codec.hpp"

namespace liveconnect::wallet {

using raida::find_answer;

namespace {

constexpr int tries_max = 3;

// The notes that are in the user's wallets already: their serials are taken.
caf::expected<std::set<note_id>> known_notes(workspace& space) {
  std::set<note_id> out = space.holds->all();
  const auto add = [&](wallet_store& store) -> caf::error {
    const auto listing =
        store.list({folder::bank, folder::fracked, folder::limbo, folder::suspect});
    if (!listing)
      return listing.error();
    for (auto& x : listing->notes)
      out.insert(x.value.id);
    return {};
  };
  for (auto store : {&space.user, &space.sender, &space.receiver})
    if (auto err = add(*store))
      return err;
  return out;
}

// What the servers hold of the targets. A server that answered 250 is believed; FIND asks the
// others.
std::vector<found_row> find_targets(workspace& space, const std::vector<note>& targets,
                                    const std::string& letters) {
  std::vector<found_row> rows(targets.size(), found_row(space.servers(), find_answer::unknown));
  auto sure = letters.size() == space.servers();
  for (size_t s = 0; s < space.servers(); ++s) {
    const auto passed = s < letters.size() && letters[s] == letter::passed;
    sure = sure && passed;
    for (auto& row : rows)
      if (passed)
        row[s] = find_answer::an;
  }
  if (sure)
    return rows;
  const auto found = raida::find(*space.port, targets, space.rules.times);
  for (size_t i = 0; i < rows.size() && i < found.size(); ++i)
    for (size_t s = 0; s < rows[i].size() && s < found[i].size(); ++s)
      if (rows[i][s] == find_answer::unknown)
        rows[i][s] = found[i][s];
  return rows;
}

// The target with the letters of its row. A server that did not answer may hold the target or
// nothing.
note target_with(const note& target, const found_row& row) {
  note out = target;
  out.pans.clear();
  out.pown.assign(out.ans.size(), letter::silent);
  for (size_t s = 0; s < row.size() && s < out.pown.size(); ++s)
    if (row[s] == find_answer::an)
      out.pown[s] = letter::passed;
    else if (row[s] != find_answer::unknown && row[s] != find_answer::not_asked)
      out.pown[s] = letter::failed;
  return out;
}

struct checked_sources {
  size_t fewest_passes = 0;
  /// Sources that some server refuses now.
  std::vector<note_id> refused;
};

checked_sources check_sources(workspace& space, const std::vector<note>& sources) {
  checked_sources out;
  out.fewest_passes = space.servers();
  const auto letters = raida::detect(*space.port, sources, space.rules.times);
  for (size_t i = 0; i < sources.size() && i < letters.size(); ++i) {
    const auto counts = count_letters(letters[i]);
    out.fewest_passes = std::min(out.fewest_passes, counts.passed);
    if (counts.failed > 0)
      out.refused.push_back(sources[i].id);
  }
  return out;
}

caf::expected<change_result> file_done(workspace& space, operation_journal& log,
                                       const std::vector<note>& targets) {
  change_result out;
  out.outcome = change_outcome::done;
  const auto change = *log.view().change;
  if (log.view().graded.empty()) {
    graded_record record;
    for (auto& x : targets) {
      const auto all = count_letters(x.pown).passed == space.servers();
      record.notes.push_back({all ? note_verdict::authentic : note_verdict::fracked, x});
    }
    for (auto& x : change.sources)
      record.notes.push_back({note_verdict::superseded, x});
    if (auto err = log.append(encode(record)))
      return err;
  }
  std::vector<note> authentic;
  std::vector<note> fracked;
  for (auto& x : change.targets) {
    auto& graded = log.view().graded.at(x.id);
    (graded.verdict == note_verdict::authentic ? authentic : fracked).push_back(graded.coin);
    out.made.push_back(x.id);
  }
  out.fracked = static_cast<uint32_t>(fracked.size());
  if (auto err = put_graded(space.user, folder::bank, authentic, tag_of(log.id())))
    return err;
  if (auto err = put_graded(space.user, folder::fracked, fracked, tag_of(log.id())))
    return err;
  const auto sources = ids_of(change.sources);
  for (auto from : {folder::bank, folder::fracked})
    if (auto err = retire(space.user, sources, from))
      return err;
  if (auto err = retire(space.user, ids_of(change.targets), folder::suspect))
    return err;
  if (auto err = log.close(closing::done, space.now()))
    return err;
  return out;
}

caf::expected<change_result> file_abandoned(workspace& space, operation_journal& log,
                                            const std::vector<note_id>& refused) {
  const auto change = *log.view().change;
  // Nothing is deleted: some server may still carry the targets' secrets.
  if (auto err = retire(space.user, ids_of(change.targets), folder::suspect))
    return err;
  if (auto err = relocate(space.user, refused, folder::bank, folder::fracked))
    return err;
  if (auto err = log.close(closing::abandoned, space.now()))
    return err;
  change_result out;
  out.outcome = change_outcome::abandoned;
  out.refused = true;
  return out;
}

// Reads the sources, asks for serials, and draws the targets' secrets: what CHANGE will say. Fails
// with ec::change_not_possible when too few servers offer serials.
caf::expected<change_record> propose_change(workspace& space, change_kind kind,
                                            const std::vector<note_id>& sources) {
  const auto breaks = kind == change_kind::break_note;
  const auto op =
      breaks ? raida::change_operation::break_note : raida::change_operation::join_notes;
  const auto wanted = breaks ? raida::change_count : size_t{1};
  const auto stored = space.user.find(sources, {folder::bank, folder::fracked});
  if (!stored)
    return stored.error();
  if (stored->size() != sources.size() || sources.size() != (breaks ? 1u : raida::change_count))
    return fail(ec::internal, "notes to change are not in the wallet");
  const auto known = known_notes(space);
  if (!known)
    return known.error();
  change_record out;
  out.kind = kind;
  out.session = raida::draw_session();
  for (auto& x : *stored) {
    out.sources.push_back(x.value);
    out.sources.back().pans.clear();
  }
  const auto offer =
      raida::available_serials(*space.port, out.session, op, sources.front().denomination,
                               space.rules.quorum, space.rules.times);
  for (auto& candidate : offer.serials) {
    const note_id id{offer.target, candidate.serial};
    if (out.targets.size() == wanted)
      break;
    // Fewer than 13+f servers could never settle it.
    if (candidate.offered_by < space.rules.quorum.settled() || known->count(id) != 0)
      continue;
    note target;
    target.id = id;
    target.ans = raida::draw_ans(space.servers());
    out.targets.push_back(std::move(target));
  }
  if (out.targets.size() < wanted)
    return fail(ec::change_not_possible, "too few servers offer serials for change");
  LC_ASSERT(total(out.sources) == total(out.targets));
  return out;
}

// Makes the change durable (P3), sends it, and finishes it as far as the servers answer.
caf::expected<change_result> carry_out(workspace& space, operation_journal& log,
                                       const change_record& record) {
  if (auto err = log.append(encode(record)))
    return err;
  // P3: what the servers are about to be told is durable.
  LC_ASSERT(log.view().change && log.view().change->session == record.session);
  auto files = record.targets;
  for (auto& x : files)
    x.pans = x.ans;
  if (auto err = space.user.put(folder::suspect, files, pans::with, tag_of(log.id())))
    return err;
  const auto answer = record.kind == change_kind::break_note
                          ? raida::break_note(*space.port, record.session, record.sources.front(),
                                              record.targets, space.rules.times)
                          : raida::join_notes(*space.port, record.session, record.targets.front(),
                                              record.sources, space.rules.times);
  return finish_change(space, log, answer.letters);
}

} // namespace

caf::expected<change_result> change_notes(workspace& space, change_kind kind,
                                          const std::vector<note_id>& sources,
                                          const transfer_id& owner) {
  for (int tries = 0; tries < tries_max; ++tries) {
    const auto record = propose_change(space, kind, sources);
    if (!record)
      return record.error();
    // The change's own journal holds sources and targets until it is over: they stay held even when
    // its owner ends first.
    const auto id = draw_transfer_id();
    const auto targets = ids_of(record->targets);
    if (!space.holds->take(targets, id))
      continue;
    auto log = operation_journal::create(space, space.opened(journal_kind::change, id, owner), 11);
    if (!log) {
      space.holds->release_all(id);
      return log.error();
    }
    space.holds->hand_over(sources, owner, id);
    auto result = carry_out(space, *log, *record);
    if (!result || result->outcome == change_outcome::pending)
      return result;
    const auto done = result->outcome == change_outcome::done;
    space.holds->hand_over(done ? targets : sources, id, owner);
    space.holds->release_all(id);
    if (done)
      return result;
  }
  return fail(ec::change_not_possible, "the servers refused to make change");
}

caf::expected<change_result> finish_change(workspace& space, operation_journal& log,
                                           const std::string& letters) {
  if (!log.view().change) {
    // Killed before P3: nothing was sent.
    if (auto err = log.close(closing::abandoned, space.now()))
      return err;
    return change_result{change_outcome::abandoned, {}, 0, false};
  }
  const auto change = *log.view().change;
  if (!log.view().graded.empty())
    return file_done(space, log, {});
  auto targets = change.targets;
  adopt_intents(space, targets, log.view().heals);
  const auto rows = find_targets(space, targets, letters);
  const auto any_refused = std::any_of(rows.begin(), rows.end(), [](const found_row& row) {
    return raida::count_answers(row).neither + raida::count_answers(row).pan > 0;
  });
  checked_sources sources;
  if (any_refused && change.kind == change_kind::break_note)
    sources = check_sources(space, change.sources);
  auto outcome = conclude_change(change.kind, rows, sources.fewest_passes, space.rules.quorum);
  std::vector<note> held;
  for (size_t i = 0; i < targets.size(); ++i)
    held.push_back(target_with(targets[i], rows[i]));
  if (outcome == change_outcome::heal_first) {
    auto healed = raida::heal(*space.port, held, persist_in(log, held), space.rules.quorum,
                              space.rules.times);
    if (!healed)
      return healed.error();
    held = std::move(healed->notes);
    const auto enough = std::all_of(held.begin(), held.end(), [&](const note& x) {
      return count_letters(x.pown).passed >= space.rules.quorum.settled();
    });
    outcome = enough ? change_outcome::done : change_outcome::pending;
  }
  if (outcome == change_outcome::done)
    return file_done(space, log, held);
  if (outcome == change_outcome::abandoned)
    return file_abandoned(space, log, sources.refused);
  change_result out;
  out.outcome = change_outcome::pending;
  return out;
}

} // namespace liveconnect::wallet
