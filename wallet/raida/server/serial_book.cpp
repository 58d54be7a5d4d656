#include "wallet/raida/server/serial_book.hpp"

#include <algorithm>
#include <unordered_set>

#include "messages/base/assert.hpp"

namespace liveconnect::raida {

namespace {

constexpr uint32_t page_count = (serial_max + 1) / page_size;
constexpr uint32_t run_count = (serial_max + 1) / serial_run;
static_assert(page_count * page_size == serial_max + 1, "the last page is a whole one");

/// The n-th number of a session's own series. All servers must agree, hence no std::hash. The
/// mixing is that of splitmix64.
uint64_t number_of(uint32_t session, int8_t denomination, uint32_t n) {
  auto x = uint64_t{session} << 32 | uint64_t{static_cast<uint8_t>(denomination)} << 24 | n;
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

} // namespace

bool is_note(note_id id) {
  return is_denomination(id.denomination) && id.serial <= serial_max;
}

// --- what is in use ---

const serial_book::page* serial_book::page_at(int8_t denomination, uint32_t number) const {
  const auto& pages = used_[index_of(denomination)].pages;
  return pages.empty() ? nullptr : pages[number].get();
}

bool serial_book::in_use(note_id id) const {
  const auto* at = page_at(id.denomination, id.serial / page_size);
  const auto bit = id.serial % page_size;
  return at != nullptr && (at->words[bit / 64] >> (bit % 64) & 1) != 0;
}

void serial_book::set_use(note_id id, bool used) {
  LC_ASSERT_OR(is_note(id), return );
  if (in_use(id) == used)
    return;
  auto& all = used_[index_of(id.denomination)];
  if (all.pages.empty())
    all.pages.resize(page_count);
  const auto number = id.serial / page_size;
  auto& at = all.pages[number];
  if (!at)
    at = std::make_unique<page>();
  const auto bit = id.serial % page_size;
  at->words[bit / 64] ^= uint64_t{1} << (bit % 64);
  if (used) {
    ++at->count;
    ++all.count;
  } else {
    --at->count;
    --all.count;
    all.first_with_room = std::min(all.first_with_room, number);
  }
  LC_ASSERT_OR(at->count <= page_size && all.count <= serial_max + 1, return );
}

void serial_book::clear() {
  for (auto& x : used_)
    x = {};
  for (auto& x : held_)
    x.clear();
  for (auto& x : counted_)
    x.clear();
  grants_.clear();
  of_session_.clear();
  of_client_.clear();
}

// --- what is offered ---

bool serial_book::is_open(int8_t denomination, uint32_t serial) const {
  return !in_use({denomination, serial}) && held_[index_of(denomination)].count(serial) == 0;
}

void serial_book::take_from_page(int8_t denomination, uint32_t number, size_t count,
                                 std::vector<uint32_t>& out) const {
  const auto* at = page_at(denomination, number);
  if (at != nullptr && at->count == page_size)
    return;
  const auto first = number * page_size;
  for (uint32_t word = 0; word < page_size / 64 && out.size() < count; ++word) {
    auto open = at == nullptr ? ~uint64_t{0} : ~at->words[word];
    for (; open != 0 && out.size() < count; open &= open - 1) {
      const auto serial = first + word * 64 + static_cast<uint32_t>(__builtin_ctzll(open));
      if (held_[index_of(denomination)].count(serial) == 0)
        out.push_back(serial);
    }
  }
}

std::vector<uint32_t> serial_book::lowest(int8_t denomination, size_t count) {
  auto& all = used_[index_of(denomination)];
  const auto is_full = [&](uint32_t number) {
    const auto* at = page_at(denomination, number);
    return at != nullptr && at->count == page_size;
  };
  while (all.first_with_room < page_count && is_full(all.first_with_room))
    ++all.first_with_room;
  std::vector<uint32_t> out;
  for (auto i = all.first_with_room; i < page_count && out.size() < count; ++i)
    take_from_page(denomination, i, count, out);
  return out;
}

std::vector<uint32_t> serial_book::spread(uint32_t session, int8_t denomination,
                                          size_t count) const {
  std::vector<uint32_t> out;
  std::unordered_set<uint32_t> seen;
  // Where most of a denomination is in use, luck alone would take long.
  const auto tries = static_cast<uint32_t>(2 * count);
  for (uint32_t n = 0; n < tries && out.size() < count; ++n) {
    const auto run = static_cast<uint32_t>(number_of(session, denomination, n) % run_count);
    if (!seen.insert(run).second)
      continue;
    for (auto i = run * serial_run; i < (run + 1) * serial_run && out.size() < count; ++i)
      if (is_open(denomination, i))
        out.push_back(i);
  }
  if (out.size() < count) {
    // Begin anew, page by page from a place of the session's own.
    out.clear();
    const auto start = static_cast<uint32_t>(number_of(session, denomination, tries) % page_count);
    for (uint32_t i = 0; i < page_count && out.size() < count; ++i)
      take_from_page(denomination, (start + i) % page_count, count, out);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<uint32_t> serial_book::reserve(const asker& who, int8_t denomination, size_t count,
                                           time_point now) {
  LC_ASSERT_OR(who.session != 0 && is_denomination(denomination), return {});
  drop_expired(now);
  const bool nobody_holds = held_[index_of(denomination)].empty();
  if (const auto i = of_session_.find(key_of_session(who.session, denomination));
      i != of_session_.end())
    release(i->second);
  auto out = nobody_holds ? lowest(denomination, count) : spread(who.session, denomination, count);
  LC_ASSERT_OR(out.size() <= count && std::is_sorted(out.begin(), out.end()), return {});
  if (!out.empty())
    hold(who, denomination, out, now);
  return out;
}

void serial_book::hold(const asker& who, int8_t denomination, std::vector<uint32_t> serials,
                       time_point now) {
  if (!who.trusted)
    keep_budgets(who, denomination, serials.size());
  const auto id = ++last_grant_;
  auto& held = held_[index_of(denomination)];
  for (auto serial : serials)
    held[serial] = id;
  of_session_[key_of_session(who.session, denomination)] = id;
  if (!who.trusted)
    counted_[index_of(denomination)].insert(id);
  if (who.client && !who.trusted) {
    auto& own = of_client_[*who.client];
    own.serials += serials.size();
    own.grants.insert(id);
  }
  grants_[id] = {who, denomination, now + reservation_lifetime, std::move(serials)};
}

void serial_book::keep_budgets(const asker& who, int8_t denomination, size_t more) {
  // The session's own grants, one a denomination at most.
  std::set<uint64_t> own;
  size_t sum = more;
  for (int d = denomination_min; d <= denomination_max; ++d)
    if (const auto i = of_session_.find(key_of_session(who.session, static_cast<int8_t>(d)));
        i != of_session_.end() && !grants_.at(i->second).who.trusted) {
      own.insert(i->second);
      sum += grants_.at(i->second).serials.size();
    }
  for (auto i = own.begin(); i != own.end() && sum > reserved_of_session_max; ++i) {
    sum -= grants_.at(*i).serials.size();
    release(*i);
  }
  if (who.client)
    for (auto i = of_client_.find(*who.client);
         i != of_client_.end() && i->second.serials + more > reserved_of_client_max;
         i = of_client_.find(*who.client))
      release(*i->second.grants.begin());
  auto& counted = counted_[index_of(denomination)];
  while (!counted.empty() && held_[index_of(denomination)].size() + more > reserved_in_all_max)
    release(*counted.begin());
}

void serial_book::release(uint64_t id) {
  const auto i = grants_.find(id);
  LC_ASSERT_OR(i != grants_.end(), return );
  const auto gone = std::move(i->second);
  grants_.erase(i);
  auto& held = held_[index_of(gone.denomination)];
  for (auto serial : gone.serials)
    held.erase(serial);
  of_session_.erase(key_of_session(gone.who.session, gone.denomination));
  counted_[index_of(gone.denomination)].erase(id);
  if (!gone.who.client || gone.who.trusted)
    return;
  const auto own = of_client_.find(*gone.who.client);
  LC_ASSERT_OR(own != of_client_.end() && own->second.serials >= gone.serials.size(), return );
  own->second.serials -= gone.serials.size();
  own->second.grants.erase(id);
  if (own->second.grants.empty())
    of_client_.erase(own);
}

void serial_book::drop_expired(time_point now) {
  while (!grants_.empty() && grants_.begin()->second.until <= now)
    release(grants_.begin()->first);
}

uint32_t serial_book::holder(note_id id, time_point now) const {
  const auto& held = held_[index_of(id.denomination)];
  const auto i = held.find(id.serial);
  if (i == held.end())
    return 0;
  const auto& by = grants_.at(i->second);
  return by.until > now ? by.who.session : 0;
}

} // namespace liveconnect::raida
