#include "wallet/operations/scrub.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <sodium.h>

#include "messages/base/error.hpp"
#include "wallet/journal/journal.hpp"
#include "wallet/journal/recovery.hpp"
#include "wallet/operations/complete_change.hpp"

namespace liveconnect::wallet {

namespace {

bool is_authentic(const journal_view& view, note_id id) {
  const auto graded = view.graded.find(id);
  return graded != view.graded.end() && graded->second.verdict == note_verdict::authentic;
}

bool all_authentic(const journal_view& view, const std::vector<note>& notes) {
  return std::all_of(notes.begin(), notes.end(),
                     [&](const note& x) { return is_authentic(view, x.id); });
}

// All servers said of every note sent that they hold another secret.
bool no_server_holds_sent(const journal_view& view) {
  std::set<note_id> gone;
  if (view.evidence)
    for (auto& x : view.evidence->lines)
      if (x.found == std::string(view.opened.servers, 'x'))
        gone.insert(x.id);
  return std::all_of(view.sending->notes.begin(), view.sending->notes.end(),
                     [&](const note& x) { return gone.count(x.id) != 0; });
}

// The notes to ask about: no server may hold their old secrets any more. Empty where asking could
// prove nothing: what was received, made or taken back must be authentic by the records first.
std::vector<note> to_ask(const journal_view& view) {
  switch (view.kind()) {
  case journal_kind::sender:
    // What was given up may still be proven, by its secrets alone.
    if (view.sending && !view.written_off && all_authentic(view, view.refresh))
      return view.sending->notes;
    break;
  case journal_kind::receiver:
  case journal_kind::import:
    if (all_authentic(view, view.received)) {
      auto out = view.received;
      // Their second set is the one that the servers should hold now.
      for (auto& x : out)
        x.pans.clear();
      return out;
    }
    break;
  case journal_kind::change:
    if (view.change && all_authentic(view, view.change->targets))
      return view.change->sources;
    break;
  case journal_kind::heal:
  case journal_kind::export_file:
    break;
  }
  return {};
}

// A change whose notes are filed. A server that falls back holds its sources again and lacks the
// targets, and only the change itself can make them there.
bool is_repeatable(const journal_view& view, wall_seconds now) {
  return view.kind() == journal_kind::change && view.change && view.closed && !view.scrubbed &&
         view.closed->how == closing::done &&
         !has_passed(view.closed->at, now, completion_life_seconds);
}

// The notes that a start asks about.
std::vector<note> questions_of(const journal_view& view, wall_seconds now) {
  auto out = to_ask(view);
  if (out.empty() && is_repeatable(view, now))
    out = view.change->sources;
  return out;
}

// A server that holds the note's own second set may hold a secret that stands only here.
bool is_gone_everywhere(const note& asked, const found_row& row, const raida::quorum_rules& rules) {
  const auto counts = raida::count_answers(row);
  const auto ours = counts.an + (asked.pans.empty() ? 0 : counts.pan);
  return ours == 0 && counts.neither + counts.pan >= rules.settled();
}

struct closed_journal {
  transfer_id id;
  std::vector<journal_record> records;
  journal_view view;
};

caf::error scrub(workspace& space, const closed_journal& x) {
  const auto kept = scrubbed(x.records, space.now());
  if (!kept)
    return kept.error();
  // What could not be read back must not be written.
  if (auto view = replay(*kept); !view)
    return view.error();
  return scrub_closed_journal(space.files(), space.user.root(), x.id, *kept);
}

// What the servers said about the notes of one journal.
struct told {
  std::vector<note> asked;
  std::vector<found_row> rows;

  // No server that answers, 13+f or more, holds an old secret.
  bool all_gone(const raida::quorum_rules& rules) const {
    for (size_t i = 0; i < asked.size(); ++i)
      if (!is_gone_everywhere(asked[i], rows[i], rules))
        return false;
    return true;
  }

  // Some server holds the old secret of every note.
  std::vector<bool> holding(size_t servers) const {
    std::vector<bool> out(servers, !rows.empty());
    for (auto& row : rows)
      for (size_t s = 0; s < servers; ++s)
        out[s] = out[s] && s < row.size() && row[s] == raida::find_answer::an;
    return out;
  }
};

bool any_of(const std::vector<bool>& x) {
  return std::find(x.begin(), x.end(), true) != x.end();
}

// Draws what follows from the servers' word on one journal: PROVEN, or the scrubbing that was due,
// or that a proof holds no more. Answers whether it was scrubbed.
caf::expected<bool> conclude(workspace& space, closed_journal& x, const told& what) {
  const auto rewrite = [&] {
    return scrub_closed_journal(space.files(), space.user.root(), x.id, x.records);
  };
  if (what.all_gone(space.rules.quorum)) {
    if (to_ask(x.view).empty())
      return false;
    if (proven_since(x.view)) {
      if (auto err = scrub(space, x))
        return err;
      return true;
    }
    x.records.insert(x.records.end() - 1, encode_moment(record_type::proven, space.now()));
    if (auto err = rewrite())
      return err;
    return false;
  }
  if (!x.view.proven || !any_of(what.holding(space.servers())))
    return false;
  // A server has fallen back since: the day begins anew with the next proof.
  x.records.erase(std::remove_if(x.records.begin(), x.records.end(),
                                 [](const journal_record& y) {
                                   return y.type == static_cast<uint16_t>(record_type::proven);
                                 }),
                  x.records.end());
  if (auto err = rewrite())
    return err;
  return false;
}

// Asks the servers about the notes of all these journals at once, and does what follows. Answers
// how many were scrubbed.
caf::expected<size_t> ask(workspace& space, std::vector<closed_journal>& journals) {
  std::vector<told> said;
  std::vector<note> notes;
  for (auto& x : journals) {
    said.push_back({questions_of(x.view, space.now()), {}});
    notes.insert(notes.end(), said.back().asked.begin(), said.back().asked.end());
  }
  const auto rows = raida::find(*space.port, notes, space.rules.times);
  if (rows.size() != notes.size())
    return size_t{0};
  auto next = rows.begin();
  for (auto& x : said) {
    const auto end = next + static_cast<std::ptrdiff_t>(x.asked.size());
    x.rows.assign(next, end);
    next = end;
  }
  size_t scrubbed = 0;
  std::vector<change_record> changes;
  std::vector<std::vector<bool>> where;
  for (size_t i = 0; i < journals.size(); ++i) {
    const auto done = conclude(space, journals[i], said[i]);
    if (!done)
      return done.error();
    scrubbed += *done ? 1 : 0;
    if (!is_repeatable(journals[i].view, space.now()) || *done)
      continue;
    auto holding = said[i].holding(space.servers());
    // Those that gave the serials to others said no for good.
    if (const auto& owed = journals[i].view.owed)
      for (auto server : owed->taken)
        if (server < holding.size())
          holding[server] = false;
    if (!any_of(holding))
      continue;
    where.push_back(std::move(holding));
    changes.push_back(*journals[i].view.change);
  }
  repeat_changes(space, changes, where);
  return scrubbed;
}

} // namespace

std::optional<wall_seconds> proven_since(const journal_view& view) {
  if (!view.closed || view.scrubbed)
    return std::nullopt;
  if (view.proven)
    return view.proven;
  auto proven = false;
  switch (view.kind()) {
  case journal_kind::sender:
    // What was never sent is as it was: in files of its own.
    proven = view.sending ? no_server_holds_sent(view) : view.closed->how == closing::given_back;
    break;
  case journal_kind::receiver:
  case journal_kind::import:
    // The servers' word at the Pown is not enough: they are asked again (I3).
    proven = view.received.empty();
    break;
  case journal_kind::change:
    proven = !view.change && view.heals.empty();
    break;
  case journal_kind::heal:
    // What it came to stands in the notes' files; what was there before stands here alone, and a
    // server that falls back to it needs it.
    proven = view.heals.empty() && view.again.empty() && view.superseded.empty();
    break;
  case journal_kind::export_file:
    // The file's new owner may not have powned its notes yet.
    proven = !view.sending;
    break;
  }
  return proven ? std::optional<wall_seconds>{view.closed->at} : std::nullopt;
}

caf::expected<std::vector<journal_record>> scrubbed(const std::vector<journal_record>& records,
                                                    wall_seconds now) {
  std::vector<journal_record> out;
  for (auto& x : records) {
    auto kept = without_secrets(x);
    if (!kept)
      return kept.error();
    out.push_back(std::move(*kept));
    if (out.size() == 1)
      out.push_back(encode_moment(record_type::scrubbed, now));
  }
  return out;
}

namespace {

// One start's walk over the closed journals.
class scrub_walk {
public:
  explicit scrub_walk(workspace& space) : space_(space) {}

  void visit(const transfer_id& id) {
    closed_journal x;
    x.id = id;
    auto records = read_closed_journal(space_.files(), space_.user.root(), id);
    if (!records)
      return;
    if (records->empty()) {
      // Killed before its first record.
      note_failure(archive_journal(space_.files(), space_.user.root(), id));
      return;
    }
    auto view = replay(*records);
    if (!view)
      return;
    x.records = std::move(*records);
    x.view = std::move(*view);
    const auto since = proven_since(x.view);
    if (since && !has_passed(*since, space_.now(), scrub_delay_seconds))
      return;
    if (!x.view.scrubbed && x.view.closed && !questions_of(x.view, space_.now()).empty())
      keep_question(std::move(x));
    else
      scrub_or_archive(x, since.has_value());
  }

  // Asks the servers about the questions kept. Answers how many journals were scrubbed, or the
  // first failure of all.
  caf::expected<size_t> end() {
    if (!questions_.empty()) {
      const auto done = ask(space_, questions_);
      if (!done)
        note_failure(done.error());
      else
        scrubbed_ += *done;
    }
    if (failed_)
      return failed_;
    return scrubbed_;
  }

private:
  // Each journal has the same chance: one that is never proven does not keep the others waiting.
  void keep_question(closed_journal x) {
    ++askable_;
    if (questions_.size() < asked_a_start)
      questions_.push_back(std::move(x));
    else if (auto at = randombytes_uniform(askable_); at < asked_a_start)
      questions_[at] = std::move(x);
  }

  void scrub_or_archive(closed_journal& x, bool is_due) {
    if (is_due) {
      auto err = scrub(space_, x);
      if (!err)
        ++scrubbed_;
      note_failure(std::move(err));
      return;
    }
    // Scrubbed, or never to be: by its records it cannot be proven.
    note_failure(archive_journal(space_.files(), space_.user.root(), x.id));
  }

  // A journal that fails does not keep the others from their turn; the first failure is reported.
  void note_failure(caf::error err) {
    if (err && !failed_)
      failed_ = std::move(err);
  }

  workspace& space_;
  size_t scrubbed_ = 0;
  uint32_t askable_ = 0;
  std::vector<closed_journal> questions_;
  caf::error failed_;
};

} // namespace

caf::expected<size_t> scrub_closed(workspace& space) {
  const auto ids = closed_journal_ids(space.files(), space.user.root());
  if (!ids)
    return ids.error();
  scrub_walk walk{space};
  for (auto& id : *ids)
    walk.visit(id);
  return walk.end();
}

} // namespace liveconnect::wallet
