#include "wallet/operations/known_secrets.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "wallet/journal/journal.hpp"
#include "wallet/operations/operation_journal.hpp"
#include "wallet/raida/derive.hpp"

namespace liveconnect::wallet {

using raida::find_answer;

namespace {

// Folders whose notes have left for another owner, or for a file.
bool hands_over(folder where) {
  return where == folder::sent || where == folder::withdrawn || where == folder::export_;
}

secret_origin origin_of(folder where) {
  switch (where) {
  case folder::bank:
  case folder::fracked:
  case folder::limbo:
  case folder::suspect:
    return secret_origin::note_file;
  case folder::pending:
    return secret_origin::pending;
  default:
    return secret_origin::other_file;
  }
}

// Whether the two have the same secret at some server.
bool share(const secret_set& x, const secret_set& y) {
  const auto size = std::min(x.ans.size(), y.ans.size());
  for (size_t s = 0; s < size; ++s)
    if (x.ans[s] == y.ans[s])
      return true;
  return false;
}

// What one journal has about one of the notes wanted.
class journal_sets {
public:
  journal_sets(known_sets& to, const journal_view& view, const std::set<note_id>& wanted)
      : to_(to), view_(view), wanted_(wanted) {}

  void add(const std::vector<note>& notes, bool given_away = false) {
    for (auto& x : notes)
      add(x, given_away);
  }

  void add(const note& x, bool given_away = false) {
    if (wanted_.count(x.id) == 0)
      return;
    for (auto some : {&x.pans, &x.ans})
      if (!some->empty())
        to_[x.id].push_back(
            {*some, secret_origin::journal, view_.opened.at, given_away && some == &x.ans});
  }

  // The targets of a healing, and what each Fix of it may have left on its server.
  void add(const heal_record& x) {
    for (auto& target : x.targets) {
      add(target);
      auto fixed = target;
      fixed.pans = target.ans;
      auto any = false;
      for (auto& intent : x.intents)
        if (intent.server < fixed.pans.size() &&
            std::count(intent.notes.begin(), intent.notes.end(), target.id) != 0) {
          fixed.pans[intent.server] =
              raida::fixed_an(static_cast<uint8_t>(intent.server), target.id, intent.pg);
          any = true;
        }
      if (any)
        add(fixed);
    }
  }

private:
  known_sets& to_;
  const journal_view& view_;
  const std::set<note_id>& wanted_;
};

} // namespace

void add_known(known_sets& to, const journal_view& view, const std::set<note_id>& wanted) {
  if (view.scrubbed)
    return;
  journal_sets sets{to, view, wanted};
  for (auto& x : view.graded)
    sets.add(x.second.coin);
  sets.add(view.again);
  for (auto& x : view.heals)
    sets.add(x);
  sets.add(view.refresh);
  sets.add(view.received);
  if (view.change) {
    sets.add(view.change->targets);
    sets.add(view.change->sources);
  }
  sets.add(view.superseded);
  if (view.sending)
    sets.add(view.sending->notes, true);
  else if (view.selected)
    sets.add(view.selected->notes);
}

void add_known(known_sets& to, const note& x, folder where) {
  for (auto some : {&x.pans, &x.ans})
    if (!some->empty())
      to[x.id].push_back({*some, origin_of(where), 0, hands_over(where)});
}

std::vector<secret_set> in_order(std::vector<secret_set> sets) {
  std::vector<secret_set> given;
  std::copy_if(sets.begin(), sets.end(), std::back_inserter(given),
               [](const secret_set& x) { return x.given_away; });
  for (auto& x : sets)
    x.given_away = x.given_away || std::any_of(given.begin(), given.end(),
                                               [&](const secret_set& y) { return share(x, y); });
  std::stable_sort(sets.begin(), sets.end(), [](const secret_set& x, const secret_set& y) {
    return std::make_tuple(x.from, y.since) < std::make_tuple(y.from, x.since);
  });
  std::vector<secret_set> out;
  for (auto& x : sets)
    if (out.size() < known_sets_max &&
        std::none_of(out.begin(), out.end(), [&](const secret_set& y) { return y.ans == x.ans; }))
      out.push_back(std::move(x));
  return out;
}

namespace {

// Adds the notes wanted that lie in the files of one folder, whatever each file holds.
caf::error add_folder(known_sets& to, wallet_store& store, folder where,
                      const std::set<note_id>& wanted, size_t servers) {
  const auto files = store.list_files(where);
  if (!files)
    return files.error();
  const auto count = std::min(files->size(), known_files_max);
  for (size_t i = 0; i < count; ++i) {
    const auto content = store.read(where, (*files)[i]);
    if (!content)
      continue;
    const auto notes = parse_coin_file(view(*content));
    if (!notes)
      continue;
    for (auto& x : *notes)
      if (wanted.count(x.id) != 0 && x.ans.size() == servers)
        add_known(to, x, where);
  }
  return {};
}

// Adds what the journals that are over have.
void add_closed(known_sets& to, workspace& space, const std::vector<transfer_id>& ids,
                const std::set<note_id>& wanted) {
  const auto count = std::min(ids.size(), known_files_max);
  for (size_t i = 0; i < count; ++i) {
    const auto records = read_closed_journal(space.files(), space.user.root(), ids[i]);
    if (!records || records->empty())
      continue;
    const auto view = replay(*records);
    if (view && view->opened.servers == space.servers())
      add_known(to, *view, wanted);
  }
}

// The folders of coin files.
constexpr std::array folders_read{
    folder::bank,        folder::fracked,    folder::limbo,    folder::suspect,   folder::pending,
    folder::grade,       folder::errored,    folder::imported, folder::import_,   folder::trash,
    folder::counterfeit, folder::duplicates, folder::sent,     folder::withdrawn, folder::export_};

} // namespace

caf::expected<known_sets> known_secrets(workspace& space, const std::vector<note_id>& ids) {
  known_sets out;
  if (ids.empty())
    return out;
  const std::set<note_id> wanted{ids.begin(), ids.end()};
  for (auto store : {&space.user, &space.sender, &space.receiver})
    for (auto where : folders_read)
      if (auto err = add_folder(out, *store, where, wanted, space.servers()))
        return err;
  const auto open = load_open_journals(space);
  if (!open)
    return open.error();
  for (auto& view : *open)
    if (view.opened.servers == space.servers())
      add_known(out, view, wanted);
  for (auto list : {&closed_journal_ids, &archived_journal_ids}) {
    const auto over = list(space.files(), space.user.root());
    if (!over)
      return over.error();
    add_closed(out, space, *over, wanted);
  }
  for (auto& x : out)
    x.second = in_order(std::move(x.second));
  return out;
}

namespace {

// Asks about the sets `at` and `at + 1` of each note, at the servers whose answer is open.
class two_sets {
public:
  two_sets(const std::vector<note_id>& ids, const std::vector<std::vector<secret_set>>& sets,
           size_t at)
      : at_(at) {
    for (size_t i = 0; i < ids.size(); ++i) {
      if (sets[i].size() <= at)
        continue;
      note one;
      one.id = ids[i];
      one.ans = sets[i][at].ans;
      if (at + 1 < sets[i].size())
        one.pans = sets[i][at + 1].ans;
      notes_.push_back(std::move(one));
      which_.push_back(i);
    }
  }

  bool empty() const { return notes_.empty(); }

  // `silent`: where some set could not be asked about.
  void ask(workspace& space, std::vector<held_row>& rows,
           std::vector<std::vector<bool>>& silent) const {
    raida::server_choice where;
    for (auto i : which_) {
      std::vector<bool> open(rows[i].size());
      for (size_t s = 0; s < open.size(); ++s)
        open[s] = rows[i][s] == held_none;
      where.push_back(std::move(open));
    }
    const auto found = raida::find_at(*space.port, notes_, where, space.rules.times);
    for (size_t k = 0; k < which_.size() && k < found.size(); ++k)
      for (size_t s = 0; s < found[k].size() && s < where[k].size(); ++s)
        if (where[k][s])
          take(found[k][s], rows[which_[k]][s], silent[which_[k]], s);
  }

private:
  void take(find_answer told, size_t& held, std::vector<bool>& silent, size_t server) const {
    switch (told) {
    case find_answer::an:
      held = at_;
      break;
    case find_answer::pan:
      held = at_ + 1;
      break;
    case find_answer::neither:
    case find_answer::no_such_note:
      break;
    case find_answer::not_asked:
    case find_answer::unknown:
      silent[server] = true;
      break;
    }
  }

  size_t at_;
  std::vector<note> notes_;
  std::vector<size_t> which_;
};

} // namespace

std::vector<held_row> ask_which(workspace& space, const std::vector<note_id>& ids,
                                const std::vector<std::vector<secret_set>>& sets,
                                const raida::server_choice& where) {
  std::vector<held_row> rows(ids.size(), held_row(space.servers(), held_none));
  std::vector<std::vector<bool>> silent(ids.size(), std::vector<bool>(space.servers(), false));
  for (size_t i = 0; i < where.size() && i < rows.size(); ++i)
    for (size_t s = 0; s < rows[i].size(); ++s)
      if (s >= where[i].size() || !where[i][s])
        rows[i][s] = held_unknown;
  for (size_t at = 0; at < known_sets_max; at += 2) {
    const two_sets pair{ids, sets, at};
    if (pair.empty())
      break;
    pair.ask(space, rows, silent);
  }
  for (size_t i = 0; i < rows.size(); ++i)
    for (size_t s = 0; s < rows[i].size(); ++s)
      if (rows[i][s] == held_none && (silent[i][s] || sets[i].empty()))
        rows[i][s] = held_unknown;
  return rows;
}

held_counts count_held(const held_row& row, size_t split) {
  held_counts out;
  for (auto x : row) {
    if (x == held_unknown)
      ++out.unknown;
    else if (x == held_none)
      ++out.none;
    else if (x < split)
      ++out.first;
    else
      ++out.second;
  }
  return out;
}

note composed(note_id id, const std::vector<secret_set>& sets, const held_row& row, size_t base) {
  note out;
  out.id = id;
  if (base >= sets.size())
    return out;
  out.ans = sets[base].ans;
  out.pown.assign(out.ans.size(), letter::silent);
  for (size_t s = 0; s < out.ans.size() && s < row.size(); ++s) {
    if (row[s] == held_none) {
      out.pown[s] = letter::failed;
    } else if (row[s] != held_unknown && row[s] < sets.size()) {
      out.ans[s] = sets[row[s]].ans[s];
      out.pown[s] = letter::passed;
    }
  }
  return out;
}

caf::expected<living_secrets> look_for_living(workspace& space, const std::vector<note>& refused) {
  living_secrets out;
  const auto ids = ids_of(refused);
  auto known = known_secrets(space, ids);
  if (!known)
    return known.error();
  std::vector<std::vector<secret_set>> sets;
  for (auto& x : refused) {
    auto own = std::move((*known)[x.id]);
    own.erase(std::remove_if(own.begin(), own.end(),
                             [](const secret_set& one) { return one.given_away; }),
              own.end());
    // Also what lies in no file any more.
    own.insert(own.begin(), {x.ans, secret_origin::note_file, 0, false});
    sets.push_back(std::move(own));
  }
  const auto rows = ask_which(space, ids, sets);
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto counts = count_held(rows[i], sets[i].size());
    if (counts.first >= space.rules.quorum.majority)
      out.living[ids[i]] = composed(ids[i], sets[i], rows[i], 0);
    else if (counts.none >= space.rules.quorum.settled())
      out.dead.insert(ids[i]);
  }
  return out;
}

} // namespace liveconnect::wallet
