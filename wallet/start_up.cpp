#include "wallet/start_up.hpp"

#include <algorithm>
#include <set>

#include "messages/base/error.hpp"
#include "wallet/journal/recovery.hpp"
#include "wallet/operations/complete_change.hpp"
#include "wallet/operations/export_notes.hpp"
#include "wallet/operations/heal_notes.hpp"
#include "wallet/operations/import_notes.hpp"
#include "wallet/operations/make_change.hpp"
#include "wallet/operations/operation_journal.hpp"
#include "wallet/operations/scrub.hpp"
#include "wallet/transfer/common_steps.hpp"
#include "wallet/transfer/receiver_transfer.hpp"
#include "wallet/transfer/sender_transfer.hpp"

namespace liveconnect::wallet {

namespace {

bool nothing_in_work(const journal_view&) {
  return false;
}

// An operation that is over lets its notes go: to the transfer that it was for, where that still
// claims them, without a moment in between in which another could pick them.
void release(workspace& space, const std::vector<journal_view>& open, const journal_view& over) {
  for (auto& view : open)
    if (view.id() == over.opened.parent && view.id() != over.id())
      space.holds->hand_over(held_by(view), over.id(), view.id());
  space.holds->release_all(over.id());
}

// A journal that was killed before its first record: nothing can have happened.
caf::expected<bool> close_empty(workspace& space, const transfer_id& id) {
  auto log = operation_journal::open(space, id);
  if (!log)
    return log.error();
  // Its worker wrote the first record, and released the journal, since it was read.
  if (log->view().opened.servers != 0)
    return false;
  if (auto err = log->close(closing::done, space.now()))
    return err;
  return true;
}

caf::expected<bool> carry_on_sender(workspace& space, const transfer_id& id, bool with_servers) {
  auto transfer = sender_transfer::reopen(space, id);
  if (!transfer)
    return transfer.error();
  if (auto err = transfer->carry_on(with_servers))
    return err;
  return transfer->state() == transfer_state::closed;
}

caf::expected<bool> carry_on_receiver(workspace& space, const transfer_id& id) {
  auto transfer = receiver_transfer::reopen(space, id);
  if (!transfer)
    return transfer.error();
  if (auto err = transfer->carry_on())
    return err;
  return transfer->state() == transfer_state::closed;
}

template<class T>
caf::error error_of(const caf::expected<T>& x) {
  return x ? caf::error{} : x.error();
}

// Carries an operation without a peer on, as far as its kind knows how.
caf::error finish_operation(workspace& space, operation_journal& log) {
  switch (log.view().kind()) {
  case journal_kind::change:
    return error_of(finish_change(space, log));
  case journal_kind::heal:
    return finish_heal(space, log);
  case journal_kind::import:
    return error_of(finish_import(space, log));
  case journal_kind::export_file:
    return error_of(finish_export(space, log));
  case journal_kind::sender:
  case journal_kind::receiver:
    break;
  }
  return fail(ec::internal, "a transfer is not an operation without a peer");
}

// Tries one change at the servers that it is owed to. True when its journal is closed afterwards.
caf::expected<bool> complete(workspace& space, const transfer_id& id) {
  if (auto err = complete_changes(space, {id}))
    return err;
  const auto open = is_open_journal(space.files(), space.user.root(), id);
  if (!open)
    return open.error();
  return !*open;
}

// Carries one of the open journals on. True when it is closed afterwards, or a change that is only
// owed to servers any more.
caf::expected<bool> carry_on(workspace& space, const std::vector<journal_view>& open,
                             const journal_view& view, bool with_servers) {
  if (view.opened.servers == 0)
    return close_empty(space, view.id());
  if (view.kind() == journal_kind::sender)
    return carry_on_sender(space, view.id(), with_servers);
  if (view.kind() == journal_kind::receiver)
    return carry_on_receiver(space, view.id());
  if (is_completion(view))
    return complete(space, view.id());
  auto log = operation_journal::open(space, view.id());
  if (!log)
    return log.error();
  const auto was_closed = log->view().closed.has_value();
  const auto err =
      was_closed ? log->close(closing::done, space.now()) : finish_operation(space, *log);
  if (err)
    return err;
  const auto over = log->view().closed || is_completion(log->view());
  if (over)
    release(space, open, view);
  return over;
}

// The hold of a recovery task on one note while it moves the note's files: a worker may pick or
// free notes at any time.
class note_hold {
public:
  note_hold(workspace& space, note_id id) : held_(*space.holds, {id}, draw_transfer_id()) {}
  explicit operator bool() const { return !held_.held().empty(); }

private:
  hold_guard held_;
};

// Notes in a hidden wallet that no journal claims are the user's: their transfer was killed between
// its last record and its last file (docs/design/safety.md 5.4; docs/formats/wallet.md "Start-up
// recovery", 5).
caf::error reclaim_orphans(workspace& space, wallet_store& from, recovery_report& report) {
  const auto listing = from.list({folder::bank, folder::fracked});
  if (!listing)
    return listing.error();
  for (auto& x : listing->notes) {
    note_hold note{space, x.value.id};
    if (!note)
      continue;
    const auto there = from.find({x.value.id}, {x.where});
    if (!there)
      return there.error();
    // Its transfer ended since the folder was read.
    if (there->empty())
      continue;
    const auto known = space.user.find({x.value.id}, {folder::bank, folder::fracked});
    if (!known)
      return known.error();
    if (!known->empty() && !same_numbers(known->front().value, x.value)) {
      // The servers know which of them is good: `wallet check` asks them.
      report.lines.push_back(to_string(x.value.id) + " lies in two places with other numbers");
      continue;
    }
    auto err = known->empty() ? from.move({x.value.id}, x.where, space.user, x.where)
                              : retire(from, {x.value.id}, x.where);
    if (err)
      return err;
    report.lines.push_back(to_string(x.value.id) + " brought back to the wallet");
  }
  return {};
}

// Suspect notes that carry both sets and belong to no journal: FIND will tell, from Limbo.
caf::error orphans_to_limbo(workspace& space, recovery_report& report) {
  const auto listing = space.user.list(folder::suspect);
  if (!listing)
    return listing.error();
  for (auto& x : listing->notes) {
    note_hold note{space, x.value.id};
    if (!note || x.value.pans.empty())
      continue;
    if (auto err = relocate(space.user, {x.value.id}, folder::suspect, folder::limbo))
      return err;
    report.lines.push_back(to_string(x.value.id) + " moved to Limbo");
  }
  return {};
}

// Which of a note's copies to keep; none while the servers do not tell them apart.
std::optional<size_t> copy_to_keep(workspace& space, const std::vector<stored_note>& copies) {
  const auto letters = raida::detect(*space.port, notes_of(copies), space.rules.times);
  size_t best = 0;
  size_t most = 0;
  auto same = true;
  for (size_t i = 0; i < copies.size(); ++i) {
    same = same && same_numbers(copies[i].value, copies[0].value);
    const auto passed = i < letters.size() ? count_letters(letters[i]).passed : 0;
    // Of equals the one with a second set: it knows more (docs/formats/wallet.md "Start-up
    // recovery").
    const auto knows_more = !copies[i].value.pans.empty() && copies[best].value.pans.empty();
    if (passed > most || (passed == most && knows_more)) {
      most = passed;
      best = i;
    }
  }
  // Copies that differ are only told apart by enough servers; until then both stay.
  if (!same && most < space.rules.quorum.settled())
    return std::nullopt;
  return best;
}

// One note in two files of Bank and Fracked.
caf::error settle_duplicates(workspace& space, recovery_report& report) {
  const auto listing = space.user.list({folder::bank, folder::fracked});
  if (!listing)
    return listing.error();
  for (auto& duplicate : duplicates_of(*listing)) {
    note_hold held{space, duplicate.id};
    if (!held)
      continue;
    // Again, under the hold: a worker that replaces a copy has two for a moment.
    const auto copies = space.user.find({duplicate.id}, {folder::bank, folder::fracked});
    if (!copies)
      return copies.error();
    if (copies->size() < 2)
      continue;
    const auto kept = copy_to_keep(space, *copies);
    if (!kept) {
      report.lines.push_back(to_string(duplicate.id) + " lies twice in the wallet");
      continue;
    }
    for (size_t i = 0; i < copies->size(); ++i)
      if (i != *kept)
        if (auto moved = space.user.move_file((*copies)[i].where, (*copies)[i].file, folder::trash);
            !moved)
          return moved.error();
    report.lines.push_back(to_string(duplicate.id) +
                           " lay twice in the wallet; one copy set aside");
  }
  return {};
}

// What the journal that was just closed says.
caf::expected<journal_view> closed_view(workspace& space, const transfer_id& id) {
  const auto records = read_closed_journal(space.files(), space.user.root(), id);
  if (!records)
    return records.error();
  return replay(*records);
}

// What a journal is about, for the report.
std::string subject_of(const journal_view& view) {
  const auto sum = to_display(sum_of(view));
  switch (view.kind()) {
  case journal_kind::sender:
    return "a transfer that sends " + sum;
  case journal_kind::receiver:
    return "a transfer that receives " + sum;
  case journal_kind::import:
    return "an import of " + sum;
  case journal_kind::change:
    return "a change of " + sum;
  case journal_kind::heal:
    return "a healing of " + sum;
  case journal_kind::export_file:
    return "an export of " + sum;
  }
  return "an operation";
}

// What closing it came to, by where it stood.
std::string end_of(const journal_view& view) {
  switch (task_of(view)) {
  case recovery_task::give_back:
    return subject_of(view) + " had not begun; the coins are in the wallet";
  case recovery_task::drop_offer:
    return subject_of(view) + " is closed: nothing came";
  case recovery_task::await_confirmation:
    return subject_of(view) + " is closed: the sender never came for the receipt";
  default:
    return subject_of(view) + " was broken off and is finished now";
  }
}

// Likewise of a journal that is closed by now, where what it came to is worth more words.
std::string end_of(workspace& space, const journal_view& view) {
  if (view.kind() == journal_kind::change && !is_completion(view) && view.change) {
    const auto over = closed_view(space, view.id());
    if (over && !over->graded.empty() && over->closed && over->closed->how == closing::abandoned)
      return subject_of(view) + " came to nothing: " + words_for_lost(*view.change);
  }
  return end_of(view);
}

} // namespace

open_transfer describe(const journal_view& view) {
  open_transfer out;
  out.id = view.id();
  out.side = view.kind() == journal_kind::receiver || view.kind() == journal_kind::import
                 ? role::receiver
                 : role::sender;
  out.state = state_of(view);
  out.sum = sum_of(view);
  out.notes = notes_of(view);
  out.waits_for = waits_for(view);
  return out;
}

caf::expected<recovery_report> start_up(workspace& space) {
  // Read all before anything is changed: a damaged journal stops us here.
  const auto views = load_open_journals(space);
  if (!views)
    return views.error();
  size_t leftovers = 0;
  for (auto store : {&space.user, &space.sender, &space.receiver}) {
    const auto removed = store->remove_leftovers();
    if (!removed)
      return removed.error();
    leftovers += *removed;
  }
  auto report = recover(space, nothing_in_work);
  if (report) {
    const auto scrubbed = scrub_closed(space);
    if (!scrubbed)
      report->lines.push_back("old secrets could not be taken out of closed journals: " +
                              detail_of(scrubbed.error()));
    else if (*scrubbed > 0)
      report->lines.push_back("old secrets taken out of " + std::to_string(*scrubbed) +
                              (*scrubbed == 1 ? " closed journal" : " closed journals"));
  }
  if (report && leftovers > 0)
    report->lines.push_back(std::to_string(leftovers) + " unfinished files removed");
  return report;
}

namespace {

// Carries on what needs no peer, and says of each what became of it. One that cannot be carried on
// stays open and keeps what it holds: the others have their own notes and files, and go on.
void carry_on_at_start(workspace& space, const std::vector<journal_view>& views,
                       const journal_view& view, recovery_report& report) {
  const auto closed = carry_on(space, views, view, false);
  if (closed) {
    if (*closed) {
      ++report.closed;
      report.lines.push_back(end_of(space, view));
    }
    return;
  }
  const auto there = is_open_journal(space.files(), space.user.root(), view.id());
  if (there && !*there) {
    // Its worker closed it, and released its notes, since the journals were read.
    space.holds->release_all(view.id());
    return;
  }
  ++report.failed;
  report.lines.push_back(subject_of(view) +
                         " could not be carried on: " + detail_of(closed.error()));
}

// Changes that are owed to servers are carried on together.
bool is_carried_on_alone(const journal_view& view, wall_seconds now) {
  return view.opened.servers == 0 || (!is_completion(view) && done_at_start(view, now));
}

// Tries the changes that are owed to servers, all at once, where the next try is due. They hold no
// note, so nothing waits for them, and those that stay owed are not worth a line.
void complete_at_start(workspace& space, const std::vector<journal_view>& views,
                       const in_work& is_left_alone, recovery_report& report) {
  std::vector<transfer_id> due;
  for (auto& view : views)
    if (is_completion(view) && !is_left_alone(view) &&
        (view.closed || done_at_start(view, space.now())))
      due.push_back(view.id());
  if (auto err = complete_changes(space, due))
    report.lines.push_back("a change could not be brought to all servers: " + detail_of(err));
}

} // namespace

caf::expected<recovery_report> recover(workspace& space, const in_work& busy) {
  recovery_report report;
  auto views = load_open_journals(space);
  if (!views)
    return views.error();
  order_for_recovery(*views);
  const auto is_left_alone = [&](const journal_view& view) {
    return busy(view) || space.holds->in_hand(view.id());
  };
  for (auto& view : *views)
    if (!is_left_alone(view))
      for (auto& id : held_by(view))
        // A change and the transfer it is for may claim the same note: the change comes first.
        (void)space.holds->take({id}, view.id());
  for (auto& view : *views)
    if (!is_left_alone(view) && is_carried_on_alone(view, space.now()))
      carry_on_at_start(space, *views, view, report);
  complete_at_start(space, *views, is_left_alone, report);
  // These three leave alone what an open journal holds.
  for (auto store : {&space.sender, &space.receiver})
    if (auto err = reclaim_orphans(space, *store, report))
      return err;
  if (auto err = orphans_to_limbo(space, report))
    return err;
  if (auto err = settle_duplicates(space, report))
    return err;
  auto open = open_transfers(space);
  if (!open)
    return open.error();
  report.still_open = std::move(*open);
  return report;
}

caf::expected<open_transfer> settle(workspace& space, const transfer_id& id) {
  const auto views = load_open_journals(space);
  if (!views)
    return views.error();
  for (auto& view : *views) {
    if (view.id() != id)
      continue;
    const auto closed = carry_on(space, *views, view, true);
    if (!closed)
      return closed.error();
    if (*closed) {
      auto out = describe(view);
      out.state = transfer_state::closed;
      out.waits_for.clear();
      const auto over = closed_view(space, id);
      // A change that is owed to servers is over as far as its money goes.
      if (!over && view.kind() == journal_kind::change)
        return out;
      if (!over)
        return over.error();
      if (over->closed)
        out.settled = settlement_of(over->closed->how);
      out.returned = parts_of(*over).back_value;
      return out;
    }
    const auto log = operation_journal::open(space, id);
    if (!log)
      return log.error();
    return describe(log->view());
  }
  return fail(ec::bad_argument, "no open transfer " + to_string(id));
}

caf::expected<std::vector<open_transfer>> open_transfers(workspace& space) {
  const auto views = load_open_journals(space);
  if (!views)
    return views.error();
  std::vector<open_transfer> out;
  for (auto& view : *views)
    if (view.opened.servers != 0 && !view.closed && !is_completion(view))
      out.push_back(describe(view));
  return out;
}

caf::expected<transfer_terms> terms_of(workspace& space, const transfer_id& id) {
  const auto views = load_open_journals(space);
  if (!views)
    return views.error();
  for (auto& view : *views)
    if (view.id() == id && !view.closed &&
        (view.kind() == journal_kind::sender || view.kind() == journal_kind::receiver)) {
      transfer_terms out;
      out.id = id;
      out.side = view.kind() == journal_kind::sender ? role::sender : role::receiver;
      out.invitation = view.opened.invitation;
      return out;
    }
  return fail(ec::bad_argument, "no open transfer " + to_string(id));
}

} // namespace liveconnect::wallet
