#include "tests/simulation/strangers.hpp"

#include "wallet/raida/derive.hpp"
#include "wallet/raida/note_codec.hpp"
#include "wallet/raida/packet.hpp"

namespace liveconnect::simulation {

using namespace raida;

namespace {

std::vector<uint32_t> all_of(size_t count) {
  std::vector<uint32_t> out;
  for (uint32_t i = 0; i < count; ++i)
    out.push_back(i);
  return out;
}

} // namespace

strangers::strangers(event_queue& events, network& net, const scenario& what, size_t who)
    : events_(events), net_(net), what_(what), who_(who), tickets_(raida_count, 0) {}

void strangers::ask(command what, size_t server, secret_bytes payload,
                    std::function<void(answer)> answered) {
  const question_name name{who_, what, asked_, asked_};
  ++asked_;
  net_.send(name, server, payload, std::move(answered));
}

void strangers::remember(note_id id, size_t server, const authenticity_number& an) {
  drawn_.push_back({id, server, an});
}

void strangers::take_tickets(const std::vector<note>& notes) {
  with_tickets_ = notes;
  const auto which = all_of(notes.size());
  for (size_t s = 0; s < raida_count; ++s)
    ask(command::get_ticket, s, encode_notes(notes, which, s),
        [this, s, n = notes.size()](answer x) {
          if (const auto got = decode_ticket(x, n); got.ticket != 0)
            tickets_[s] = got.ticket;
        });
}

void strangers::fix_with_tickets() {
  for (size_t s = 0; s < raida_count; ++s) {
    const auto pg = fix_seed::random();
    std::vector<note_id> ids;
    for (const auto& x : with_tickets_) {
      ids.push_back(x.id);
      remember(x.id, s, fixed_an(static_cast<uint8_t>(s), x.id, pg));
    }
    ask(command::fix, s, encode_fix(ids, pg, tickets_), [](answer) {});
  }
}

void strangers::pown(const std::vector<note>& notes, size_t count) {
  auto list = notes;
  for (auto& x : list) {
    x.pans = draw_ans(raida_count);
    for (size_t s = 0; s < raida_count; ++s)
      remember(x.id, s, x.pans[s]);
  }
  const auto first = mixed(what_.seed ^ 77) % raida_count;
  for (size_t k = 0; k < count && k < raida_count; ++k) {
    const auto s = (first + k) % raida_count;
    ask(command::pown, s, encode_notes_with_pans(list, all_of(list.size()), s), [](answer) {});
  }
}

// --- the game of tickets, changes and Fix ---

struct strangers::game {
  seeded random{0};
  uint32_t left = 0;
  /// What was ever its own, under the newest secrets that it drew for each.
  std::vector<note> notes;
  uint32_t session = 0;
  std::vector<uint32_t> tickets = std::vector<uint32_t>(raida_count, 0);
  /// A change that was begun, so that it can go on elsewhere.
  note big;
  std::vector<note> small;
};

std::vector<size_t> strangers::some_servers(seeded& random) const {
  std::vector<size_t> out;
  const auto how = random.below(4);
  const auto cut = random.between(1, raida_count - 1);
  for (size_t s = 0; s < raida_count; ++s) {
    const bool chosen = how == 0   ? true
                        : how == 1 ? s < cut
                        : how == 2 ? s >= cut
                                   : random.chance(50);
    if (chosen)
      out.push_back(s);
  }
  return out;
}

void strangers::play(const std::vector<note>& own, uint32_t count) {
  const auto x = std::make_shared<game>();
  x->random = seeded{what_.seed ^ 0xf0463};
  x->left = count;
  x->notes = own;
  x->session = draw_session();
  next_move(x);
}

void strangers::next_move(const std::shared_ptr<game>& x) {
  if (x->left-- == 0)
    return;
  switch (x->random.below(5)) {
  case 0: {
    // A mixed ticket: everything that was ever its own.
    const auto which = all_of(x->notes.size());
    for (const auto s : some_servers(x->random))
      ask(command::get_ticket, s, encode_notes(x->notes, which, s),
          [x, s, n = x->notes.size()](answer got) {
            if (const auto told = decode_ticket(got, n); told.ticket != 0)
              x->tickets[s] = told.ticket;
          });
    break;
  }
  case 1:
  case 2:
    change_something(*x);
    break;
  case 3:
    fix_something(*x);
    break;
  default:
    pown_something(*x);
  }
  events_.after(milliseconds(x->random.between(50, 900)), [this, x] { next_move(x); });
}

void strangers::change_something(game& x) {
  if (x.small.empty() || x.random.chance(30)) {
    x.big = x.notes[x.random.below(x.notes.size())];
    if (x.big.id.denomination <= strangers_smallest)
      return;
    x.small.clear();
    // On the page that a server reserves first.
    const auto first = 10 * static_cast<uint32_t>(x.random.below(16));
    for (uint32_t i = 0; i < change_count; ++i) {
      note made;
      made.id = {static_cast<int8_t>(x.big.id.denomination - 1), first + i};
      made.ans = draw_ans(raida_count);
      for (size_t s = 0; s < raida_count; ++s)
        remember(made.id, s, made.ans[s]);
      x.small.push_back(made);
    }
    for (const auto& made : x.small)
      x.notes.push_back(made);
  }
  const bool breaks = x.random.chance(60);
  const auto op = breaks ? change_operation::break_note : change_operation::join_notes;
  const auto held = static_cast<int8_t>(breaks ? x.big.id.denomination : x.big.id.denomination - 1);
  for (const auto s : some_servers(x.random)) {
    ask(command::available_serials, s, encode_available(x.session, op, held), [](answer) {});
    events_.after(milliseconds(150),
                  [this, s, breaks, session = x.session, big = x.big, small = x.small] {
                    ask(breaks ? command::break_note : command::join_notes, s,
                        encode_change(session, big, small, s), [](answer) {});
                  });
  }
}

void strangers::fix_something(game& x) {
  const auto pg = fix_seed::random();
  std::vector<note_id> ids;
  for (const auto& one : x.notes)
    ids.push_back(one.id);
  for (const auto s : some_servers(x.random)) {
    for (auto& one : x.notes) {
      one.ans[s] = x.random.chance(50) ? fixed_an(static_cast<uint8_t>(s), one.id, pg) : one.ans[s];
      remember(one.id, s, fixed_an(static_cast<uint8_t>(s), one.id, pg));
    }
    ask(command::fix, s, encode_fix(ids, pg, x.tickets), [](answer) {});
  }
}

void strangers::pown_something(game& x) {
  auto& one = x.notes[x.random.below(x.notes.size())];
  one.pans = draw_ans(raida_count);
  for (const auto s : some_servers(x.random)) {
    remember(one.id, s, one.pans[s]);
    ask(command::pown, s, encode_notes_with_pans({one}, {0}, s), [](answer) {});
    one.ans[s] = one.pans[s];
  }
  one.pans.clear();
}

} // namespace liveconnect::simulation
