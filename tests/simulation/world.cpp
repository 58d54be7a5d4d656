#include "tests/simulation/world.hpp"

#include <algorithm>

#include "messages/base/error.hpp"
#include "tests/simulation/judge.hpp"
#include "tests/simulation/secrets.hpp"
#include "tests/simulation/seeded.hpp"
#include "wallet/files/coin_file.hpp"
#include "wallet/journal/journal.hpp"
#include "wallet/journal/recovery.hpp"
#include "wallet/operations/check_notes.hpp"
#include "wallet/operations/export_notes.hpp"
#include "wallet/operations/heal_notes.hpp"
#include "wallet/operations/import_notes.hpp"
#include "wallet/operations/make_change.hpp"
#include "wallet/operations/operation_journal.hpp"
#include "wallet/start_up.hpp"

namespace liveconnect::simulation {

using namespace wallet;
using kind = fault_item::kind;

namespace {

constexpr sim_time first_leg_at = seconds(5);
constexpr sim_time leg_takes = seconds(400);
constexpr uint32_t starts_max = 5;
/// What a session may wait for, all its timers together.
constexpr sim_time session_takes = seconds(40 * 60);
/// What a program may take where every server answers or refuses at once (I13).
constexpr sim_time program_takes = seconds(60);
constexpr sim_time day = seconds(24 * 3600);
/// Far from the serials that servers offer for change.
constexpr uint32_t first_serial = 500'000;

/// Where a wallet that hands coins over in a file makes it.
constexpr const char* exported_path = "/data/handed.bin";

constexpr const char* names[] = {"Alice", "Bob", "Carol"};

constexpr size_t index_of(role x) {
  return x == role::sender ? 0 : 1;
}

constexpr role opposite(role x) {
  return x == role::sender ? role::receiver : role::sender;
}

/// How the journal of this id ended, if it has; settlement::open when it has not.
settlement end_of(workspace& space, const transfer_id& id) {
  const auto records = read_closed_journal(space.files(), space.user.root(), id);
  if (!records)
    return settlement::open;
  const auto view = replay(*records);
  return view && view->closed ? settlement_of(view->closed->how) : settlement::open;
}

/// What the receiver's journal says is its own for good.
std::vector<note_id> graded_ours(const receiver_transfer& x) {
  std::vector<note_id> out;
  if (x.view() == nullptr)
    return out;
  for (const auto& [id, graded] : x.view()->graded)
    if (graded.verdict == note_verdict::authentic || graded.verdict == note_verdict::fracked)
      out.push_back(id);
  return out;
}

bool has_open_journal(workspace& space, const transfer_id& id) {
  const auto there = is_open_journal(space.files(), space.user.root(), id);
  return there && *there;
}

} // namespace

world::world(const scenario& what, const switches& judged, const trace_line& trace)
    : what_(what), judged_(judged), trace_(trace), servers_(events_, raida_count, what.seed),
      net_(events_, servers_, what_), others_(events_, net_, what_, people) {
  for (size_t i = 0; i < people; ++i)
    who_.push_back(std::make_unique<person>(events_, net_, what_, i));
  for (size_t i = 0; trace && i < people; ++i)
    who_[i]->on_question = [this, i](const question_name& x) {
      say(std::string(names[i]) + " asks " + name_of(x.what) + " " + std::to_string(x.nth));
    };
}

world::~world() = default;

void world::say(const std::string& x) {
  if (trace_)
    trace_(events_.now(), x);
}

void world::complain(const std::string& x) {
  if (broken_.size() < 12)
    broken_.push_back(x);
}

run_report world::run() {
  seed_sodium(what_.seed);
  set_up();
  events_.run_until(first_leg_at + leg_takes * legs_.size());
  calm_down();
  run_report out;
  out.broken = verdict();
  out.events = events_.happened();
  out.datagrams = net_.datagrams();
  for (const auto& x : legs_) {
    out.frames += x->meeting->frames();
    out.transfers += x->finished[0] && x->finished[1] ? 1 : 0;
  }
  for (const auto& x : who_) {
    out.disk_calls += x->disk_calls();
    out.kills += x->kills();
  }
  return out;
}

// --- the time of faults ---

void world::set_up() {
  std::array<uint32_t, denomination_count> next{};
  for (size_t i = 0; i < people; ++i) {
    std::vector<note_id> ids;
    for (const auto d : what_.purses[i])
      ids.push_back({d, first_serial + next[static_cast<size_t>(d - denomination_min)]++});
    given_[i] = servers_.mint(ids);
    who_[i]->give(given_[i]);
    minted_.insert(minted_.end(), given_[i].begin(), given_[i].end());
  }
  for (uint32_t s = 0; s < what_.fracked_at && !given_[alice].empty(); ++s)
    servers_.frack(mixed(what_.seed ^ s) % raida_count, given_[alice].front().id);
  for (size_t i = 0; i < what_.legs.size(); ++i) {
    auto made = std::make_unique<leg_state>();
    made->terms = what_.legs[i];
    made->begins = first_leg_at + leg_takes * i;
    made->meeting = std::make_unique<room>(events_, what_);
    if (i == 0)
      made->meeting->on_coins = [this](const coin_payload& x) { on_coins(x); };
    for (const auto side : {role::sender, role::receiver})
      events_.after(made->begins + milliseconds(mixed(what_.seed ^ i ^ index_of(side)) % 3000),
                    [this, x = made.get(), side] { begin(*x, side); });
    legs_.push_back(std::move(made));
  }
  set_up_weather();
  set_up_actors();
}

void world::set_up_weather() {
  for (const auto& x : what_.faults)
    set_up_weather(x);
}

// branches: one case a kind of weather
void world::set_up_weather(const fault_item& x) {
  const auto on_each = [this, &x](auto what) {
    return [this, servers = x.servers, what] {
      for (size_t s = 0; s < raida_count; ++s)
        if (has(servers, s))
          what(s);
    };
  };
  switch (x.what) {
  case kind::down:
    events_.after(x.from, on_each([this](size_t s) { servers_.set_down(s, true); }));
    if (x.until != 0)
      events_.after(x.until, on_each([this](size_t s) { servers_.set_down(s, false); }));
    return;
  case kind::silent:
    events_.after(x.from, on_each([this](size_t s) { servers_.set_silent(s, true); }));
    events_.after(x.until, on_each([this](size_t s) { servers_.set_silent(s, false); }));
    return;
  case kind::slow:
    events_.after(x.from, on_each([this, by = milliseconds(x.count)](size_t s) {
                    servers_.set_delay(s, by);
                  }));
    events_.after(x.until, on_each([this](size_t s) { servers_.set_delay(s, 0); }));
    return;
  case kind::roll_back:
    events_.after(x.from, on_each([this, by = seconds(x.count)](size_t s) {
                    servers_.roll_back(s, events_.now() > by ? events_.now() - by : 0);
                  }));
    return;
  case kind::lying:
    events_.after(x.from, on_each([this, how = x.how](size_t s) { servers_.set_lie(s, how); }));
    return;
  case kind::cancel:
    events_.after(x.from, [this, side = x.person == alice ? role::sender : role::receiver] {
      legs_.front()->meeting->cancel(side);
    });
    return;
  default:
    return;
  }
}

void world::set_up_actors() {
  if (!what_.servers_fix)
    servers_.refuse_fixes();
  for (const auto& x : what_.faults)
    set_up_actor(x);
}

void world::set_up_actor(const fault_item& x) {
  switch (x.what) {
  case kind::old_tickets:
    events_.after(milliseconds(100), [this] { others_.take_tickets(first_notes(alice)); });
    if (x.from != 0)
      events_.after(x.from, [this] { others_.fix_with_tickets(); });
    return;
  case kind::read_secrets:
    events_.after(x.from, [this, count = x.count] {
      std::vector<note> read;
      note_holds holds;
      auto space = workspace::open(who_[bob]->disk(), *who_[bob], holds, person::paths(),
                                   person::wallet_name, who_[bob]->rules());
      if (space)
        if (const auto found = space->user.list({folder::bank, folder::fracked}))
          read = notes_of(found->notes);
      others_.pown(read, count);
    });
    return;
  case kind::check:
    events_.after(x.from, [this, who = x.person] {
      start(
          who, "to check",
          [](workspace& space) {
            const auto owner = draw_transfer_id();
            if (start_up(space) && check_notes(space) && find_lost(space, owner))
              (void)heal_all(space, owner);
          },
          [] {});
    });
    return;
  case kind::second_copy:
    events_.after(x.from, [this] { copy_alice(); });
    return;
  case kind::forger: {
    const auto own = servers_.mint({{5, first_serial}, {4, first_serial}});
    for (const auto& one : own)
      (void)forgers_.add(value_of(one));
    others_.play(own, x.count);
    return;
  }
  default:
    return;
  }
}

std::vector<note> world::first_notes(size_t who) const {
  return given_[who];
}

/// What dishonest payers do at the moment at which the coins leave.
void world::on_coins(const coin_payload& coins) {
  if (calm_)
    return;
  std::vector<note> sent;
  for (const auto& x : coins.files)
    if (const auto notes = parse_coin_file(view(x)))
      sent.insert(sent.end(), notes->begin(), notes->end());
  for (const auto& x : what_.faults) {
    if (x.what == kind::payer_powns)
      others_.pown(sent, x.count);
    if (x.what == kind::old_tickets && x.from == 0)
      others_.fix_with_tickets();
  }
}

// --- programs ---

bool world::start(size_t who, const char* why, person::program what, std::function<void()> ended) {
  auto& x = *who_[who];
  if (x.is_running() || x.is_gone())
    return false;
  say(std::string(names[who]) + " starts " + why);
  x.run(std::move(what), [this, who, told = std::move(ended)] {
    say(std::string(names[who]) + "'s program is over");
    told();
  });
  return true;
}

void world::begin(leg_state& x, role side) {
  const auto i = index_of(side);
  const auto who = side == role::sender ? x.terms.from : x.terms.to;
  if (x.finished[i] || x.starts[i] >= starts_max + (calm_ ? 1 : 0))
    return;
  const auto program = [this, &x, side](workspace& space) {
    if (auto report = start_up(space); !report)
      return say("start-up fails: " + detail_of(report.error()));
    if (x.terms.by_file)
      side == role::sender ? export_file(x, space) : import_file(x, space);
    else
      side == role::sender ? send(x, space) : receive(x, space);
  };
  if (start(who, side == role::sender ? "to send" : "to receive", program,
            [this, &x, side] { after_program(x, side); }))
    ++x.starts[i];
  else if (!who_[who]->is_gone() && !calm_)
    events_.after(seconds(20), [this, &x, side] { begin(x, side); });
}

void world::after_program(leg_state& x, role side) {
  const auto i = index_of(side);
  x.meeting->drop(side);
  if (const auto& end = x.meeting->end_of(side)) {
    say(std::string("the session of the ") + (i == 0 ? "sender" : "receiver") + " ended " +
        (end->ok ? "well" : to_string(end->code) + ": " + end->detail) +
        (end->still_open ? ", open" : ""));
    x.finished[i] = x.finished[i] || !end->still_open;
  }
  const auto wait = seconds(2 + mixed(what_.seed ^ x.starts[i] ^ i << 8) % 40);
  if (!x.finished[i] && !calm_)
    events_.after(wait, [this, &x, side] { begin(x, side); });
}

void world::send(leg_state& x, workspace& space) {
  if (has_open_journal(space, x.id)) {
    auto again = sender_transfer::reopen(space, x.id);
    if (again)
      x.meeting->send(*who_[x.terms.from], *again, x.terms.sum);
    return;
  }
  if (x.id != transfer_id{} && end_of(space, x.id) != settlement::returned) {
    x.finished[index_of(role::sender)] = true;
    return;
  }
  if (calm_)
    return;
  transfer_terms terms;
  terms.side = role::sender;
  terms.id = x.id = draw_transfer_id();
  auto fresh = sender_transfer::start(space, terms);
  x.meeting->send(*who_[x.terms.from], fresh, x.terms.sum);
}

void world::receive(leg_state& x, workspace& space) {
  if (x.id != transfer_id{} && has_open_journal(space, x.id)) {
    auto again = receiver_transfer::reopen(space, x.id);
    if (!again)
      return;
    x.meeting->receive(*who_[x.terms.to], *again, x.terms.sum);
    x.received = graded_ours(*again);
    return;
  }
  if (x.id != transfer_id{} && end_of(space, x.id) == settlement::sent) {
    x.finished[index_of(role::receiver)] = true;
    return;
  }
  if (calm_)
    return;
  transfer_terms terms;
  terms.side = role::receiver;
  auto fresh = receiver_transfer::start(space, terms);
  x.meeting->receive(*who_[x.terms.to], fresh, x.terms.sum);
  x.received = graded_ours(fresh);
}

// --- coins in a file ---

void world::export_file(leg_state& x, workspace& space) {
  auto& done = x.finished[index_of(role::sender)];
  // A program that was killed has made its file, or finishes it when it starts again.
  if (!calm_ && x.starts[0] == 0)
    if (const auto made = export_notes(space, x.terms.sum, exported_path); !made)
      say("the export fails: " + detail_of(made.error()));
  const auto folder = space.files().open_directory("/data");
  if (!folder)
    return;
  auto file = read_file(space.files(), *folder, "handed.bin", coin_file_with_pans_bytes_max);
  if (!file)
    return;
  x.file = std::move(*file);
  done = true;
}

void world::import_file(leg_state& x, workspace& space) {
  if (x.file.empty())
    return;
  const auto done = import_notes(space, {{"handed.bin", x.file}});
  say(done ? "imported " + to_display(done->value)
           : "the import fails: " + detail_of(done.error()));
  x.finished[index_of(role::receiver)] = bool(done);
}

// --- a second copy of a wallet ---

void world::copy_alice() {
  if (who_[carol]->is_running() || who_[carol]->is_gone())
    return;
  who_[carol]->replace_disk(copy_of(who_[alice]->disk()));
  say("Carol has a copy of Alice's disk");
  events_.after(seconds(1), [this] { spend_copy(); });
}

void world::spend_copy() {
  start(
      carol, "to make change",
      [](workspace& space) {
        if (!start_up(space))
          return;
        const auto notes = space.user.list({folder::bank, folder::fracked});
        if (!notes || notes->notes.empty())
          return;
        const auto owner = draw_transfer_id();
        const auto id = notes->notes.front().value.id;
        if (space.holds->take({id}, owner))
          (void)change_notes(space, change_kind::break_note, {id}, owner);
      },
      [] {});
}

// --- the calm ---

void world::everybody(const std::function<void(size_t, workspace&)>& what, sim_time until) {
  const auto program = [this, &what](size_t i) {
    return [this, &what, i](workspace& space) {
      const auto began = events_.now();
      what(i, space);
      if (events_.now() - began > program_takes)
        complain("I13: a program of person " + std::to_string(i) + " takes " +
                 std::to_string((events_.now() - began) / seconds(1)) + " s");
    };
  };
  for (size_t i = 0; i < people; ++i)
    start(i, "again", program(i), [] {});
  events_.run_until(until);
  for (size_t i = 0; i < people; ++i)
    if (who_[i]->is_running()) {
      complain("I13: a program of person " + std::to_string(i) + " does not end");
      who_[i]->kill(false);
      who_[i]->leave_for_good();
    }
}

void world::settle_open(size_t who, workspace& space) {
  const auto report = start_up(space);
  if (!report)
    return complain("I13: start-up of person " + std::to_string(who) +
                    " fails: " + detail_of(report.error()));
  for (const auto& x : report->still_open)
    if (const auto settled = settle(space, x.id); settled)
      rests_ = rests_ || settled->state != transfer_state::closed;
    else
      complain("I13: person " + std::to_string(who) +
               " cannot settle: " + detail_of(settled.error()));
}

/// What a person does in the end about a transfer that nobody can end.
void world::cancel_open(size_t who, workspace& space) {
  const auto report = start_up(space);
  if (!report)
    return complain("I13: start-up of person " + std::to_string(who) +
                    " fails: " + detail_of(report.error()));
  for (const auto& x : report->still_open) {
    const auto over = cancel_transfer(space, x.id);
    say(over ? "cancelled: " + to_display(over->written_off) + " written off"
             : "cannot cancel: " + detail_of(over.error()));
  }
}

void world::care_for(size_t who, workspace& space) {
  settle_open(who, space);
  (void)check_notes(space);
  const auto owner = draw_transfer_id();
  (void)find_lost(space, owner);
  (void)heal_all(space, owner);
  (void)check_notes(space);
}

void world::finish_legs() {
  for (auto& x : legs_) {
    for (const auto side : {role::sender, role::receiver}) {
      const auto peer = opposite(side) == role::sender ? x->terms.from : x->terms.to;
      if (!who_[peer]->is_gone())
        begin(*x, side);
    }
    events_.run_until(events_.now() + session_takes);
  }
}

void world::calm_down() {
  // Sessions that run come to their end, or to that of their patience.
  events_.run_until(events_.now() + session_takes);
  calm_ = true;
  net_.calm_down();
  say("all faults are over");
  for (auto& x : who_)
    x->calm_down();
  for (size_t s = 0; s < raida_count; ++s) {
    servers_.set_silent(s, false);
    servers_.set_delay(s, 0);
  }
  for (auto& x : who_)
    if (x->is_running())
      x->kill(false);
  events_.run_until(events_.now() + seconds(10));
  finish_legs();
  const auto settling = [this](size_t i, workspace& space) { settle_open(i, space); };
  const auto caring = [this](size_t i, workspace& space) { care_for(i, space); };
  const auto cancelling = [this](size_t i, workspace& space) { cancel_open(i, space); };
  everybody(settling, events_.now() + seconds(dispute_seconds + 60));
  rests_ = false;
  everybody(settling, events_.now() + seconds(120));
  // Two answers of the servers are needed; those that are silent have a day.
  if (rests_)
    for (const auto wait : {seconds(60), day + seconds(60), seconds(60)})
      everybody(cancelling, events_.now() + wait);
  everybody(settling, events_.now() + 31 * day);
  everybody(caring, events_.now() + seconds(600));
  everybody(caring, events_.now() + seconds(600));
}

std::vector<std::string> world::verdict() {
  outcome_of_run x;
  x.servers = &servers_;
  for (auto& one : who_)
    x.who.push_back(one.get());
  x.others = others_.secrets();
  x.what = &what_;
  x.judged = judged_;
  x.minted = minted_;
  x.forgers = forgers_;
  if (!legs_.empty()) {
    x.payee = legs_.back()->terms.to;
    x.received = legs_.back()->received;
  }
  auto out = broken_;
  for (auto& one : judge(x))
    out.push_back(std::move(one));
  return out;
}

} // namespace liveconnect::simulation
