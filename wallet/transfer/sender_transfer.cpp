#include "wallet/transfer/sender_transfer.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"
#include "messages/base/mutants.hpp"
#include "messages/base/time_text.hpp"
#include "messages/secure/manifest.hpp"
#include "messages/secure/receipt.hpp"
#include "wallet/operations/announcement.hpp"
#include "wallet/operations/choose_notes.hpp"
#include "wallet/operations/claim_notes.hpp"
#include "wallet/operations/heal_notes.hpp"
#include "wallet/operations/make_change.hpp"
#include "wallet/operations/pown_again.hpp"
#include "wallet/transfer/common_steps.hpp"
#include "wallet/transfer/invitation_use.hpp"
#include "wallet/transfer/read_receipt.hpp"

namespace liveconnect::wallet {

namespace {

// A note that fails is replaced, and its replacement may fail again.
constexpr int health_rounds_max = 3;
// More breaks than there are denominations mean that a plan does not end.
constexpr size_t changes_max = 4 * denomination_count;

// Plans join notes down to what a transfer carries.
static_assert(change_limits{}.notes_max == receipt_notes_max);

// The letter of EVIDENCE for one server's answer.
char evidence_letter(raida::find_answer x) {
  switch (x) {
  case raida::find_answer::an:
    return 'a';
  case raida::find_answer::unknown:
  case raida::find_answer::not_asked:
    return 'u';
  case raida::find_answer::pan:
  case raida::find_answer::neither:
  case raida::find_answer::no_such_note:
    return 'x';
  }
  return 'u';
}

// Whether each of `notes` is in `journalled` with the very PANs it has here.
bool have_their_pans_in(const std::vector<note>& journalled, const std::vector<note>& notes) {
  std::map<note_id, const note*> known;
  for (auto& x : journalled)
    known[x.id] = &x;
  return std::all_of(notes.begin(), notes.end(), [&](const note& x) {
    const auto found = known.find(x.id);
    return found != known.end() && !x.pans.empty() && found->second->pans == x.pans;
  });
}

// What 25 servers said of a note that is gone.
std::string evidence_of(const found_row& row) {
  std::string out;
  for (auto x : row)
    out += evidence_letter(x);
  return out;
}

std::string count_text(size_t n, const char* one) {
  return std::to_string(n) + " " + one + (n == 1 ? "" : "s");
}

} // namespace

sender_transfer::sender_transfer(workspace& space, transfer_terms terms)
    : space_(&space), terms_(std::move(terms)) {}

sender_transfer sender_transfer::start(workspace& space, const transfer_terms& terms) {
  return {space, terms};
}

caf::expected<sender_transfer> sender_transfer::reopen(workspace& space, const transfer_id& id) {
  auto log = operation_journal::open(space, id);
  if (!log)
    return log.error();
  if (log->view().opened.servers != 0 && log->view().kind() != journal_kind::sender)
    return fail(ec::bad_argument, to_string(id) + " is not a transfer that this wallet sends");
  transfer_terms terms;
  terms.side = role::sender;
  terms.id = id;
  terms.invitation = log->view().opened.invitation;
  sender_transfer out{space, std::move(terms)};
  out.log_.emplace(std::move(*log));
  if (auto& sending = out.log_->view().sending)
    out.announced_ = sending->announced;
  if (auto err = out.count_lease())
    return err;
  return out;
}

caf::expected<sender_transfer> sender_transfer::reopen_closed(workspace& space,
                                                              const transfer_id& id) {
  const auto records = read_closed_journal(space.files(), space.user.root(), id);
  if (!records)
    return records.error();
  auto over = replay(*records);
  if (!over)
    return over.error();
  if (over->kind() != journal_kind::sender || !over->closed)
    return fail(ec::bad_argument, to_string(id) + " is not a closed transfer of this wallet");
  transfer_terms terms;
  terms.side = role::sender;
  terms.id = id;
  terms.invitation = over->opened.invitation;
  sender_transfer out{space, std::move(terms)};
  if (over->sending)
    out.announced_ = over->sending->announced;
  out.over_ = std::move(*over);
  return out;
}

transfer_state sender_transfer::state() const {
  return view() != nullptr ? state_of(*view()) : transfer_state::fresh;
}

caf::error sender_transfer::require_selected() const {
  if (!log_ || !log_->view().selected)
    return fail(ec::internal, "no notes are reserved");
  if (log_->view().closed)
    return fail(ec::bad_argument, "the transfer is closed");
  return {};
}

namespace {

// The steps that a transfer still takes once coins may have left.
bool comes_after_sending(sender_step x) {
  return x == sender_step::check_servers || x == sender_step::all_sent ||
         x == sender_step::ask_servers || x == sender_step::give_back;
}

} // namespace

// branches: one case a step of the protocol, each a call
caf::expected<step_report> sender_transfer::run(sender_step step) {
  if (over_)
    return closed_report();
  // What leads up to sending is over once coins may have left: a resumed session hears that there
  // is nothing to do.
  if ((has_sent() || state() == transfer_state::closed) && !comes_after_sending(step))
    return step_report{};
  switch (step) {
  case sender_step::check_servers:
    return check_servers();
  case sender_step::set_aside:
    return set_aside();
  case sender_step::make_change:
    return make_change();
  case sender_step::join_notes:
    return join_notes();
  case sender_step::find_change:
    return find_change();
  case sender_step::fix_change:
    return fix_change();
  case sender_step::move_to_sender:
    return move_to_sender();
  case sender_step::health_check:
    return health_check();
  case sender_step::fix_notes:
    return fix_notes();
  case sender_step::put_in_export:
    return put_in_export();
  case sender_step::all_sent:
    return all_sent();
  case sender_step::ask_servers:
    return ask_servers();
  case sender_step::give_back:
    return give_back();
  }
  return fail(ec::internal, "unknown step");
}

caf::expected<step_report> sender_transfer::check_servers() {
  return wallet::check_servers(*space_);
}

caf::expected<step_report> sender_transfer::set_aside() {
  return set_aside_unclaimed(*space_, space_->sender);
}

caf::error sender_transfer::record_selection(const std::vector<note>& notes) {
  selected_record record;
  record.sum = log_->view().selected->sum;
  record.notes = notes;
  return log_->append(encode(record));
}

caf::error sender_transfer::select(amount sum, const std::vector<note>& keep) {
  const auto chosen = choose_notes(*space_, sum, terms_.id);
  if (!chosen)
    return chosen.error();
  auto notes = keep;
  notes.insert(notes.end(), chosen->begin(), chosen->end());
  if (!log_) {
    if (auto err = refuse_used(*space_, terms_)) {
      space_->holds->release_all(terms_.id);
      return err;
    }
    auto opened = space_->opened(journal_kind::sender, terms_.id);
    opened.invitation = terms_.invitation;
    auto log = operation_journal::create(*space_, opened, notes.size() + 32);
    if (!log) {
      space_->holds->release_all(terms_.id);
      return log.error();
    }
    log_.emplace(std::move(*log));
  }
  selected_record record;
  record.sum = log_->view().selected ? log_->view().selected->sum : sum;
  record.notes = std::move(notes);
  LC_ASSERT(total(record.notes) >= record.sum);
  return log_->append(encode(record));
}

caf::expected<step_report> sender_transfer::reserve(amount sum) {
  if (sum.is_zero())
    return fail(ec::bad_amount, "0");
  if (log_ && log_->view().selected) {
    if (log_->view().selected->sum != sum)
      return fail(ec::bad_argument, "another sum is reserved already");
  } else if (auto err = select(sum, {})) {
    return err;
  }
  step_report out;
  out.notes = static_cast<uint32_t>(log_->view().selected->notes.size());
  out.value = total(log_->view().selected->notes);
  out.text = count_text(out.notes, "note") + " of " + to_display(out.value) + " set apart";
  return out;
}

caf::expected<sender_transfer::open_part> sender_transfer::unmoved() const {
  auto& selected = *log_->view().selected;
  const auto ids = ids_of(selected.notes);
  auto here = space_->user.find(ids, {folder::bank, folder::fracked});
  if (!here)
    return here.error();
  const auto moved = space_->sender.find(ids, {folder::bank, folder::fracked});
  if (!moved)
    return moved.error();
  open_part out;
  out.sum = selected.sum;
  if (!out.sum.subtract(total(notes_of(*moved))))
    return fail(ec::internal, "more was moved than agreed");
  out.notes = std::move(*here);
  return out;
}

caf::error sender_transfer::drop_unneeded(const open_part& part, const change_plan& plan) {
  const auto pick = pick_notes(part.notes, notes_needed(plan));
  if (!pick)
    return pick.error();
  LC_ASSERT(total(*pick) == part.sum);
  std::set<note_id> kept;
  for (auto& x : *pick)
    kept.insert(x.id);
  std::set<note_id> here;
  for (auto& x : part.notes)
    here.insert(x.value.id);
  std::vector<note> selection;
  std::vector<note_id> free;
  for (auto& x : log_->view().selected->notes)
    if (here.count(x.id) != 0 && kept.count(x.id) == 0)
      free.push_back(x.id);
    else if (here.count(x.id) == 0)
      selection.push_back(x);
  selection.insert(selection.end(), pick->begin(), pick->end());
  if (free.empty())
    return {};
  if (auto err = record_selection(selection))
    return err;
  space_->holds->release(free, terms_.id);
  return {};
}

caf::error sender_transfer::select_instead(const std::vector<note_id>& sources,
                                           const std::vector<stored_note>& made) {
  std::vector<note> selection;
  for (auto& x : log_->view().selected->notes)
    if (std::find(sources.begin(), sources.end(), x.id) == sources.end())
      selection.push_back(x);
  for (auto& x : made)
    selection.push_back(x.value);
  return record_selection(selection);
}

caf::error sender_transfer::break_one(const open_part& part, const change_plan& plan,
                                      step_report& report, std::map<int8_t, uint32_t>& broken) {
  const auto source = note_to_break(*space_, part.notes, plan.breaks.front(), terms_.id);
  if (!source)
    return source.error();
  const auto change = change_notes(*space_, change_kind::break_note, {*source}, terms_.id);
  if (!change)
    return change.error();
  if (change->outcome != change_outcome::done)
    return fail(ec::change_not_possible, "the servers have not said yet what became of " +
                                             to_string(*source) + "; it stays set apart");
  const auto made = space_->user.find(change->made, {folder::bank, folder::fracked});
  if (!made)
    return made.error();
  if (auto err = select_instead({*source}, *made))
    return err;
  ++report.notes;
  (void)report.value.add(denomination_value(source->denomination));
  report.not_authentic += change->fracked;
  ++broken[source->denomination];
  return {};
}

caf::expected<step_report> sender_transfer::make_change() {
  if (auto err = require_selected())
    return err;
  step_report out;
  std::map<int8_t, uint32_t> broken;
  for (size_t round = 0; round < changes_max; ++round) {
    const auto part = unmoved();
    if (!part)
      return part.error();
    if (part->sum.is_zero())
      break;
    const auto plan = plan_change(purse_of(part->notes), part->sum, space_->rules.change);
    if (!plan)
      return plan.error();
    if (plan->breaks.empty()) {
      // The rest of a broken note is free again.
      if (auto err = drop_unneeded(*part, *plan))
        return err;
      break;
    }
    if (auto err = break_one(*part, *plan, out, broken))
      return err;
  }
  for (auto i = broken.rbegin(); i != broken.rend(); ++i)
    out.text += (out.text.empty() ? "" : ", ") + count_text(i->second, "note") + " of " +
                to_display(denomination_value(i->first));
  if (!out.text.empty())
    out.text += " broken";
  return out;
}

caf::expected<bool> sender_transfer::join_ten(step_report& report) {
  const auto part = unmoved();
  if (!part)
    return part.error();
  if (part->sum.is_zero() || total(notes_of(part->notes)) != part->sum)
    return false;
  const auto plan = plan_change(purse_of(part->notes), part->sum, space_->rules.change);
  if (!plan)
    return plan.error();
  if (plan->joins.empty())
    return false;
  const auto sources = ten_to_join(part->notes, plan->joins.front());
  if (sources.empty())
    return false;
  const auto change = change_notes(*space_, change_kind::join_notes, sources, terms_.id);
  if (!change) {
    // Joining only saves notes: without it the transfer goes on.
    if (code_of(change.error()) == ec::change_not_possible)
      return false;
    return change.error();
  }
  if (change->outcome != change_outcome::done)
    return fail(ec::change_not_possible,
                "the servers have not said yet whether ten notes were joined");
  const auto made = space_->user.find(change->made, {folder::bank, folder::fracked});
  if (!made)
    return made.error();
  for (auto& x : *made)
    (void)report.value.add(value_of(x.value));
  if (auto err = select_instead(sources, *made))
    return err;
  report.notes += static_cast<uint32_t>(sources.size());
  report.not_authentic += change->fracked;
  return true;
}

caf::expected<step_report> sender_transfer::join_notes() {
  if (auto err = require_selected())
    return err;
  step_report out;
  for (size_t round = 0; round < changes_max; ++round) {
    const auto joined = join_ten(out);
    if (!joined)
      return joined.error();
    if (!*joined)
      break;
  }
  if (out.notes > 0)
    out.text = count_text(out.notes, "note") + " joined into " +
               std::to_string(out.notes / raida::change_count);
  return out;
}

caf::expected<step_report> sender_transfer::find_change() {
  const auto report = find_lost(*space_, terms_.id);
  step_report out;
  if (!report) {
    // The notes to be sent are others: the transfer goes on without the lost ones.
    out.text = "lost notes could not be looked for: " + detail_of(report.error());
    return out;
  }
  out.notes = report->notes;
  out.value = report->value;
  out.not_authentic = report->not_healed;
  if (out.notes > 0)
    out.text =
        std::to_string(report->healed) + " of " + count_text(out.notes, "lost note") + " found";
  return out;
}

namespace {

step_report fixed(const heal_report& x) {
  step_report out;
  out.notes = x.notes;
  out.value = x.value;
  out.not_authentic = x.not_healed;
  out.fewest_passes = x.fewest_passes;
  if (x.notes > 0)
    out.text = std::to_string(x.healed) + " of " + count_text(x.notes, "fracked note") + " healed";
  return out;
}

} // namespace

caf::expected<step_report> sender_transfer::fix_change() {
  if (auto err = require_selected())
    return err;
  const auto report =
      heal_notes(*space_, space_->user, ids_of(log_->view().selected->notes), terms_.id);
  if (!report)
    return report.error();
  return fixed(*report);
}

caf::expected<step_report> sender_transfer::move_to_sender() {
  if (auto err = require_selected())
    return err;
  const auto part = unmoved();
  if (!part)
    return part.error();
  if (total(notes_of(part->notes)) != part->sum)
    return fail(ec::change_not_possible, "the notes set apart are not the exact sum");
  if (const auto count = log_->view().selected->notes.size(); count > receipt_notes_max)
    return fail(ec::change_not_possible, "the sum takes " + std::to_string(count) +
                                             " notes, and a transfer carries " +
                                             std::to_string(receipt_notes_max));
  std::vector<note_id> authentic;
  std::vector<note_id> fracked;
  for (auto& x : part->notes)
    (x.where == folder::bank ? authentic : fracked).push_back(x.value.id);
  if (!authentic.empty())
    if (auto err = space_->user.move(authentic, folder::bank, space_->sender, folder::bank))
      return err;
  if (!fracked.empty())
    if (auto err = space_->user.move(fracked, folder::fracked, space_->sender, folder::fracked))
      return err;
  step_report out;
  out.notes = static_cast<uint32_t>(part->notes.size());
  out.value = part->sum;
  out.text = count_text(out.notes, "note") + " moved to Sender";
  return out;
}

caf::expected<std::vector<stored_note>> sender_transfer::find_bad(step_report& report) {
  auto& space = *space_;
  auto stored =
      space.sender.find(ids_of(log_->view().selected->notes), {folder::bank, folder::fracked});
  if (!stored)
    return stored.error();
  const auto notes = notes_of(*stored);
  const auto holders = ask_holders(space, notes);
  report = step_report{};
  report.notes = static_cast<uint32_t>(notes.size());
  report.value = total(notes);
  report.fewest_passes = static_cast<uint8_t>(space.servers());
  std::vector<note_id> now_fracked;
  std::vector<stored_note> bad;
  for (size_t i = 0; i < notes.size(); ++i) {
    // An older secret of ours is one that an earlier owner may know.
    const auto counts = count_letters(letters_of_present(holders[i]));
    if (counts.passed < space.rules.quorum.settled()) {
      if (counts.passed + counts.failed < space.rules.quorum.settled())
        return fail(ec::too_few_servers, std::to_string(counts.passed + counts.failed) + " of " +
                                             std::to_string(space.servers()) + " answered for " +
                                             to_string(notes[i].id) + "; before a note is sent " +
                                             std::to_string(space.rules.quorum.settled()) +
                                             " must agree on it");
      bad.push_back((*stored)[i]);
      continue;
    }
    report.fewest_passes = std::min(report.fewest_passes, static_cast<uint8_t>(counts.passed));
    if (counts.failed == 0)
      continue;
    ++report.not_authentic;
    if ((*stored)[i].where == folder::bank)
      now_fracked.push_back(notes[i].id);
  }
  if (auto err = relocate(space.sender, now_fracked, folder::bank, folder::fracked))
    return err;
  return bad;
}

caf::expected<amount> sender_transfer::check_once(step_report& report) {
  auto& space = *space_;
  const auto files = find_bad(report);
  if (!files)
    return files.error();
  if (files->empty())
    return amount{};
  // One bad Detect is no verdict (docs/formats/wallet.md "Legal moves").
  const auto bad = notes_of(*files);
  const auto second = ask_holders(space, bad);
  std::vector<note> selection;
  for (auto& x : log_->view().selected->notes)
    if (std::none_of(bad.begin(), bad.end(), [&](const note& y) { return y.id == x.id; }))
      selection.push_back(x);
  for (size_t i = 0; i < bad.size(); ++i) {
    const auto count = [&](server_holds what) {
      return static_cast<size_t>(std::count(second[i].begin(), second[i].end(), what));
    };
    auto to = folder::limbo;
    if (count(server_holds::other) >= space.rules.quorum.settled())
      to = folder::counterfeit;
    else if (count(server_holds::present) >= space.rules.quorum.majority)
      to = folder::fracked;
    if (auto err = space.sender.move({bad[i].id}, (*files)[i].where, space.user, to))
      return err;
  }
  if (auto err = record_selection(selection))
    return err;
  space.holds->release(ids_of(bad), terms_.id);
  return total(bad);
}

caf::expected<step_report> sender_transfer::health_check() {
  if (auto err = require_selected())
    return err;
  step_report out;
  size_t replaced = 0;
  for (int round = 0; round < health_rounds_max; ++round) {
    const auto missing = check_once(out);
    if (!missing)
      return missing.error();
    if (missing->is_zero()) {
      out.text = count_text(out.notes, "note") + " passed by at least " +
                 std::to_string(out.fewest_passes) + " servers";
      if (replaced > 0)
        out.text += ", " + std::to_string(replaced) + " replaced";
      return out;
    }
    ++replaced;
    if (auto err = select(*missing, log_->view().selected->notes))
      return err;
    if (auto changed = make_change(); !changed)
      return changed.error();
    if (auto moved = move_to_sender(); !moved)
      return moved.error();
  }
  return fail(ec::not_enough_coins, "too many notes failed at the servers");
}

caf::expected<step_report> sender_transfer::fix_notes() {
  if (auto err = require_selected())
    return err;
  auto report =
      heal_notes(*space_, space_->sender, ids_of(log_->view().selected->notes), terms_.id);
  if (!report)
    return report.error();
  return fixed(*report);
}

caf::expected<step_report> sender_transfer::put_in_export() {
  if (auto err = require_selected())
    return err;
  auto& selected = *log_->view().selected;
  const auto stored = space_->sender.find(ids_of(selected.notes), {folder::bank, folder::fracked});
  if (!stored)
    return stored.error();
  auto notes = notes_of(*stored);
  if (notes.size() != selected.notes.size() || total(notes) != selected.sum)
    return fail(ec::internal, "the notes in Sender are not the sum agreed");
  // A healing that could not be finished may hold one: which of its secrets hold is not known.
  for (auto& x : notes)
    if (space_->holds->is_held_by_other(x.id, terms_.id))
      return fail(ec::wallet_busy, to_string(x.id) + " is being healed");
  for (size_t i = 0; i < notes.size(); ++i)
    // The health check found nothing against this note: the letters in its file are old.
    if ((*stored)[i].where == folder::bank)
      notes[i].pown.clear();
  std::sort(notes.begin(), notes.end(), [](const note& x, const note& y) { return x.id < y.id; });
  if (auto made = space_->sender.put_container(folder::export_, notes, tag_of(terms_.id)); !made)
    return made.error();
  // SENDING takes the vectors from here: from now on they do not change.
  if (auto err = record_selection(notes))
    return err;
  announced_ = announce(terms_.id, notes, space_->rules.lease_seconds);
  LC_ASSERT(announced_->sum == log_->view().selected->sum);
  step_report out;
  out.notes = announced_->notes;
  out.value = announced_->sum;
  out.text = count_text(out.notes, "note") + " in Export";
  return out;
}

caf::expected<manifest> sender_transfer::announcement() const {
  if (!announced_)
    return fail(ec::internal, "nothing lies in Export yet");
  return *announced_;
}

caf::expected<coin_payload> sender_transfer::begin_sending(const receipt_terms& terms) {
  if (auto err = require_selected())
    return err;
  if (!announced_)
    return fail(ec::internal, "nothing lies in Export yet");
  if (!has_sent()) {
    if (auto err = log_->make_room(2 * announced_->notes))
      return err;
    sending_record record;
    record.announced = *announced_;
    record.at = space_->now();
    record.notes = log_->view().selected->notes;
    LC_ASSERT(record.announced.id == log_->id());
    LC_ASSERT(total(record.notes) == record.announced.sum);
    LC_ASSERT(record.notes.size() == record.announced.notes);
    if (auto err = log_->append(encode(record)))
      return err;
    if (auto err = count_lease())
      return err;
  }
  const auto known = std::any_of(
      log_->view().sessions.begin(), log_->view().sessions.end(), [&](const receipt_terms& x) {
        return x.handshake_hash == terms.handshake_hash && x.invitation == terms.invitation;
      });
  if (!known)
    if (auto err = log_->append(encode(session_record{terms})))
      return err;
  // P1: SENDING is durable before the caller has a byte of a coin, and says what was announced.
  LC_ASSERT(has_sent());
  LC_ASSERT(log_->view().sending->announced == *announced_);
  return split_coins(log_->view().sending->notes);
}

caf::error sender_transfer::move_sent(const std::vector<note_id>& ids) {
  auto& sender = space_->sender;
  const auto files = sender.list_files(folder::export_);
  if (!files)
    return files.error();
  for (auto& x : *files)
    if (x.find(tag_of(terms_.id)) != std::string::npos)
      if (auto moved = sender.move_file(folder::export_, x, folder::sent); !moved)
        return moved.error();
  if (auto err = relocate(sender, ids, folder::bank, folder::sent))
    return err;
  return relocate(sender, ids, folder::fracked, folder::sent);
}

caf::expected<step_report> sender_transfer::all_sent() {
  if (!has_sent())
    return fail(ec::internal, "sending has not begun");
  if (!log_->view().closed) {
    // A settled note may be here for another transfer by now.
    std::vector<note_id> ids;
    for (auto& x : log_->view().sending->notes)
      if (log_->view().settled.count(x.id) == 0)
        ids.push_back(x.id);
    if (auto err = move_sent(ids))
      return err;
  }
  step_report out;
  out.notes = log_->view().sending->announced.notes;
  out.value = log_->view().sending->announced.sum;
  out.text = count_text(out.notes, "note") + " sent";
  return out;
}

caf::error sender_transfer::file_receipt(const receipt_text& text) {
  // It is closed: by this receipt, or without one.
  if (over_)
    return {};
  if (!has_sent())
    return fail(ec::bad_receipt, "nothing was sent");
  auto& view = log_->view();
  if (view.closed || !view.receipt.empty())
    return view.closed || view.receipt == text.json
               ? caf::error{}
               : fail(ec::bad_receipt, "another receipt is filed already");
  if (view.refresh.size() == view.sending->notes.size())
    return fail(ec::bad_receipt, "the notes are being taken back");
  const auto rejected = rejected_by(text.json, *view.sending);
  if (!rejected)
    return rejected.error();
  if (!rejected->empty())
    if (auto err = log_->append(encode_ids(record_type::rejected, *rejected)))
      return err;
  if (auto err = log_->append(encode_text(record_type::receipt, text.json)))
    return err;
  return finish_open(false);
}

step_report sender_transfer::settled_report(settlement how) const {
  step_report out;
  out.notes = notes_of(*view());
  out.value = sum_of(*view());
  out.settled = how;
  return out;
}

step_report sender_transfer::closed_report() const {
  const auto parts = parts_of(*view());
  auto out = settled_report(settlement_of(view()->closed->how));
  out.returned = parts.back_value;
  out.written_off = parts.written_off_value;
  return out;
}

caf::expected<step_report> sender_transfer::ask_servers() {
  if (!log_)
    return fail(ec::internal, "nothing is reserved");
  auto& view = log_->view();
  if (view.closed)
    return closed_report();
  if (!has_sent())
    return give_back();
  if (auto err = finish_refresh())
    return err;
  size_t fewest = space_->servers();
  if (auto err = decide_open(fewest))
    return err;
  return conclude(fewest);
}

caf::error sender_transfer::decide_open(size_t& fewest_passes) {
  auto& view = log_->view();
  auto open = undecided(view);
  if (open.empty())
    return {};
  const auto rows = raida::find(*space_->port, open, space_->rules.times);
  const auto how = patience_of(view, space_->up_ms());
  evidence_record evidence;
  evidence.at = space_->now();
  std::vector<note> back;
  std::vector<note> pending;
  std::vector<found_row> pending_rows;
  for (size_t i = 0; i < open.size() && i < rows.size(); ++i) {
    const auto row = for_sent(open[i], rows[i]);
    fewest_passes = std::min(fewest_passes, raida::count_answers(row).an);
    switch (conclude_sent(open[i], row, how, space_->rules.quorum)) {
    case sent_outcome::gone:
      evidence.lines.push_back({open[i].id, evidence_of(row)});
      break;
    case sent_outcome::take_back:
      open[i].pans =
          LC_MUTANT(taken_back_without_refresh) ? open[i].ans : raida::draw_ans(space_->servers());
      back.push_back(std::move(open[i]));
      break;
    case sent_outcome::pending:
      pending.push_back(std::move(open[i]));
      pending_rows.push_back(row);
      break;
    }
  }
  if (!evidence.lines.empty())
    if (auto err = log_->append(encode(evidence)))
      return err;
  if (auto err = record_looks(pending, pending_rows))
    return err;
  return back.empty() ? caf::error{} : take_back(back);
}

caf::error sender_transfer::record_looks(const std::vector<note>& notes,
                                         const std::vector<found_row>& rows) {
  auto& view = log_->view();
  for (size_t i = 0; i < notes.size() && i < rows.size(); ++i)
    undecided_rows_[notes[i].id] = rows[i];
  // Before that the receiver may be at it, and what the servers say means little.
  if (patience_of(view, space_->up_ms()) != patience::exhausted)
    return {};
  look_record record;
  record.at = space_->now();
  record.up_ms = space_->up_ms();
  for (size_t i = 0; i < notes.size() && i < rows.size(); ++i) {
    const auto* before = look_at(view, notes[i].id);
    auto found = merged_look(before, rows[i]);
    if (before == nullptr || before->found != found)
      record.lines.push_back({notes[i].id, std::move(found)});
  }
  return record.lines.empty() ? caf::error{} : log_->append(encode(record));
}

caf::error sender_transfer::take_back(const std::vector<note>& notes) {
  if (auto err = log_->make_room(notes.size()))
    return err;
  if (auto err = log_->append(encode_pans(record_type::refresh, notes)))
    return err;
  return claim_back(notes, true);
}

caf::error sender_transfer::claim_back(const std::vector<note>& notes, bool drawn_now) {
  auto& space = *space_;
  // P6: only what was sent is taken back, and its PANs are durable before the Pown.
  LC_ASSERT(has_sent());
  LC_ASSERT(have_their_pans_in(log_->view().refresh, notes));
  const auto rows =
      claim_notes(space, notes, drawn_now ? claim_start::fresh : claim_start::unknown);
  auto graded = grade_or_heal(space, *log_, notes, rows);
  if (!graded)
    return graded.error();
  if (!graded->empty()) {
    graded_record record;
    record.notes = std::move(*graded);
    if (auto err = log_->append(encode(record)))
      return err;
  }
  std::vector<note> pending;
  std::vector<found_row> pending_rows;
  for (size_t i = 0; i < notes.size() && i < rows.size(); ++i)
    if (log_->view().graded.count(notes[i].id) == 0) {
      pending.push_back(notes[i]);
      pending_rows.push_back(rows[i]);
    }
  return record_looks(pending, pending_rows);
}

caf::error sender_transfer::finish_refresh() {
  std::vector<note> open;
  if (all_graded(log_->view()))
    return {};
  for (auto& x : log_->view().refresh)
    if (log_->view().graded.count(x.id) == 0)
      open.push_back(x);
  return open.empty() ? caf::error{} : claim_back(open, false);
}

caf::error sender_transfer::file_decided(bool last) {
  auto& space = *space_;
  auto& view = log_->view();
  const auto decided = to_settle(view);
  if (decided.empty())
    return {};
  std::set<note_id> now{decided.begin(), decided.end()};
  std::vector<note> authentic;
  std::vector<note> fracked;
  std::vector<note_id> back;
  for (auto& id : parts_of(view).back) {
    if (now.count(id) == 0)
      continue;
    auto& graded = view.graded.at(id);
    (graded.verdict == note_verdict::authentic ? authentic : fracked).push_back(graded.coin);
    back.push_back(id);
  }
  if (auto err = put_graded(space.user, folder::bank, authentic, tag_of(terms_.id)))
    return err;
  if (auto err = put_graded(space.user, folder::fracked, fracked, tag_of(terms_.id)))
    return err;
  if (auto err = move_sent(decided))
    return err;
  // The old copies are worthless from now on.
  if (auto err = retire(space.sender, back, folder::sent))
    return err;
  // Until here this journal held the notes, so no other operation can have spent one of them, nor
  // received one again. For the last ones CLOSED says so in place of SETTLED.
  if (last)
    return {};
  if (auto err = log_->append(encode_ids(record_type::settled, decided)))
    return err;
  space.holds->release(decided, terms_.id);
  return {};
}

namespace {

std::string back_text(const sent_parts& parts) {
  return count_text(parts.back.size(), "note") + " taken back";
}

std::string gone_text(const sent_parts& parts) {
  return count_text(parts.gone.size(), "note") + (parts.gone.size() == 1 ? " is" : " are") +
         " the receiver's";
}

std::string written_off_text(const sent_parts& parts) {
  auto out = to_display(parts.written_off_value) + " written off";
  if (!parts.gone.empty())
    out = gone_text(parts) + ", " + out;
  return parts.back.empty() ? out : back_text(parts) + ", " + out;
}

// What a transfer that stays open waits for.
std::string waiting_text(const journal_view& view, const sent_parts& parts, uint64_t up_ms) {
  const auto how = patience_of(view, up_ms);
  std::string out = "the receiver may still take the notes";
  if (!all_graded(view))
    out = "too few servers answer to take all notes back";
  else if (how == patience::promise_kept)
    out = "the servers do not agree yet on who owns the notes";
  else if (how == patience::exhausted)
    out = "the servers give the notes to nobody; 'liveconnect cancel' writes off what stays so";
  if (!parts.gone.empty())
    out = gone_text(parts) + ", of the others " + out;
  return parts.back.empty() ? out : back_text(parts) + ", " + out;
}

// The evidence for a write-off, for the wallet's owner: what each server said, and when. A function
// of the records, so that a repeat after a kill makes the same file.
std::string write_off_text(const journal_view& view) {
  const auto& over = *view.written_off;
  auto out = "Transfer " + to_string(view.id()) + ": notes written off by 'liveconnect cancel'.\n" +
             "One letter a server, 0 to " + std::to_string(view.opened.servers - 1) +
             ": a holds this wallet's secret, p its new secret, x another owner's, u no answer.\n" +
             "The files of the notes are in Sent of the hidden Sender wallet; no secret was "
             "deleted.\n\n";
  for (auto& line : over.lines) {
    out += to_string(line.id) + "\n";
    if (const auto* before = look_at(view, line.id))
      out += "  at " + time_to_text(before->at) + "  " + before->found + "\n";
    out += "  at " + time_to_text(over.at) + "  " + line.found + "\n";
  }
  return out;
}

// How a transfer ended of which every note is decided.
struct conclusion {
  settlement settled = settlement::sent;
  closing how = closing::sent_with_receipt;
  std::string text;
};

conclusion conclusion_of(const sent_parts& parts, bool with_receipt) {
  conclusion out;
  if (!parts.written_off.empty())
    out = {settlement::written_off, closing::written_off, written_off_text(parts)};
  else if (!with_receipt && parts.gone.empty())
    out = {settlement::returned, closing::taken_back, back_text(parts)};
  else if (with_receipt)
    out = {settlement::sent, closing::sent_with_receipt, "the receiver's receipt is filed"};
  else
    out = {settlement::sent, closing::sent_by_evidence,
           "the servers say the notes are the receiver's"};
  if (!parts.written_off.empty())
    return out;
  // With a receipt, only what it did not cover came back.
  if (parts.gone.empty())
    out.text = back_text(parts);
  else if (!parts.back.empty())
    out.text = back_text(parts) + ", " + gone_text(parts);
  return out;
}

} // namespace

caf::expected<step_report> sender_transfer::conclude(size_t fewest_passes) {
  auto& view = log_->view();
  const auto all = all_graded(view) && undecided(view).empty();
  if (auto err = file_decided(all))
    return err;
  const auto parts = parts_of(view);
  if (!all) {
    auto out = settled_report(settlement::open);
    out.fewest_passes = static_cast<uint8_t>(fewest_passes);
    out.returned = parts.back_value;
    out.text = waiting_text(view, parts, space_->up_ms());
    return out;
  }
  LC_ASSERT(parts.back.size() + parts.gone.size() + parts.written_off.size() ==
            view.sending->notes.size());
  LC_ASSERT(parts.back_value.units() + parts.gone_value.units() + parts.written_off_value.units() ==
            view.sending->announced.sum.units());
  const auto receipt = !view.receipt.empty();
  if (receipt)
    if (auto err = space_->user.put_file(folder::receipts, to_string(terms_.id) + ".json",
                                         byte_view{view.receipt}))
      return err;
  if (view.written_off)
    if (auto err =
            space_->user.put_file(folder::receipts, to_string(terms_.id) + ".written_off.txt",
                                  byte_view{write_off_text(view)}))
      return err;
  const auto end = conclusion_of(parts, receipt);
  auto out = settled_report(end.settled);
  out.returned = parts.back_value;
  out.written_off = parts.written_off_value;
  out.text = end.text;
  if (auto err = close(end.how))
    return err;
  if (!parts.gone.empty())
    log_to_user(*space_, false, parts.gone_value, "LiveConnect send", to_string(terms_.id));
  if (!parts.written_off.empty())
    log_to_user(*space_, false, parts.written_off_value, "LiveConnect cancel",
                to_string(terms_.id));
  return out;
}

caf::error sender_transfer::count_lease() {
  return counts_lease_anew(log_->view(), space_->up_ms())
             ? log_->append(encode_moment(record_type::lease, space_->up_ms()))
             : caf::error{};
}

caf::error sender_transfer::close(closing how) {
  // Once coins may have left, nothing is simply given back.
  LC_ASSERT(how != closing::given_back || !has_sent());
  if (auto err = burn_invitation(*space_, terms_.invitation))
    return err;
  if (owes_answer_ && !terms_.invitation.empty() && log_->view().answers.empty())
    if (auto err = log_->append(encode_moment(record_type::answer, space_->now())))
      return err;
  if (auto err = log_->close(how, space_->now()))
    return err;
  space_->holds->release_all(terms_.id);
  return {};
}

caf::error sender_transfer::move_back() {
  LC_ASSERT(!has_sent());
  auto& space = *space_;
  const auto ids = ids_of(log_->view().selected->notes);
  const auto moved = space.sender.find(ids, {folder::bank, folder::fracked});
  if (!moved)
    return moved.error();
  for (auto where : {folder::bank, folder::fracked}) {
    std::vector<note_id> back;
    for (auto& x : *moved)
      if (x.where == where)
        back.push_back(x.value.id);
    if (!back.empty())
      if (auto err = space.sender.move(back, where, space.user, where))
        return err;
  }
  return {};
}

caf::expected<step_report> sender_transfer::give_back() {
  if (!log_)
    return step_report{};
  if (log_->view().closed)
    return ask_servers();
  if (has_sent())
    return fail(ec::outcome_unknown, "coins may have left already");
  if (log_->view().selected)
    if (auto err = move_back())
      return err;
  const auto files = space_->sender.list_files(folder::export_);
  if (!files)
    return files.error();
  auto was_announced = false;
  for (auto& x : *files)
    if (x.find(tag_of(terms_.id)) != std::string::npos) {
      was_announced = true;
      if (auto err = space_->sender.remove_file(folder::export_, x))
        return err;
    }
  // A receiver that was never offered anything waits for nothing.
  owes_answer_ = owes_answer_ && was_announced;
  auto out = settled_report(settlement::returned);
  out.text = "nothing left; the notes are in the wallet";
  if (auto err = close(closing::given_back))
    return err;
  return out;
}

namespace {

// Why a note is not written off, for the person who asked for it.
std::string refusal_text(write_off why, const found_row& row, uint64_t wait_seconds) {
  const auto counts = raida::count_answers(row);
  const auto ours = std::to_string(counts.an + counts.pan);
  switch (why) {
  case write_off::too_early:
    return "the receiver may still take the coins for " + std::to_string((wait_seconds + 59) / 60) +
           " min; after that they can be taken back or written off";
  case write_off::ours:
    return ours + " servers hold the coins for this wallet and can still give them back; those "
                  "that are missing may have to be healed first";
  case write_off::may_return:
    return std::to_string(counts.unknown) + " servers are silent and could still give the coins "
                                            "back; after a day of silence they can be written off";
  case write_off::asked_once:
    return "the servers have said only once that they give the coins to nobody; a second answer, " +
           std::to_string(second_look_seconds) + " s later, is needed";
  case write_off::allowed:
    break;
  }
  return {};
}

// How long the receiver may still take what was sent.
uint64_t patience_left(const journal_view& view, uint64_t up_ms) {
  const auto whole =
      uint64_t{std::max(view.sending->announced.lease_seconds, dispute_seconds)} * 1000;
  const auto gone_by = view.lease_from && up_ms >= *view.lease_from ? up_ms - *view.lease_from : 0;
  return gone_by >= whole ? 0 : (whole - gone_by + 999) / 1000;
}

} // namespace

caf::expected<step_report> sender_transfer::cancel() {
  if (!log_)
    return fail(ec::internal, "nothing is reserved");
  undecided_rows_.clear();
  owes_answer_ = true;
  const auto asked = ask_servers();
  if (!asked || asked->settled != settlement::open || log_->view().closed)
    return asked;
  auto& view = log_->view();
  evidence_record record;
  record.at = space_->now();
  for (auto& [id, row] : undecided_rows_) {
    const auto* before = look_at(view, id);
    const auto can = conclude_write_off(row, before, patience_of(view, space_->up_ms()),
                                        space_->up_ms(), space_->now(), space_->rules.quorum);
    if (can != write_off::allowed)
      return fail(ec::outcome_unknown,
                  refusal_text(can, row, patience_left(view, space_->up_ms())));
    record.lines.push_back({id, letters_of(row)});
  }
  if (record.lines.empty())
    return asked;
  if (auto err = log_->append(encode_written_off(record)))
    return err;
  return conclude(asked->fewest_passes);
}

caf::error sender_transfer::carry_on(bool with_servers) {
  owes_answer_ = true;
  return finish_open(with_servers);
}

caf::error sender_transfer::finish_open(bool with_servers) {
  if (!log_)
    return {};
  const auto task = task_of(log_->view());
  auto outcome = caf::expected<step_report>{step_report{}};
  switch (task) {
  case recovery_task::file_journal:
    if (auto err = log_->close(closing::done, space_->now()))
      return err;
    space_->holds->release_all(terms_.id);
    return {};
  case recovery_task::give_back:
    outcome = give_back();
    break;
  case recovery_task::finish_sent:
    outcome = conclude(space_->servers());
    break;
  case recovery_task::finish_refresh:
    if (with_servers)
      outcome = ask_servers();
    else if (auto err = finish_refresh())
      return err;
    else
      outcome = conclude(space_->servers());
    break;
  case recovery_task::ask_servers:
    if (with_servers)
      outcome = ask_servers();
    else if (auto err = file_decided(false))
      return err;
    break;
  default:
    break;
  }
  return outcome ? caf::error{} : outcome.error();
}

} // namespace liveconnect::wallet
