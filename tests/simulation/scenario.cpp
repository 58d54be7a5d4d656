#include "tests/simulation/scenario.hpp"

#include "tests/simulation/seeded.hpp"

namespace liveconnect::simulation {

using raida::command;
using test::disk_fault;
using kind = fault_item::kind;

namespace {

const char* name_of(kind x) {
  static constexpr const char* names[] = {
      "loss",       "cut_request", "cut_answers", "late_request", "down",        "silent", "slow",
      "roll_back",  "lying",       "kill",        "disk",         "cut_line",    "cancel", "check",
      "never_back", "old_tickets", "payer_powns", "read_secrets", "second_copy", "forger"};
  return names[static_cast<size_t>(x)];
}

const char* name_of(size_t person) {
  static constexpr const char* names[] = {"Alice", "Bob", "Carol"};
  return person < people ? names[person] : "a stranger";
}

const char* name_of(lie x) {
  static constexpr const char* names[] = {"no lie", "always yes", "always no", "random",
                                          "stale",  "another's",  "twice"};
  return names[static_cast<size_t>(x)];
}

const char* name_of(disk_fault x) {
  static constexpr const char* names[] = {
      "none",        "dies before",          "dies after",  "fails once", "fails for good",
      "fails after", "short write and dies", "short write", "interrupted"};
  return names[static_cast<size_t>(x)];
}

std::string in_seconds(sim_time x) {
  return std::to_string(x / 1'000'000) + "." + std::to_string(x / 100'000 % 10) + " s";
}

std::string list_of(server_set x) {
  std::string out;
  for (size_t i = 0; i < raida_count; ++i)
    if (has(x, i))
      out += (out.empty() ? "" : ",") + std::to_string(i);
  return out;
}

bool names_request(kind x) {
  return x == kind::cut_request || x == kind::cut_answers || x == kind::late_request ||
         x == kind::kill;
}

bool names_servers(kind x) {
  return x == kind::down || x == kind::silent || x == kind::slow || x == kind::roll_back ||
         x == kind::lying;
}

} // namespace

const char* name_of(command x) {
  switch (x) {
  case command::detect:
    return "Detect";
  case command::pown:
    return "Pown";
  case command::find:
    return "Find";
  case command::get_ticket:
    return "Get Ticket";
  case command::fix:
    return "Fix";
  case command::available_serials:
    return "Available Serials";
  case command::break_note:
    return "Break";
  case command::join_notes:
    return "Join";
  default:
    return "Echo";
  }
}

std::string to_string(const fault_item& x) {
  std::string out = name_of(x.what);
  if (names_request(x.what))
    out += std::string(" of ") + name_of(x.person) + " at " + name_of(x.on) + " " +
           std::to_string(x.nth) + " after " + std::to_string(x.count) + " servers";
  if (x.what == kind::disk)
    out += std::string(" of ") + name_of(x.person) + ", program " + std::to_string(x.count) +
           ", call " + std::to_string(x.nth) + ": " + name_of(x.disk);
  if (names_servers(x.what))
    out += " servers " + list_of(x.servers);
  if (x.what == kind::lying)
    out += std::string(": ") + name_of(x.how);
  if (x.what == kind::slow)
    out += " by " + std::to_string(x.count) + " ms";
  if (x.what == kind::roll_back)
    out += " by " + std::to_string(x.count) + " s";
  if (x.what == kind::loss || x.what == kind::payer_powns || x.what == kind::read_secrets ||
      x.what == kind::forger)
    out += " " + std::to_string(x.count);
  if (x.what == kind::cut_line)
    out += " before frame " + std::to_string(x.nth);
  if (x.what == kind::cancel || x.what == kind::never_back || x.what == kind::check)
    out += std::string(" ") + name_of(x.person);
  if (x.from != 0)
    out += " from " + in_seconds(x.from);
  if (x.until != 0)
    out += " until " + in_seconds(x.until);
  return out + (x.power_cut ? ", power lost" : "");
}

std::string to_string(const scenario& x) {
  std::string out = std::to_string(x.groups) + " groups of servers";
  for (size_t i = 0; i < people; ++i) {
    if (x.purses[i].empty())
      continue;
    out += std::string("; ") + name_of(i) + " has";
    for (const auto d : x.purses[i])
      out += " " + denomination_name(d);
  }
  for (const auto& one : x.legs)
    out += std::string("; ") + name_of(one.from) + " sends " + to_display(one.sum) + " to " +
           name_of(one.to) + (one.by_file ? " in a file" : "");
  if (x.fracked_at > 0)
    out += "; " + std::to_string(x.fracked_at) + " servers refuse Alice's first note";
  if (!x.servers_fix)
    out += "; servers refuse each Fix";
  for (size_t i = 0; i < x.faults.size(); ++i)
    out += "\n  fault " + std::to_string(i) + ": " + to_string(x.faults[i]);
  return out;
}

// --- drawing ---

namespace {

/// What Alice has and sends: plain, with change, with a join, with one big note.
void draw_money(seeded& random, scenario& out) {
  auto& purse = out.purses[alice];
  leg first;
  switch (random.below(5)) {
  case 0:
    purse = {2, 2, 1};
    first.sum = amount::from_coins(200);
    break;
  case 1:
    purse = {2, 1};
    first.sum = amount::from_coins(30);
    break;
  case 2:
    purse.assign(10, 1);
    first.sum = amount::from_coins(100);
    break;
  case 3:
    purse = {2};
    first.sum = amount::from_coins(random.chance(50) ? 100 : 40);
    break;
  default:
    purse = {2, 1, 1, 0, 0};
    first.sum = amount::from_coins(121);
  }
  first.by_file = random.chance(10);
  out.legs = {first};
  for (auto more = random.below(10) < 5 ? 0 : random.between(1, 2); more > 0; --more) {
    leg next;
    next.from = out.legs.back().to;
    next.to = (next.from + random.between(1, people - 1)) % people;
    // All of what came before, or less of it, so that change must be made.
    next.sum = random.chance(50) ? first.sum : amount::from_coins(random.between(1, 29));
    next.by_file = random.chance(15);
    out.legs.push_back(next);
  }
  if (random.chance(30))
    out.fracked_at = static_cast<uint32_t>(random.between(1, 4));
}

server_set draw_servers(seeded& random, size_t most) {
  server_set out = 0;
  for (auto left = random.between(1, most); left > 0; --left)
    out |= server_set{1} << random.below(raida_count);
  return out;
}

command draw_command(seeded& random) {
  static constexpr command all[] = {command::pown,       command::pown,
                                    command::pown,       command::find,
                                    command::detect,     command::fix,
                                    command::break_note, command::join_notes,
                                    command::get_ticket, command::available_serials};
  return random.one_of(all);
}

void draw_at_request(seeded& random, fault_item& x) {
  x.person = random.chance(10) ? carol : random.below(2);
  x.on = x.person != alice && random.chance(60) ? command::pown : draw_command(random);
  x.nth = static_cast<uint32_t>(random.below(2));
  x.count = static_cast<uint32_t>(random.below(raida_count + 1));
}

void draw_disk(seeded& random, fault_item& x) {
  static constexpr disk_fault all[] = {
      disk_fault::die_before,  disk_fault::die_before,          disk_fault::die_after,
      disk_fault::fail_once,   disk_fault::fail_for_good,       disk_fault::fail_after,
      disk_fault::short_write, disk_fault::short_write_and_die, disk_fault::interrupted};
  x.person = random.chance(10) ? carol : random.below(2);
  x.disk = random.one_of(all);
  x.count = static_cast<uint32_t>(random.below(4));
  x.nth = static_cast<uint32_t>(random.between(1, 900));
  x.power_cut = random.chance(50);
}

void draw_window(seeded& random, fault_item& x) {
  x.from = milliseconds(random.below(60'000)) + 1;
  x.until = x.from + milliseconds(random.between(500, 240'000));
  // Some stay away for good: at most so many that the rest can settle everything.
  if (x.what == kind::down && random.chance(15))
    x.until = 0;
}

/// Faults of the network, the disks and the people: nobody cheats.
fault_item draw_fault(seeded& random) {
  static constexpr kind all[] = {
      kind::loss,     kind::cut_request, kind::cut_answers, kind::late_request, kind::down,
      kind::silent,   kind::slow,        kind::roll_back,   kind::lying,        kind::kill,
      kind::kill,     kind::kill,        kind::kill,        kind::kill,         kind::disk,
      kind::disk,     kind::disk,        kind::disk,        kind::disk,         kind::cut_line,
      kind::cut_line, kind::cancel,      kind::check};
  fault_item out;
  out.what = random.one_of(all);
  if (names_request(out.what))
    draw_at_request(random, out);
  if (names_servers(out.what)) {
    out.servers = draw_servers(random, 7);
    draw_window(random, out);
  }
  switch (out.what) {
  case kind::loss:
    out.count = static_cast<uint32_t>(random.between(1, 8));
    break;
  case kind::kill:
    out.power_cut = random.chance(50);
    break;
  case kind::slow:
    out.count = static_cast<uint32_t>(random.between(100, 4000));
    break;
  case kind::roll_back:
    out.servers = draw_servers(random, 2);
    out.count = static_cast<uint32_t>(random.below(60));
    out.until = 0;
    break;
  case kind::lying:
    out.servers = draw_servers(random, 2);
    out.how = static_cast<lie>(random.between(1, 6));
    out.until = 0;
    break;
  case kind::disk:
    draw_disk(random, out);
    break;
  case kind::cut_line:
    out.nth = static_cast<uint32_t>(random.between(1, 60));
    break;
  case kind::check:
    out.person = random.below(people);
    out.from = milliseconds(random.between(5'000, 600'000));
    break;
  case kind::cancel:
    out.person = random.below(2);
    out.from = milliseconds(random.between(5'000, 20'000));
    break;
  default:
    break;
  }
  return out;
}

fault_item made(kind what, uint32_t count = 0, sim_time from = 0) {
  fault_item out;
  out.what = what;
  out.count = count;
  out.from = from;
  return out;
}

/// Someone who cheats, or goes for good: at most one a run.
std::vector<fault_item> draw_actor(seeded& random) {
  std::vector<fault_item> out;
  switch (random.below(9)) {
  case 0: {
    auto payee = made(kind::kill, static_cast<uint32_t>(random.below(raida_count + 1)));
    payee.person = bob;
    out.push_back(payee);
    auto gone = made(kind::never_back);
    gone.person = bob;
    out.push_back(gone);
    break;
  }
  case 1:
    out.push_back(made(kind::payer_powns, static_cast<uint32_t>(random.between(1, raida_count))));
    break;
  case 2:
    out.push_back(made(kind::old_tickets, 0, seconds(random.between(30, 280))));
    break;
  case 3: {
    out.push_back(made(kind::old_tickets));
    auto slow = made(kind::slow, 1500, 1);
    slow.servers = server_set{1} << random.below(raida_count);
    slow.until = seconds(300);
    out.push_back(slow);
    break;
  }
  case 4:
    out.push_back(made(kind::read_secrets, static_cast<uint32_t>(random.between(1, raida_count)),
                       seconds(random.between(20, 200))));
    break;
  case 5:
    out.push_back(made(kind::second_copy, 0, milliseconds(random.between(100, 60'000))));
    break;
  case 6:
    out.push_back(made(kind::forger, static_cast<uint32_t>(random.between(4, 40))));
    break;
  case 7: {
    auto back = made(kind::roll_back, static_cast<uint32_t>(random.between(5, 120)),
                     seconds(random.between(10, 120)));
    back.servers = first_servers(static_cast<unsigned>(random.between(8, 12)));
    out.push_back(back);
    break;
  }
  default: {
    auto down = made(kind::down, 0, 1);
    down.servers = first_servers(static_cast<unsigned>(random.between(8, 10)));
    down.until = seconds(600);
    out.push_back(down);
  }
  }
  return out;
}

size_t size_of(server_set x) {
  size_t out = 0;
  for (; x != 0; x &= x - 1)
    ++out;
  return out;
}

bool is_change(const fault_item& x) {
  return names_request(x.what) && (x.on == command::break_note || x.on == command::join_notes);
}

/// Whether the switches allow the fault beside the others.
// branches: a line a switch
bool is_allowed(const fault_item& x, const switches& allowed) {
  switch (x.what) {
  case kind::old_tickets:
    return x.from == 0 ? allowed.fix_race : allowed.old_tickets;
  case kind::forger:
    return allowed.forger;
  case kind::second_copy:
  case kind::read_secrets:
    return allowed.second_copy;
  case kind::payer_powns:
    return allowed.split_claim;
  case kind::never_back:
    return allowed.split_claim;
  case kind::roll_back:
    return allowed.many_servers || size_of(x.servers) <= 2;
  case kind::down:
    return allowed.many_servers || size_of(x.servers) <= 7;
  default:
    break;
  }
  if (is_change(x) && x.what == kind::late_request && !allowed.late_change)
    return false;
  return allowed.split_change || !is_change(x);
}

/// f + d <= 10 and f <= 2, whatever was drawn: lying or fallen back, and away for good.
void keep_within_bounds(scenario& x) {
  server_set false_ones = 0;
  server_set away = 0;
  const auto take = [](server_set& whole, server_set more, size_t most) {
    server_set out = 0;
    for (size_t i = 0; i < raida_count; ++i)
      if (has(more, i) && (has(whole, i) || size_of(whole) < most)) {
        whole |= server_set{1} << i;
        out |= server_set{1} << i;
      }
    return out;
  };
  for (auto& one : x.faults)
    if (one.what == kind::lying || (one.what == kind::roll_back && size_of(one.servers) <= 2))
      one.servers = take(false_ones, one.servers, 2);
  for (auto& one : x.faults)
    if (one.what == kind::down && one.until == 0)
      one.servers = take(away, one.servers, 8);
}

} // namespace

scenario draw_scenario(uint64_t seed, const switches& allowed) {
  seeded random{seed};
  scenario out;
  out.seed = seed;
  const auto groups = random.below(10);
  out.groups = groups == 0 ? 3 : groups == 1 ? 5 : raida_count;
  out.servers_fix = !random.chance(15);
  draw_money(random, out);
  std::vector<fault_item> faults;
  for (auto left = random.below(9); left > 0; --left)
    faults.push_back(draw_fault(random));
  if (random.chance(30))
    for (auto& x : draw_actor(random))
      faults.push_back(x);
  for (const auto& x : faults)
    if (is_allowed(x, allowed))
      out.faults.push_back(x);
  keep_within_bounds(out);
  // Where servers refuse a Fix, a note that some refused before is split by any datagram lost.
  if (!allowed.split_change && !out.servers_fix)
    out.fracked_at = 0;
  return out;
}

} // namespace liveconnect::simulation
