#include "wallet/journal/note_holds.hpp"

#include <iterator>
#include <utility>

namespace liveconnect::wallet {

void journal_in_hand::publish(journal_view next) {
  std::lock_guard<std::mutex> lock{guard_};
  view_ = std::move(next);
}

journal_view journal_in_hand::snapshot() const {
  std::lock_guard<std::mutex> lock{guard_};
  return view_;
}

bool note_holds::take(const std::vector<note_id>& notes, const transfer_id& owner) {
  std::lock_guard<std::mutex> lock{guard_};
  for (auto& x : notes) {
    const auto found = owners_.find(x);
    if (found != owners_.end() && found->second != owner)
      return false;
  }
  for (auto& x : notes)
    owners_.emplace(x, owner);
  return true;
}

std::vector<note_id> note_holds::take_free(const std::vector<note_id>& notes,
                                           const transfer_id& owner) {
  std::lock_guard<std::mutex> lock{guard_};
  std::vector<note_id> out;
  for (auto& x : notes)
    if (owners_.emplace(x, owner).second)
      out.push_back(x);
  return out;
}

void note_holds::release(const std::vector<note_id>& notes, const transfer_id& owner) {
  std::lock_guard<std::mutex> lock{guard_};
  for (auto& x : notes) {
    const auto found = owners_.find(x);
    if (found != owners_.end() && found->second == owner)
      owners_.erase(found);
  }
}

void note_holds::hand_over(const std::vector<note_id>& notes, const transfer_id& from,
                           const transfer_id& to) {
  std::lock_guard<std::mutex> lock{guard_};
  for (auto& x : notes) {
    auto found = owners_.find(x);
    if (found != owners_.end() && found->second == from)
      found->second = to;
  }
}

void note_holds::release_all(const transfer_id& owner) {
  std::lock_guard<std::mutex> lock{guard_};
  for (auto i = owners_.begin(); i != owners_.end();)
    i = i->second == owner ? owners_.erase(i) : std::next(i);
}

bool note_holds::is_held_by_other(note_id x, const transfer_id& owner) const {
  std::lock_guard<std::mutex> lock{guard_};
  const auto found = owners_.find(x);
  return found != owners_.end() && found->second != owner;
}

std::set<note_id> note_holds::all() const {
  std::lock_guard<std::mutex> lock{guard_};
  std::set<note_id> out;
  for (auto& x : owners_)
    out.insert(x.first);
  return out;
}

std::shared_ptr<journal_in_hand> note_holds::take_journal(const transfer_id& id) {
  std::lock_guard<std::mutex> lock{guard_};
  for (auto i = journals_.begin(); i != journals_.end();)
    i = i->second.expired() ? journals_.erase(i) : std::next(i);
  if (journals_.count(id) != 0)
    return nullptr;
  auto out = std::make_shared<journal_in_hand>();
  journal_view unwritten;
  unwritten.opened.id = id;
  out->publish(std::move(unwritten));
  journals_.emplace(id, out);
  return out;
}

std::optional<journal_view> note_holds::in_hand(const transfer_id& id) const {
  std::shared_ptr<journal_in_hand> out;
  {
    std::lock_guard<std::mutex> lock{guard_};
    const auto found = journals_.find(id);
    if (found != journals_.end())
      out = found->second.lock();
  }
  return out ? std::optional<journal_view>{out->snapshot()} : std::nullopt;
}

hold_guard::hold_guard(note_holds& holds, const std::vector<note_id>& notes,
                       const transfer_id& owner)
    : holds_(&holds), owner_(owner), fresh_(holds.take_free(notes, owner)) {
  for (auto& x : notes)
    if (!holds.is_held_by_other(x, owner))
      held_.push_back(x);
}

hold_guard::~hold_guard() {
  holds_->release(fresh_, owner_);
}

void hold_guard::leave(const std::vector<note_id>& notes, const transfer_id& to) {
  holds_->hand_over(notes, owner_, to);
}

} // namespace liveconnect::wallet
