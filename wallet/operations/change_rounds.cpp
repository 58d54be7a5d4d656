#include "wallet/operations/change_rounds.hpp"

#include <algorithm>

#include "messages/base/assert.hpp"
#include "messages/base/mutants.hpp"
#include "wallet/raida/note_codec.hpp"
#include "wallet/raida/packet.hpp"

namespace liveconnect::wallet {

using raida::find_answer;

namespace {

// Each round asks FIND, and sends the change again where a server is open to it.
constexpr int rounds_max = 3;

// How often a server is asked in one round to offer a session's serials again.
constexpr int offers_max = 8;

raida::change_operation operation_of(change_kind x) {
  return x == change_kind::break_note ? raida::change_operation::break_note
                                      : raida::change_operation::join_notes;
}

bool any_of(const std::vector<bool>& x) {
  return std::find(x.begin(), x.end(), true) != x.end();
}

bool is_final(change_reach x) {
  return x == change_reach::done || x == change_reach::refused;
}

// Writes FIND's answers over what is known; silence takes nothing back.
void take_found(const std::vector<std::vector<find_answer>>& found, size_t first,
                std::vector<found_row>& rows) {
  for (size_t i = 0; i < rows.size() && first + i < found.size(); ++i)
    for (size_t s = 0; s < rows[i].size() && s < found[first + i].size(); ++s) {
      const auto told = found[first + i][s];
      if (told != find_answer::unknown && told != find_answer::not_asked)
        rows[i][s] = told;
    }
}

// FIND asks about a target by its AN, and about a source by the AN that it has had till now.
void add_question(const std::vector<note>& notes, const std::vector<bool>& where,
                  std::vector<note>& asked, raida::server_choice& choice) {
  for (auto& x : notes) {
    asked.push_back(x);
    asked.back().pans.clear();
    choice.push_back(where);
  }
}

// One change and what the servers have said of it.
class change_rounds {
public:
  change_rounds(workspace& space, const change_record& change, change_answers& known)
      : space_(space), change_(change), known_(known), wants_serials_(space.servers()),
        asked_again_(space.servers()) {}

  // Sends the request to these servers, and takes over what they answer.
  void send(const std::vector<bool>& where) {
    const auto breaks = change_.kind == change_kind::break_note;
    const auto answer =
        raida::change_at(*space_.port, operation_of(change_.kind), change_.session,
                         breaks ? change_.sources.front() : change_.targets.front(),
                         breaks ? change_.targets : change_.sources, where, space_.rules.times);
    for (size_t s = 0; s < space_.servers(); ++s)
      if (where[s])
        take_answer(s, answer.letters[s], answer.statuses[s]);
  }

  // The servers of `where` that are open to the change, and have not said no in a way that only
  // time mends.
  std::vector<bool> still_open(const std::vector<bool>& where) const {
    auto out = where;
    for (size_t s = 0; s < out.size(); ++s)
      out[s] = where[s] && reach_of(known_, s) == change_reach::open && !known_.taken[s] &&
               (!known_.declined[s] || (wants_serials_[s] && !asked_again_[s]));
    return out;
  }

  void send_again(const std::vector<bool>& where) {
    auto ready = where;
    auto waiting = where;
    for (size_t s = 0; s < where.size(); ++s) {
      waiting[s] = where[s] && wants_serials_[s];
      ready[s] = where[s] && !wants_serials_[s];
    }
    if (any_of(ready))
      send(ready);
    // What asks for a reservation now, too: its serials are asked for at once.
    for (size_t s = 0; s < where.size(); ++s)
      waiting[s] = waiting[s] || (ready[s] && wants_serials_[s] && !asked_again_[s]);
    if (any_of(waiting))
      send_with_serials(waiting);
  }

  // Whether so many servers want serials that they had just offered that they make no change.
  bool makes_no_change() const {
    return static_cast<size_t>(std::count(wants_serials_.begin(), wants_serials_.end(), true)) >=
           space_.rules.quorum.settled();
  }

  void note_refusals() {
    for (size_t s = 0; s < wants_serials_.size(); ++s)
      if (wants_serials_[s])
        refuses(s);
  }

private:
  void refuses(size_t server) {
    if (space_.rules.refusals)
      space_.rules.refusals->refused(server, space_.up_ms());
  }

  void take_answer(size_t s, char told, uint8_t status) {
    wants_serials_[s] = status == raida::status::not_reserved;
    known_.declined[s] = status != 0 && told != letter::passed;
    if (told == letter::passed) {
      for (auto& row : known_.targets)
        row[s] = find_answer::an;
      if (space_.rules.refusals)
        space_.rules.refusals->made_change(s);
    }
    // Our own targets in use would be found as such: FIND comes before this request.
    if (status == raida::status::bad_serial)
      known_.taken[s] = true;
  }

  // Servers that offer a session's serials again.
  struct offers {
    std::vector<bool> heard;
    std::vector<bool> of_all;
  };

  // Has these servers reserve the serials again. What a server offers is its own choice: it is
  // asked until all are among it, or it repeats itself.
  offers reserve_again(const std::vector<bool>& where) {
    auto asking = where;
    offers out{std::vector<bool>(where.size()), std::vector<bool>(where.size())};
    std::vector<std::vector<uint32_t>> before(where.size());
    for (int i = 0; i < offers_max && any_of(asking); ++i) {
      const auto told =
          raida::reserve_again(*space_.port, change_.session, operation_of(change_.kind),
                               change_.sources.front().id.denomination, asking, space_.rules.times);
      for (size_t s = 0; s < asking.size() && s < told.size(); ++s) {
        if (!asking[s])
          continue;
        const auto usable = told[s].letter == letter::passed;
        out.heard[s] = out.heard[s] || usable;
        out.of_all[s] = offers_targets(told[s].serials);
        asking[s] = usable && !out.of_all[s] && told[s].serials != before[s];
        before[s] = told[s].serials;
      }
    }
    return out;
  }

  // A server that wants a reservation, and still wants it when it has just given it, makes no
  // change.
  void send_with_serials(const std::vector<bool>& where) {
    const auto offered = reserve_again(where);
    for (size_t s = 0; s < where.size(); ++s)
      asked_again_[s] = asked_again_[s] || where[s];
    if (!any_of(offered.heard))
      return;
    send(offered.heard);
    for (size_t s = 0; s < where.size(); ++s)
      if (offered.of_all[s] && wants_serials_[s])
        refuses(s);
  }

  bool offers_targets(const std::vector<uint32_t>& serials) const {
    return std::all_of(change_.targets.begin(), change_.targets.end(), [&](const note& x) {
      return std::find(serials.begin(), serials.end(), x.id.serial) != serials.end();
    });
  }

  workspace& space_;
  const change_record& change_;
  change_answers& known_;
  std::vector<bool> wants_serials_;
  std::vector<bool> asked_again_;
};

// Asks FIND where the change's fate is open.
void ask_open(workspace& space, const change_record& change, const std::vector<note>& targets,
              const std::vector<bool>& where, change_answers& known) {
  auto mask = where;
  for (size_t s = 0; s < mask.size(); ++s)
    mask[s] = where[s] && !is_final(reach_of(known, s));
  if (!any_of(mask))
    return;
  std::vector<note> asked;
  raida::server_choice choice;
  add_question(targets, mask, asked, choice);
  add_question(change.sources, mask, asked, choice);
  const auto found = raida::find_at(*space.port, asked, choice, space.rules.times);
  take_found(found, 0, known.targets);
  take_found(found, targets.size(), known.sources);
}

std::vector<bool> everywhere(const workspace& space, const std::vector<bool>& where) {
  return where.empty() ? std::vector<bool>(space.servers(), true) : where;
}

// Servers that rest are not asked for change: that they would decline is known.
std::vector<bool> without_resting(workspace& space, const std::vector<bool>& where,
                                  change_answers& known) {
  auto out = where;
  if (!space.rules.refusals)
    return out;
  const auto willing = space.rules.refusals->willing(space.servers(), space.up_ms());
  for (size_t s = 0; s < out.size(); ++s) {
    known.declined[s] = known.declined[s] || (where[s] && !willing[s]);
    out[s] = where[s] && willing[s];
  }
  return out;
}

} // namespace

change_answers push_change(workspace& space, const change_record& change, const change_start& start,
                           const std::vector<bool>& where) {
  auto known = no_answers(change, space.servers());
  LC_ASSERT_OR(change.session != 0, return known);
  for (auto s : start.taken)
    if (s < known.taken.size())
      known.taken[s] = true;
  const auto asked = everywhere(space, where);
  const auto& targets = start.asked_as.empty() ? change.targets : start.asked_as;
  change_rounds rounds{space, change, known};
  if (start.fresh) {
    rounds.send(without_resting(space, asked, known));
    // They offered these serials a moment ago: such servers make no change, and nothing has
    // happened there.
    if (rounds.makes_no_change()) {
      rounds.note_refusals();
      ask_open(space, change, targets, asked, known);
      return known;
    }
  }
  ask_open(space, change, targets, asked, known);
  for (int round = 0; round < rounds_max; ++round) {
    const auto open = rounds.still_open(asked);
    if (!any_of(open) || LC_MUTANT(change_not_repeated))
      break;
    rounds.send_again(open);
    ask_open(space, change, targets, asked, known);
  }
  return known;
}

std::vector<change_answers> find_changes(workspace& space,
                                         const std::vector<change_record>& changes,
                                         const std::vector<std::vector<bool>>& where) {
  std::vector<change_answers> out;
  std::vector<note> asked;
  raida::server_choice choice;
  for (size_t i = 0; i < changes.size() && i < where.size(); ++i) {
    out.push_back(no_answers(changes[i], space.servers()));
    add_question(changes[i].targets, where[i], asked, choice);
    add_question(changes[i].sources, where[i], asked, choice);
  }
  const auto found = raida::find_at(*space.port, asked, choice, space.rules.times);
  size_t first = 0;
  for (auto& x : out) {
    take_found(found, first, x.targets);
    first += x.targets.size();
    take_found(found, first, x.sources);
    first += x.sources.size();
  }
  return out;
}

void push_again(workspace& space, const change_record& change, change_answers& known,
                const std::vector<bool>& where) {
  change_rounds rounds{space, change, known};
  const auto open = rounds.still_open(where);
  if (!any_of(open))
    return;
  rounds.send_again(open);
  ask_open(space, change, change.targets, open, known);
}

} // namespace liveconnect::wallet
