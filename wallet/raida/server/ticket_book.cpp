#include "wallet/raida/server/ticket_book.hpp"

#include <algorithm>
#include <unordered_set>

#include "messages/base/assert.hpp"

namespace liveconnect::raida {

bool ticket_book::issue(uint32_t number, const std::vector<note_id>& notes,
                        const std::optional<client_key>& client, time_point now) {
  const std::lock_guard guard{mutex_};
  drop_expired(now);
  ticket made;
  // A note listed twice must not look like two votes.
  std::unordered_set<note_id> seen;
  for (auto id : notes)
    if (seen.insert(id).second)
      made.notes.push_back(id);
  LC_ASSERT_OR(number != 0 && tickets_.count(number) == 0 && !made.notes.empty(), return false);
  if (made.notes.size() > ticket_notes_max)
    return false;
  if (client)
    if (const auto own = of_client_.find(*client);
        own != of_client_.end() && own->second.size() >= tickets_of_client_max)
      drop(by_age_.at(*own->second.begin()));
  while (is_full(made.notes.size()))
    if (!make_room(client))
      return false;
  made.stands.assign(made.notes.size(), true);
  made.standing = made.notes.size();
  standing_ += made.standing;
  made.until = now + ticket_lifetime;
  made.client = client;
  made.age = ++last_age_;
  by_age_[made.age] = number;
  if (client)
    of_client_[*client].insert(made.age);
  for (uint32_t i = 0; i < made.notes.size(); ++i) {
    auto& places = places_[made.notes[i]];
    places.push_back({number, i});
  }
  const auto& kept = tickets_.emplace(number, std::move(made)).first->second;
  // Only now: striking a note may end the ticket that it stood in.
  for (auto id : kept.notes) {
    auto& places = places_[id];
    if (places.size() > tickets_of_note_max) {
      const auto oldest = places.front();
      places.erase(places.begin());
      strike(oldest);
    }
  }
  return true;
}

bool ticket_book::is_free(uint32_t number) const {
  const std::lock_guard guard{mutex_};
  return number != 0 && tickets_.count(number) == 0;
}

std::optional<std::vector<note_id>> ticket_book::listing(uint32_t number, time_point now) const {
  const std::lock_guard guard{mutex_};
  const auto i = tickets_.find(number);
  if (i == tickets_.end() || i->second.until <= now)
    return std::nullopt;
  std::vector<note_id> out;
  for (size_t k = 0; k < i->second.notes.size(); ++k)
    if (i->second.stands[k])
      out.push_back(i->second.notes[k]);
  LC_ASSERT_OR(!out.empty() && out.size() == i->second.standing, return std::nullopt);
  return out;
}

void ticket_book::forget(note_id id) {
  const std::lock_guard guard{mutex_};
  const auto i = places_.find(id);
  if (i == places_.end())
    return;
  const auto places = std::move(i->second);
  places_.erase(i);
  for (const auto& x : places)
    strike(x);
}

void ticket_book::clear() {
  const std::lock_guard guard{mutex_};
  tickets_.clear();
  by_age_.clear();
  places_.clear();
  of_client_.clear();
  standing_ = 0;
}

size_t ticket_book::size() const {
  const std::lock_guard guard{mutex_};
  return tickets_.size();
}

void ticket_book::strike(const place& x) {
  const auto i = tickets_.find(x.number);
  LC_ASSERT_OR(i != tickets_.end() && x.index < i->second.stands.size(), return );
  if (!i->second.stands[x.index])
    return;
  i->second.stands[x.index] = false;
  --standing_;
  if (--i->second.standing == 0)
    drop(x.number);
}

void ticket_book::drop(uint32_t number) {
  const auto i = tickets_.find(number);
  LC_ASSERT_OR(i != tickets_.end(), return );
  const auto gone = std::move(i->second);
  tickets_.erase(i);
  by_age_.erase(gone.age);
  standing_ -= gone.standing;
  if (gone.client)
    if (const auto own = of_client_.find(*gone.client); own != of_client_.end()) {
      own->second.erase(gone.age);
      if (own->second.empty())
        of_client_.erase(own);
    }
  for (size_t k = 0; k < gone.notes.size(); ++k) {
    if (!gone.stands[k])
      continue;
    const auto at = places_.find(gone.notes[k]);
    LC_ASSERT_OR(at != places_.end(), continue);
    auto& places = at->second;
    places.erase(std::remove_if(places.begin(), places.end(),
                                [number](const place& x) { return x.number == number; }),
                 places.end());
    if (places.empty())
      places_.erase(at);
  }
}

void ticket_book::drop_expired(time_point now) {
  while (!by_age_.empty()) {
    const auto oldest = by_age_.begin()->second;
    if (tickets_.at(oldest).until > now)
      return;
    drop(oldest);
  }
}

bool ticket_book::is_full(size_t notes) const {
  return tickets_.size() >= tickets_max || standing_ + notes > ticket_notes_in_all_max;
}

bool ticket_book::make_room(const std::optional<client_key>& client) {
  if (!client)
    return false;
  const auto fewer = [](const auto& x, const auto& y) { return x.second.size() < y.second.size(); };
  const auto most = std::max_element(of_client_.begin(), of_client_.end(), fewer);
  const auto own = of_client_.find(*client);
  const auto has = own == of_client_.end() ? 0 : own->second.size();
  if (most == of_client_.end() || most->second.size() <= has)
    return false;
  drop(by_age_.at(*most->second.begin()));
  return true;
}

} // namespace liveconnect::raida
