#include "wallet/operations/import_notes.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "messages/base/error.hpp"
#include "messages/base/mutants.hpp"
#include "messages/base/printable.hpp"
#include "wallet/files/coin_name.hpp"
#include "wallet/journal/recovery.hpp"
#include "wallet/operations/heal_notes.hpp"
#include "wallet/operations/known_secrets.hpp"
#include "wallet/operations/older_copies.hpp"
#include "wallet/operations/pown_again.hpp"
#include "wallet/operations/take_ownership.hpp"

namespace liveconnect::wallet {

namespace {

using sets = std::vector<secret_set>;

// One note of an import: every set of secrets that came for it, and those of its copies in the
// user's wallet.
struct incoming {
  std::string file;
  sets came;
  sets mine;
};

// The notes of an import, in the order in which they came.
struct incoming_notes {
  std::vector<note_id> order;
  std::map<note_id, incoming> by_id;
};

bool has_set(const sets& among, const std::vector<authenticity_number>& ans) {
  return std::any_of(among.begin(), among.end(), [&](const secret_set& x) { return x.ans == ans; });
}

// Reads the files; a report line says what is left out and why.
incoming_notes read_items(const std::vector<import_item>& items, operation_report& report) {
  incoming_notes out;
  for (auto& item : items) {
    const auto file = parse_coin_file(view(item.content));
    if (!file) {
      ++report.refused;
      report.lines.push_back(printable(item.name) + ": " + detail_of(file.error()));
      continue;
    }
    for (auto& x : *file) {
      if (!is_denomination(x.id.denomination) || x.id.serial > serial_max) {
        report.lines.push_back(printable(item.name) + ": a note that cannot exist");
        continue;
      }
      auto& one = out.by_id[x.id];
      if (one.came.empty()) {
        out.order.push_back(x.id);
        one.file = printable(item.name);
      }
      if (one.came.size() < known_sets_max && !has_set(one.came, x.ans))
        one.came.push_back({x.ans, secret_origin::other_file, 0, false});
    }
  }
  return out;
}

// Adds the copies that lie in the user's wallet.
caf::error add_mine(workspace& space, incoming_notes& notes) {
  const auto mine =
      space.user.find(notes.order, {folder::bank, folder::fracked, folder::limbo, folder::suspect});
  if (!mine)
    return mine.error();
  for (auto& x : *mine)
    for (auto some : {&x.value.pans, &x.value.ans})
      if (!some->empty() && !has_set(notes.by_id[x.value.id].mine, *some))
        notes.by_id[x.value.id].mine.push_back({*some, secret_origin::note_file, 0, false});
  return {};
}

void drop(incoming_notes& from, const std::set<note_id>& which) {
  from.order.erase(std::remove_if(from.order.begin(), from.order.end(),
                                  [&](note_id id) { return which.count(id) != 0; }),
                   from.order.end());
}

void say(operation_report& report, const incoming& one, note_id id, const char* what) {
  report.lines.push_back(one.file + ": " + to_string(id) + " " + what);
}

// Leaves out what the wallet has with the same numbers, and what an open operation holds.
caf::error leave_out_known(workspace& space, incoming_notes& notes, operation_report& report) {
  auto held = space.holds->all();
  for (auto store : {&space.sender, &space.receiver}) {
    const auto listing = store->list({folder::bank, folder::fracked, folder::suspect});
    if (!listing)
      return listing.error();
    for (auto& x : listing->notes)
      held.insert(x.value.id);
  }
  std::vector<note_id> busy;
  for (auto& id : notes.order)
    if (held.count(id) != 0)
      busy.push_back(id);
  const auto known = known_secrets(space, busy);
  if (!known)
    return known.error();
  std::set<note_id> out;
  for (auto& id : notes.order) {
    auto& one = notes.by_id[id];
    const auto is_busy = held.count(id) != 0;
    const auto elsewhere = known->find(id);
    const auto same = std::all_of(one.came.begin(), one.came.end(), [&](const secret_set& x) {
      return is_busy ? elsewhere != known->end() && has_set(elsewhere->second, x.ans)
                     : has_set(one.mine, x.ans) ||
                           (LC_MUTANT(import_compares_names) && !one.mine.empty());
    });
    if (same) {
      say(report, one, id, "is in the wallet already");
      out.insert(id);
    } else if (is_busy) {
      ++report.refused;
      say(report, one, id,
          "is part of an open transfer with other numbers; import the file again when that is "
          "over");
      out.insert(id);
    }
  }
  drop(notes, out);
  return {};
}

// What is to become of a note that came.
enum class import_fate : uint8_t {
  // It goes into a journal of its own: to be made ours, to wait for servers, or to be condemned.
  take,
  // The wallet's copy is the living one.
  mine_lives,
  // Neither lives.
  all_refused,
  // The servers do not tell which copy lives.
  kept_apart,
};

// Decides by how many servers hold a set of the wallet's copies and how many one of those that
// came.
import_fate decide(bool has_mine, const held_counts& x, const raida::quorum_rules& rules) {
  if (!has_mine || x.second >= rules.settled())
    return import_fate::take;
  if (x.first >= rules.settled())
    return import_fate::mine_lives;
  return x.none >= rules.settled() ? import_fate::all_refused : import_fate::kept_apart;
}

// Asks the servers about every set, and answers the notes to take in, each with the secrets that
// the servers hold.
class import_judge {
public:
  import_judge(workspace& space, operation_report& report) : space_(space), report_(report) {}

  caf::expected<std::vector<note>> judge(const incoming_notes& notes) {
    std::vector<sets> asked;
    for (auto& id : notes.order) {
      auto& one = notes.by_id.at(id);
      asked.push_back(one.mine);
      asked.back().insert(asked.back().end(), one.came.begin(), one.came.end());
    }
    auto rows = ask_which(space_, notes.order, asked);
    ask_again_where_refused(notes.order, asked, rows);
    std::vector<note> out;
    for (size_t i = 0; i < notes.order.size(); ++i)
      take_or_say(notes.by_id.at(notes.order[i]), notes.order[i], asked[i], rows[i], out);
    if (auto err = look_on_this_disk(out))
      return err;
    for (auto& x : out)
      x.pown.clear();
    return out;
  }

private:
  // One refusal is no verdict (I7).
  void ask_again_where_refused(const std::vector<note_id>& ids, const std::vector<sets>& asked,
                               std::vector<held_row>& rows) {
    std::vector<note_id> doubted;
    std::vector<sets> theirs;
    std::vector<size_t> which;
    for (size_t i = 0; i < rows.size(); ++i)
      if (count_held(rows[i], 0).none >= space_.rules.quorum.settled()) {
        doubted.push_back(ids[i]);
        theirs.push_back(asked[i]);
        which.push_back(i);
      }
    const auto again = ask_which(space_, doubted, theirs);
    for (size_t k = 0; k < which.size(); ++k)
      rows[which[k]] = again[k];
  }

  void take_or_say(const incoming& one, note_id id, const sets& asked, const held_row& row,
                   std::vector<note>& out) {
    const auto split = one.mine.size();
    switch (decide(split > 0, count_held(row, split), space_.rules.quorum)) {
    case import_fate::take:
      out.push_back(composed(id, asked, row, best_of(row, split)));
      break;
    case import_fate::mine_lives:
      say(report_, one, id, "is in the wallet already, and not with older numbers");
      break;
    case import_fate::all_refused:
      ++report_.notes;
      ++report_.counterfeit;
      (void)report_.counterfeit_value.add(denomination_value(id.denomination));
      say(report_, one, id, "is refused by the servers, and so is the copy in the wallet");
      break;
    case import_fate::kept_apart:
      ++report_.notes;
      ++report_.limbo;
      (void)report_.limbo_value.add(denomination_value(id.denomination));
      say(report_, one, id,
          "is in the wallet with other numbers, and too few servers tell which are good; both are "
          "kept: import the file again later");
      break;
    }
  }

  // The set that came, from `split` on, which most servers hold.
  static size_t best_of(const held_row& row, size_t split) {
    std::map<size_t, size_t> counts;
    for (auto x : row)
      if (x != held_none && x != held_unknown && x >= split)
        ++counts[x];
    auto best = split;
    for (auto& x : counts)
      if (x.second > counts[best])
        best = x.first;
    return best;
  }

  // Of notes that 13+f servers refuse as they came, takes the living secrets that lie on this disk.
  caf::error look_on_this_disk(std::vector<note>& notes) {
    std::vector<note> dead;
    for (auto& x : notes)
      if (count_letters(x.pown).failed >= space_.rules.quorum.settled())
        dead.push_back(x);
    const auto told = look_for_living(space_, dead);
    if (!told)
      return told.error();
    for (auto& x : notes)
      if (const auto found = told->living.find(x.id); found != told->living.end())
        x = found->second;
    return {};
  }

  workspace& space_;
  operation_report& report_;
};

// Adds what became of one import's notes to the report of all.
template<class Report>
void add_verdicts(operation_report& out, const Report& x) {
  out.notes += x.authentic + x.fracked + x.counterfeit + x.limbo;
  out.authentic += x.authentic;
  out.fracked += x.fracked;
  out.counterfeit += x.counterfeit;
  out.limbo += x.limbo;
  (void)out.value.add(x.value);
  (void)out.counterfeit_value.add(x.counterfeit_value);
  (void)out.limbo_value.add(x.limbo_value);
  out.fewest_passes = x.fewest_passes;
}

} // namespace

std::vector<import_item> read_import_files(workspace& space, const std::vector<std::string>& paths,
                                           operation_report& report) {
  std::vector<import_item> out;
  for (auto& x : paths) {
    std::filesystem::path path{x};
    const auto name = path.filename().string();
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
    const auto directory = space.files().open_directory(folder);
    if (!directory) {
      report.lines.push_back(printable(x) + ": " + detail_of(directory.error()));
      continue;
    }
    auto content = read_file(space.files(), *directory, name, coin_file_with_pans_bytes_max);
    if (!content) {
      report.lines.push_back(printable(x) + ": " + detail_of(content.error()));
      continue;
    }
    out.push_back({name, std::move(*content)});
  }
  return out;
}

caf::expected<operation_report> import_notes(workspace& space,
                                             const std::vector<import_item>& items) {
  operation_report report;
  auto came = read_items(items, report);
  if (auto err = add_mine(space, came))
    return err;
  if (auto err = leave_out_known(space, came, report))
    return err;
  const auto judged = import_judge{space, report}.judge(came);
  if (!judged)
    return judged.error();
  const auto waiting = report.limbo;
  if (auto err = take_in(space, *judged, report))
    return err;
  if (report.limbo > waiting)
    report.lines.push_back(std::to_string(report.limbo - waiting) +
                           " notes wait for enough servers; they are kept with all their secrets");
  return report;
}

caf::error take_in(workspace& space, const std::vector<note>& all, operation_report& report) {
  for (size_t from = 0; from < all.size(); from += coin_file_notes_max) {
    const auto to = std::min(from + coin_file_notes_max, all.size());
    std::vector<note> notes{all.begin() + static_cast<std::ptrdiff_t>(from),
                            all.begin() + static_cast<std::ptrdiff_t>(to)};
    const auto id = draw_transfer_id();
    if (!space.holds->take(ids_of(notes), id))
      return fail(ec::wallet_busy, "a note is part of another operation");
    auto log =
        operation_journal::create(space, space.opened(journal_kind::import, id), notes.size());
    if (!log) {
      space.holds->release_all(id);
      return log.error();
    }
    if (auto err = log->append(encode_received(notes)))
      return err;
    const auto made = space.user.put_container(folder::import_, notes, tag_of(id));
    if (!made)
      return made.error();
    const auto done = finish_import(space, *log);
    if (!done)
      return done.error();
    add_verdicts(report, *done);
  }
  return {};
}

caf::expected<operation_report> finish_import(workspace& space, operation_journal& log) {
  operation_report out;
  if (log.view().received.empty()) {
    if (auto err = log.close(closing::nothing_received, space.now()))
      return err;
    return out;
  }
  std::string container;
  const auto files = space.user.list_files(folder::import_);
  if (!files)
    return files.error();
  for (auto& x : *files)
    if (x.find(tag_of(log.id())) != std::string::npos)
      container = x;
  if (auto err = set_older_aside(space, log.view()))
    return err;
  const auto report = take_ownership(space, log, space.user, container, pown_start::if_majority);
  if (!report)
    return report.error();
  add_verdicts(out, *report);
  if (!all_settled(log.view()))
    return out;
  log_to_user(space, true, report->value, "Import", to_string(log.id()));
  if (auto err = log.close(closing::done, space.now()))
    return err;
  space.holds->release_all(log.id());
  return out;
}

} // namespace liveconnect::wallet
