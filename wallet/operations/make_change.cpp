#include "wallet/operations/make_change.hpp"

#include <algorithm>
#include <set>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"
#include "messages/base/mutants.hpp"
#include "wallet/operations/change_rounds.hpp"
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

// The targets as they hold now, with the letters of what the servers said.
std::vector<note> held_targets(const std::vector<note>& targets, const change_answers& said) {
  std::vector<note> out;
  for (size_t i = 0; i < targets.size(); ++i)
    out.push_back(target_with(targets[i], said.targets[i]));
  return out;
}

// The verdicts on a change that is done.
graded_record verdicts(const change_record& change, const std::vector<note>& targets) {
  graded_record out;
  for (auto& x : targets) {
    const auto all = count_letters(x.pown).passed == x.ans.size();
    out.notes.push_back({all ? note_verdict::authentic : note_verdict::fracked, x});
  }
  for (auto& x : change.sources)
    out.notes.push_back({note_verdict::superseded, x});
  return out;
}

// The servers that some target's letters do not name as holding it. After a kill that is all that
// is known; a completion finds out which of them have refused the change for good.
std::vector<uint8_t> not_known_to_hold(const journal_view& view) {
  std::set<uint8_t> out;
  for (auto& x : view.change->targets) {
    const auto& letters = view.graded.at(x.id).coin.pown;
    for (size_t s = 0; s < letters.size(); ++s)
      if (letters[s] != letter::passed)
        out.insert(static_cast<uint8_t>(s));
  }
  return {out.begin(), out.end()};
}

// Files a change whose verdicts are durable, and closes it, or leaves it open for the servers that
// it is owed to, holding nothing.
caf::expected<change_result> file_done(workspace& space, operation_journal& log,
                                       const std::vector<uint8_t>& owed) {
  change_result out;
  out.outcome = change_outcome::done;
  const auto change = *log.view().change;
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
  for (auto from : {folder::bank, folder::fracked, folder::limbo})
    if (auto err = retire(space.user, sources, from))
      return err;
  if (auto err = retire(space.user, ids_of(change.targets), folder::suspect))
    return err;
  if (owed.empty() || LC_MUTANT(change_not_owed)) {
    if (auto err = log.close(closing::done, space.now()))
      return err;
    return out;
  }
  owed_record record;
  record.at = space.now();
  record.filed = true;
  record.servers = owed;
  if (log.view().owed)
    record.taken = log.view().owed->taken;
  if (auto err = log.append(encode(record)))
    return err;
  return out;
}

// Sources that are another's go to Counterfeit: their verdict first, so that a repeat after a kill
// knows it.
caf::error file_lost_sources(workspace& space, operation_journal& log, const change_answers& said) {
  const auto change = *log.view().change;
  graded_record record;
  for (size_t i = 0; i < change.sources.size(); ++i)
    if (log.view().graded.count(change.sources[i].id) == 0 &&
        is_source_lost(said, i, space.rules.quorum))
      record.notes.push_back({note_verdict::counterfeit, change.sources[i]});
  if (!record.notes.empty())
    if (auto err = log.append(encode(record)))
      return err;
  std::vector<note_id> lost;
  for (auto& [id, graded] : log.view().graded)
    if (graded.verdict == note_verdict::counterfeit)
      lost.push_back(id);
  for (auto from : {folder::bank, folder::fracked})
    if (auto err = relocate(space.user, lost, from, folder::counterfeit))
      return err;
  return {};
}

// Sources that some server refuses.
std::vector<note_id> refused_sources(const change_record& change, const change_answers& said) {
  std::vector<note_id> out;
  for (size_t i = 0; i < change.sources.size() && i < said.sources.size(); ++i) {
    const auto counts = raida::count_answers(said.sources[i]);
    if (counts.neither + counts.pan > 0)
      out.push_back(change.sources[i].id);
  }
  return out;
}

// A change that did not happen: what of the sources stands goes on being the wallet's.
caf::expected<change_result> file_abandoned(workspace& space, operation_journal& log,
                                            const change_answers& said) {
  const auto change = *log.view().change;
  if (auto err = file_lost_sources(space, log, said))
    return err;
  // Nothing is deleted: some server may still carry the targets' secrets.
  if (auto err = retire(space.user, ids_of(change.targets), folder::suspect))
    return err;
  if (auto err = relocate(space.user, refused_sources(change, said), folder::bank, folder::fracked))
    return err;
  change_result out;
  out.outcome = log.view().graded.empty() ? change_outcome::abandoned : change_outcome::lost;
  if (auto err = log.close(closing::abandoned, space.now()))
    return err;
  return out;
}

// Neither side has a majority, and no server's answer can change any more. What more servers hold
// waits in Limbo, where the wallet goes on asking about it.
caf::expected<change_result> file_split(workspace& space, operation_journal& log,
                                        const change_answers& said) {
  const auto change = *log.view().change;
  const auto targets_lead =
      raida::count_answers(said.targets.front()).an > raida::count_answers(said.sources.front()).an;
  const auto sources = ids_of(change.sources);
  const auto targets = ids_of(change.targets);
  for (auto from : {folder::bank, folder::fracked})
    if (auto err = targets_lead ? retire(space.user, sources, from)
                                : relocate(space.user, sources, from, folder::limbo))
      return err;
  if (auto err = targets_lead ? relocate(space.user, targets, folder::suspect, folder::limbo)
                              : retire(space.user, targets, folder::suspect))
    return err;
  if (auto err = log.close(closing::abandoned, space.now()))
    return err;
  change_result out;
  out.outcome = change_outcome::split;
  return out;
}

// Writes down which servers still have to answer, for those who ask what is open and for the next
// try. The same again is not written before its time: starts may be many.
caf::error record_pending(workspace& space, operation_journal& log, const change_answers& said) {
  owed_record next;
  next.at = space.now();
  next.servers = owed_servers(said);
  for (size_t s = 0; s < said.taken.size(); ++s)
    if (said.taken[s])
      next.taken.push_back(static_cast<uint8_t>(s));
  if (const auto& last = log.view().owed) {
    const auto same = last->servers == next.servers && last->taken == next.taken;
    if (same && !is_try_due(*last, space.now()))
      return {};
    next.tries = last->tries + 1;
  }
  return log.append(encode(next));
}

// Files what the servers' answers come to.
caf::expected<change_result> conclude(workspace& space, operation_journal& log,
                                      const std::vector<note>& targets,
                                      const change_answers& said) {
  const auto change = *log.view().change;
  const auto last_word = has_passed(log.view().opened.at, space.now(), decline_seconds);
  switch (conclude_change(change.kind, said, last_word, space.rules.quorum)) {
  case change_outcome::done:
    if (auto err = log.append(encode(verdicts(change, held_targets(targets, said)))))
      return err;
    return file_done(space, log, owed_servers(said));
  case change_outcome::abandoned:
  case change_outcome::lost:
    return file_abandoned(space, log, said);
  case change_outcome::split:
    return file_split(space, log, said);
  case change_outcome::pending:
    break;
  }
  if (auto err = record_pending(space, log, said))
    return err;
  return change_result{change_outcome::pending, {}, 0};
}

// Goes on where a kill came after the verdicts.
caf::expected<change_result> file_again(workspace& space, operation_journal& log) {
  const auto& view = log.view();
  if (view.graded.count(view.change->targets.front().id) != 0)
    return file_done(space, log, not_known_to_hold(view));
  return file_abandoned(space, log, no_answers(*view.change, space.servers()));
}

// The servers that are not known to make no change.
caf::expected<std::vector<bool>> willing_servers(const workspace& space) {
  if (!space.rules.refusals)
    return std::vector<bool>(space.servers(), true);
  auto out = space.rules.refusals->willing(space.servers(), space.up_ms());
  const auto count = static_cast<size_t>(std::count(out.begin(), out.end(), true));
  if (count < space.rules.quorum.settled())
    return fail(ec::change_not_possible,
                "only " + std::to_string(count) + " servers make change, and " +
                    std::to_string(space.rules.quorum.settled()) + " must");
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
  const auto willing = willing_servers(space);
  if (!willing)
    return willing.error();
  const auto offer =
      raida::available_serials(*space.port, out.session, op, sources.front().denomination,
                               space.rules.quorum, space.rules.times, *willing);
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

// The sources of a change that did not happen which are not another's.
std::vector<note_id> standing_sources(const journal_view& view) {
  std::vector<note_id> out;
  for (auto& x : view.change->sources)
    if (view.graded.count(x.id) == 0)
      out.push_back(x.id);
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
  change_start start;
  start.fresh = true;
  return conclude(space, log, record.targets, push_change(space, record, start));
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
    space.holds->hand_over(done ? targets : standing_sources(log->view()), id, owner);
    space.holds->release_all(id);
    if (done)
      return result;
    if (result->outcome == change_outcome::lost)
      return fail(ec::change_not_possible, words_for_lost(*record));
    if (result->outcome == change_outcome::split)
      return fail(ec::change_not_possible, "the servers are divided over a change for good");
  }
  return fail(ec::change_not_possible, "the servers refused to make change");
}

caf::expected<change_result> finish_change(workspace& space, operation_journal& log) {
  if (!log.view().change) {
    // Killed before P3: nothing was sent.
    if (auto err = log.close(closing::abandoned, space.now()))
      return err;
    return change_result{change_outcome::abandoned, {}, 0};
  }
  if (!log.view().graded.empty())
    return file_again(space, log);
  change_start start;
  start.asked_as = log.view().change->targets;
  // Versions of this program before completions healed the targets of a change.
  adopt_intents(space, start.asked_as, log.view().heals);
  if (log.view().owed)
    start.taken = log.view().owed->taken;
  const auto said = push_change(space, *log.view().change, start);
  return conclude(space, log, start.asked_as, said);
}

std::string words_for_lost(const change_record& change) {
  std::string out = "the servers have given ";
  out += change.sources.size() == 1 ? to_string(change.sources.front().id) : "notes to be joined";
  return out + " to another copy of this wallet, which spent " +
         (change.sources.size() == 1 ? "it" : "them") + "; what is here lies in Counterfeit";
}

} // namespace liveconnect::wallet
