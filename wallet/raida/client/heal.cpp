#include "wallet/raida/client/heal.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>

#include "wallet/raida/derive.hpp"

namespace liveconnect::raida {

namespace {

/// Notes that share tickets: what one Get Ticket, and the Find that follows a Fix, can hold.
constexpr size_t heal_notes_max = pown_notes_max;

/// Whether the note has a second set of ANs, because some server's is not known for certain.
bool has_open(const note& x) {
  return x.pans.size() == x.ans.size() && !x.pans.empty();
}

/// Whether it is this server's AN that is not known. A Fix there would make it three candidates,
/// and the two that a note can carry would not be enough.
bool is_open(const note& x, size_t server) {
  return has_open(x) && x.pans[server] != x.ans[server];
}

/// Where each note fails, as the pown strings say: the targets of a Fix, by server. Only notes that
/// a majority passes: the others cannot be healed, and must not be touched.
std::map<size_t, std::vector<size_t>>
find_targets(const std::vector<note>& notes, const quorum_rules& rules, const heal_limits& limits) {
  std::map<size_t, std::vector<size_t>> out;
  for (size_t i = 0; i < notes.size(); ++i) {
    if (grade_detect(notes[i].pown, rules) != note_verdict::fracked ||
        limits.no_tickets.count(notes[i].id) != 0)
      continue;
    for (size_t server = 0; server < notes[i].pown.size(); ++server)
      if (notes[i].pown[server] == letter::failed && !is_open(notes[i], server) &&
          !(server < limits.no_fix.size() && limits.no_fix[server]))
        out[server].push_back(i);
  }
  return out;
}

/// The servers to ask for a ticket: for each target note, those that pass it.
server_choice choose_issuers(const std::vector<note>& notes,
                             const std::map<size_t, std::vector<size_t>>& targets, size_t servers) {
  server_choice out(notes.size());
  for (const auto& target : targets) {
    for (auto i : target.second) {
      out[i].assign(servers, false);
      for (size_t server = 0; server < servers; ++server)
        out[i][server] = notes[i].pown[server] == letter::passed;
    }
  }
  return out;
}

/// What is worth sending: notes for which enough other servers gave a ticket, a fresh PG a server.
std::vector<fix_intent> plan_fixes(const std::vector<note>& notes,
                                   const std::map<size_t, std::vector<size_t>>& targets,
                                   const ticket_set& tickets, const quorum_rules& rules) {
  std::vector<fix_intent> out;
  for (const auto& [server, indices] : targets) {
    fix_intent intent{server, fix_seed::random(), {}};
    for (auto i : indices)
      if (tickets.covering(i) >= rules.majority)
        intent.notes.push_back(notes[i].id);
    if (!intent.notes.empty())
      out.push_back(std::move(intent));
  }
  return out;
}

/// Drops the second set once it says nothing that the first does not.
void drop_settled(note& x) {
  if (x.pans == x.ans)
    x.pans.clear();
}

/// What it means that a server holds a note's first secret and not its second.
enum class first_alone : uint8_t {
  /// The Fix did not work: the second secret is nobody's.
  settles,
  /// A Pown is still to be brought to its end.
  stays_open,
};

/// Asks Find about one server's notes and takes over what it holds. Where it does not answer, both
/// candidates stay.
void settle(raida_port& port, std::vector<note>& notes, const std::vector<size_t>& indices,
            const server_choice& where, first_alone meaning, const command_times& times) {
  std::vector<note> asked;
  for (auto i : indices)
    asked.push_back(notes[i]);
  const auto found = find_at(port, asked, where, times);
  for (size_t k = 0; k < indices.size(); ++k) {
    auto& x = notes[indices[k]];
    for (size_t server = 0; server < found[k].size(); ++server) {
      const auto told = found[k][server];
      if (told == find_answer::an && meaning == first_alone::stays_open)
        continue;
      // Where a Pown was open, the first secret is the giver's as well: a server that holds neither
      // must not pass the note should it come back to that one.
      const auto is_second = told == find_answer::pan || meaning == first_alone::stays_open;
      if (told == find_answer::not_asked || told == find_answer::unknown)
        continue;
      if (is_second)
        x.ans[server] = x.pans[server];
      else
        x.pans[server] = x.ans[server];
    }
    drop_settled(x);
  }
}

/// Settles what an earlier Pown or Fix left open, at all servers.
void settle_open(raida_port& port, std::vector<note>& notes, const command_times& times) {
  std::vector<size_t> open;
  for (size_t i = 0; i < notes.size(); ++i)
    if (has_open(notes[i]))
      open.push_back(i);
  if (open.empty())
    return;
  settle(port, notes, open, server_choice(open.size(), std::vector<bool>(port.servers(), true)),
         first_alone::stays_open, times);
}

void detect_all(raida_port& port, std::vector<note>& notes, const command_times& times) {
  auto letters = detect(port, notes, times);
  for (size_t i = 0; i < notes.size(); ++i) {
    auto& x = notes[i];
    x.pown = std::move(letters[i]);
    // The server holds the first secret, which may be another's as well.
    for (size_t server = 0; server < x.pown.size(); ++server)
      if (is_open(x, server) && x.pown[server] == letter::passed)
        x.pown[server] = letter::untried;
  }
}

/// What a server did: 'p', 'f' or 'n' as in heal_result.
char outcome_of(const std::vector<note>& notes, const std::vector<size_t>& indices,
                const fix_intent& intent, const std::string& said) {
  for (auto i : indices)
    if (std::find(intent.notes.begin(), intent.notes.end(), notes[i].id) != intent.notes.end() &&
        notes[i].ans[intent.server] ==
            fixed_an(static_cast<uint8_t>(intent.server), notes[i].id, intent.pg))
      return letter::passed;
  const auto counts = count_letters(said);
  return counts.failed + counts.error > 0 ? letter::failed : letter::silent;
}

/// Sends each server its Fix and finds out what came of it, whatever the servers said: the answer
/// may be lost or false. All at once: a server that is silent costs the whole time of a Fix, once.
void fix_and_settle(raida_port& port, std::vector<note>& notes,
                    const std::vector<fix_intent>& intents, const ticket_set& tickets,
                    const command_times& times, std::string& outcomes) {
  std::vector<size_t> indices;
  server_choice where;
  for (size_t i = 0; i < notes.size(); ++i) {
    auto& x = notes[i];
    std::vector<bool> fixed(port.servers(), false);
    for (auto& intent : intents) {
      if (std::find(intent.notes.begin(), intent.notes.end(), x.id) == intent.notes.end())
        continue;
      if (!has_open(x))
        x.pans = x.ans;
      x.pans[intent.server] = fixed_an(static_cast<uint8_t>(intent.server), x.id, intent.pg);
      fixed[intent.server] = true;
    }
    if (std::find(fixed.begin(), fixed.end(), true) == fixed.end())
      continue;
    indices.push_back(i);
    where.push_back(std::move(fixed));
  }
  const auto said = fix_at(port, intents, tickets.tickets, times);
  settle(port, notes, indices, where, first_alone::settles, times);
  for (size_t k = 0; k < intents.size(); ++k)
    outcomes[intents[k].server] = outcome_of(notes, indices, intents[k], said[k]);
}

/// Heals notes that fit one request.
caf::error heal_batch(raida_port& port, std::vector<note>& notes, const persist_intents& persist,
                      const quorum_rules& rules, const command_times& times,
                      const heal_limits& limits, heal_result& out) {
  if (!limits.just_asked) {
    settle_open(port, notes, times);
    detect_all(port, notes, times);
  }
  std::vector<bool> clean_before;
  for (const auto& x : notes)
    clean_before.push_back(grade_detect(x.pown, rules) == note_verdict::authentic);

  std::optional<ticket_set> taken;
  auto within = limits;
  within.no_fix.resize(port.servers(), false);
  for (int i = 0; i < fix_tries_max; ++i) {
    const auto targets = find_targets(notes, rules, within);
    if (targets.empty())
      break;
    if (!taken) {
      taken = get_tickets(port, notes, choose_issuers(notes, targets, port.servers()), times);
      for (size_t k = 0; k < notes.size(); ++k)
        if (taken->covering(k) > 0)
          out.ticketed.push_back(notes[k].id);
    }
    const auto& tickets = *taken;
    const auto intents = plan_fixes(notes, targets, tickets, rules);
    if (intents.empty())
      break;
    if (auto failed = persist(intents))
      return failed;
    fix_and_settle(port, notes, intents, tickets, times, out.fixes);
    // What is silent for the whole time of a Fix would be so again.
    for (const auto& intent : intents)
      within.no_fix[intent.server] = out.fixes[intent.server] == letter::silent;
    settle_open(port, notes, times);
    detect_all(port, notes, times);
  }

  for (size_t i = 0; i < notes.size(); ++i) {
    const bool clean = grade_detect(notes[i].pown, rules) == note_verdict::authentic;
    out.healed += clean && !clean_before[i] ? 1 : 0;
    out.not_clean += clean ? 0 : 1;
  }
  std::move(notes.begin(), notes.end(), std::back_inserter(out.notes));
  return caf::none;
}

} // namespace

caf::expected<heal_result> heal(raida_port& port, std::vector<note> notes,
                                const persist_intents& persist, const quorum_rules& rules,
                                const command_times& times, const heal_limits& limits) {
  heal_result out;
  out.fixes.assign(port.servers(), letter::untried);
  for (size_t from = 0; from < notes.size(); from += heal_notes_max) {
    const auto until = std::min(from + heal_notes_max, notes.size());
    std::vector<note> some(std::make_move_iterator(notes.begin() + static_cast<ptrdiff_t>(from)),
                           std::make_move_iterator(notes.begin() + static_cast<ptrdiff_t>(until)));
    if (auto failed = heal_batch(port, some, persist, rules, times, limits, out))
      return failed;
  }
  return out;
}

} // namespace liveconnect::raida
