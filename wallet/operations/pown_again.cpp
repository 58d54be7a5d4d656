#include "wallet/operations/pown_again.hpp"

#include <algorithm>
#include <map>

#include "messages/base/assert.hpp"
#include "messages/base/mutants.hpp"
#include "wallet/operations/known_secrets.hpp"
#include "wallet/operations/server_memory.hpp"

namespace liveconnect::wallet {

using raida::find_answer;

const std::vector<authenticity_number>& present_secrets(const note& x) {
  return x.pans.size() == x.ans.size() ? x.pans : x.ans;
}

std::string letters_of_present(const std::vector<server_holds>& row) {
  std::string out(row.size(), letter::silent);
  for (size_t s = 0; s < row.size(); ++s)
    if (row[s] == server_holds::present)
      out[s] = letter::passed;
    else if (row[s] != server_holds::unknown)
      out[s] = letter::failed;
  return out;
}

bool may_pown_again(const std::vector<server_holds>& row, const raida::quorum_rules& rules) {
  const auto count = [&](server_holds what) {
    return static_cast<size_t>(std::count(row.begin(), row.end(), what));
  };
  const auto present = count(server_holds::present);
  const auto older = count(server_holds::older);
  if (older == 0 || LC_MUTANT(old_secret_is_left))
    return false;
  return present >= rules.settled() ||
         (present >= rules.majority && count(server_holds::other) == 0 &&
          present + older >= rules.settled());
}

namespace {

// What is known of one note while it is asked about.
struct state {
  // As it is to be: `ans` is the present set.
  note present;
  // What each server was found to hold where that is an older secret.
  std::vector<authenticity_number> older;
  std::vector<server_holds> row;
  // Where the file had another AN, and FIND has not denied it.
  std::vector<bool> open;
};

class sender_of_powns {
public:
  sender_of_powns(workspace& space, const std::vector<note>& notes) : space_(space) {
    for (auto& x : notes) {
      state one;
      one.present.id = x.id;
      one.present.ans = present_secrets(x);
      one.older = x.ans;
      one.row.assign(x.ans.size(), server_holds::unknown);
      one.open.assign(x.ans.size(), false);
      for (size_t s = 0; s < x.ans.size(); ++s)
        one.open[s] = x.ans[s] != one.present.ans[s];
      states_.push_back(std::move(one));
    }
  }

  // FIND(older, present) where a Pown is open, Detect of the present set elsewhere.
  void ask() {
    std::vector<note> open;
    std::vector<note> plain;
    for (auto& x : states_) {
      plain.push_back(x.present);
      auto both = x.present;
      both.pans = std::move(both.ans);
      both.ans = x.older;
      open.push_back(std::move(both));
    }
    const auto is_open = where([](const state& x, size_t s) { return bool{x.open[s]}; });
    const auto found = raida::find_at(*space_.port, open, is_open, space_.rules.times);
    const auto letters =
        raida::detect_at(*space_.port, plain, inverse(is_open), space_.rules.times);
    for (size_t i = 0; i < states_.size(); ++i)
      for (size_t s = 0; s < states_[i].row.size(); ++s) {
        if (states_[i].open[s])
          take(states_[i], s,
               i < found.size() && s < found[i].size() ? found[i][s] : find_answer::unknown);
        else if (i < letters.size() && s < letters[i].size())
          take(states_[i], s, letters[i][s]);
      }
  }

  // Where a server refuses all that the files have, an older secret of ours may be on this disk.
  caf::error look_back() {
    std::vector<note_id> ids;
    std::vector<size_t> which;
    for (size_t i = 0; i < states_.size(); ++i)
      if (count(states_[i], server_holds::other) > 0 &&
          count(states_[i], server_holds::present) >= space_.rules.quorum.majority) {
        ids.push_back(states_[i].present.id);
        which.push_back(i);
      }
    const auto known = known_secrets(space_, ids);
    if (!known)
      return known.error();
    std::vector<std::vector<secret_set>> sets;
    raida::server_choice refusing;
    for (auto i : which) {
      const auto found = known->find(states_[i].present.id);
      sets.push_back(found == known->end() ? std::vector<secret_set>{} : found->second);
      std::vector<bool> mask;
      for (auto x : states_[i].row)
        mask.push_back(x == server_holds::other);
      refusing.push_back(std::move(mask));
    }
    const auto rows = ask_which(space_, ids, sets, refusing);
    for (size_t k = 0; k < which.size(); ++k)
      for (size_t s = 0; s < rows[k].size() && s < states_[which[k]].row.size(); ++s)
        if (refusing[k][s] && rows[k][s] < sets[k].size())
          take_older(states_[which[k]], s, sets[k][rows[k][s]].ans[s]);
    return {};
  }

  // Sends the Pown again where that is allowed.
  caf::error send(const persist_again& persist) {
    std::vector<note> notes;
    std::vector<size_t> which;
    raida::server_choice where_to;
    for (size_t i = 0; i < states_.size(); ++i) {
      auto& x = states_[i];
      if (!may_pown_again(x.row, space_.rules.quorum))
        continue;
      auto both = x.present;
      both.pans = x.present.ans;
      std::vector<bool> mask(x.row.size(), false);
      for (size_t s = 0; s < x.row.size(); ++s)
        if (x.row[s] == server_holds::older) {
          both.ans[s] = x.older[s];
          mask[s] = true;
        }
      notes.push_back(std::move(both));
      which.push_back(i);
      where_to.push_back(std::move(mask));
    }
    if (notes.empty())
      return {};
    if (auto err = persist(notes))
      return err;
    (void)raida::pown_at(*space_.port, notes, where_to, space_.rules.times);
    // Whatever they answered: Detect with the present secrets says what came of it.
    std::vector<note> asked;
    for (auto i : which)
      asked.push_back(states_[i].present);
    const auto letters = raida::detect_at(*space_.port, asked, where_to, space_.rules.times);
    for (size_t k = 0; k < which.size() && k < letters.size(); ++k)
      for (size_t s = 0; s < letters[k].size(); ++s)
        if (where_to[k][s] && letters[k][s] == letter::passed)
          states_[which[k]].row[s] = server_holds::present;
    return {};
  }

  std::vector<std::vector<server_holds>> rows() const {
    std::vector<std::vector<server_holds>> out;
    for (auto& x : states_)
      out.push_back(x.row);
    return out;
  }

  std::vector<note> result() const {
    std::vector<note> out;
    for (auto& x : states_)
      out.push_back(result_of(x));
    return out;
  }

private:
  template<class F>
  raida::server_choice where(F f) const {
    raida::server_choice out;
    for (auto& x : states_) {
      std::vector<bool> mask(x.row.size(), false);
      for (size_t s = 0; s < mask.size(); ++s)
        mask[s] = f(x, s);
      out.push_back(std::move(mask));
    }
    return out;
  }

  static raida::server_choice inverse(raida::server_choice x) {
    for (auto& mask : x)
      mask.flip();
    return x;
  }

  static size_t count(const state& x, server_holds what) {
    return static_cast<size_t>(std::count(x.row.begin(), x.row.end(), what));
  }

  static void take(state& to, size_t server, find_answer told) {
    switch (told) {
    case find_answer::pan:
      to.row[server] = server_holds::present;
      break;
    case find_answer::an:
      to.row[server] = server_holds::older;
      break;
    case find_answer::neither:
    case find_answer::no_such_note:
      to.row[server] = server_holds::other;
      break;
    case find_answer::not_asked:
    case find_answer::unknown:
      break;
    }
  }

  static void take(state& to, size_t server, char told) {
    if (told == letter::passed)
      to.row[server] = server_holds::present;
    else if (told == letter::failed)
      to.row[server] = server_holds::other;
  }

  static void take_older(state& to, size_t server, const authenticity_number& an) {
    // The present secret itself may be among the sets: a server that refused it a moment ago and
    // holds it now is asked again the next time.
    if (an == to.present.ans[server])
      return;
    to.older[server] = an;
    to.row[server] = server_holds::older;
  }

  // What is written: where a server holds an older secret it is the AN, and the present one stays
  // as the second set.
  static note result_of(const state& x) {
    auto out = x.present;
    out.pown = letters_of_present(x.row);
    auto open = false;
    for (size_t s = 0; s < x.row.size(); ++s)
      if (x.row[s] == server_holds::older || (x.row[s] == server_holds::unknown && x.open[s])) {
        out.ans[s] = x.older[s];
        open = true;
      }
    if (open)
      out.pans = x.present.ans;
    return out;
  }

  workspace& space_;
  std::vector<state> states_;
};

bool is_open_at(const note& x, size_t server) {
  return server < x.pans.size() && server < x.ans.size() && x.pans[server] != x.ans[server];
}

// Keeps in mind which servers have taken the Powns that were open, and which have not.
void remember(workspace& space, const std::vector<note>& before, const std::vector<note>& now) {
  std::map<size_t, bool> done;
  for (size_t i = 0; i < before.size() && i < now.size(); ++i)
    for (size_t s = 0; s < space.servers(); ++s)
      if (is_open_at(before[i], s)) {
        const auto known = done.emplace(s, true).first;
        known->second = known->second && !is_open_at(now[i], s);
      }
  if (done.empty())
    return;
  auto memory = load_memory(space);
  for (auto& [server, taken] : done)
    note_outcome(memory.pown, server, taken, space.now());
  save_memory(space, memory);
}

} // namespace

std::vector<std::vector<server_holds>> ask_holders(workspace& space,
                                                   const std::vector<note>& notes) {
  sender_of_powns all{space, notes};
  all.ask();
  return all.rows();
}

caf::expected<std::vector<note>> pown_again(workspace& space, const std::vector<note>& notes,
                                            const persist_again& persist) {
  sender_of_powns all{space, notes};
  all.ask();
  if (auto err = all.look_back())
    return err;
  if (auto err = all.send(persist))
    return err;
  auto out = all.result();
  LC_ASSERT(out.size() == notes.size());
  remember(space, notes, out);
  return out;
}

heal_journal::heal_journal(workspace& space, const transfer_id& owner, size_t notes)
    : space_(&space), owner_(owner), id_(draw_transfer_id()), notes_(notes) {}

heal_journal::heal_journal(workspace& space, operation_journal& log)
    : space_(&space), id_(log.id()), other_(&log) {}

caf::error heal_journal::append(const journal_record& x) {
  if (other_ != nullptr)
    return other_->append(x);
  if (!log_) {
    auto made =
        operation_journal::create(*space_, space_->opened(journal_kind::heal, id_, owner_), notes_);
    if (!made)
      return made.error();
    log_.emplace(std::move(*made));
  }
  return log_->append(x);
}

persist_again heal_journal::again() {
  return [this](const std::vector<note>& notes) {
    return append(encode_notes(record_type::again, notes));
  };
}

caf::error heal_journal::close() {
  return log_ ? log_->close(closing::done, space_->now()) : caf::error{};
}

bool loses_secrets(const note& before, const note& after) {
  const auto has = [&](const authenticity_number& x, size_t s) {
    return (s < after.ans.size() && after.ans[s] == x) ||
           (s < after.pans.size() && after.pans[s] == x);
  };
  for (auto some : {&before.ans, &before.pans})
    for (size_t s = 0; s < some->size(); ++s)
      if (!has((*some)[s], s))
        return true;
  return false;
}

caf::error drop_copy(wallet_store& store, const stored_note& copy, const note& kept,
                     heal_journal& log) {
  if (loses_secrets(copy.value, kept))
    if (auto err = log.append(encode_notes(record_type::superseded, {copy.value})))
      return err;
  return store.remove_file(copy.where, copy.file);
}

caf::error file_anew(wallet_store& store, const stored_note& before, const note& now, folder to,
                     heal_journal& log) {
  const auto same = same_numbers(before.value, now) && before.value.pown == now.pown;
  if (same && to == before.where)
    return {};
  if (same) {
    const auto moved = store.move_file(before.where, before.file, to);
    return moved ? caf::error{} : moved.error();
  }
  if (loses_secrets(before.value, now))
    if (auto err = log.append(encode_notes(record_type::superseded, {before.value})))
      return err;
  return store.update(before.where, to, {now}, now.pans.empty() ? pans::without : pans::with,
                      tag_of(log.id()));
}

folder folder_by_letters(const note& x, folder from) {
  const auto counts = count_letters(x.pown);
  if (counts.passed == x.ans.size())
    return folder::bank;
  return counts.failed > 0 ? folder::fracked : from;
}

namespace {

// Whether some server where the note's Pown is open may be asked again already.
bool is_due(const note& x, const server_memory& memory, wall_seconds now) {
  for (size_t s = 0; s < x.ans.size(); ++s) {
    const auto known = memory.pown.find(s);
    if (is_open_at(x, s) && (known == memory.pown.end() || !backs_off(known->second, now)))
      return true;
  }
  return false;
}

// The notes of Bank and Fracked with an open Pown that is due, and that lie there once.
caf::expected<std::vector<stored_note>>
with_open_powns(workspace& space, const std::vector<note_id>& ids, const server_memory& memory) {
  auto found = space.user.find(ids, {folder::bank, folder::fracked});
  if (!found)
    return found.error();
  std::map<note_id, size_t> copies;
  for (auto& x : *found)
    ++copies[x.value.id];
  std::vector<stored_note> out;
  for (auto& x : *found)
    if (copies[x.value.id] == 1 && is_due(x.value, memory, space.now()))
      out.push_back(std::move(x));
  return out;
}

} // namespace

caf::expected<uint32_t> finish_open_powns(workspace& space) {
  const auto listing = space.user.list({folder::bank, folder::fracked});
  if (!listing)
    return listing.error();
  std::vector<note_id> ids;
  for (auto& x : listing->notes)
    if (!x.value.pans.empty())
      ids.push_back(x.value.id);
  if (ids.empty())
    return 0u;
  // Holds first, files second.
  hold_guard held{*space.holds, ids, draw_transfer_id()};
  const auto stored = with_open_powns(space, held.held(), load_memory(space));
  if (!stored)
    return stored.error();
  heal_journal log{space, {}, stored->size()};
  uint32_t whole = 0;
  const auto go = [&]() -> caf::error {
    const auto now = pown_again(space, notes_of(*stored), log.again());
    if (!now)
      return now.error();
    for (size_t i = 0; i < now->size(); ++i) {
      const auto& x = (*now)[i];
      const auto to = folder_by_letters(x, (*stored)[i].where);
      whole += to == folder::bank && x.pans.empty() ? 1 : 0;
      if (auto err = file_anew(space.user, (*stored)[i], x, to, log))
        return err;
    }
    return log.close();
  };
  if (stored->empty())
    return 0u;
  if (auto err = go()) {
    // The journal is open and claims the notes until it is carried on.
    if (log.is_begun())
      held.leave(ids_of(notes_of(*stored)), log.id());
    return err;
  }
  return whole;
}

} // namespace liveconnect::wallet
