#include "wallet/journal/recovery.hpp"

#include <algorithm>

#include "messages/base/mutants.hpp"
#include "wallet/files/wall_time.hpp"

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
    return is_completion(view) ? recovery_task::complete_change : recovery_task::finish_change;
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
  case closing::written_off:
    return settlement::written_off;
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
  case recovery_task::complete_change:
    return is_try_due(*view.owed, now);
  default:
    return true;
  }
}

namespace {

std::string count_of(const std::vector<uint8_t>& servers) {
  return std::to_string(servers.size()) + (servers.size() == 1 ? " server" : " servers");
}

std::string what_change_waits_for(const journal_view& view, const char* from_them) {
  // Killed before its first try ended.
  if (!view.owed)
    return "enough servers, to learn what became of a change";
  return count_of(view.owed->servers) + from_them + "tried again from " +
         to_display(wall_time{tried_again_at(*view.owed) * 1000}) + " UTC on";
}

} // namespace

// branches: one case a task
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
    return "the sender's coins; an hour after its offer it is closed without them";
  case recovery_task::ask_servers:
    if (!view.looks.empty())
      return "servers that agree on who owns the notes; 'liveconnect cancel' writes off what stays "
             "undecided";
    if (!view.receipt.empty())
      return "the servers' word on the notes that the receiver says it did not get";
    return "the receiver's receipt, or the servers' word on who owns the notes";
  case recovery_task::finish_refresh:
    return "enough servers, to take the notes back";
  case recovery_task::finish_pown:
    return "enough servers, to make the notes ours";
  case recovery_task::await_confirmation:
    return "the sender's confirmation of the receipt; the notes are in the wallet, and after 30 "
           "days it is closed without";
  case recovery_task::finish_change:
    return what_change_waits_for(view, " to make change, or to say what became of it; ");
  case recovery_task::complete_change:
    return what_change_waits_for(view,
                                 " that a change has not reached; its notes are in the wallet; ");
  }
  return {};
}

uint32_t pause_after(uint32_t tries) {
  constexpr uint32_t first = 60;
  constexpr uint32_t longest = 3600;
  const auto doublings = std::min(tries > 0 ? tries - 1 : 0, 6u);
  return std::min(first << doublings, longest);
}

wall_seconds tried_again_at(const owed_record& x) {
  return x.at + pause_after(x.tries);
}

bool is_try_due(const owed_record& x, wall_seconds now) {
  return now < x.at || now >= tried_again_at(x);
}

void order_for_recovery(std::vector<journal_view>& views) {
  std::stable_partition(views.begin(), views.end(), [](const journal_view& x) {
    return x.kind() == journal_kind::change || x.kind() == journal_kind::heal;
  });
}

namespace {

char look_letter(find_answer x) {
  switch (x) {
  case find_answer::an:
    return 'a';
  case find_answer::pan:
    return 'p';
  case find_answer::neither:
  case find_answer::no_such_note:
    return 'x';
  case find_answer::unknown:
  case find_answer::not_asked:
    return 'u';
  }
  return 'u';
}

size_t count_of(const std::string& letters, char x) {
  return static_cast<size_t>(std::count(letters.begin(), letters.end(), x));
}

// is_lost_claim(), by the letters of a look.
bool is_lost_look(const std::string& letters, const raida::quorum_rules& rules) {
  return letters.size() == rules.servers && count_of(letters, 'u') == 0 &&
         count_of(letters, 'a') == 0 && count_of(letters, 'p') < rules.majority;
}

// Whether 13 servers cannot hold the AN of a note that nobody here has powned.
bool is_taken_look(const std::string& letters, const raida::quorum_rules& rules) {
  return letters.size() == rules.servers && count_of(letters, 'u') == 0 &&
         count_of(letters, 'a') < rules.majority;
}

} // namespace

std::string letters_of(const found_row& row) {
  std::string out;
  for (auto x : row)
    out += look_letter(x);
  return out;
}

std::string merged_look(const earlier_look* before, const found_row& now) {
  auto out = letters_of(now);
  if (before == nullptr || before->found.size() != out.size())
    return out;
  for (size_t i = 0; i < out.size(); ++i)
    if (out[i] == 'u')
      out[i] = before->found[i];
  return out;
}

bool is_second_look(const earlier_look& before, uint64_t up_ms) {
  return up_ms < before.up_ms || up_ms - before.up_ms >= uint64_t{second_look_seconds} * 1000;
}

sent_outcome conclude_sent(const note& sent, const found_row& row, patience how,
                           const raida::quorum_rules& rules) {
  const auto verdict = raida::conclude_an(raida::count_answers(row), rules);
  if (verdict == note_verdict::counterfeit)
    return sent_outcome::gone;
  if (verdict == note_verdict::limbo)
    return how == patience::exhausted && row.size() == rules.servers &&
                   raida::count_answers(row).an >= rules.majority
               ? sent_outcome::take_back
               : sent_outcome::pending;
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
  if (gone_by < uint64_t{view.sending->announced.lease_seconds} * 1000 &&
      !LC_MUTANT(lease_is_not_kept))
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
      // The giver knows the AN, and may bring the server back to it, with a change that it still
      // owes: such a server must not pass the note as ours.
      if (i < coin.pans.size())
        out.ans[i] = coin.pans[i];
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

bool is_lost_claim(const found_row& found, const raida::quorum_rules& rules) {
  return is_lost_look(letters_of(found), rules);
}

bool is_first_loss(const found_row& found, const earlier_look* before,
                   const raida::quorum_rules& rules) {
  return is_lost_claim(found, rules) && (before == nullptr || !is_lost_look(before->found, rules));
}

std::optional<graded_note> grade_lost(const note& coin, const found_row& found,
                                      const earlier_look* before, uint64_t up_ms,
                                      const raida::quorum_rules& rules) {
  if (!is_lost_claim(found, rules) || before == nullptr || !is_lost_look(before->found, rules) ||
      !is_second_look(*before, up_ms))
    return std::nullopt;
  graded_note out;
  out.verdict = note_verdict::counterfeit;
  out.coin = with_found(coin, found);
  out.coin.ans = coin.ans;
  out.coin.pans = coin.pans;
  return out;
}

free_outcome conclude_free(const found_row& row, bool patient, const earlier_look* before,
                           uint64_t up_ms, const raida::quorum_rules& rules) {
  const auto counts = raida::count_answers(row);
  const auto verdict = raida::conclude_an(counts, rules);
  if (verdict == note_verdict::counterfeit)
    return free_outcome::lost;
  if (verdict != note_verdict::limbo)
    return free_outcome::free;
  if (row.size() != rules.servers)
    return free_outcome::pending;
  if (counts.an >= rules.majority)
    return patient ? free_outcome::free : free_outcome::pending;
  if (!is_taken_look(letters_of(row), rules))
    return free_outcome::pending;
  if (before == nullptr || !is_taken_look(before->found, rules))
    return free_outcome::lost_once;
  return is_second_look(*before, up_ms) ? free_outcome::lost : free_outcome::pending;
}

bool is_patience_over(const journal_view& view, wall_seconds now) {
  return view.offered &&
         has_passed(view.opened.at, now, std::max(view.offered->lease_seconds, dispute_seconds));
}

write_off conclude_write_off(const found_row& row, const earlier_look* before, patience how,
                             uint64_t up_ms, wall_seconds now, const raida::quorum_rules& rules) {
  if (how != patience::exhausted)
    return write_off::too_early;
  if (before == nullptr || row.size() != rules.servers)
    return write_off::asked_once;
  const auto counts = raida::count_answers(row);
  const auto holds_majority = counts.an + counts.pan >= rules.majority;
  const auto all = merged_look(before, row);
  const auto could_be_ours = count_of(all, 'a') + count_of(all, 'p') + count_of(all, 'u');
  if (could_be_ours < rules.majority)
    return is_second_look(*before, up_ms) ? write_off::allowed : write_off::asked_once;
  if (has_passed(before->at, now, silence_seconds))
    return write_off::allowed;
  return holds_majority ? write_off::ours : write_off::may_return;
}

change_answers no_answers(const change_record& change, size_t servers) {
  const found_row nothing(servers, find_answer::unknown);
  return {std::vector<found_row>(change.targets.size(), nothing),
          std::vector<found_row>(change.sources.size(), nothing), std::vector<bool>(servers),
          std::vector<bool>(servers)};
}

namespace {

bool is_no(find_answer x) {
  return x == find_answer::pan || x == find_answer::neither || x == find_answer::no_such_note;
}

// How many notes of `rows` the server holds, and how many it does not.
struct held_counts {
  size_t yes = 0;
  size_t no = 0;
};

held_counts held_at(const std::vector<found_row>& rows, size_t server) {
  held_counts out;
  for (auto& row : rows) {
    const auto answer = server < row.size() ? row[server] : find_answer::not_asked;
    out.yes += answer == find_answer::an ? 1 : 0;
    out.no += is_no(answer) ? 1 : 0;
  }
  return out;
}

// The servers of a change, by where they stand.
struct change_counts {
  size_t refused = 0;
  /// Open to the change, and not known to be against it.
  size_t open = 0;
  size_t unknown = 0;
  /// Hold the sources, and said no for now, or for good.
  size_t declined = 0;
  size_t taken = 0;
  /// Servers that hold any target.
  size_t reached = 0;
  /// The fewest servers that hold a target.
  size_t least_done = 0;

  size_t against() const { return declined + taken; }
};

change_counts count_reach(const change_answers& x, const raida::quorum_rules& rules) {
  change_counts out;
  out.least_done = x.targets.empty() ? 0 : rules.servers;
  for (auto& row : x.targets)
    out.least_done = std::min(out.least_done, raida::count_answers(row).an);
  for (size_t s = 0; s < rules.servers; ++s) {
    out.reached += held_at(x.targets, s).yes > 0 ? 1 : 0;
    switch (reach_of(x, s)) {
    case change_reach::done:
      break;
    case change_reach::open:
      ++(x.taken[s] ? out.taken : x.declined[s] ? out.declined : out.open);
      break;
    case change_reach::refused:
      ++out.refused;
      break;
    case change_reach::unknown:
      ++out.unknown;
      break;
    }
  }
  return out;
}

} // namespace

change_reach reach_of(const change_answers& x, size_t server) {
  const auto targets = held_at(x.targets, server);
  if (targets.yes == x.targets.size())
    return change_reach::done;
  if (targets.yes + targets.no < x.targets.size())
    return change_reach::unknown;
  const auto sources = held_at(x.sources, server);
  if (sources.no > 0)
    return change_reach::refused;
  return sources.yes == x.sources.size() ? change_reach::open : change_reach::unknown;
}

std::vector<uint8_t> owed_servers(const change_answers& x) {
  std::vector<uint8_t> out;
  for (size_t s = 0; s < x.taken.size(); ++s) {
    const auto reach = reach_of(x, s);
    const auto is_final = reach == change_reach::done || reach == change_reach::refused;
    if (!is_final && !x.taken[s])
      out.push_back(static_cast<uint8_t>(s));
  }
  return out;
}

change_outcome conclude_change(change_kind kind, const change_answers& x, bool last_word,
                               const raida::quorum_rules& rules) {
  const auto n = count_reach(x, rules);
  if (n.least_done >= rules.settled())
    return change_outcome::done;
  if (n.against() + (LC_MUTANT(change_given_up_while_open) ? n.open : 0) >= rules.settled())
    return change_outcome::abandoned;
  // Of ten notes to be joined one may be another's: each source is judged by itself then.
  if (n.refused >= rules.settled() && !LC_MUTANT(change_never_lost))
    return kind == change_kind::break_note ? change_outcome::lost : change_outcome::abandoned;
  if (n.open > 0 || n.unknown > 0)
    return change_outcome::pending;
  if (n.reached == 0)
    return change_outcome::abandoned;
  if (n.declined > 0 && !last_word)
    return change_outcome::pending;
  if (n.least_done >= rules.majority)
    return change_outcome::done;
  return n.against() >= rules.majority ? change_outcome::abandoned : change_outcome::split;
}

bool is_source_lost(const change_answers& x, size_t source, const raida::quorum_rules& rules) {
  size_t gone = 0;
  for (size_t s = 0; source < x.sources.size() && s < rules.servers; ++s)
    gone += reach_of(x, s) != change_reach::done && is_no(x.sources[source][s]) ? 1 : 0;
  return gone >= rules.settled();
}

} // namespace liveconnect::wallet
