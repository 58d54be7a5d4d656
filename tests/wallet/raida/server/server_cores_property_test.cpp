// Server cores alone, whatever three clients and an operator ask of them in whatever order: the law
// of the servers (docs/design/safety.md I16) holds on every one after every command, and a note is
// changed by nobody but who knows what the server holds for it, or has tickets of a majority that
// still does. Every datagram is an event of its own: late, doubled, lost.

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/support/raida_lab.hpp"
#include "wallet/raida/derive.hpp"
#include "wallet/raida/note_codec.hpp"
#include "wallet/raida/server/server_core.hpp"

namespace liveconnect::raida {
namespace {

using namespace std::chrono_literals;
using time_point = std::chrono::steady_clock::time_point;

constexpr size_t client_count = 3;
constexpr size_t operators_number = client_count;
constexpr uint32_t serials_used = 50;

std::string key_of_an(const authenticity_number& x) {
  return std::string(x.view().text());
}

class world {
public:
  world(size_t servers, uint64_t seed) : random_(seed), draw_(seed) {
    for (size_t i = 0; i < servers; ++i) {
      server_options options;
      options.id = static_cast<uint8_t>(i);
      options.servers = static_cast<uint8_t>(servers);
      options.admin_key = admin_;
      nodes_.push_back(std::make_unique<node>(options, seed * 100 + i));
      EXPECT_FALSE(nodes_.back()->core.reset());
    }
  }

  void run(size_t steps) {
    for (uint32_t i = 0; i < 6; ++i)
      create({{2, i}, {1, i}, {0, i}, {0, i + 10}}, true);
    deliver_until(now_ + 1s);
    for (size_t i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      act();
      deliver_until(now_ + std::chrono::milliseconds(below(chance(20) ? 20'000 : 60)));
    }
    deliver_until(now_ + 10s);
  }

  std::map<command, size_t> done; ///< Commands that changed something.

private:
  struct node {
    node(const server_options& options, uint64_t seed)
        : random(seed), core(options, store, random) {}
    test::memory_store store;
    test::scripted_random random;
    server_core core;
    uint64_t created = 0;
    uint64_t freed = 0;
    /// What the record held before, and until when.
    std::map<note_id, std::deque<std::pair<authenticity_number, time_point>>> past;
  };
  struct ticket_hand {
    std::vector<note_id> notes;
    std::vector<uint32_t> tickets;
  };
  struct client {
    std::vector<note> notes;
    /// Numbers of its hands.
    std::vector<size_t> hands;
  };
  struct running_fix {
    size_t server;
    size_t who;
    fix_votes votes;
    bool over = false;
  };

  // --- chance ---

  uint64_t below(uint64_t n) { return random_() % n; }
  bool chance(unsigned percent) { return below(100) < percent; }
  authenticity_number an() {
    authenticity_number out;
    draw_.fill(out.data(), out.size());
    return out;
  }
  std::vector<authenticity_number> ans(unsigned who) {
    std::vector<authenticity_number> out;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      out.push_back(an());
      learn(who, out.back());
    }
    return out;
  }
  note_id some_id(int8_t d) { return {d, static_cast<uint32_t>(below(serials_used))}; }

  // --- who knows what ---

  void learn(size_t who, const authenticity_number& x) { known_[key_of_an(x)] |= 1u << who; }
  bool knows(size_t who, const authenticity_number& x) const {
    const auto i = known_.find(key_of_an(x));
    return i != known_.end() && (i->second >> who & 1) != 0;
  }
  /// Whether the client knew what server `s` held at some moment that a listing may speak of.
  bool knew_lately(size_t who, size_t s, note_id id) {
    const auto held = *nodes_[s]->store.get(id);
    if (held && held->mfs != 0 && knows(who, held->an))
      return true;
    for (const auto& [old, until] : nodes_[s]->past[id])
      if (until >= now_ - listing_lifetime && knows(who, old))
        return true;
    return false;
  }

  // --- the network ---

  void later(std::chrono::nanoseconds delay, std::function<void()> what) {
    events_.emplace(now_ + delay, std::move(what));
  }
  std::chrono::nanoseconds delay() {
    return std::chrono::milliseconds(chance(8) ? below(3000) : below(80));
  }
  void deliver_until(time_point end) {
    while (!events_.empty() && events_.begin()->first <= end && !::testing::Test::HasFailure()) {
      const auto i = events_.begin();
      now_ = std::max(now_, i->first);
      const auto what = std::move(i->second);
      events_.erase(i);
      what();
    }
    now_ = std::max(now_, end);
  }

  using on_answer = std::function<void(const answer&)>;

  void send(size_t who, size_t server, command what, const secret_bytes& payload,
            const on_answer& then = {}) {
    if (chance(3))
      return;
    const auto x = encode_request(static_cast<uint8_t>(server), what, view(payload), {});
    for (int copies = chance(6) ? 2 : 1; copies > 0; --copies)
      later(delay(), [this, who, server, what, x = *x, then] {
        const auto got = serve(who, server, what, view(x.packet));
        if (got && then)
          then(decode_response(x.context, *got));
      });
  }

  /// Carries out one request; nothing when the answer has to wait.
  std::optional<bytes> serve(size_t who, size_t server, command what, byte_view packet) {
    auto& at = *nodes_[server];
    auto out = at.core.handle(arrival::tcp, packet, {now_, 45});
    EXPECT_TRUE(out);
    if (out->fix) {
      auto run = std::make_shared<running_fix>(
          running_fix{server, who, fix_votes{std::move(*out->fix), nodes_.size()}});
      next_round(run);
      return std::nullopt;
    }
    take(who, server, what, out->answer);
    return encode_response(out->to, out->answer.status, view(out->answer.payload), 0);
  }

  void next_round(const std::shared_ptr<running_fix>& run) {
    const auto ask = run->votes.next_round(now_);
    if (ask.empty()) {
      decide(run);
      return;
    }
    const auto round = run->votes.rounds();
    auto open = std::make_shared<size_t>(ask.size());
    for (auto claim : ask) {
      const auto asked = now_;
      if (chance(5))
        continue; // lost: the round ends at its deadline
      auto payload = validate_ticket_payload(static_cast<uint8_t>(run->server), claim.ticket);
      const auto x = encode_request(claim.server, command::validate_ticket, view(payload), {});
      auto answered = std::make_shared<bool>(false);
      for (int copies = chance(20) ? 2 : 1; copies > 0; --copies)
        later(delay(), [=, x = *x] {
          const auto got = serve(run->who, claim.server, command::validate_ticket, view(x.packet));
          later(delay(), [=] {
            if (run->over || run->votes.rounds() != round || *answered)
              return;
            *answered = true;
            if (auto listing =
                    read_ticket_listing(claim.server, decode_response(x.context, *got))) {
              listing->asked = asked;
              run->votes.hear(std::move(*listing));
            }
            if (run->votes.is_decided(now_))
              decide(run);
            else if (--*open == 0)
              next_round(run);
          });
        });
    }
    later(round == 1 ? 2s : std::chrono::nanoseconds(listing_lifetime), [=] {
      if (!run->over && run->votes.rounds() == round)
        next_round(run);
    });
  }

  void decide(const std::shared_ptr<running_fix>& run) {
    run->over = true;
    auto out = nodes_[run->server]->core.complete_fix(run->votes.fix(), run->votes.fresh(now_),
                                                      {now_, 45});
    const auto& fix = run->votes.fix();
    for (const auto& x : out.changes) {
      const auto i = std::find(fix.notes.begin(), fix.notes.end(), x.id) - fix.notes.begin();
      EXPECT_TRUE(*nodes_[run->server]->store.get(x.id) == fix.before[static_cast<size_t>(i)])
          << "written over what came while the Fix waited";
    }
    take(run->who, run->server, command::fix, out);
  }

  // --- what is checked ---

  void take(size_t who, size_t server, command what, const reply& out) {
    auto& at = *nodes_[server];
    for (const auto& x : out.changes) {
      const auto before = *at.store.get(x.id);
      const bool was_live = before && before->mfs != 0;
      check_right(who, server, what, x, was_live ? before->an : authenticity_number{}, was_live);
      if (was_live)
        at.past[x.id].emplace_back(before->an, now_);
      if (at.past[x.id].size() > 8)
        at.past[x.id].pop_front();
      const auto units = denomination_value(x.id.denomination).units();
      if (what == command::admin_create)
        at.created += units;
      if (what == command::admin_free && was_live)
        at.freed += units;
    }
    EXPECT_FALSE(at.store.stage(out.changes));
    EXPECT_FALSE(at.store.commit());
    // Also when the core itself refused what it was about to do: it must not come that far.
    EXPECT_TRUE(at.core.supply().holds) << "server " << server;
    if (out.changes.empty())
      return;
    ++done[what];
    uint64_t live = 0;
    EXPECT_FALSE(at.store.for_each_in_use(
        [&](note_id id) { live += denomination_value(id.denomination).units(); }));
    EXPECT_EQ(live, at.created - at.freed) << "server " << server;
    EXPECT_EQ(at.core.supply().live, live);
    EXPECT_EQ(at.core.supply().account, (supply_account{at.created, at.freed}));
  }

  void check_right(size_t who, size_t server, command what, const change& x,
                   const authenticity_number& held, bool was_live) {
    if (what == command::admin_create || what == command::admin_free)
      return;
    if (!was_live) {
      EXPECT_TRUE(what == command::break_note || what == command::join_notes)
          << "a note out of nothing";
      EXPECT_NE(x.to.mfs, 0);
      return;
    }
    if (knows(who, held))
      return;
    EXPECT_EQ(what, command::fix) << "changed by a client that does not know its AN";
    size_t votes = 0;
    for (size_t i = 0; i < nodes_.size(); ++i)
      votes += i != server && knew_lately(who, i, x.id) ? 1 : 0;
    EXPECT_GE(votes, fix_votes::needed_of(nodes_.size())) << "a Fix by who holds too few";
  }

  // --- what clients do ---

  void each_server(unsigned percent, const std::function<void(size_t)>& what) {
    for (size_t i = 0; i < nodes_.size(); ++i)
      if (chance(percent))
        what(i);
  }

  void create(const std::vector<note_id>& ids, bool everywhere) {
    secret_bytes payload;
    byte_writer<secret_bytes> w(payload);
    w.u32(unchecked_session).raw(admin_.view());
    for (auto id : ids)
      w.u8(static_cast<uint8_t>(id.denomination)).u32(id.serial);
    const auto list = view(payload).sub(20).copy();
    for (auto id : ids) {
      note x;
      x.id = id;
      for (size_t i = 0; i < nodes_.size(); ++i) {
        x.ans.push_back(minted_an(static_cast<uint8_t>(i), id.serial, list));
        for (size_t who = 0; who < client_count; ++who)
          learn(who, x.ans.back()); // anyone may have guessed it
      }
      clients_[below(client_count)].notes.push_back(x);
    }
    each_server(everywhere ? 100 : 80,
                [&](size_t i) { send(operators_number, i, command::admin_create, payload); });
  }

  void free_some() {
    const auto id = some_id(static_cast<int8_t>(below(3)));
    secret_bytes payload;
    byte_writer<secret_bytes> w(payload);
    w.u32(0).raw(admin_.view());
    for (int twice = chance(30) ? 2 : 1; twice > 0; --twice)
      w.u8(static_cast<uint8_t>(id.denomination)).u32(id.serial);
    each_server(60, [&](size_t i) { send(operators_number, i, command::admin_free, payload); });
  }

  void act() {
    const auto who = below(client_count);
    auto& me = clients_[who];
    if (me.notes.empty() || chance(3)) {
      const auto d = static_cast<int8_t>(below(3));
      create({some_id(d), some_id(static_cast<int8_t>((d + 1) % 3))}, chance(70));
      return;
    }
    if (me.notes.size() > 80)
      me.notes.erase(me.notes.begin(), me.notes.begin() + 40);
    if (me.hands.size() > 20)
      me.hands.erase(me.hands.begin(), me.hands.begin() + 10);
    const auto x = me.notes[me.notes.size() - 1 - below(std::min<size_t>(me.notes.size(), 12))];
    switch (below(15)) {
    case 0:
    case 1:
      pown_it(who, x);
      break;
    case 2:
      give(who, x);
      break;
    case 3:
      pown_sum_it(who, x);
      break;
    case 4:
    case 5:
      ask_tickets(who, x);
      break;
    case 6:
    case 7:
      fix_it(who);
      break;
    case 8:
      break_it(who, x);
      break;
    case 9:
    case 10:
    case 11:
      join_them(who, x.id.denomination);
      break;
    case 12:
    case 13:
      pay_and_take_back(who, x);
      break;
    default:
      if (chance(20))
        free_some();
      else
        read_it(who, x);
    }
  }

  void pown_it(size_t who, const note& x) {
    auto next = x;
    next.pans = ans(static_cast<unsigned>(who));
    if (chance(5)) { // by a guess
      for (auto& y : next.ans)
        y = an();
    }
    each_server(chance(50) ? 100 : 60, [&](size_t i) {
      send(who, i, command::pown, encode_notes_with_pans({next}, {0}, i));
    });
    next.ans = next.pans;
    next.pans.clear();
    clients_[who].notes.push_back(next);
  }

  /// A payer who takes tickets before he pays, and sends Fixes when the payee powns.
  void pay_and_take_back(size_t who, const note& x) {
    ask_tickets(who, x);
    later(200ms, [=] {
      const auto to = give(who, x);
      const auto some_time = [this] { return std::chrono::milliseconds(below(300)); };
      later(some_time(), [=] { pown_it(to, x); });
      later(some_time(), [=] { fix_it(who); });
      later(some_time(), [=] { fix_it(who); });
    });
  }

  size_t give(size_t who, const note& x) {
    const auto to = (who + 1 + below(client_count - 1)) % client_count;
    for (const auto& y : x.ans)
      if (knows(who, y))
        learn(to, y);
    clients_[to].notes.push_back(x);
    return to;
  }

  void pown_sum_it(size_t who, const note& x) {
    const auto delta = an();
    auto next = x;
    each_server(80, [&](size_t i) {
      secret_bytes payload;
      byte_writer<secret_bytes>(payload)
          .u8(static_cast<uint8_t>(x.id.denomination))
          .u32(x.id.serial)
          .raw(x.ans[i].view())
          .raw(delta.view());
      for (size_t k = 0; k < delta.size(); ++k)
        next.ans[i].data()[k] ^= delta.data()[k];
      learn(who, next.ans[i]);
      send(who, i, command::pown_sum, payload);
    });
    clients_[who].notes.push_back(next);
  }

  void ask_tickets(size_t who, const note& x) {
    auto& me = clients_[who];
    const auto y = me.notes[below(me.notes.size())];
    const auto at = hands_.size();
    hands_.push_back({{x.id, y.id}, std::vector<uint32_t>(nodes_.size(), 0)});
    me.hands.push_back(at);
    each_server(chance(60) ? 100 : 60, [&](size_t i) {
      send(who, i, command::get_ticket, encode_notes({x, y}, {0, 1}, i),
           [this, at, i](const answer& got) {
             if (const auto told = decode_ticket(got, 2); told.ticket != 0)
               hands_[at].tickets[i] = told.ticket;
           });
    });
  }

  void fix_it(size_t who) {
    auto& me = clients_[who];
    if (me.hands.empty())
      return;
    const auto back = chance(70) ? 0 : below(me.hands.size());
    const auto hand = hands_[me.hands[me.hands.size() - 1 - back]];
    fix_seed pg;
    draw_.fill(pg.data(), pg.size());
    const auto targets = chance(70) ? hand.notes : std::vector<note_id>{hand.notes[0]};
    for (auto id : targets) {
      note next{id, {}, {}, {}};
      for (size_t i = 0; i < nodes_.size(); ++i) {
        next.ans.push_back(fixed_an(static_cast<uint8_t>(i), id, pg));
        learn(who, next.ans.back());
      }
      me.notes.push_back(next);
    }
    each_server(chance(30) ? 100 : 20, [&](size_t i) {
      send(who, i, command::fix, encode_fix(targets, pg, hand.tickets));
    });
  }

  void break_it(size_t who, const note& x) {
    if (x.id.denomination == 0)
      return;
    std::vector<note> small;
    const auto first = static_cast<uint32_t>(below(serials_used - 10));
    const auto d = static_cast<int8_t>(x.id.denomination - 1);
    for (uint32_t i = 0; i < change_count; ++i)
      small.push_back({{d, first + i}, ans(static_cast<unsigned>(who)), {}, {}});
    const auto session = static_cast<uint32_t>(1 + below(4));
    each_server(chance(40) ? 100 : 50, [&](size_t i) {
      if (chance(20))
        send(who, i, command::available_serials,
             encode_available(session, change_operation::break_note, x.id.denomination));
      send(who, i, command::break_note, encode_change(session, x, small, i));
    });
    clients_[who].notes.insert(clients_[who].notes.end(), small.begin(), small.end());
  }

  void join_them(size_t who, int8_t d) {
    if (d == 2)
      return;
    std::vector<note> small;
    for (auto i = clients_[who].notes.rbegin(); i != clients_[who].notes.rend(); ++i) {
      const auto is_same = [&](const note& y) { return y.id == i->id; };
      if (i->id.denomination == d && small.size() < change_count &&
          std::none_of(small.begin(), small.end(), is_same))
        small.push_back(*i);
    }
    if (small.size() < change_count)
      return;
    const note big{some_id(static_cast<int8_t>(d + 1)), ans(static_cast<unsigned>(who)), {}, {}};
    each_server(chance(60) ? 100 : 50, [&](size_t i) {
      send(who, i, command::join_notes, encode_change(7, big, small, i));
    });
    clients_[who].notes.push_back(big);
  }

  /// Commands that must change nothing (take() would see it).
  void read_it(size_t who, const note& x) {
    auto both = x;
    both.pans = x.ans;
    each_server(50, [&](size_t i) {
      send(who, i, command::detect, encode_notes({x}, {0}, i));
      send(who, i, command::find, encode_notes_with_pans({both}, {0}, i));
      send(who, i, command::count_coins, {});
      secret_bytes sum;
      byte_writer<secret_bytes>(sum)
          .u8(static_cast<uint8_t>(x.id.denomination))
          .u32(x.id.serial)
          .raw(x.ans[i].view());
      send(who, i, command::detect_sum, sum);
    });
  }

  std::mt19937_64 random_;
  test::scripted_random draw_;
  secret<16> admin_ = secret<16>::from(bytes(16, 7));
  std::vector<std::unique_ptr<node>> nodes_;
  std::array<client, client_count> clients_;
  std::map<std::string, unsigned> known_;
  std::vector<ticket_hand> hands_;
  std::multimap<time_point, std::function<void()>> events_;
  time_point now_ = time_point{} + 1000h;
};

TEST(raida_server_cores_property, supply_never_grows_and_a_powned_note_stays_its_owners) {
  std::map<command, size_t> done;
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    const size_t servers = seed % 4 == 0 ? 25 : 3 + seed * 7 % 11;
    SCOPED_TRACE("seed " + std::to_string(seed) + ", " + std::to_string(servers) + " servers");
    world x(servers, seed);
    x.run(1500);
    for (const auto& [what, count] : x.done)
      done[what] += count;
    if (HasFailure())
      return;
  }
  // Not by standing still.
  for (auto what : {command::pown, command::pown_sum, command::fix, command::break_note,
                    command::join_notes, command::admin_create, command::admin_free}) {
    RecordProperty("command_" + std::to_string(static_cast<int>(what)),
                   static_cast<int>(done[what]));
    EXPECT_GT(done[what], 30u) << static_cast<int>(what);
  }
}

} // namespace
} // namespace liveconnect::raida
