#include "wallet/journal/note_holds.hpp"

#include <iterator>
#include <utility>

#include "messages/base/assert.hpp"

namespace liveconnect::wallet {

namespace {

// Operations and transfers have random ids; zero stands for none.
bool is_some(const transfer_id& owner) {
  return owner != transfer_id{};
}

} // namespace

caf::error journal_in_hand::publish(journal_view next) {
  std::lock_guard<std::mutex> lock{guard_};
  const auto was_opened = view_.opened.servers != 0;
  LC_ASSERT(is_some(next.id()));
  LC_ASSERT(!is_some(view_.id()) || next.id() == view_.id());
  LC_ASSERT(!was_opened || next.kind() == view_.kind());
  LC_ASSERT(!was_opened || next.opened.servers == view_.opened.servers);
  // A journal is only added to, and nothing stands behind CLOSED.
  LC_ASSERT(!view_.closed);
  LC_ASSERT(!view_.sending || next.sending);
  LC_ASSERT(next.received.size() >= view_.received.size());
  LC_ASSERT(next.refresh.size() >= view_.refresh.size());
  LC_ASSERT(next.graded.size() >= view_.graded.size());
  LC_ASSERT(next.settled.size() >= view_.settled.size());
  view_ = std::move(next);
  return {};
}

journal_view journal_in_hand::snapshot() const {
  std::lock_guard<std::mutex> lock{guard_};
  return view_;
}

bool note_holds::take(const std::vector<note_id>& notes, const transfer_id& owner) {
  LC_ASSERT_OR(is_some(owner), return false);
  std::lock_guard<std::mutex> lock{guard_};
  for (auto& x : notes) {
    const auto found = owners_.find(x);
    if (found != owners_.end() && found->second != owner)
      return false;
  }
  for (auto& x : notes) {
    const auto held = owners_.emplace(x, owner).first;
    LC_ASSERT_OR(held->second == owner, return false);
  }
  return true;
}

std::vector<note_id> note_holds::take_free(const std::vector<note_id>& notes,
                                           const transfer_id& owner) {
  LC_ASSERT_OR(is_some(owner), return {});
  std::lock_guard<std::mutex> lock{guard_};
  const auto before = owners_.size();
  std::vector<note_id> out;
  for (auto& x : notes)
    if (owners_.emplace(x, owner).second)
      out.push_back(x);
  // Each note is held once, by one owner.
  LC_ASSERT_OR(owners_.size() == before + out.size(), return out);
  return out;
}

void note_holds::release(const std::vector<note_id>& notes, const transfer_id& owner) {
  LC_ASSERT_OR(is_some(owner), return );
  std::lock_guard<std::mutex> lock{guard_};
  for (auto& x : notes) {
    const auto found = owners_.find(x);
    if (found != owners_.end() && found->second == owner)
      owners_.erase(found);
  }
}

void note_holds::hand_over(const std::vector<note_id>& notes, const transfer_id& from,
                           const transfer_id& to) {
  LC_ASSERT_OR(is_some(from) && is_some(to), return );
  std::lock_guard<std::mutex> lock{guard_};
  const auto before = owners_.size();
  for (auto& x : notes) {
    auto found = owners_.find(x);
    if (found != owners_.end() && found->second == from)
      found->second = to;
  }
  LC_ASSERT_OR(owners_.size() == before, return );
}

void note_holds::release_all(const transfer_id& owner) {
  LC_ASSERT_OR(is_some(owner), return );
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
  LC_ASSERT_OR(is_some(id), return nullptr);
  std::lock_guard<std::mutex> lock{guard_};
  for (auto i = journals_.begin(); i != journals_.end();)
    i = i->second.expired() ? journals_.erase(i) : std::next(i);
  if (journals_.count(id) != 0)
    return nullptr;
  auto out = std::make_shared<journal_in_hand>();
  journal_view unwritten;
  unwritten.opened.id = id;
  if (out->publish(std::move(unwritten)))
    return nullptr;
  // One thread has it in hand, and no other.
  const auto is_new = journals_.emplace(id, out).second;
  LC_ASSERT_OR(is_new, return nullptr);
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
  if (!out)
    return std::nullopt;
  auto view = out->snapshot();
  LC_ASSERT_OR(view.id() == id, return std::nullopt);
  return view;
}

hold_guard::hold_guard(note_holds& holds, const std::vector<note_id>& notes,
                       const transfer_id& owner)
    : holds_(&holds), owner_(owner), fresh_(holds.take_free(notes, owner)) {
  for (auto& x : notes)
    if (!holds.is_held_by_other(x, owner))
      held_.push_back(x);
  // What was free is the owner's now.
  LC_ASSERT_OR(fresh_.size() <= held_.size(), held_ = fresh_);
  LC_ASSERT_OR(held_.size() <= notes.size(), held_ = fresh_);
}

hold_guard::~hold_guard() {
  holds_->release(fresh_, owner_);
}

void hold_guard::leave(const std::vector<note_id>& notes, const transfer_id& to) {
  LC_ASSERT_OR(notes.size() <= held_.size(), return );
  holds_->hand_over(notes, owner_, to);
}

} // namespace liveconnect::wallet
