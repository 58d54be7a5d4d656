#include "wallet/journal/recovery.hpp"

#include <algorithm>

namespace liveconnect::wallet {

using raida::find_answer;

namespace {

recovery_task task_of_sender(const journal_view& view) {
  if (!view.sending)
    return recovery_task::give_back;
  if (!all_graded(view))
    return recovery_task::finish_refresh;
  // A receipt settles the notes that it calls the receiver's, and no others.
  return undecided(view).empty() ? recovery_task::finish_sent : recovery_task::ask_servers;
}

// A receiver's or an import's; they differ in what is left once all is settled.
recovery_task task_of_receiver(const journal_view& view, recovery_task settled) {
  if (view.received.empty())
    return recovery_task::drop_offer;
  if (!all_graded(view))
    return recovery_task::finish_pown;
  return all_settled(view) ? settled : recovery_task::settle_notes;
}

} // namespace

recovery_task task_of(const journal_view& view) {
  if (view.closed)
    return recovery_task::file_journal;
  switch (view.kind()) {
  case journal_kind::sender:
    return task_of_sender(view);
  case journal_kind::receiver:
    return task_of_receiver(view, recovery_task::await_confirmation);
  case journal_kind::import:
    return task_of_receiver(view, recovery_task::finish_import);
  case journal_kind::change:
    return recovery_task::finish_change;
  case journal_kind::heal:
    return recovery_task::finish_heal;
  case journal_kind::export_file:
    return view.sending ? recovery_task::finish_export : recovery_task::give_back;
  }
  return recovery_task::await_confirmation;
}

settlement settlement_of(closing how) {
  switch (how) {
  case closing::sent_with_receipt:
  case closing::sent_by_evidence:
  case closing::received:
    return settlement::sent;
  case closing::given_back:
  case closing::taken_back:
  case closing::nothing_received:
  case closing::abandoned:
    return settlement::returned;
  case closing::done:
    return settlement::open;
  }
  return settlement::open;
}

bool done_at_start(const journal_view& view, wall_seconds now) {
  switch (task_of(view)) {
  case recovery_task::ask_servers:
    // What is decided is filed; asking about the rest is the user's or the session's to begin.
    return !to_settle(view).empty();
  case recovery_task::await_confirmation:
    return has_passed(view.opened.at, now, receipt_life_seconds);
  case recovery_task::drop_offer:
    // An id that is closed cannot be offered again, and a sender may just be reconnecting. An
    // import has none: it was killed before it had kept anything.
    return view.kind() == journal_kind::import ||
           has_passed(view.opened.at, now, offer_life_seconds);
  default:
    return true;
  }
}

std::string waits_for(const journal_view& view) {
  switch (task_of(view)) {
  case recovery_task::file_journal:
  case recovery_task::give_back:
  case recovery_task::finish_sent:
  case recovery_task::settle_notes:
  case recovery_task::finish_import:
  case recovery_task::finish_export:
  case recovery_task::finish_heal:
    return "nothing but the disk";
  case recovery_task::drop_offer:
    return "the sender's coins";
  case recovery_task::ask_servers:
    return "the receiver's receipt, or the servers' word on who owns the notes";
  case recovery_task::finish_refresh:
    return "enough servers, to take the notes back";
  case recovery_task::finish_pown:
    return "enough servers, to make the notes ours";
  case recovery_task::await_confirmation:
    return "the sender's confirmation of the receipt; the notes are in the wallet";
  case recovery_task::finish_change:
    return "enough servers, to learn what became of a change";
  }
  return {};
}

void order_for_recovery(std::vector<journal_view>& views) {
  std::stable_partition(views.begin(), views.end(), [](const journal_view& x) {
    return x.kind() == journal_kind::change || x.kind() == journal_kind::heal;
  });
}

sent_outcome conclude_sent(const note& sent, const found_row& row, patience how,
                           const raida::quorum_rules& rules) {
  const auto verdict = raida::conclude_an(raida::count_answers(row), rules);
  if (verdict == note_verdict::counterfeit)
    return sent_outcome::gone;
  if (verdict == note_verdict::limbo)
    return sent_outcome::pending;
  auto disputed = false;
  for (size_t i = 0; i < row.size(); ++i) {
    const auto yes_or_silent = row[i] == find_answer::an || row[i] == find_answer::unknown ||
                               row[i] == find_answer::not_asked;
    const auto refused_before = i < sent.pown.size() && sent.pown[i] == letter::failed;
    disputed = disputed || !(yes_or_silent || refused_before);
  }
  return how >= (disputed ? patience::exhausted : patience::promise_kept) ? sent_outcome::take_back
                                                                          : sent_outcome::pending;
}

patience patience_of(const journal_view& view, uint64_t up_ms) {
  if (!view.sending || !view.lease_from || up_ms < *view.lease_from)
    return patience::leased;
  const auto gone_by = up_ms - *view.lease_from;
  if (gone_by < uint64_t{view.sending->announced.lease_seconds} * 1000)
    return patience::leased;
  return gone_by < uint64_t{dispute_seconds} * 1000 ? patience::promise_kept : patience::exhausted;
}

found_row for_sent(const note& sent, found_row found) {
  if (!sent.pans.empty())
    std::replace(found.begin(), found.end(), find_answer::pan, find_answer::unknown);
  return found;
}

bool asks_before_pown(const journal_view& view, wall_seconds now) {
  return view.offered &&
         (now < view.opened.at || has_passed(view.opened.at, now, view.offered->lease_seconds));
}

bool has_passed(wall_seconds from, wall_seconds now, uint32_t seconds) {
  return now >= from && now - from >= seconds;
}

bool counts_lease_anew(const journal_view& view, uint64_t up_ms) {
  return view.sending && !view.closed && (!view.lease_from || up_ms < *view.lease_from);
}

note with_found(const note& coin, const found_row& found) {
  note out = coin;
  out.pown.assign(coin.ans.size(), letter::untried);
  auto open = false;
  for (size_t i = 0; i < out.ans.size(); ++i) {
    const auto answer = i < found.size() ? found[i] : find_answer::not_asked;
    switch (answer) {
    case find_answer::pan:
      if (i < coin.pans.size())
        out.ans[i] = coin.pans[i];
      out.pown[i] = letter::passed;
      break;
    case find_answer::neither:
    case find_answer::no_such_note:
      out.pown[i] = letter::failed;
      break;
    case find_answer::an:
      // The Pown may still be under way to this server.
      out.pown[i] = letter::untried;
      open = true;
      break;
    case find_answer::not_asked:
    case find_answer::unknown:
      out.pown[i] = letter::silent;
      open = true;
      break;
    }
  }
  if (!open)
    out.pans.clear();
  return out;
}

std::optional<graded_note> grade_claimed(const note& coin, const found_row& found,
                                         const raida::quorum_rules& rules) {
  graded_note out;
  out.verdict = raida::conclude_claim(raida::count_answers(found), rules);
  if (out.verdict == note_verdict::limbo)
    return std::nullopt;
  out.coin = with_found(coin, found);
  if (out.verdict == note_verdict::counterfeit) {
    // Both sets stay: the verdict may be asked again (docs/design/safety.md 5.4).
    out.coin.ans = coin.ans;
    out.coin.pans = coin.pans;
  }
  return out;
}

change_outcome conclude_change(change_kind kind, const std::vector<found_row>& targets,
                               size_t source_passes, const raida::quorum_rules& rules) {
  auto least_yes = rules.servers;
  auto least_no = rules.servers;
  for (auto& row : targets) {
    const auto counts = raida::count_answers(row);
    // The target's AN was asked as AN: a server that holds it says so.
    least_yes = std::min(least_yes, counts.an);
    least_no = std::min(least_no, counts.neither + counts.pan);
  }
  if (targets.empty())
    return change_outcome::pending;
  if (least_yes >= rules.settled())
    return change_outcome::done;
  if (least_yes >= rules.majority)
    return change_outcome::heal_first;
  if (least_no >= rules.settled() &&
      (kind == change_kind::join_notes || source_passes >= rules.settled()))
    return change_outcome::abandoned;
  return change_outcome::pending;
}

} // namespace liveconnect::wallet
