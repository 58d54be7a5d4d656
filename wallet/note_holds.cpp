#include "wallet/note_holds.hpp"

namespace liveconnect::wallet {

bool note_holds::take(const std::vector<note_id>& notes, const transfer_id& owner) {
  std::lock_guard<std::mutex> lock{guard_};
  for (auto& x : notes) {
    auto found = owners_.find(x);
    if (found != owners_.end() && found->second != owner)
      return false;
  }
  for (auto& x : notes)
    owners_.emplace(x, owner);
  return true;
}

void note_holds::release(const std::vector<note_id>& notes, const transfer_id& owner) {
  std::lock_guard<std::mutex> lock{guard_};
  for (auto& x : notes) {
    auto found = owners_.find(x);
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

bool note_holds::is_held(note_id x) const {
  std::lock_guard<std::mutex> lock{guard_};
  return owners_.count(x) != 0;
}

bool note_holds::is_held_by_other(note_id x, const transfer_id& owner) const {
  std::lock_guard<std::mutex> lock{guard_};
  auto found = owners_.find(x);
  return found != owners_.end() && found->second != owner;
}

std::set<note_id> note_holds::all() const {
  std::lock_guard<std::mutex> lock{guard_};
  std::set<note_id> out;
  for (auto& x : owners_)
    out.insert(x.first);
  return out;
}

} // namespace liveconnect::wallet
