#include "wallet/raida/client/mint.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "messages/base/error.hpp"
#include "wallet/raida/client/note_commands.hpp"
#include "wallet/raida/client/retry.hpp"
#include "wallet/raida/derive.hpp"
#include "wallet/raida/packet.hpp"

namespace liveconnect::raida {

namespace {

/// Notes made by one request: its answer holds an old AN for each, and a response is 64 KiB at
/// most.
constexpr size_t round_max = 4000;
constexpr auto admin_deadline = std::chrono::seconds(10);
constexpr size_t selector_size = 16;

std::string server_name(size_t i) {
  return "server " + std::to_string(i);
}

/// Denomination whose value is `text`, if there is one.
bool denomination_of(std::string_view text, int8_t& out) {
  const auto value = amount::parse(text);
  if (!value)
    return false;
  for (int d = denomination_min; d <= denomination_max; ++d) {
    out = static_cast<int8_t>(d);
    if (denomination_value(out) == *value)
      return true;
  }
  return false;
}

caf::error check(const answers& list, const char* doing) {
  for (size_t i = 0; i < list.list.size(); ++i) {
    const auto& x = list.list[i];
    if (x.what != outcome::answered)
      return fail(ec::too_few_servers,
                  server_name(i) + " does not answer; " + doing + " needs every server");
    if (x.status == status::bad_admin_key)
      return fail(ec::bad_config, server_name(i) + " does not accept this operator's key");
    if (x.status != status::success)
      return fail(ec::too_few_servers, server_name(i) + " refuses " + doing + " with status " +
                                           std::to_string(x.status));
  }
  return caf::none;
}

/// Serials in a server's answer to admin_available, by denomination.
using serial_sets = std::map<int8_t, std::set<uint32_t>>;

bool read_available(byte_view payload, serial_sets& out) {
  byte_reader r(payload);
  while (r.left() > 0) {
    const auto denomination = static_cast<int8_t>(r.u8());
    unsigned ranges = r.u8();
    unsigned singles = r.u8();
    auto& serials = out[denomination];
    // A bound on what one answer may claim: servers offer about a thousand of a denomination.
    constexpr size_t serials_max = 4096;
    for (unsigned i = 0; i < ranges; ++i) {
      const auto first = r.u32();
      const auto last = r.u32();
      if (last < first || last > serial_max || serials.size() + (last - first) > serials_max)
        return false;
      for (auto serial = first; serial <= last; ++serial)
        serials.insert(serials.end(), serial);
    }
    for (unsigned i = 0; i < singles; ++i) {
      const auto serial = r.u32();
      if (serial > serial_max || serials.size() > serials_max)
        return false;
      serials.insert(serial);
    }
    if (!r.ok())
      return false;
  }
  return true;
}

/// Free on every server, by denomination.
caf::expected<serial_sets> available(raida_port& port, const operator_key& key, uint32_t session,
                                     const mint_plan& plan) {
  std::array<uint8_t, selector_size> selector{};
  for (auto order : plan)
    selector[static_cast<size_t>(order.denomination - denomination_min)] = 1;
  secret_bytes payload;
  byte_writer<secret_bytes>(payload).u32(session).raw(key.view()).raw(selector);
  ask_all ask;
  ask.what = command::admin_available;
  ask.payloads.assign(port.servers(), payload);
  ask.deadline = admin_deadline;
  const auto got = port.ask(ask);
  if (auto err = check(got, "minting"))
    return err;
  serial_sets out;
  for (size_t i = 0; i < got.list.size(); ++i) {
    serial_sets theirs;
    if (!read_available(got.list[i].payload, theirs))
      return fail(ec::too_few_servers,
                  server_name(i) + " sent a list of serials that cannot be read");
    if (i == 0) {
      out = std::move(theirs);
      continue;
    }
    for (auto& [denomination, serials] : out) {
      std::set<uint32_t> both;
      const auto& others = theirs[denomination];
      std::set_intersection(serials.begin(), serials.end(), others.begin(), others.end(),
                            std::inserter(both, both.end()));
      serials = std::move(both);
    }
  }
  return out;
}

caf::expected<std::vector<note>> create(raida_port& port, const operator_key& key, uint32_t session,
                                        const std::vector<note_id>& ids) {
  secret_bytes payload;
  byte_writer<secret_bytes> w(payload);
  w.u32(session).raw(key.view());
  for (auto id : ids)
    w.u8(static_cast<uint8_t>(id.denomination)).u32(id.serial);
  const auto list = view(payload).sub(4 + key.size());
  ask_all ask;
  ask.what = command::admin_create;
  ask.payloads.assign(port.servers(), payload);
  ask.deadline = admin_deadline;
  const auto got = port.ask(ask);
  if (auto err = check(got, "minting"))
    return err;
  std::vector<note> out;
  for (auto id : ids) {
    note x;
    x.id = id;
    for (size_t server = 0; server < port.servers(); ++server)
      x.ans.push_back(minted_an(static_cast<uint8_t>(server), id.serial, list));
    x.pown.assign(port.servers(), letter::passed);
    out.push_back(std::move(x));
  }
  return out;
}

} // namespace

// --- plans ---

caf::expected<mint_plan> parse_denominations(std::string_view text) {
  mint_plan out;
  uint64_t notes = 0;
  while (true) {
    const auto comma = text.find(',');
    const auto item = text.substr(0, comma);
    const auto colon = item.find(':');
    const auto wrong = [&](const char* why) {
      return fail(ec::bad_argument,
                  "'" + std::string(item.substr(0, 40)) + "' in the denominations: " + why);
    };
    if (colon == std::string_view::npos)
      return wrong("expected VALUE:COUNT");
    mint_order x;
    if (!denomination_of(item.substr(0, colon), x.denomination))
      return wrong("no note has that value (1000000, ..., 10, 1, 0.1, ..., 0.00000001)");
    const auto digits = item.substr(colon + 1);
    auto [end, err] = std::from_chars(digits.data(), digits.data() + digits.size(), x.count);
    if (err != std::errc{} || end != digits.data() + digits.size() || x.count == 0 ||
        x.count > mint_notes_max)
      return wrong("the count must be 1 to 65535");
    for (auto y : out)
      if (y.denomination == x.denomination)
        return wrong("this value is given twice");
    notes += x.count;
    if (notes > mint_notes_max)
      return wrong("together they are more than 65535 notes");
    out.push_back(x);
    if (comma == std::string_view::npos)
      break;
    text.remove_prefix(comma + 1);
  }
  std::sort(out.begin(), out.end(),
            [](mint_order x, mint_order y) { return x.denomination > y.denomination; });
  return out;
}

caf::expected<mint_plan> fewest_notes(amount sum) {
  if (sum.is_zero())
    return fail(ec::bad_argument, "a sum of zero has no notes");
  mint_plan out;
  auto left = sum.units();
  uint64_t notes = 0;
  for (int d = denomination_max; d >= denomination_min; --d) {
    const auto denomination = static_cast<int8_t>(d);
    const auto unit = denomination_value(denomination).units();
    const auto count = left / unit;
    left %= unit;
    notes += count;
    if (notes > mint_notes_max)
      return fail(ec::bad_argument, "this sum takes more than 65535 notes");
    if (count > 0)
      out.push_back({denomination, static_cast<uint32_t>(count)});
  }
  return out;
}

caf::expected<mint_plan> uneven_purse(amount sum) {
  auto out = fewest_notes(sum);
  if (!out)
    return out;
  auto& plan = *out;
  const auto largest = plan.front().denomination;
  if (largest == denomination_min)
    return out; // nothing below to break into
  const auto below = static_cast<int8_t>(largest - 1);
  if (plan.size() < 2 || plan[1].denomination != below)
    plan.insert(plan.begin() + 1, {below, 0});
  plan[1].count += 10;
  if (--plan[0].count == 0)
    plan.erase(plan.begin());
  return out;
}

amount value_of(const mint_plan& plan) {
  uint64_t units = 0;
  for (auto x : plan)
    units += x.count * denomination_value(x.denomination).units();
  return amount::from_units(units);
}

// --- making them ---

caf::expected<std::vector<note>> mint_notes(raida_port& port, const operator_key& key,
                                            const mint_plan& plan) {
  const auto session = draw_session();
  std::vector<note> out;
  auto left = plan;
  std::optional<serial_retry> again;
  while (!left.empty()) {
    auto free = available(port, key, session, left);
    if (!free)
      return free.error();
    std::vector<note_id> ids;
    for (auto& order : left) {
      const auto& serials = (*free)[order.denomination];
      for (auto i = serials.begin();
           i != serials.end() && order.count > 0 && ids.size() < round_max; ++i, --order.count)
        ids.push_back({order.denomination, *i});
    }
    if (ids.empty()) {
      if (!again)
        again.emplace(admin_deadline);
      if (again->wait(port))
        continue;
      return fail(ec::change_not_possible, "no serial is free on every server for notes of " +
                                               denomination_name(left.front().denomination));
    }
    again.reset();
    left.erase(std::remove_if(left.begin(), left.end(), [](auto x) { return x.count == 0; }),
               left.end());
    auto made = create(port, key, session, ids);
    if (!made)
      return made.error();
    std::move(made->begin(), made->end(), std::back_inserter(out));
  }
  return out;
}

void draw_pans(std::vector<note>& notes) {
  for (auto& x : notes)
    x.pans = draw_ans(x.ans.size());
}

namespace {

/// The letter of a Pown that Find's answer stands for; `before` where it says nothing.
char letter_after_find(find_answer x, char before) {
  switch (x) {
  case find_answer::pan:
    return letter::passed;
  case find_answer::an:
  case find_answer::neither:
  case find_answer::no_such_note:
    return letter::failed;
  case find_answer::not_asked:
  case find_answer::unknown:
    break;
  }
  return before;
}

/// Asks Find wherever a Pown's letter is not certain, and puts its answer in the letter's place.
void confirm_by_find(raida_port& port, const std::vector<note>& notes,
                     std::vector<std::string>& letters) {
  std::vector<note> unsure;
  std::vector<size_t> places;
  for (size_t i = 0; i < notes.size(); ++i)
    if (!must_find(letters[i]).empty()) {
      unsure.push_back(notes[i]);
      places.push_back(i);
    }
  if (unsure.empty())
    return;
  const auto found = find(port, unsure);
  for (size_t i = 0; i < places.size(); ++i)
    for (auto server : must_find(letters[places[i]])) {
      auto& x = letters[places[i]][server];
      x = letter_after_find(found[i][server], x);
    }
}

} // namespace

caf::error make_own(raida_port& port, std::vector<note>& notes) {
  auto letters = pown(port, notes);
  confirm_by_find(port, notes, letters);
  size_t without_majority = 0;
  for (size_t i = 0; i < notes.size(); ++i) {
    const auto counts = count_letters(letters[i]);
    notes[i].pown = letters[i];
    if (counts.passed < rules_for(letters[i].size(), 0).majority) {
      ++without_majority;
      continue;
    }
    for (size_t server = 0; server < letters[i].size(); ++server)
      if (letters[i][server] == letter::passed)
        notes[i].ans[server] = notes[i].pans[server];
    if (counts.unknown() == 0)
      notes[i].pans.clear();
  }
  if (without_majority > 0)
    return fail(ec::outcome_unknown, std::to_string(without_majority) +
                                         " new notes were not taken over on a majority of servers");
  return caf::none;
}

} // namespace liveconnect::raida
