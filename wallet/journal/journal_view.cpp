#include "wallet/journal/journal_view.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"
#include "messages/base/mutants.hpp"

namespace liveconnect::wallet {

namespace {

std::set<note_id> id_set(const std::vector<note>& notes) {
  std::set<note_id> out;
  for (auto& x : notes)
    out.insert(x.id);
  return out;
}

std::set<note_id> evident(const journal_view& view) {
  std::set<note_id> out;
  if (view.evidence)
    for (auto& x : view.evidence->lines)
      out.insert(x.id);
  return out;
}

std::set<note_id> given_up(const journal_view& view) {
  std::set<note_id> out;
  if (view.written_off)
    for (auto& x : view.written_off->lines)
      out.insert(x.id);
  return out;
}

// Gives PANs to the notes of `list` that `pans` names: one or more, each in the list and without
// PANs (I5).
bool give_pans(std::vector<note>& list, const std::vector<note>& pans) {
  std::map<note_id, note*> by_id;
  for (auto& x : list)
    by_id[x.id] = &x;
  for (auto& x : pans) {
    const auto found = by_id.find(x.id);
    if (found == by_id.end() || x.pans.size() != found->second->ans.size() ||
        !(found->second->pans.empty() || LC_MUTANT(new_pans_after_a_crash)))
      return false;
    found->second->pans = x.pans;
  }
  return !pans.empty();
}

bool takes_notes(const journal_view& view) {
  return view.kind() == journal_kind::receiver || view.kind() == journal_kind::import;
}

// --- the rules, one a record type: where it may stand, and what it adds ---
//
// apply() has seen that the journal's kind may hold the record, that it is open and not closed.

caf::error unreadable(record_type type) {
  return damaged_record(type, "payload cannot be read");
}

caf::error misplaced(record_type type) {
  return damaged_record(type, "cannot stand at this place");
}

caf::error take_opened(journal_view& view, byte_view payload) {
  opened_record record;
  if (!decode(payload, record))
    return unreadable(record_type::opened);
  if (view.opened.servers != 0)
    return misplaced(record_type::opened);
  view.opened = std::move(record);
  LC_ASSERT(view.opened.servers != 0);
  return {};
}

caf::error take_selected(journal_view& view, byte_view payload) {
  selected_record record;
  if (!decode(payload, record))
    return unreadable(record_type::selected);
  if (view.sending)
    return misplaced(record_type::selected);
  view.selected = std::move(record);
  return {};
}

caf::error take_sending(journal_view& view, byte_view payload) {
  sending_record record;
  if (!decode(payload, record))
    return unreadable(record_type::sending);
  if (!view.selected || view.sending)
    return misplaced(record_type::sending);
  LC_ASSERT(record.notes.size() == record.announced.notes);
  LC_ASSERT(!view.evidence && view.refresh.empty() && view.settled.empty());
  view.sending = std::move(record);
  return {};
}

caf::error take_session(journal_view& view, byte_view payload) {
  session_record record;
  if (!decode(payload, record))
    return unreadable(record_type::session);
  view.sessions.push_back(record.terms);
  return {};
}

caf::error take_evidence(journal_view& view, byte_view payload) {
  evidence_record record;
  if (!decode(payload, record))
    return unreadable(record_type::evidence);
  if (!view.sending)
    return misplaced(record_type::evidence);
  const auto sent = id_set(view.sending->notes);
  const auto claimed = id_set(view.refresh);
  for (auto& line : record.lines)
    if (sent.count(line.id) == 0 || claimed.count(line.id) != 0)
      return misplaced(record_type::evidence);
  if (!view.evidence) {
    view.evidence = std::move(record);
    return {};
  }
  const auto known = evident(view);
  for (auto& line : record.lines)
    if (known.count(line.id) == 0)
      view.evidence->lines.push_back(std::move(line));
  view.evidence->at = record.at;
  LC_ASSERT(evident(view).size() >= known.size());
  return {};
}

caf::error take_refresh(journal_view& view, byte_view payload) {
  std::vector<note> pans;
  if (!decode_pans(payload, pans))
    return unreadable(record_type::refresh);
  if (!view.sending)
    return misplaced(record_type::refresh);
  // Some or all of the notes sent that are neither gone nor being taken back already.
  const auto named = id_set(pans);
  auto over = evident(view);
  for (auto& one : view.refresh)
    over.insert(one.id);
  std::vector<note> with;
  for (auto& one : view.sending->notes)
    if (named.count(one.id) != 0 && over.count(one.id) == 0)
      with.push_back(one);
  for (auto& one : with)
    one.pans.clear();
  if (with.size() != pans.size() || !give_pans(with, pans))
    return misplaced(record_type::refresh);
  view.refresh.insert(view.refresh.end(), std::make_move_iterator(with.begin()),
                      std::make_move_iterator(with.end()));
  LC_ASSERT(view.refresh.size() <= view.sending->notes.size());
  return {};
}

caf::error take_offered(journal_view& view, byte_view payload) {
  manifest record;
  if (!decode_offered(payload, record))
    return unreadable(record_type::offered);
  if (view.offered)
    return misplaced(record_type::offered);
  view.offered = record;
  return {};
}

caf::error take_received(journal_view& view, byte_view payload) {
  std::vector<note> notes;
  if (!decode_received(payload, notes) || notes.empty())
    return unreadable(record_type::received);
  const auto whole = [&](const note& one) {
    return one.pans.empty() && one.ans.empty() == view.scrubbed.has_value();
  };
  if (!view.received.empty() || !std::all_of(notes.begin(), notes.end(), whole))
    return misplaced(record_type::received);
  LC_ASSERT(!view.pown);
  view.received = std::move(notes);
  return {};
}

caf::error take_pown(journal_view& view, byte_view payload) {
  std::vector<note> pans;
  if (!decode_pans(payload, pans))
    return unreadable(record_type::pown);
  if (view.received.empty())
    return misplaced(record_type::pown);
  for (auto& one : pans)
    if (view.graded.count(one.id) != 0)
      return misplaced(record_type::pown);
  auto with = view.received;
  if (!give_pans(with, pans))
    return misplaced(record_type::pown);
  LC_ASSERT(with.size() == view.received.size());
  view.received = std::move(with);
  view.pown = true;
  return {};
}

caf::error take_graded(journal_view& view, byte_view payload) {
  graded_record record;
  if (!decode(payload, record))
    return unreadable(record_type::graded);
  for (auto& one : record.notes) {
    LC_ASSERT(one.verdict != note_verdict::limbo);
    view.graded.emplace(one.coin.id, std::move(one));
  }
  return {};
}

// The notes that a SETTLED of this journal may name.
bool may_settle(const journal_view& view, const std::set<note_id>& known, note_id id) {
  return known.count(id) != 0 || (takes_notes(view) && view.graded.count(id) != 0);
}

caf::error take_settled(journal_view& view, byte_view payload) {
  std::vector<note_id> ids;
  if (!decode_ids(payload, ids))
    return unreadable(record_type::settled);
  std::set<note_id> known;
  if (view.kind() == journal_kind::sender)
    for (auto& id : to_settle(view))
      known.insert(id);
  // Not written any more: a healing that had to wait released the notes that had not.
  if (view.kind() == journal_kind::heal)
    for (auto& heal : view.heals)
      for (auto& one : heal.targets)
        known.insert(one.id);
  for (auto& id : ids)
    if (!may_settle(view, known, id))
      return misplaced(record_type::settled);
  const auto before = view.settled.size();
  view.settled.insert(ids.begin(), ids.end());
  LC_ASSERT(view.settled.size() >= before && view.settled.size() <= before + ids.size());
  return {};
}

caf::error take_rejected(journal_view& view, byte_view payload) {
  std::vector<note_id> ids;
  if (!decode_ids(payload, ids))
    return unreadable(record_type::rejected);
  if (!view.sending || !view.receipt.empty())
    return misplaced(record_type::rejected);
  view.rejected = std::move(ids);
  return {};
}

caf::error take_receipt(journal_view& view, byte_view payload) {
  std::string text;
  if (!decode_text(payload, text))
    return unreadable(record_type::receipt);
  view.receipt = std::move(text);
  return {};
}

caf::error take_destination(journal_view& view, byte_view payload) {
  std::string text;
  if (!decode_text(payload, text))
    return unreadable(record_type::destination);
  view.destination = std::move(text);
  return {};
}

caf::error take_change(journal_view& view, byte_view payload) {
  change_record record;
  if (!decode(payload, record))
    return unreadable(record_type::change);
  const auto breaks = record.kind == change_kind::break_note;
  if (view.change || record.session == 0 || record.sources.size() != (breaks ? 1u : 10u) ||
      record.targets.size() != (breaks ? 10u : 1u))
    return misplaced(record_type::change);
  view.change = std::move(record);
  return {};
}

bool is_owed_again(const journal_view& view, const owed_record& next) {
  return !std::includes(view.owed->servers.begin(), view.owed->servers.end(), next.servers.begin(),
                        next.servers.end());
}

caf::error take_owed(journal_view& view, byte_view payload) {
  owed_record record;
  if (!decode(payload, record))
    return unreadable(record_type::owed);
  for (auto* list : {&record.servers, &record.taken})
    if (!list->empty() && list->back() >= view.opened.servers)
      return unreadable(record_type::owed);
  // Notes are filed by their verdicts, and once: what became of a server then is final.
  const auto goes_back = is_completion(view) && (!record.filed || is_owed_again(view, record));
  if (!view.change || (record.filed && view.graded.empty()) || goes_back)
    return misplaced(record_type::owed);
  if (record.filed && !view.owed_since)
    view.owed_since = record.at;
  view.owed = std::move(record);
  return {};
}

caf::error take_heal(journal_view& view, byte_view payload) {
  heal_record record;
  if (!decode(payload, record))
    return unreadable(record_type::heal);
  view.heals.push_back(std::move(record));
  return {};
}

caf::error add_notes(std::vector<note>& to, record_type type, byte_view payload) {
  std::vector<note> notes;
  if (!decode_notes(payload, notes) || notes.empty())
    return unreadable(type);
  to.insert(to.end(), std::make_move_iterator(notes.begin()), std::make_move_iterator(notes.end()));
  return {};
}

caf::error take_again(journal_view& view, byte_view payload) {
  return add_notes(view.again, record_type::again, payload);
}

caf::error take_superseded(journal_view& view, byte_view payload) {
  return add_notes(view.superseded, record_type::superseded, payload);
}

caf::error take_proven(journal_view& view, byte_view payload) {
  uint64_t at = 0;
  if (!decode_moment(payload, at))
    return unreadable(record_type::proven);
  view.proven = at;
  return {};
}

caf::error take_scrubbed(journal_view& view, byte_view payload) {
  uint64_t at = 0;
  if (!decode_moment(payload, at))
    return unreadable(record_type::scrubbed);
  view.scrubbed = at;
  return {};
}

caf::error take_lease(journal_view& view, byte_view payload) {
  uint64_t at = 0;
  if (!decode_moment(payload, at))
    return unreadable(record_type::lease);
  if (!view.sending)
    return misplaced(record_type::lease);
  view.lease_from = at;
  return {};
}

caf::error take_look(journal_view& view, byte_view payload) {
  look_record record;
  if (!decode(payload, record))
    return unreadable(record_type::look);
  std::set<note_id> known = id_set(view.received);
  if (view.sending)
    for (auto& one : view.sending->notes)
      known.insert(one.id);
  for (auto& line : record.lines)
    if (known.count(line.id) == 0)
      return misplaced(record_type::look);
  for (auto& line : record.lines)
    view.looks[line.id] = {record.at, record.up_ms, std::move(line.found)};
  LC_ASSERT(view.looks.size() <= known.size());
  return {};
}

caf::error take_written_off(journal_view& view, byte_view payload) {
  evidence_record record;
  if (!decode(payload, record))
    return unreadable(record_type::written_off);
  if (!view.sending || view.written_off || record.lines.empty())
    return misplaced(record_type::written_off);
  // Only what nothing has decided: a note that is the receiver's, or ours again, is not given up.
  auto open = id_set(undecided(view));
  for (auto& one : view.refresh)
    if (view.graded.count(one.id) == 0)
      open.insert(one.id);
  for (auto& line : record.lines)
    if (open.erase(line.id) == 0)
      return misplaced(record_type::written_off);
  view.written_off = std::move(record);
  LC_ASSERT(view.written_off->lines.size() <= view.sending->notes.size());
  return {};
}

caf::error take_answer(journal_view& view, byte_view payload) {
  uint64_t at = 0;
  if (!decode_moment(payload, at))
    return unreadable(record_type::answer);
  if (view.answers.size() >= 2)
    return misplaced(record_type::answer);
  view.answers.push_back(at);
  return {};
}

caf::error take_closed(journal_view& view, byte_view payload) {
  closed_record record;
  if (!decode(payload, record))
    return unreadable(record_type::closed);
  view.closed = record;
  return {};
}

// --- which kinds of journal may hold which record ---

constexpr unsigned bit(journal_kind x) {
  return 1u << static_cast<unsigned>(x);
}

constexpr auto S = bit(journal_kind::sender);
constexpr auto R = bit(journal_kind::receiver);
constexpr auto I = bit(journal_kind::import);
constexpr auto C = bit(journal_kind::change);
constexpr auto H = bit(journal_kind::heal);
constexpr auto E = bit(journal_kind::export_file);

/// The grammar of wallet/journal/README.md, one row a record type.
struct record_rule {
  record_type type;
  unsigned kinds;
  caf::error (*take)(journal_view&, byte_view);
};

constexpr std::array record_rules{
    record_rule{record_type::opened, S | R | I | C | H | E, take_opened},
    record_rule{record_type::selected, S | E, take_selected},
    record_rule{record_type::sending, S | E, take_sending},
    record_rule{record_type::session, S | R, take_session},
    record_rule{record_type::evidence, S, take_evidence},
    record_rule{record_type::refresh, S, take_refresh},
    record_rule{record_type::offered, R, take_offered},
    record_rule{record_type::received, R | I, take_received},
    record_rule{record_type::pown, R | I, take_pown},
    record_rule{record_type::graded, S | R | I | C | H, take_graded},
    record_rule{record_type::settled, S | R | I | H, take_settled},
    record_rule{record_type::receipt, S | R, take_receipt},
    record_rule{record_type::change, C, take_change},
    record_rule{record_type::heal, S | R | I | C | H, take_heal},
    record_rule{record_type::destination, E, take_destination},
    record_rule{record_type::closed, S | R | I | C | H | E, take_closed},
    record_rule{record_type::rejected, S, take_rejected},
    record_rule{record_type::proven, S | R | I | C | H | E, take_proven},
    record_rule{record_type::scrubbed, S | R | I | C | H | E, take_scrubbed},
    record_rule{record_type::lease, S, take_lease},
    record_rule{record_type::owed, C, take_owed},
    record_rule{record_type::look, S | R | I, take_look},
    record_rule{record_type::written_off, S, take_written_off},
    record_rule{record_type::answer, S, take_answer},
    record_rule{record_type::again, H, take_again},
    record_rule{record_type::superseded, H, take_superseded},
};

const record_rule* find_rule(record_type x) {
  const auto* found = std::find_if(record_rules.begin(), record_rules.end(),
                                   [x](const record_rule& rule) { return rule.type == x; });
  return found == record_rules.end() ? nullptr : found;
}

} // namespace

bool may_hold(journal_kind kind, record_type type) {
  const auto* rule = find_rule(type);
  return rule != nullptr && (rule->kinds & bit(kind)) != 0;
}

caf::error apply(journal_view& view, const journal_record& x) {
  const auto type = static_cast<record_type>(x.type);
  const auto* rule = find_rule(type);
  if (rule == nullptr)
    return damaged_record(type, "type is not known");
  const bool is_first = view.opened.servers == 0;
  if (view.closed || is_first != (type == record_type::opened))
    return misplaced(type);
  if (!is_first && !may_hold(view.kind(), type))
    return misplaced(type);
  return rule->take(view, liveconnect::view(x.payload));
}

caf::expected<journal_view> replay(const std::vector<journal_record>& records) {
  journal_view out;
  for (auto& x : records)
    if (auto err = apply(out, x))
      return err;
  if (out.opened.servers == 0)
    return fail(ec::wallet_damaged, "journal without its first record");
  LC_ASSERT(out.closed.has_value() ==
            (records.back().type == static_cast<uint16_t>(record_type::closed)));
  return out;
}

namespace {

transfer_state state_of_sending(const journal_view& view) {
  if (!view.receipt.empty())
    return transfer_state::receipt;
  if (view.sending && !undecided(view).empty())
    return transfer_state::sending;
  if (!view.refresh.empty())
    return all_graded(view) ? transfer_state::graded : transfer_state::refresh;
  if (view.sending)
    return transfer_state::sending;
  return view.selected ? transfer_state::selected : transfer_state::fresh;
}

transfer_state state_of_receiving(const journal_view& view) {
  if (!view.receipt.empty())
    return transfer_state::receipt;
  if (view.received.empty())
    return view.offered ? transfer_state::offered : transfer_state::fresh;
  if (all_graded(view))
    return transfer_state::graded;
  return view.pown ? transfer_state::pown : transfer_state::received;
}

} // namespace

transfer_state state_of(const journal_view& view) {
  if (view.closed)
    return transfer_state::closed;
  switch (view.kind()) {
  case journal_kind::sender:
  case journal_kind::export_file:
    return state_of_sending(view);
  case journal_kind::receiver:
  case journal_kind::import:
    return state_of_receiving(view);
  case journal_kind::change:
  case journal_kind::heal:
    return all_graded(view) ? transfer_state::graded : transfer_state::pown;
  }
  return transfer_state::fresh;
}

namespace {

// Calls `f` with every note that is out at the servers under secrets of this journal.
template<class F>
void each_claimed(const journal_view& view, F f) {
  if (view.kind() == journal_kind::sender) {
    for (auto& x : view.refresh)
      f(x);
  } else if (view.kind() == journal_kind::heal) {
    for (auto& heal : view.heals)
      for (auto& x : heal.targets)
        f(x);
    for (auto some : {&view.again, &view.superseded})
      for (auto& x : *some)
        f(x);
  } else {
    for (auto& x : view.received)
      f(x);
    if (view.change) {
      for (auto& x : view.change->sources)
        f(x);
      for (auto& x : view.change->targets)
        f(x);
    }
  }
}

} // namespace

bool is_completion(const journal_view& view) {
  return view.owed && view.owed->filed;
}

std::vector<note_id> held_by(const journal_view& view) {
  std::set<note_id> out;
  if (!view.closed && (!is_completion(view) || LC_MUTANT(owed_change_holds))) {
    const auto hold = [&](const note& x) {
      if (view.settled.count(x.id) == 0)
        out.insert(x.id);
    };
    each_claimed(view, hold);
    if (view.selected)
      for (auto& x : view.selected->notes)
        hold(x);
    if (view.sending)
      for (auto& x : view.sending->notes)
        hold(x);
  }
  LC_ASSERT_OR(out.empty() || !view.closed, return {});
  return {out.begin(), out.end()};
}

bool all_graded(const journal_view& view) {
  const auto over = given_up(view);
  auto all = true;
  each_claimed(view, [&](const note& x) {
    all = all && (view.graded.count(x.id) != 0 || over.count(x.id) != 0);
  });
  return all;
}

bool all_settled(const journal_view& view) {
  return std::all_of(view.received.begin(), view.received.end(),
                     [&](const note& x) { return view.settled.count(x.id) != 0; });
}

std::vector<note> undecided(const journal_view& view) {
  std::vector<note> out;
  if (!view.sending)
    return out;
  auto decided = evident(view);
  const auto over = given_up(view);
  decided.insert(over.begin(), over.end());
  for (auto& x : view.refresh)
    decided.insert(x.id);
  std::set<note_id> rejected{view.rejected.begin(), view.rejected.end()};
  for (auto& x : view.sending->notes)
    if (decided.count(x.id) == 0 && (view.receipt.empty() || rejected.count(x.id) != 0))
      out.push_back(x);
  LC_ASSERT_OR(out.size() <= view.sending->notes.size(), return {});
  return out;
}

std::vector<note_id> to_settle(const journal_view& view) {
  auto parts = parts_of(view);
  std::vector<note_id> out;
  for (auto some : {&parts.gone, &parts.back, &parts.written_off})
    for (auto& x : *some)
      if (view.settled.count(x) == 0)
        out.push_back(x);
  return out;
}

sent_parts parts_of(const journal_view& view) {
  sent_parts out;
  if (!view.sending)
    return out;
  auto open = id_set(undecided(view));
  auto claimed = id_set(view.refresh);
  const auto over = given_up(view);
  for (auto& x : view.sending->notes) {
    if (over.count(x.id) != 0) {
      out.written_off.push_back(x.id);
      (void)out.written_off_value.add(value_of(x));
      continue;
    }
    auto graded = view.graded.find(x.id);
    if (open.count(x.id) != 0 || (claimed.count(x.id) != 0 && graded == view.graded.end()))
      continue;
    LC_ASSERT_OR(graded == view.graded.end() || graded->second.verdict != note_verdict::limbo,
                 continue);
    const auto back =
        claimed.count(x.id) != 0 && graded->second.verdict != note_verdict::counterfeit;
    (back ? out.back : out.gone).push_back(x.id);
    (void)(back ? out.back_value : out.gone_value).add(value_of(x));
  }
  LC_ASSERT_OR(out.gone.size() + out.back.size() + out.written_off.size() <=
                   view.sending->notes.size(),
               return {});
  return out;
}

amount sum_of(const journal_view& view) {
  if (view.selected)
    return view.selected->sum;
  if (view.offered)
    return view.offered->sum;
  if (view.change)
    return total(view.change->sources);
  if (!view.received.empty())
    return total(view.received);
  amount out;
  each_claimed(view, [&](const note& x) { (void)out.add(value_of(x)); });
  return out;
}

uint32_t notes_of(const journal_view& view) {
  if (view.sending)
    return view.sending->announced.notes;
  if (view.offered)
    return view.offered->notes;
  return static_cast<uint32_t>(held_by(view).size());
}

} // namespace liveconnect::wallet
