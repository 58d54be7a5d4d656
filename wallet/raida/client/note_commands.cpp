#include "wallet/raida/client/note_commands.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <unordered_map>
#include <unordered_set>

#include "wallet/raida/client/retry.hpp"
#include "wallet/raida/packet.hpp"

namespace liveconnect::raida {

namespace {

/// Notes of one request, as indices into the caller's list.
using batch = std::vector<uint32_t>;

/// What is still to be asked, server by server; the front goes first.
using batch_queues = std::vector<std::deque<batch>>;

/// How a set of notes is asked about.
struct exchange {
  command what = command::detect;
  /// Whether it changes nothing, so that it may be asked twice.
  bool repeatable = true;
  std::function<secret_bytes(const batch&, size_t server)> encode;
  /// Reads an answer; gives back what must be asked again, cut smaller.
  std::function<std::vector<batch>(const answer&, const batch&, size_t server)> take;
};

bool is_whole(const note& x, size_t servers) {
  return x.ans.size() == servers && is_denomination(x.id.denomination) && x.id.serial <= serial_max;
}

bool is_chosen(const server_choice& where, size_t note_index, size_t server) {
  return note_index < where.size() && server < where[note_index].size() &&
         where[note_index][server];
}

server_choice everywhere(size_t notes, size_t servers) {
  return server_choice(notes, std::vector<bool>(servers, true));
}

/// Cuts what `where` chooses into requests of at most `notes_max`. `asked` says which notes may be
/// asked about at all.
batch_queues cut(size_t servers, const std::vector<bool>& asked, const server_choice& where,
                 size_t notes_max) {
  batch_queues out(servers);
  for (size_t server = 0; server < servers; ++server) {
    for (size_t i = 0; i < asked.size(); ++i) {
      if (!asked[i] || !is_chosen(where, i, server))
        continue;
      auto& queue = out[server];
      if (queue.empty() || queue.back().size() == notes_max)
        queue.emplace_back();
      queue.back().push_back(static_cast<uint32_t>(i));
    }
  }
  return out;
}

answers ask_once(raida_port& port, const ask_all& what) {
  auto out = port.ask(what);
  out.list.resize(port.servers());
  return out;
}

/// Asks, and asks those who stayed silent once more.
answers ask_twice(raida_port& port, ask_all what, const command_times& times) {
  auto out = ask_once(port, what);
  bool again = false;
  what.skip.resize(out.list.size(), false);
  for (size_t i = 0; i < out.list.size(); ++i) {
    const bool silent = out.list[i].what == outcome::silent;
    what.skip[i] = !silent;
    again = again || silent;
  }
  if (!again)
    return out;
  what.deadline = what.deadline * times.repeat_percent / 100;
  auto second = ask_once(port, what);
  // A repeat that did not leave, as when the port was stopped, says nothing of the first try.
  for (size_t i = 0; i < out.list.size(); ++i)
    if (!what.skip[i] && second.list[i].what != outcome::unreachable)
      out.list[i] = std::move(second.list[i]);
  return out;
}

/// Works the queues off, one batch a server at a time, all servers at once.
void run(raida_port& port, batch_queues queues, const exchange& x, const command_times& times) {
  const auto servers = port.servers();
  for (bool first = true;; first = false) {
    ask_all ask;
    ask.what = x.what;
    ask.payloads.resize(servers);
    ask.skip.assign(servers, true);
    size_t largest = 0;
    for (size_t i = 0; i < servers; ++i) {
      if (queues[i].empty())
        continue;
      ask.payloads[i] = x.encode(queues[i].front(), i);
      ask.skip[i] = false;
      largest = std::max(largest, queues[i].front().size());
    }
    if (largest == 0)
      return;
    ask.deadline = times.notes + times.per_note * static_cast<int64_t>(largest);
    // The time of a step is meant for its rounds. More notes than a request holds are more work.
    if (!first)
      port.extend_step(ask.deadline);
    const auto skipped = ask.skip;
    const auto got =
        x.repeatable ? ask_twice(port, std::move(ask), times) : ask_once(port, std::move(ask));
    for (size_t i = 0; i < servers; ++i) {
      if (skipped[i])
        continue;
      const auto& one = got.list[i];
      const auto asked = std::move(queues[i].front());
      queues[i].pop_front();
      auto again = x.take(one, asked, i);
      std::move(again.begin(), again.end(), std::back_inserter(queues[i]));
      // A server that was silent twice counts as silent for the rest: asking on could take hours.
      if (x.repeatable && (one.what == outcome::silent || one.what == outcome::unreachable)) {
        for (const auto& rest : queues[i])
          x.take(one, rest, i);
        queues[i].clear();
      }
    }
  }
}

std::vector<std::string> untried(size_t notes, size_t servers) {
  return std::vector<std::string>(notes, std::string(servers, letter::untried));
}

ask_all ask_everyone(const raida_port& port, command what, caf::timespan deadline) {
  ask_all out;
  out.what = what;
  out.payloads.resize(port.servers());
  out.deadline = deadline;
  return out;
}

/// Detect and Pown differ in what is sent and in whether it may be sent twice.
std::vector<std::string> ask_passes(raida_port& port, size_t notes, batch_queues queues, exchange x,
                                    const command_times& times) {
  auto out = untried(notes, port.servers());
  x.take = [&out](const answer& got, const batch& asked, size_t server) {
    const auto letters = decode_passes(got, asked.size());
    for (size_t k = 0; k < asked.size(); ++k)
      out[asked[k]][server] = letters[k];
    return std::vector<batch>{};
  };
  run(port, std::move(queues), x, times);
  return out;
}

} // namespace

std::string echo_all(raida_port& port, const command_times& times) {
  const auto got = ask_twice(port, ask_everyone(port, command::echo, times.echo), times);
  std::string out;
  for (const auto& x : got.list)
    out += decode_success(x);
  return out;
}

std::vector<std::string> version_all(raida_port& port, const command_times& times) {
  const auto got = ask_twice(port, ask_everyone(port, command::version, times.echo), times);
  std::vector<std::string> out;
  for (const auto& x : got.list)
    out.push_back(decode_version(x));
  return out;
}

std::vector<std::string> detect(raida_port& port, const std::vector<note>& notes,
                                const command_times& times) {
  return detect_at(port, notes, everywhere(notes.size(), port.servers()), times);
}

std::vector<std::string> detect_at(raida_port& port, const std::vector<note>& notes,
                                   const server_choice& where, const command_times& times) {
  std::vector<bool> asked;
  for (const auto& x : notes)
    asked.push_back(is_whole(x, port.servers()));
  exchange x;
  x.what = command::detect;
  x.encode = [&](const batch& which, size_t server) { return encode_notes(notes, which, server); };
  return ask_passes(port, notes.size(), cut(port.servers(), asked, where, detect_notes_max),
                    std::move(x), times);
}

std::vector<std::string> pown(raida_port& port, const std::vector<note>& notes,
                              const command_times& times) {
  return pown_at(port, notes, everywhere(notes.size(), port.servers()), times);
}

std::vector<std::string> pown_at(raida_port& port, const std::vector<note>& notes,
                                 const server_choice& where, const command_times& times) {
  const auto servers = port.servers();
  std::unordered_set<note_id> seen;
  std::vector<bool> asked;
  for (const auto& x : notes)
    asked.push_back(is_whole(x, servers) && x.pans.size() == servers && seen.insert(x.id).second);
  exchange x;
  x.what = command::pown;
  x.repeatable = false;
  x.encode = [&](const batch& which, size_t server) {
    return encode_notes_with_pans(notes, which, server);
  };
  return ask_passes(port, notes.size(), cut(servers, asked, where, pown_notes_max), std::move(x),
                    times);
}

std::vector<std::vector<find_answer>> find(raida_port& port, const std::vector<note>& notes,
                                           const command_times& times) {
  return find_at(port, notes, everywhere(notes.size(), port.servers()), times);
}

std::vector<std::vector<find_answer>> find_at(raida_port& port, const std::vector<note>& notes,
                                              const server_choice& where,
                                              const command_times& times) {
  const auto servers = port.servers();
  std::vector<std::vector<find_answer>> out(
      notes.size(), std::vector<find_answer>(servers, find_answer::not_asked));
  std::vector<bool> asked;
  for (const auto& x : notes)
    asked.push_back(is_whole(x, servers) && (x.pans.empty() || x.pans.size() == servers));
  exchange x;
  x.what = command::find;
  x.encode = [&](const batch& which, size_t server) {
    return encode_notes_with_pans(notes, which, server);
  };
  x.take = [&out](const answer& got, const batch& which, size_t server) {
    const auto told = decode_find(got, which.size());
    if (told.some_unknown) {
      const auto middle = which.begin() + static_cast<std::ptrdiff_t>(which.size() / 2);
      return std::vector<batch>{{which.begin(), middle}, {middle, which.end()}};
    }
    for (size_t k = 0; k < which.size(); ++k)
      out[which[k]][server] = told.notes[k];
    return std::vector<batch>{};
  };
  run(port, cut(servers, asked, where, pown_notes_max), x, times);
  return out;
}

size_t ticket_set::covering(size_t i) const {
  return i < letters.size() ? count_letters(letters[i]).passed : 0;
}

ticket_set get_tickets(raida_port& port, const std::vector<note>& notes, const server_choice& where,
                       const command_times& times) {
  const auto servers = port.servers();
  ticket_set out{std::vector<uint32_t>(servers, 0), untried(notes.size(), servers)};
  std::vector<bool> asked;
  for (size_t i = 0; i < notes.size(); ++i)
    asked.push_back(i < detect_notes_max && is_whole(notes[i], servers));
  exchange x;
  x.what = command::get_ticket;
  x.repeatable = false;
  x.encode = [&](const batch& which, size_t server) { return encode_notes(notes, which, server); };
  x.take = [&out](const answer& got, const batch& which, size_t server) {
    const auto told = decode_ticket(got, which.size());
    out.tickets[server] = told.ticket;
    for (size_t k = 0; k < which.size(); ++k)
      out.letters[which[k]][server] = told.letters[k];
    return std::vector<batch>{};
  };
  run(port, cut(servers, asked, where, detect_notes_max), x, times);
  return out;
}

std::string fix(raida_port& port, size_t server, const std::vector<note_id>& notes,
                const fix_seed& pg, const std::vector<uint32_t>& tickets,
                const command_times& times) {
  return fix_at(port, {{server, pg, notes}}, tickets, times).front();
}

std::vector<std::string> fix_at(raida_port& port, const std::vector<fix_intent>& intents,
                                const std::vector<uint32_t>& tickets, const command_times& times) {
  std::vector<std::string> out;
  const auto servers = port.servers();
  ask_all ask;
  ask.what = command::fix;
  ask.payloads.resize(servers);
  ask.skip.assign(servers, true);
  ask.deadline = times.fix;
  auto any = false;
  for (auto& x : intents) {
    out.emplace_back(x.notes.size(), letter::untried);
    if (x.server >= servers || tickets.size() != servers || x.notes.empty() || !ask.skip[x.server])
      continue;
    const auto count = static_cast<std::ptrdiff_t>(std::min(x.notes.size(), fix_notes_max));
    ask.payloads[x.server] = encode_fix({x.notes.begin(), x.notes.begin() + count}, x.pg, tickets);
    ask.skip[x.server] = false;
    any = true;
  }
  if (!any)
    return out;
  const auto got = ask_once(port, ask);
  for (size_t i = 0; i < intents.size(); ++i) {
    const auto server = intents[i].server;
    if (server >= servers || ask.skip[server] || out[i].empty())
      continue;
    const auto count = std::min(out[i].size(), fix_notes_max);
    const auto letters = decode_passes(got.list[server], count);
    std::copy(letters.begin(), letters.end(), out[i].begin());
    // A second intent for the same server was not sent.
    ask.skip[server] = true;
  }
  return out;
}

namespace {

/// What to skip in order to ask the servers of `where` alone; an empty `where` means all.
std::vector<bool> all_but(const std::vector<bool>& where) {
  auto out = where;
  out.flip();
  return out;
}

/// Asks the servers of `where`, or all when it is empty.
std::vector<available_answer> ask_offers(raida_port& port, uint32_t session, change_operation op,
                                         int8_t held, const std::vector<bool>& where,
                                         const command_times& times) {
  auto ask = ask_everyone(port, command::available_serials, times.change);
  for (auto& payload : ask.payloads)
    payload = encode_available(session, op, held);
  ask.skip = all_but(where);
  std::vector<available_answer> out;
  for (const auto& x : ask_once(port, ask).list)
    out.push_back(decode_available(x, op, held));
  return out;
}

serial_offer ask_serials(raida_port& port, uint32_t session, change_operation op, int8_t held,
                         const std::vector<bool>& where, const quorum_rules& rules,
                         const command_times& times) {
  serial_offer out;
  out.target = static_cast<int8_t>(op == change_operation::break_note ? held - 1 : held + 1);
  std::unordered_map<uint32_t, size_t> offers;
  for (const auto& told : ask_offers(port, session, op, held, where, times)) {
    out.servers += told.letter;
    for (auto serial : told.serials)
      ++offers[serial];
  }
  for (const auto& [serial, count] : offers)
    if (count >= rules.majority)
      out.serials.push_back({serial, count});
  std::sort(out.serials.begin(), out.serials.end(), [](const auto& x, const auto& y) {
    return x.offered_by != y.offered_by ? x.offered_by > y.offered_by : x.serial < y.serial;
  });
  return out;
}

/// Whether enough servers answered, and yet too few of them offer the same.
bool servers_disagree(const serial_offer& x, change_operation op, const quorum_rules& rules) {
  const auto wanted = op == change_operation::break_note ? change_count : size_t{1};
  return count_letters(x.servers).passed >= rules.settled() &&
         (x.serials.size() < wanted || x.serials[wanted - 1].offered_by < rules.settled());
}

} // namespace

serial_offer available_serials(raida_port& port, uint32_t session, change_operation op, int8_t held,
                               const quorum_rules& rules, const command_times& times,
                               const std::vector<bool>& where) {
  const auto target = static_cast<int8_t>(op == change_operation::break_note ? held - 1 : held + 1);
  if (session == 0 || !is_denomination(held) || !is_denomination(target))
    return {std::string(port.servers(), letter::untried), target, {}};
  serial_retry again{times.change};
  auto out = ask_serials(port, session, op, held, where, rules, times);
  while (servers_disagree(out, op, rules) && again.wait(port))
    out = ask_serials(port, session, op, held, where, rules, times);
  return out;
}

std::vector<available_answer> reserve_again(raida_port& port, uint32_t session, change_operation op,
                                            int8_t held, const std::vector<bool>& where,
                                            const command_times& times) {
  return ask_offers(port, session, op, held, where, times);
}

namespace {

/// Whether these are one note and ten of the next smaller denomination, no serial twice.
bool is_change(uint32_t session, const note& big, const std::vector<note>& small, size_t servers) {
  if (session == 0 || small.size() != change_count || !is_whole(big, servers))
    return false;
  std::unordered_set<uint32_t> serials;
  return std::all_of(small.begin(), small.end(), [&](const note& x) {
    return is_whole(x, servers) && x.id.denomination == big.id.denomination - 1 &&
           serials.insert(x.id.serial).second;
  });
}

change_answer ask_change(raida_port& port, command what, uint32_t session, const note& big,
                         const std::vector<note>& small, const std::vector<bool>& where,
                         const command_times& times) {
  const auto servers = port.servers();
  change_answer out{std::string(servers, letter::untried), std::vector<uint8_t>(servers, 0)};
  if (!is_change(session, big, small, servers))
    return out;
  auto ask = ask_everyone(port, what, times.change);
  for (size_t i = 0; i < servers; ++i)
    ask.payloads[i] = encode_change(session, big, small, i);
  ask.skip = all_but(where);
  auto got = ask_once(port, ask);
  ask.skip.assign(servers, true);
  for (size_t i = 0; i < servers; ++i)
    ask.skip[i] = got.list[i].what != outcome::answered || got.list[i].status != status::rate_limit;
  const auto limited = std::find(ask.skip.begin(), ask.skip.end(), false) != ask.skip.end();
  if (limited && port.pause(times.limited)) {
    auto second = ask_once(port, ask);
    for (size_t i = 0; i < servers; ++i)
      if (!ask.skip[i])
        got.list[i] = std::move(second.list[i]);
  }
  for (size_t i = 0; i < servers; ++i) {
    out.letters[i] = decode_change(got.list[i]);
    if (got.list[i].what == outcome::answered)
      out.statuses[i] = got.list[i].status;
  }
  return out;
}

} // namespace

change_answer break_note(raida_port& port, uint32_t session, const note& big,
                         const std::vector<note>& small, const command_times& times) {
  return change_at(port, change_operation::break_note, session, big, small, {}, times);
}

change_answer join_notes(raida_port& port, uint32_t session, const note& big,
                         const std::vector<note>& small, const command_times& times) {
  return change_at(port, change_operation::join_notes, session, big, small, {}, times);
}

change_answer change_at(raida_port& port, change_operation op, uint32_t session, const note& big,
                        const std::vector<note>& small, const std::vector<bool>& where,
                        const command_times& times) {
  const auto what = op == change_operation::break_note ? command::break_note : command::join_notes;
  return ask_change(port, what, session, big, small, where, times);
}

} // namespace liveconnect::raida
