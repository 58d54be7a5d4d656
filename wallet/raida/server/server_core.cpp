#include "wallet/raida/server/server_core.hpp"

#include <algorithm>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"
#include "wallet/raida/derive.hpp"

namespace liveconnect::raida {

namespace {

constexpr size_t id_size = 5;
constexpr size_t an_size = 16;
constexpr size_t session_size = 4;
constexpr size_t ticket_size = 4;
/// One note breaks into ten, ten join into one.
constexpr size_t change_ratio = 10;
constexpr size_t change_payload = session_size + (1 + change_ratio) * (id_size + an_size);

size_t index_of(int8_t denomination) {
  return static_cast<size_t>(denomination - denomination_min);
}

bool is_note(note_id id) {
  return is_denomination(id.denomination) && id.serial <= serial_max;
}

note_id read_id(byte_reader& r) {
  note_id out;
  out.denomination = static_cast<int8_t>(r.u8());
  out.serial = r.u32();
  return out;
}

authenticity_number read_an(byte_reader& r) {
  return authenticity_number::from(r.raw(an_size));
}

void write_id(secret_bytes& out, note_id id) {
  byte_writer<secret_bytes>(out).u8(static_cast<uint8_t>(id.denomination)).u32(id.serial);
}

reply only(uint8_t status) {
  reply out;
  out.status = status;
  return out;
}

/// The store cannot read or write, or an assertion is false: nothing of the request happened.
reply internal_error() {
  return only(status::internal_error);
}

/// 0 when `size` bytes are a whole number of `unit`s, at least one; else the status to answer.
uint8_t check_list(size_t size, size_t unit) {
  if (size == 0)
    return status::bad_length;
  return size % unit != 0 ? status::bad_coin_count : uint8_t{0};
}

/// Value of the notes that the changes take out of use, and of those that they put into use.
struct moved_value {
  uint64_t out_of_use = 0;
  uint64_t into_use = 0;
};

/// For changes that put no note into use that is in use already, and take out only such: those of
/// Break and Join.
moved_value value_moved(const std::vector<change>& changes) {
  moved_value out;
  for (const auto& x : changes)
    (x.to.mfs == 0 ? out.out_of_use : out.into_use) +=
        denomination_value(x.id.denomination).units();
  return out;
}

/// Whether an answer of this status may bring changes: all others say that nothing happened.
bool may_change(uint8_t x) {
  return x == status::all_pass || x == status::mixed || x == status::success;
}

bool has_duplicate(std::vector<note_id> notes) {
  std::sort(notes.begin(), notes.end());
  return std::adjacent_find(notes.begin(), notes.end()) != notes.end();
}

/// Verdicts of a batch as status and bitmap, first note in the lowest bit (docs/formats/raida.md
/// 6).
reply verdict(const std::vector<bool>& passed) {
  const auto count = static_cast<size_t>(std::count(passed.begin(), passed.end(), true));
  if (count == passed.size())
    return only(status::all_pass);
  if (count == 0)
    return only(status::all_fail);
  auto out = only(status::mixed);
  out.payload.assign((passed.size() + 7) / 8, 0);
  for (size_t i = 0; i < passed.size(); ++i)
    if (passed[i])
      out.payload[i / 8] = static_cast<uint8_t>(out.payload[i / 8] | 1u << (i % 8));
  return out;
}

void xor_into(authenticity_number& x, const authenticity_number& y) {
  for (size_t i = 0; i < an_size; ++i)
    x.data()[i] ^= y.data()[i];
}

/// A note and the AN that a request brings for it.
struct claimed_note {
  note_id id;
  authenticity_number an;
};

/// Break and Join have one layout: session, one big note, ten small ones.
struct change_request {
  uint32_t session = 0;
  claimed_note big;
  std::vector<claimed_note> small;

  /// Whether all are notes, the ten one step below the one, and no two the same.
  bool is_sound() const {
    std::vector<note_id> ids;
    for (const auto& x : small) {
      if (!is_note(x.id) || x.id.denomination != big.id.denomination - 1)
        return false;
      ids.push_back(x.id);
    }
    return is_note(big.id) && !has_duplicate(std::move(ids));
  }
};

change_request read_change(byte_view payload) {
  change_request out;
  byte_reader r(payload);
  out.session = r.u32();
  const auto read = [&r] {
    claimed_note x;
    x.id = read_id(r);
    x.an = read_an(r);
    return x;
  };
  out.big = read();
  for (size_t i = 0; i < change_ratio; ++i)
    out.small.push_back(read());
  return out;
}

bool is_loopback(const endpoint& x) {
  if (x.is_v4())
    return x.address[12] == 127;
  endpoint one;
  one.address[15] = 1;
  return x.address == one.address;
}

/// Where a page stands in a session's order: lower goes first. All servers must agree, hence no
/// std::hash. The mixing is that of splitmix64.
uint64_t place_of(uint32_t session, int8_t denomination, uint32_t page) {
  auto x = uint64_t{session} << 32 | uint64_t{static_cast<uint8_t>(denomination)} << 24 | page;
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

} // namespace

uint8_t months_of(std::chrono::system_clock::time_point wall) {
  auto seconds = std::chrono::system_clock::to_time_t(wall);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  // tm counts years from 1900 and months from 0.
  const auto months = (utc.tm_year - 123) * 12 + utc.tm_mon - 1;
  return static_cast<uint8_t>(std::clamp(months, 1, 255));
}

secret_bytes validate_ticket_payload(uint8_t claimer, uint32_t ticket) {
  secret_bytes out;
  byte_writer<secret_bytes>(out).u8(claimer).u32(ticket);
  return out;
}

std::optional<ticket_listing> read_ticket_listing(uint8_t server, const answer& from) {
  if (from.what != outcome::answered || from.status != status::success ||
      from.payload.size() % id_size != 0)
    return std::nullopt;
  ticket_listing out;
  out.server = server;
  byte_reader r(from.payload);
  while (r.left() > 0)
    out.notes.push_back(read_id(r));
  return out;
}

server_core::server_core(server_options options, record_store& store, random_source& random)
    : options_(std::move(options)), store_(store), random_(random),
      breaks_(options_.breaks_per_minute) {}

caf::error server_core::reset() {
  LC_ASSERT(options_.id < options_.servers && options_.servers <= raida_count);
  for (auto& pages : used_)
    pages.clear();
  used_count_.fill(0);
  tickets_.clear();
  reservations_.clear();
  const auto err = store_.for_each_in_use([this](note_id id) {
    if (!is_note(id))
      return;
    record some;
    some.mfs = 1;
    note_use({change{id, some}});
  });
  if (err)
    return err;
  for (size_t i = 0; i < used_.size(); ++i) {
    size_t count = 0;
    for (const auto& page : used_[i])
      count += page.second.count();
    LC_ASSERT(count == used_count_[i]);
  }
  return caf::none;
}

std::optional<handled> server_core::handle(arrival how, byte_view packet, moment now,
                                           const std::optional<endpoint>& from) {
  if (packet.size() < header_size)
    return std::nullopt;
  handled out;
  const auto refuse = [&out](const refusal& x) {
    out.to = x.reply;
    out.answer.status = x.status;
    return out;
  };
  if (how == arrival::udp)
    ++counters_.datagrams;
  auto head = decode_header(options_.id, how, packet);
  if (auto* bad = std::get_if<refusal>(&head)) {
    if (bad->reply.wide && packet.size() < wide_header_size)
      return std::nullopt;
    return refuse(*bad);
  }
  const auto& header = std::get<request_header>(head);
  if (how == arrival::udp && packet.size() > options_.datagram_max)
    return refuse({status::bad_length, header.reply});
  std::optional<authenticity_number> key;
  if (header.encryption != 0) {
    const auto found = live_an(header.key_note);
    if (!found)
      return refuse({status::internal_error, header.reply});
    key = *found;
  }
  auto body = decode_body(header, packet, key);
  if (auto* bad = std::get_if<refusal>(&body))
    return refuse(*bad);
  const auto& in = std::get<request>(body);
  out.to = in.reply;
  auto answer = dispatch(in, now, from, out.fix);
  LC_ASSERT_OR(answer.changes.empty() || (!out.fix && may_change(answer.status)),
               return refuse({status::internal_error, in.reply}));
  out.answer = std::move(answer);
  note_use(out.answer.changes);
  return out;
}

// branches: one case a command, each a call
reply server_core::dispatch(const request& in, moment now, const std::optional<endpoint>& from,
                            std::optional<pending_fix>& fix) {
  switch (in.what) {
  case command::echo:
    ++counters_.echoes;
    return only(status::success);
  case command::version:
    return version();
  case command::count_coins:
    return count_coins();
  default:
    break;
  }
  if (in.body_length == 0)
    return only(status::empty_body);
  switch (in.what) { // The rest takes arguments.
  case command::echo:
  case command::version:
  case command::count_coins:
    break;
  case command::show_stats:
    return show_stats(in);
  case command::detect:
    return detect(in);
  case command::detect_sum:
    return detect_sum(in);
  case command::pown:
    return pown(in, now);
  case command::pown_sum:
    return pown_sum(in, now);
  case command::get_ticket:
    return get_ticket(in, now);
  case command::validate_ticket:
    return validate_ticket(in, now);
  case command::find:
    return find(in);
  case command::fix:
    return begin_fix(in, fix);
  case command::admin_available:
    return admin_available(in, now);
  case command::admin_create:
    return admin_create(in, now);
  case command::admin_free:
    return admin_free(in);
  case command::available_serials:
    return available_serials(in, now);
  case command::break_note:
    return break_note(in, now, from);
  case command::join_notes:
    return join_notes(in, now);
  }
  return only(status::bad_command);
}

// --- what a server says about itself ---

reply server_core::version() const {
  auto out = only(status::success);
  out.payload.assign(options_.version.begin(), options_.version.end());
  return out;
}

reply server_core::show_stats(const request& in) const {
  if (!is_admin(view(in.payload)))
    return only(status::bad_admin_key);
  auto out = only(status::success);
  // The only little-endian numbers of the protocol.
  for (auto x : {counters_.echoes, counters_.powns, counters_.powned_units, counters_.datagrams})
    for (unsigned i = 0; i < 8; ++i)
      out.payload.push_back(static_cast<uint8_t>(x >> (8 * i)));
  return out;
}

reply server_core::count_coins() const {
  auto out = only(status::success);
  byte_writer<secret_bytes> w(out.payload);
  for (int d = denomination_min; d <= denomination_max; ++d)
    w.u8(static_cast<uint8_t>(d)).u32(used_count_[index_of(static_cast<int8_t>(d))]);
  return out;
}

// --- who owns a note ---

reply server_core::detect(const request& in) {
  // Shards 1 and 2 are the old coin systems (docs/formats/raida.md 3, byte 3).
  if (in.shard == 1 || in.shard == 2)
    return only(status::old_system);
  if (auto bad = check_list(in.payload.size(), id_size + an_size))
    return only(bad);
  std::vector<bool> passed;
  byte_reader r(view(in.payload));
  while (r.left() > 0) {
    const auto id = read_id(r);
    const auto an = read_an(r);
    const auto held = live_an(id);
    if (!held)
      return internal_error();
    passed.push_back(*held && **held == an);
  }
  return verdict(passed);
}

reply server_core::detect_sum(const request& in) {
  if (in.payload.size() < an_size)
    return only(status::bad_length);
  if (auto bad = check_list(in.payload.size() - an_size, id_size))
    return only(bad);
  byte_reader r(view(in.payload));
  std::vector<note_id> notes;
  while (r.left() > an_size)
    notes.push_back(read_id(r));
  const auto claimed = read_an(r);
  if (!std::all_of(notes.begin(), notes.end(), is_note))
    return only(status::bad_serial);
  const auto sum = xor_of(notes);
  if (!sum)
    return internal_error();
  return only(*sum && **sum == claimed ? status::all_pass : status::all_fail);
}

reply server_core::pown(const request& in, moment now) {
  if (auto bad = check_list(in.payload.size(), id_size + 2 * an_size))
    return only(bad);
  std::vector<bool> passed;
  std::vector<change> changes;
  std::map<note_id, authenticity_number> changed;
  byte_reader r(view(in.payload));
  while (r.left() > 0) {
    const auto id = read_id(r);
    const auto an = read_an(r);
    const auto pan = read_an(r);
    // A note that comes twice meets what its first passing entry left.
    std::optional<authenticity_number> held;
    if (auto i = changed.find(id); i != changed.end()) {
      held = i->second;
    } else {
      const auto stored = live_an(id);
      if (!stored)
        return internal_error();
      held = *stored;
    }
    bool pass = held && *held == an;
    passed.push_back(pass);
    if (!pass)
      continue;
    changed[id] = pan;
    changes.push_back({id, {pan, now.mfs}});
    ++counters_.powns;
    counters_.powned_units += denomination_value(id.denomination).units();
  }
  LC_ASSERT_OR(changes.size() ==
                   static_cast<size_t>(std::count(passed.begin(), passed.end(), true)),
               return internal_error());
  auto out = verdict(passed);
  out.changes = std::move(changes);
  return out;
}

reply server_core::pown_sum(const request& in, moment now) {
  if (in.payload.size() < 2 * an_size)
    return only(status::bad_length);
  if (auto bad = check_list(in.payload.size() - 2 * an_size, id_size))
    return only(bad);
  byte_reader r(view(in.payload));
  std::vector<note_id> notes;
  while (r.left() > 2 * an_size)
    notes.push_back(read_id(r));
  const auto claimed = read_an(r);
  auto delta = read_an(r);
  if (!std::all_of(notes.begin(), notes.end(), is_note))
    return only(status::bad_serial);
  const auto sum = xor_of(notes);
  if (!sum)
    return internal_error();
  if (!*sum || **sum != claimed)
    return only(status::all_fail);
  auto out = only(status::all_pass);
  for (auto id : notes) {
    const auto held = live_an(id);
    if (!held || !*held)
      return internal_error();
    auto next = **held;
    xor_into(next, delta);
    out.changes.push_back({id, {next, now.mfs}});
    ++counters_.powns;
    counters_.powned_units += denomination_value(id.denomination).units();
  }
  return out;
}

reply server_core::find(const request& in) {
  if (auto bad = check_list(in.payload.size(), id_size + 2 * an_size))
    return only(bad);
  constexpr uint8_t neither = 0, is_an = 1, is_pan = 2;
  secret_bytes found;
  byte_reader r(view(in.payload));
  while (r.left() > 0) {
    const auto id = read_id(r);
    const auto an = read_an(r);
    const auto pan = read_an(r);
    if (!is_note(id))
      return only(status::bad_serial);
    const auto held = live_an(id);
    if (!held)
      return internal_error();
    if (!*held)
      found.push_back(neither);
    else
      found.push_back(**held == an ? is_an : **held == pan ? is_pan : neither);
  }
  const auto all = [&found](uint8_t x) {
    return std::all_of(found.begin(), found.end(), [x](uint8_t y) { return x == y; });
  };
  if (all(is_an))
    return only(status::find_all_an);
  if (all(is_pan))
    return only(status::find_all_pan);
  if (all(neither))
    return only(status::find_neither);
  auto out = only(status::find_mixed);
  out.payload = std::move(found);
  return out;
}

// --- healing ---

reply server_core::get_ticket(const request& in, moment now) {
  if (auto bad = check_list(in.payload.size(), id_size + an_size))
    return only(bad);
  std::vector<bool> passed;
  ticket made;
  byte_reader r(view(in.payload));
  while (r.left() > 0) {
    const auto id = read_id(r);
    const auto an = read_an(r);
    if (!is_note(id))
      return only(status::bad_serial);
    const auto held = live_an(id);
    if (!held)
      return internal_error();
    passed.push_back(*held && **held == an);
    if (passed.back())
      made.notes.push_back(id);
  }
  auto out = verdict(passed);
  if (made.notes.empty())
    return out;
  drop_expired(now);
  if (tickets_.size() >= tickets_max || made.notes.size() > ticket_notes_max)
    return only(status::no_ticket_slot);
  // Each note once, in the order asked: a note listed twice must not look like two votes.
  std::unordered_set<note_id> seen;
  const auto repeated = [&seen](note_id id) { return !seen.insert(id).second; };
  made.notes.erase(std::remove_if(made.notes.begin(), made.notes.end(), repeated),
                   made.notes.end());
  LC_ASSERT_OR(!made.notes.empty() && made.notes.size() <= passed.size(), return internal_error());
  made.until = now.now + ticket_lifetime;
  uint32_t number = 0;
  while (number == 0 || tickets_.count(number) != 0) { // 0 means "none" in a Fix.
    std::array<uint8_t, ticket_size> drawn{};
    random_.fill(drawn.data(), drawn.size());
    number = byte_reader(drawn).u32();
  }
  tickets_.emplace(number, std::move(made));
  byte_writer<secret_bytes>(out.payload).u32(number);
  return out;
}

reply server_core::validate_ticket(const request& in, moment now) {
  if (in.payload.size() != 1 + ticket_size)
    return only(status::bad_length);
  byte_reader r(view(in.payload));
  const auto claimer = r.u8();
  const auto number = r.u32();
  if (claimer >= options_.servers)
    return only(status::bad_claimer);
  drop_expired(now);
  const auto i = tickets_.find(number);
  if (i == tickets_.end())
    return only(status::no_such_ticket);
  if (i->second.claimed_by.test(claimer))
    return only(status::ticket_claimed);
  LC_ASSERT_OR(!i->second.notes.empty() && i->second.until > now.now, return internal_error());
  i->second.claimed_by.set(claimer);
  auto out = only(status::success);
  for (auto id : i->second.notes)
    write_id(out.payload, id);
  return out;
}

reply server_core::begin_fix(const request& in, std::optional<pending_fix>& fix) const {
  const auto fixed_size = an_size + options_.servers * ticket_size;
  if (in.payload.size() < fixed_size)
    return only(status::bad_length);
  if (auto bad = check_list(in.payload.size() - fixed_size, id_size))
    return only(bad);
  pending_fix out;
  byte_reader r(view(in.payload));
  while (r.left() > fixed_size) {
    const auto id = read_id(r);
    if (!is_note(id))
      return only(status::bad_serial);
    out.notes.push_back(id);
  }
  out.pg = read_an(r);
  for (uint8_t i = 0; i < options_.servers; ++i) {
    const auto number = r.u32();
    if (number != 0 && i != options_.id)
      out.claims.push_back({i, number});
  }
  LC_ASSERT_OR(r.ok() && r.left() == 0, return internal_error());
  LC_ASSERT_OR(out.claims.size() < options_.servers, return internal_error());
  fix = std::move(out);
  return {};
}

reply server_core::complete_fix(const pending_fix& fix, const std::vector<ticket_listing>& listings,
                                moment now) {
  std::unordered_set<uint8_t> voted;
  std::map<note_id, size_t> votes;
  for (const auto& listing : listings) {
    const auto asked = [&listing](const ticket_claim& x) { return x.server == listing.server; };
    if (std::none_of(fix.claims.begin(), fix.claims.end(), asked) ||
        !voted.insert(listing.server).second)
      continue;
    std::unordered_set<note_id> named(listing.notes.begin(), listing.notes.end());
    for (auto id : named)
      ++votes[id];
  }
  // A majority of the network without our own vote: 13 others of 25 (docs/formats/raida.md 9, step
  // 3).
  const auto needed = options_.servers / 2u + 1u;
  LC_ASSERT_OR(voted.size() <= fix.claims.size() && voted.count(options_.id) == 0,
               return internal_error());
  std::vector<bool> passed;
  std::vector<change> changes;
  for (auto id : fix.notes) {
    const auto i = votes.find(id);
    LC_ASSERT_OR(i == votes.end() || i->second <= voted.size(), return internal_error());
    passed.push_back(i != votes.end() && i->second >= needed);
    // A free record may be fixed too: this server missed the note's creation.
    if (passed.back())
      changes.push_back({id, {fixed_an(options_.id, id, fix.pg), now.mfs}});
  }
  auto out = verdict(passed);
  out.changes = std::move(changes);
  note_use(out.changes);
  return out;
}

// --- change ---

reply server_core::available_serials(const request& in, moment now) {
  if (in.payload.size() != session_size + 2)
    return only(status::bad_length);
  constexpr uint8_t for_break = 1, for_join = 2;
  byte_reader r(view(in.payload));
  const auto session = r.u32();
  const auto operation = r.u8();
  const auto held = static_cast<int8_t>(r.u8());
  // No session has number 0: it stands for pages that are not reserved.
  if ((operation != for_break && operation != for_join) || session == 0)
    return only(status::bad_parameter);
  const auto target = held + (operation == for_join ? 1 : -1);
  if (!is_denomination(held) || !is_denomination(target))
    return only(status::bad_serial);
  auto out = only(status::success);
  byte_writer<secret_bytes> w(out.payload);
  w.u8(static_cast<uint8_t>(target));
  for (auto serial : reserve(session, static_cast<int8_t>(target), available_max, now))
    w.u32(serial);
  return out;
}

reply server_core::break_note(const request& in, moment now, const std::optional<endpoint>& from) {
  if (in.payload.size() != change_payload)
    return only(status::bad_length);
  if (from && (options_.limits_loopback || !is_loopback(*from)) && !breaks_.take(*from, now.now))
    return only(status::rate_limit);
  const auto x = read_change(view(in.payload));
  if (!x.is_sound())
    return only(status::bad_serial);
  for (const auto& small : x.small)
    if (!may_take(x.session, small.id, now))
      return only(status::not_reserved);
  const auto held = live_an(x.big.id);
  if (!held)
    return internal_error();
  if (!*held || **held != x.big.an)
    return only(status::all_fail);
  // After the AN: a repeated Break hears that its note is spent, not that its serials are taken.
  for (const auto& small : x.small)
    if (in_use(small.id))
      return only(status::bad_serial);
  auto out = only(status::success);
  out.changes.push_back({x.big.id, {random_an(), 0}});
  for (const auto& small : x.small)
    out.changes.push_back({small.id, {small.an, now.mfs}});
  const auto moved = value_moved(out.changes);
  LC_ASSERT_OR(moved.into_use == moved.out_of_use, return internal_error());
  return out;
}

reply server_core::join_notes(const request& in, moment now) {
  if (in.payload.size() != change_payload)
    return only(status::bad_length);
  const auto x = read_change(view(in.payload));
  if (!x.is_sound())
    return only(status::bad_serial);
  if (!may_take(x.session, x.big.id, now))
    return only(status::not_reserved);
  for (const auto& small : x.small) {
    const auto held = live_an(small.id);
    if (!held)
      return internal_error();
    if (!*held || **held != small.an)
      return only(status::all_fail);
  }
  if (in_use(x.big.id))
    return only(status::bad_serial);
  auto out = only(status::success);
  for (const auto& small : x.small)
    out.changes.push_back({small.id, {random_an(), 0}});
  out.changes.push_back({x.big.id, {x.big.an, now.mfs}});
  const auto moved = value_moved(out.changes);
  LC_ASSERT_OR(moved.into_use == moved.out_of_use, return internal_error());
  return out;
}

// --- the operator ---

namespace {

/// Serials as runs of two or more, and those that stand alone. Each count of the answer is one
/// byte: what does not fit is simply not offered.
struct serial_ranges {
  std::vector<std::pair<uint32_t, uint32_t>> ranges;
  std::vector<uint32_t> singles;
};

serial_ranges in_ranges(const std::vector<uint32_t>& serials) {
  serial_ranges out;
  for (size_t i = 0; i < serials.size();) {
    auto j = i + 1;
    while (j < serials.size() && serials[j] == serials[j - 1] + 1)
      ++j;
    if (j == i + 1 && out.singles.size() < 255)
      out.singles.push_back(serials[i]);
    else if (j > i + 1 && out.ranges.size() < 255)
      out.ranges.emplace_back(serials[i], serials[j - 1]);
    i = j;
  }
  return out;
}

} // namespace

reply server_core::admin_available(const request& in, moment now) {
  constexpr size_t selector_size = 16;
  if (in.payload.size() != session_size + an_size + selector_size)
    return only(status::bad_length);
  byte_reader r(view(in.payload));
  const auto session = r.u32();
  if (!is_admin(r.raw(an_size)))
    return only(status::bad_admin_key);
  if (session == 0)
    return only(status::bad_parameter);
  const auto selector = r.raw(selector_size);
  auto out = only(status::success);
  byte_writer<secret_bytes> w(out.payload);
  for (int d = denomination_min; d <= denomination_max; ++d) {
    const auto denomination = static_cast<int8_t>(d);
    if (selector[index_of(denomination)] == 0)
      continue;
    const auto serials = reserve(session, denomination, admin_available_max, now);
    const auto [ranges, singles] = in_ranges(serials);
    if (ranges.empty() && singles.empty())
      continue;
    w.u8(static_cast<uint8_t>(denomination));
    LC_ASSERT_OR(ranges.size() <= 255 && singles.size() <= 255, return internal_error());
    w.u8(static_cast<uint8_t>(ranges.size())).u8(static_cast<uint8_t>(singles.size()));
    for (auto [first, last] : ranges)
      w.u32(first).u32(last);
    for (auto serial : singles)
      w.u32(serial);
  }
  return out;
}

reply server_core::admin_create(const request& in, moment now) {
  constexpr auto head = session_size + an_size;
  if (in.payload.size() < head + id_size)
    return only(status::bad_length);
  byte_reader r(view(in.payload));
  const auto session = r.u32();
  if (!is_admin(r.raw(an_size)))
    return only(status::bad_admin_key);
  const auto list = view(in.payload).sub(head);
  if (auto bad = check_list(list.size(), id_size))
    return only(bad);
  std::vector<note_id> notes;
  while (r.left() > 0)
    notes.push_back(read_id(r));
  if (!std::all_of(notes.begin(), notes.end(), is_note) || has_duplicate(notes))
    return only(status::bad_serial);
  if (session != unchecked_session)
    for (auto id : notes)
      if (!holds(session, id, now))
        return only(status::not_reserved);
  for (auto id : notes)
    if (in_use(id))
      return only(status::bad_serial);
  auto out = only(status::success);
  byte_writer<secret_bytes> w(out.payload);
  for (auto id : notes) {
    const auto old = store_.get(id);
    if (!old)
      return internal_error();
    // A note that never was has no AN; what it answers must not be predictable.
    w.raw(*old ? (*old)->an.view() : random_an().view());
    out.changes.push_back({id, {minted_an(options_.id, id.serial, list), now.mfs}});
  }
  LC_ASSERT_OR(out.changes.size() == notes.size(), return internal_error());
  return out;
}

reply server_core::admin_free(const request& in) {
  constexpr auto head = session_size + an_size;
  if (in.payload.size() < head + id_size)
    return only(status::bad_length);
  byte_reader r(view(in.payload));
  r.u32(); // session: freeing needs no reservation
  if (!is_admin(r.raw(an_size)))
    return only(status::bad_admin_key);
  if (auto bad = check_list(r.left(), id_size))
    return only(bad);
  auto out = only(status::success);
  while (r.left() > 0) {
    const auto id = read_id(r);
    if (!is_note(id))
      return only(status::bad_serial);
    const auto held = store_.get(id);
    if (!held)
      return internal_error();
    if (*held)
      out.changes.push_back({id, {(*held)->an, 0}});
  }
  return out;
}

// --- shared by the commands ---

caf::expected<std::optional<authenticity_number>> server_core::live_an(note_id id) {
  std::optional<authenticity_number> out;
  if (!is_note(id))
    return out;
  const auto held = store_.get(id);
  if (!held)
    return held.error();
  if (*held && (*held)->mfs != 0)
    out = (*held)->an;
  return out;
}

caf::expected<std::optional<authenticity_number>>
server_core::xor_of(const std::vector<note_id>& notes) {
  std::optional<authenticity_number> none;
  // The same note twice would cancel itself out and prove nothing.
  if (has_duplicate(notes))
    return none;
  authenticity_number sum;
  for (auto id : notes) {
    const auto held = live_an(id);
    if (!held)
      return held.error();
    if (!*held)
      return none;
    xor_into(sum, **held);
  }
  return std::optional<authenticity_number>{sum};
}

bool server_core::is_admin(byte_view key) const {
  // A zero key is one that was never set: it opens nothing.
  return key.size() == an_size && !options_.admin_key.is_zero() &&
         secret<16>::from(key) == options_.admin_key;
}

authenticity_number server_core::random_an() {
  authenticity_number out;
  random_.fill(out.data(), an_size);
  return out;
}

bool server_core::in_use(note_id id) const {
  const auto& pages = used_[index_of(id.denomination)];
  const auto page = pages.find(id.serial / page_size);
  return page != pages.end() && page->second.test(id.serial % page_size);
}

void server_core::note_use(const std::vector<change>& changes) {
  for (const auto& x : changes) {
    LC_ASSERT_OR(is_note(x.id), continue);
    const auto index = index_of(x.id.denomination);
    auto bit = used_[index][x.id.serial / page_size][x.id.serial % page_size];
    bool now = x.to.mfs != 0;
    if (now && !bit)
      ++used_count_[index];
    else if (!now && bit)
      --used_count_[index];
    bit = now;
    LC_ASSERT_OR(used_count_[index] <= serial_max + 1, return );
  }
}

bool server_core::holds(uint32_t session, note_id id, moment now) const {
  const auto i = reservations_.find({id.denomination, id.serial / page_size});
  return i != reservations_.end() && i->second.session == session && i->second.until > now.now;
}

bool server_core::may_take(uint32_t session, note_id id, moment now) const {
  const auto i = reservations_.find({id.denomination, id.serial / page_size});
  return session != 0 &&
         (i == reservations_.end() || i->second.until <= now.now || i->second.session == session);
}

std::vector<uint32_t> server_core::open_pages(uint32_t session, int8_t denomination) const {
  constexpr auto page_count = (serial_max + 1) / page_size;
  const auto& used = used_[index_of(denomination)];
  std::vector<uint32_t> out;
  for (uint32_t page = 0; page < page_count; ++page) {
    const auto held = reservations_.find({denomination, page});
    const auto known = used.find(page);
    if ((held == reservations_.end() || held->second.session == session) &&
        (known == used.end() || !known->second.all()))
      out.push_back(page);
  }
  return out;
}

std::vector<uint32_t> server_core::reserve(uint32_t session, int8_t denomination, size_t count,
                                           moment now) {
  LC_ASSERT_OR(session != 0 && is_denomination(denomination), return {});
  drop_expired(now);
  auto pages = open_pages(session, denomination);
  auto of_a_page = count;
  const auto held = reservations_.lower_bound({denomination, 0});
  if (held != reservations_.end() && held->first.denomination == denomination) {
    std::sort(pages.begin(), pages.end(), [=](uint32_t x, uint32_t y) {
      return place_of(session, denomination, x) < place_of(session, denomination, y);
    });
    of_a_page = (count + pages_spread - 1) / pages_spread;
  }
  std::vector<uint32_t> out;
  for (auto page : pages) {
    if (out.size() == count)
      break;
    const auto most = std::min(count, out.size() + of_a_page);
    for (auto serial = page * page_size; serial < (page + 1) * page_size && out.size() < most;
         ++serial)
      if (!in_use({denomination, serial}))
        out.push_back(serial);
    reservations_[{denomination, page}] = {session, now.now + reservation_lifetime};
  }
  std::sort(out.begin(), out.end());
  LC_ASSERT_OR(out.size() <= count, return {});
  for (auto serial : out)
    LC_ASSERT_OR(serial <= serial_max && holds(session, {denomination, serial}, now), return {});
  return out;
}

void server_core::drop_expired(moment now) {
  for (auto i = tickets_.begin(); i != tickets_.end();)
    i = i->second.until <= now.now ? tickets_.erase(i) : std::next(i);
  for (auto i = reservations_.begin(); i != reservations_.end();)
    i = i->second.until <= now.now ? reservations_.erase(i) : std::next(i);
}

} // namespace liveconnect::raida
