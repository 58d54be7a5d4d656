#include "tests/simulation/small_world.hpp"

#include <algorithm>
#include <stdexcept>

#include "messages/base/error.hpp"
#include "tests/simulation/judge.hpp"
#include "tests/simulation/secrets.hpp"
#include "tests/simulation/seeded.hpp"
#include "wallet/journal/journal.hpp"
#include "wallet/journal/recovery.hpp"
#include "wallet/operations/make_change.hpp"
#include "wallet/raida/derive.hpp"
#include "wallet/raida/note_codec.hpp"
#include "wallet/raida/packet.hpp"
#include "wallet/start_up.hpp"
#include "wallet/transfer/receiver_transfer.hpp"
#include "wallet/transfer/sender_transfer.hpp"

namespace liveconnect::simulation {

using namespace wallet;
using kind = small_move::kind;
using raida::command;

namespace {

/// More than any question of the servers among themselves takes.
constexpr sim_time servers_work = milliseconds(200);
/// Both the lease and the dispute hour are over for Alice.
constexpr uint64_t late_up_ms = 10'000'000;
constexpr uint64_t month_ms = uint64_t{31} * 24 * 3600 * 1000;

constexpr const char* names[] = {"Alice", "Bob"};

void require(bool holds, const char* what) {
  if (!holds)
    throw std::logic_error(what);
}

uint64_t hash_of(byte_view x) {
  uint64_t out = x.size();
  size_t i = 0;
  for (; i + 8 <= x.size(); i += 8) {
    uint64_t word = 0;
    std::copy_n(x.begin() + i, 8, reinterpret_cast<uint8_t*>(&word));
    out = (out ^ word) * 0x9e3779b97f4a7c15;
    out ^= out >> 29;
  }
  for (; i < x.size(); ++i)
    out = (out ^ x.begin()[i]) * 0x9e3779b97f4a7c15;
  return mixed(out);
}

uint64_t hash_of(test::memory_file_ops& disk) {
  uint64_t out = 0;
  for_each_file(disk, [&out](const std::string& path, byte_view content) {
    out += mixed(hash_of(byte_view{path}) ^ hash_of(content));
  });
  return out;
}

bool is_transfer(small_case x) {
  return x == small_case::one_note;
}

} // namespace

std::string to_string(const small_move& x) {
  static constexpr const char* whats[] = {"starts",
                                          "datagram arrives",
                                          "answer is lost",
                                          "datagram lost",
                                          "arrives, and a copy stays",
                                          "datagram is late",
                                          "gives up",
                                          "is killed",
                                          "Fix reaches group"};
  const auto what = std::string(whats[static_cast<size_t>(x.what)]);
  if (x.what == kind::start || x.what == kind::give_up || x.what == kind::kill)
    return std::string(names[x.who]) + " " + what;
  return what + " " + std::to_string(x.which);
}

// --- what is under way ---

struct small_world::under_way {
  question_name name;
  size_t group = 0;
  /// Late, or a copy of one that has arrived.
  bool is_late = false;
  struct part {
    size_t server;
    secret_bytes payload;
    std::function<void(raida::answer)> answered;
  };
  std::vector<part> parts;
};

class small_world::way final : public datagram_way {
public:
  void send(const question_name& name, size_t server, const secret_bytes& payload,
            std::function<void(raida::answer)> answered) override {
    const auto group = group_of(server, small_groups);
    const auto known = std::find_if(list.begin(), list.end(), [&](const under_way& x) {
      return x.name.person == name.person && x.name.number == name.number && x.group == group;
    });
    auto& to = known != list.end() ? *known : list.emplace_back();
    to.name = name;
    to.group = group;
    to.parts.push_back({server, payload, std::move(answered)});
  }

  std::vector<under_way> list;
};

// --- the beginning ---

small_world::small_world(const small_rules& rules)
    : rules_(rules), servers_(std::make_unique<server_farm>(server_events_, raida_count, 1)),
      way_(std::make_unique<way>()) {
  what_.groups = small_groups;
  if (rules.old_holder) {
    fault_item x;
    x.what = fault_item::kind::old_tickets;
    what_.faults.push_back(x);
  }
  seed_sodium(1);
  for (size_t i = 0; i < who_.size(); ++i)
    who_[i] = std::make_unique<person>(clocks_[i], *way_, what_, i);
  prepare();
}

small_world::~small_world() = default;

void small_world::prepare() {
  notes_ = servers_->mint({{2, 500'000}});
  if (rules_.what == small_case::broken_note)
    notes_.push_back(servers_->mint({{1, 500'000}}).front());
  for (auto& x : who_)
    x->freeze_clock(60'000);
  who_[alice]->give(notes_);
  tickets_.assign(raida_count, 0);
  for (size_t s = 0; rules_.old_holder && s < raida_count; ++s) {
    const auto payload = raida::encode_notes({notes_.front()}, {0}, s);
    const auto ask =
        raida::encode_request(static_cast<uint8_t>(s), command::get_ticket, view(payload), {});
    servers_->receive(s, raida::arrival::udp, view(ask->packet), [&](bytes got) {
      tickets_[s] = raida::decode_ticket(raida::decode_response(ask->context, got), 1).ticket;
    });
  }
  if (is_transfer(rules_.what))
    prepare_transfer();
  for (auto& x : who_)
    x->freeze_clock(late_up_ms);
  for (size_t i = 0; i < who_.size(); ++i)
    disks_[i] = hash_of(who_[i]->disk());
}

/// The coins have left Alice, and are durable at Bob: SENDING and RECEIVED. No server was asked.
void small_world::prepare_transfer() {
  manifest announced;
  coin_payload coins;
  who_[alice]->run(
      [&](workspace& space) {
        transfer_terms terms;
        terms.id = draw_transfer_id();
        auto money = sender_transfer::start(space, terms);
        require(bool(money.reserve(amount::from_coins(100))), "cannot reserve");
        for (const auto step : {sender_step::move_to_sender, sender_step::put_in_export})
          require(bool(money.run(step)), "cannot prepare");
        announced = *money.announcement();
        auto sent = money.begin_sending({});
        require(bool(sent), "cannot send");
        coins = std::move(*sent);
      },
      nullptr);
  who_[bob]->run(
      [&](workspace& space) {
        transfer_terms terms;
        terms.side = role::receiver;
        auto money = receiver_transfer::start(space, terms);
        require(bool(money.offer(announced)), "cannot offer");
        require(bool(money.receive(coins)), "cannot receive");
      },
      nullptr);
  require(!who_[alice]->is_running() && !who_[bob]->is_running(), "the beginning asks servers");
}

// --- moves ---

bool small_world::is_quiet() const {
  return !who_[0]->is_running() && !who_[1]->is_running();
}

bool small_world::is_awaited(const under_way& x) const {
  return who_[x.name.person]->is_running() && x.name.number + 1 == who_[x.name.person]->questions();
}

bool small_world::is_on_time(const under_way& x) const {
  return is_awaited(x) && !x.is_late;
}

bool small_world::has_one_before(const under_way& x) const {
  return std::any_of(way_->list.begin(), way_->list.end(), [&](const under_way& y) {
    return is_on_time(y) && y.name.person == x.name.person && y.group < x.group;
  });
}

void small_world::add_moves_of(size_t which, std::vector<small_move>& out) const {
  const auto& x = way_->list[which];
  if (!is_on_time(x)) {
    out.push_back({kind::arrive, x.name.person, which});
    return;
  }
  // Servers know nothing of each other: of one question, one order stands for all. What arrives at
  // one of them after another's datagram is late.
  if (has_one_before(x))
    return;
  out.push_back({kind::arrive, x.name.person, which});
  if (losses_ < rules_.losses) {
    out.push_back({kind::arrive_mute, x.name.person, which});
    out.push_back({kind::lose, x.name.person, which});
  }
  if (doubles_ < rules_.doubles)
    out.push_back({kind::arrive_twice, x.name.person, which});
  if (lates_ < rules_.lates)
    out.push_back({kind::postpone, x.name.person, which});
}

std::vector<small_move> small_world::moves() const {
  std::vector<small_move> out;
  for (size_t i = 0; i < way_->list.size(); ++i)
    add_moves_of(i, out);
  const size_t people_here = is_transfer(rules_.what) ? 2 : 1;
  for (size_t i = 0; i < people_here; ++i) {
    if (who_[i]->is_running()) {
      if (std::none_of(way_->list.begin(), way_->list.end(),
                       [&](const under_way& x) { return is_on_time(x) && x.name.person == i; }))
        out.push_back({kind::give_up, i, 0});
      if (kills_[i] < rules_.kills)
        out.push_back({kind::kill, i, 0});
    } else if (starts_[i] < rules_.starts) {
      out.push_back({kind::start, i, 0});
    }
  }
  for (size_t g = 0; rules_.old_holder && g < small_groups; ++g)
    if (!fixed_[g])
      out.push_back({kind::fix, 0, g});
  return out;
}

void small_world::start(size_t who) {
  const bool first = starts_[who]++ == 0;
  const auto id = notes_.front().id;
  const bool breaks = !is_transfer(rules_.what) && first;
  who_[who]->run(
      [breaks, id](workspace& space) {
        const auto report = start_up(space);
        if (!report)
          return;
        const auto owner = draw_transfer_id();
        if (breaks && space.holds->take({id}, owner))
          (void)change_notes(space, change_kind::break_note, {id}, owner);
        for (const auto& x : report->still_open)
          (void)settle(space, x.id);
      },
      [] {});
}

void small_world::deliver(const under_way& x, bool answers) {
  for (const auto& part : x.parts) {
    const auto ask = raida::encode_request(static_cast<uint8_t>(part.server), x.name.what,
                                           view(part.payload), {});
    require(bool(ask), "a request that cannot be encoded");
    servers_->receive(part.server, raida::arrival::tcp, view(ask->packet),
                      [&part, &ask, answers](bytes got) {
                        if (answers)
                          part.answered(raida::decode_response(ask->context, got));
                      });
    // A Fix is answered once the other servers have said what they think of its tickets.
    if (x.name.what == command::fix)
      server_events_.run_until(server_events_.now() + servers_work);
  }
}

void small_world::give_up(size_t who) {
  // What is next on its clock is the deadline of the question, or an older one that is nobody's.
  const auto asked = who_[who]->questions();
  while (who_[who]->is_running() && who_[who]->questions() == asked && clocks_[who].run_next())
    ;
}

void small_world::fix(size_t group) {
  fixed_[group] = true;
  for (size_t s = 0; s < raida_count; ++s) {
    if (group_of(s, small_groups) != group)
      continue;
    const auto pg = raida::fix_seed::random();
    const auto id = notes_.front().id;
    old_holders_.push_back({id, s, raida::fixed_an(static_cast<uint8_t>(s), id, pg)});
    const auto payload = raida::encode_fix({id}, pg, tickets_);
    const auto ask =
        raida::encode_request(static_cast<uint8_t>(s), command::fix, view(payload), {});
    servers_->receive(s, raida::arrival::tcp, view(ask->packet), [](bytes) {});
    server_events_.run_until(server_events_.now() + servers_work);
  }
}

void small_world::make(const small_move& x) {
  const auto drop = [this](size_t which) {
    way_->list.erase(way_->list.begin() + static_cast<std::ptrdiff_t>(which));
  };
  switch (x.what) {
  case kind::start:
    start(x.who);
    break;
  case kind::arrive:
  case kind::arrive_mute: {
    losses_ += x.what == kind::arrive_mute ? 1 : 0;
    const auto gone = way_->list[x.which];
    drop(x.which);
    deliver(gone, x.what == kind::arrive);
    break;
  }
  case kind::lose:
    ++losses_;
    drop(x.which);
    break;
  case kind::arrive_twice:
    ++doubles_;
    way_->list[x.which].is_late = true;
    deliver(under_way{way_->list[x.which]}, true);
    break;
  case kind::postpone:
    ++lates_;
    way_->list[x.which].is_late = true;
    break;
  case kind::give_up:
    give_up(x.who);
    break;
  case kind::kill:
    ++kills_[x.who];
    who_[x.who]->kill(false);
    break;
  case kind::fix:
    fix(x.which);
    break;
  }
  for (size_t i = 0; i < who_.size(); ++i)
    if (!who_[i]->is_running())
      disks_[i] = hash_of(who_[i]->disk());
}

uint64_t small_world::state() {
  uint64_t out = mixed(losses_ << 16 | doubles_ << 8 | lates_);
  const auto add = [&out](uint64_t x) { out = mixed(out ^ x); };
  for (size_t g = 0; g < small_groups; ++g) {
    size_t s = 0;
    while (group_of(s, small_groups) != g)
      ++s;
    add(servers_->state_of(s));
    add(fixed_[g] ? 2 : 1);
  }
  for (size_t i = 0; i < who_.size(); ++i) {
    add(disks_[i]);
    add(who_[i]->is_running() ? who_[i]->memory() : 5);
    add(starts_[i] << 8 | kills_[i]);
  }
  uint64_t pending = 0;
  for (const auto& x : way_->list)
    pending += mixed(x.name.person << 40 ^ uint64_t{x.name.number} << 8 ^ x.group << 4 ^
                     (is_awaited(x) ? 2 : 0) ^ (x.is_late ? 1 : 0));
  add(pending);
  return out;
}

// --- the end ---

void small_world::finish_program(size_t who) {
  for (int turns = 0; who_[who]->is_running(); ++turns) {
    require(turns < 1000, "a program that does not end");
    if (way_->list.empty())
      give_up(who);
    else
      make({kind::arrive, who, 0});
  }
}

std::vector<std::string> small_world::close() {
  while (!way_->list.empty())
    make({kind::arrive, 0, 0});
  for (size_t round = 0; round < 3; ++round)
    for (const size_t i : {alice, bob}) {
      finish_program(i);
      if (round == 2)
        who_[i]->freeze_clock(late_up_ms, month_ms);
      start(i);
      finish_program(i);
    }
  outcome_of_run x;
  x.servers = servers_.get();
  for (auto& one : who_)
    x.who.push_back(one.get());
  x.others = old_holders_;
  x.what = &what_;
  // Nobody here checks or heals a wallet.
  x.judged.judge_secrets = false;
  x.judged.judge_payable = false;
  x.minted = notes_;
  return judge(x);
}

} // namespace liveconnect::simulation
