#include "tests/simulation/server_farm.hpp"

#include <algorithm>
#include <map>

#include "messages/base/error.hpp"
#include "tests/simulation/seeded.hpp"
#include "tests/support/raida_lab.hpp"
#include "wallet/raida/server/fix_votes.hpp"

namespace liveconnect::simulation {

using namespace raida;

namespace {

/// How long a server waits for the others' word on their tickets, as the host has it.
constexpr sim_time fix_deadline = seconds(2);

/// Records in a map, with all that ever changed, so that a server can fall back to an older state.
class remembering_store final : public record_store {
public:
  explicit remembering_store(event_queue& events) : events_(events) {}

  caf::expected<std::optional<record>> get(note_id id) override {
    std::optional<record> out;
    if (const auto i = staged_.find(id); i != staged_.end())
      out = i->second;
    else if (const auto j = records_.find(id); j != records_.end())
      out = j->second;
    return out;
  }

  caf::error for_each_in_use(const std::function<void(note_id)>& visit) override {
    for (const auto& [id, x] : records_)
      if (x.mfs != 0)
        visit(id);
    return caf::none;
  }

  caf::expected<std::optional<supply_account>> account() override {
    auto out = account_;
    if (!add_to(out, staged_effects_))
      return fail(ec::internal, "the account is full");
    return std::optional<supply_account>{out};
  }

  caf::error begin_account(const supply_account& x) override {
    account_ = x;
    return caf::none;
  }

  caf::error stage(const std::vector<change>& changes) override {
    for (const auto& x : changes) {
      staged_[x.id] = x.to;
      if (x.effect != supply_effect::none)
        staged_effects_.push_back(x);
    }
    return caf::none;
  }

  caf::error commit() override {
    for (const auto& [id, x] : staged_)
      put(id, x);
    if (!add_to(account_, staged_effects_))
      return fail(ec::internal, "the account is full");
    rollback();
    return caf::none;
  }

  void rollback() override {
    staged_.clear();
    staged_effects_.clear();
  }

  /// A record as if it had been created and committed.
  void create(note_id id, const record& x) {
    put(id, x);
    account_.created += denomination_value(id.denomination).units();
  }

  void put(note_id id, const record& x) {
    auto& at = records_[id];
    past_.push_back({events_.now(), id, at});
    live_ -= at.mfs != 0 ? denomination_value(id.denomination).units() : 0;
    live_ += x.mfs != 0 ? denomination_value(id.denomination).units() : 0;
    at = x;
  }

  /// The account falls back with the records: both stand in one file.
  void go_back_to(sim_time when) {
    rollback();
    while (!past_.empty() && past_.back().when > when) {
      const auto last = past_.back();
      put(last.id, last.before);
      past_.pop_back();
      past_.pop_back();
    }
    account_ = {live_, 0};
  }

  uint64_t live() const { return live_; }
  const std::map<note_id, record>& records() const { return records_; }

private:
  struct change_made {
    sim_time when;
    note_id id;
    record before;
  };

  event_queue& events_;
  std::map<note_id, record> records_;
  std::map<note_id, record> staged_;
  std::vector<change> staged_effects_;
  supply_account account_;
  std::vector<change_made> past_;
  uint64_t live_ = 0;
};

server_options options_for(size_t server, size_t servers) {
  server_options out;
  out.id = static_cast<uint8_t>(server);
  out.servers = static_cast<uint8_t>(servers);
  out.breaks_per_minute = 0;
  return out;
}

/// What a lie says: the status, and nothing with it.
uint8_t false_status(command what, bool yes) {
  switch (what) {
  case command::find:
    return yes ? status::find_all_pan : status::find_neither;
  case command::detect:
  case command::pown:
  case command::get_ticket:
  case command::fix:
    return yes ? status::all_pass : status::all_fail;
  default:
    return yes ? status::success : status::all_fail;
  }
}

} // namespace

struct server_farm::node {
  node(event_queue& events, size_t id, size_t servers, uint64_t seed)
      : store(events), random(seed), core(options_for(id, servers), store, random) {
    (void)core.reset();
  }

  remembering_store store;
  test::scripted_random random;
  server_core core;
  uint64_t issued = 0;
  bool down = false;
  bool silent = false;
  sim_time delay = 0;
  lie how = lie::none;
  uint64_t lies_told = 0;
  /// For lie::stale: what it held when it began.
  std::optional<remembering_store> old_records;
  std::unique_ptr<server_core> old_core;
  /// For lie::anothers.
  uint8_t last_status = status::success;
  secret_bytes last_payload;
};

struct server_farm::waiting_fix {
  size_t server = 0;
  reply_context to;
  std::optional<fix_votes> votes;
  uint64_t round = 0;
  size_t open = 0;
  bool done = false;
  std::function<void(bytes)> answer;
};

server_farm::server_farm(event_queue& events, size_t servers, uint64_t seed)
    : events_(events), seed_(seed) {
  for (size_t i = 0; i < servers; ++i)
    nodes_.push_back(std::make_unique<node>(events, i, servers, mixed(seed * 1000 + i)));
}

server_farm::~server_farm() = default;

moment server_farm::now() const {
  moment out;
  out.now = std::chrono::steady_clock::time_point{} + std::chrono::hours(1000) +
            std::chrono::microseconds(events_.now());
  out.mfs = 45;
  return out;
}

// --- requests ---

void server_farm::receive(size_t server, arrival how, byte_view packet,
                          std::function<void(bytes)> answer) {
  const auto& at = *nodes_[server];
  if (at.down || at.silent)
    return;
  if (at.delay == 0)
    return carry_out(server, how, packet, answer);
  events_.after(at.delay, [this, server, how, kept = packet.copy(), to = std::move(answer)] {
    if (!nodes_[server]->down)
      carry_out(server, how, kept, to);
  });
}

void server_farm::carry_out(size_t server, arrival how, byte_view packet,
                            const std::function<void(bytes)>& answer) {
  auto& at = *nodes_[server];
  if (at.how == lie::always_yes || at.how == lie::always_no || at.how == lie::random ||
      at.how == lie::stale)
    return answer_falsely(server, how, packet, answer);
  if (!fixes_ && refuses_fix(server, how, packet, answer))
    return;
  auto out = at.core.handle(how, packet, now());
  if (out && !out->fix && at.how == lie::twice) {
    (void)at.store.stage(out->answer.changes);
    (void)at.store.commit();
    out = at.core.handle(how, packet, now());
  }
  if (!out)
    return;
  if (out->fix)
    return begin_fix(server, *out, answer);
  finish(server, out->to, out->answer, answer);
}

void server_farm::finish(size_t server, const reply_context& to, const reply& what,
                         const std::function<void(bytes)>& answer) {
  auto& at = *nodes_[server];
  (void)at.store.stage(what.changes);
  (void)at.store.commit();
  if (!what.changes.empty())
    judge_supply(server, "a command");
  auto said = what.status;
  auto payload = what.payload;
  if (at.how == lie::anothers) {
    std::swap(said, at.last_status);
    std::swap(payload, at.last_payload);
  }
  answer(encode_response(to, said, view(payload), 0));
}

void server_farm::answer_falsely(size_t server, arrival how, byte_view packet,
                                 const std::function<void(bytes)>& answer) {
  auto& at = *nodes_[server];
  if (at.how == lie::stale) {
    const auto out = at.old_core->handle(how, packet, now());
    if (out && out->fix)
      answer(encode_response(out->to, status::all_fail, {}, 0));
    else if (out)
      answer(encode_response(out->to, out->answer.status, view(out->answer.payload), 0));
    // It takes what it answers for done no more than anybody should.
    if (out && !out->answer.changes.empty())
      (void)at.old_core->reset();
    return;
  }
  const auto head = decode_header(static_cast<uint8_t>(server), how, packet);
  const auto* header = std::get_if<request_header>(&head);
  if (header == nullptr)
    return;
  const auto body = decode_body(*header, packet, std::nullopt);
  const auto* in = std::get_if<request>(&body);
  if (in == nullptr)
    return;
  const bool yes = at.how == lie::always_yes ||
                   (at.how == lie::random && mixed(seed_ ^ ++at.lies_told ^ server << 32) % 2 == 0);
  answer(encode_response(in->reply, false_status(in->what, yes), {}, 0));
}

bool server_farm::refuses_fix(size_t server, arrival how, byte_view packet,
                              const std::function<void(bytes)>& answer) {
  const auto head = decode_header(static_cast<uint8_t>(server), how, packet);
  const auto* header = std::get_if<request_header>(&head);
  if (header == nullptr || header->what != command::fix)
    return false;
  const auto body = decode_body(*header, packet, std::nullopt);
  if (const auto* in = std::get_if<request>(&body))
    answer(encode_response(in->reply, status::all_fail, {}, 0));
  return true;
}

// --- Fix: the word of the others ---

void server_farm::begin_fix(size_t server, const handled& x, std::function<void(bytes)> answer) {
  const auto waiting = std::make_shared<waiting_fix>();
  waiting->server = server;
  waiting->to = x.to;
  waiting->votes.emplace(*x.fix, servers());
  waiting->answer = std::move(answer);
  ask_others(waiting);
}

void server_farm::ask_others(const std::shared_ptr<waiting_fix>& waiting) {
  const auto claims = waiting->votes->next_round(now().now);
  if (claims.empty())
    return complete_fix(waiting);
  waiting->open = claims.size();
  const auto round = ++waiting->round;
  for (const auto claim : claims) {
    const auto payload =
        validate_ticket_payload(static_cast<uint8_t>(waiting->server), claim.ticket);
    request_seed drawn;
    drawn.echo = static_cast<uint16_t>(++inquiries_);
    const auto ask = encode_request(claim.server, command::validate_ticket, view(payload), drawn);
    const auto draw = mixed(seed_ ^ inquiries_ << 8 ^ claim.server);
    const auto there = milliseconds(1 + draw % 20);
    const auto back = milliseconds(1 + (draw >> 16) % 20);
    const auto heard = [this, waiting, round, context = ask->context, claim,
                        asked = now().now](const bytes& response) {
      if (waiting->done)
        return;
      if (auto told = read_ticket_listing(claim.server, decode_response(context, response))) {
        told->asked = asked;
        waiting->votes->hear(std::move(*told));
      }
      if (waiting->votes->is_decided(now().now))
        return complete_fix(waiting);
      if (waiting->round == round && --waiting->open == 0)
        ask_others(waiting);
    };
    events_.after(there, [this, claim, heard, back, packet = view(ask->packet).copy()] {
      receive(claim.server, arrival::tcp, packet, [this, heard, back](bytes response) {
        events_.after(back, [heard, got = std::move(response)] { heard(got); });
      });
    });
  }
  events_.after(round == 1 ? fix_deadline : milliseconds(250), [this, waiting, round] {
    if (waiting->round == round && !waiting->done)
      ask_others(waiting);
  });
}

void server_farm::complete_fix(const std::shared_ptr<waiting_fix>& x) {
  if (std::exchange(x->done, true) || nodes_[x->server]->down)
    return;
  auto& at = *nodes_[x->server];
  const auto when = now();
  finish(x->server, x->to, at.core.complete_fix(x->votes->fix(), x->votes->fresh(when.now), when),
         x->answer);
}

// --- weather ---

bool server_farm::is_down(size_t server) const {
  return nodes_[server]->down;
}

void server_farm::set_down(size_t server, bool x) {
  nodes_[server]->down = x;
}

void server_farm::set_silent(size_t server, bool x) {
  nodes_[server]->silent = x;
}

void server_farm::set_delay(size_t server, sim_time x) {
  nodes_[server]->delay = x;
}

void server_farm::set_lie(size_t server, lie how) {
  auto& at = *nodes_[server];
  at.how = how;
  if (how != lie::stale)
    return;
  at.old_records.emplace(at.store);
  at.old_core =
      std::make_unique<server_core>(options_for(server, servers()), *at.old_records, at.random);
  (void)at.old_core->reset();
}

bool server_farm::lies(size_t server) const {
  return nodes_[server]->how != lie::none;
}

void server_farm::refuse_fixes() {
  fixes_ = false;
}

void server_farm::roll_back(size_t server, sim_time when) {
  nodes_[server]->store.go_back_to(when);
  (void)nodes_[server]->core.reset();
  judge_supply(server, "falling back to an older state");
}

// --- notes ---

note server_farm::mint_one(note_id id) {
  note out;
  out.id = id;
  for (auto& x : nodes_) {
    authenticity_number an;
    x->random.fill(an.data(), an.size());
    x->store.create(id, {an, now().mfs});
    x->issued += denomination_value(id.denomination).units();
    out.ans.push_back(an);
  }
  return out;
}

std::vector<note> server_farm::mint(const std::vector<note_id>& ids) {
  std::vector<note> out;
  for (const auto id : ids)
    out.push_back(mint_one(id));
  for (auto& x : nodes_)
    (void)x->core.reset();
  return out;
}

void server_farm::frack(size_t server, note_id id) {
  authenticity_number an;
  nodes_[server]->random.fill(an.data(), an.size());
  nodes_[server]->store.put(id, {an, now().mfs});
  note x;
  x.id = id;
  x.ans = {an};
  strange_.push_back(std::move(x));
}

bool server_farm::is_fracked(size_t server, note_id id) {
  const auto an = held(server, id);
  return an && std::any_of(strange_.begin(), strange_.end(),
                           [&](const note& x) { return x.id == id && x.ans[0] == *an; });
}

std::optional<authenticity_number> server_farm::held(size_t server, note_id id) {
  const auto x = nodes_[server]->store.get(id);
  if (!x || !*x || (*x)->mfs == 0)
    return std::nullopt;
  return (*x)->an;
}

size_t server_farm::honest_holders(const note& x) {
  size_t out = 0;
  for (size_t i = 0; i < servers() && i < x.ans.size(); ++i)
    if (const auto an = held(i, x.id); an && !lies(i) && *an == x.ans[i])
      ++out;
  return out;
}

uint64_t server_farm::state_of(size_t server) const {
  uint64_t out = 0;
  for (const auto& [id, x] : nodes_[server]->store.records()) {
    out = mixed(out ^ std::hash<note_id>()(id) ^ (x.mfs != 0 ? 1 : 0));
    for (size_t i = 0; i < 8; ++i)
      out = mixed(out ^ x.an.data()[i]);
  }
  return out;
}

std::set<note_id> server_farm::live_notes() {
  std::set<note_id> out;
  for (const auto& x : nodes_)
    for (const auto& [id, what] : x->store.records())
      if (what.mfs != 0)
        out.insert(id);
  return out;
}

void server_farm::judge_supply(size_t server, const char* after) {
  const auto& at = *nodes_[server];
  if (at.store.live() == at.issued || at.how != lie::none)
    return;
  if (violations_.size() < 4)
    violations_.push_back("I16: server " + std::to_string(server) + " has notes of " +
                          std::to_string(at.store.live()) + " units in use after " + after + ", " +
                          std::to_string(at.issued) + " were created");
}

} // namespace liveconnect::simulation
