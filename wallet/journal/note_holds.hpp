#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "messages/money/note.hpp"
#include "messages/money/transfer.hpp"
#include "wallet/journal/journal_view.hpp"

namespace liveconnect::wallet {

/// A journal that one thread has in hand: what it has made durable, for other threads to read. If
/// they read the file itself, they would meet half-written records, and opening it repairs those.
class journal_in_hand {
public:
  /// For the thread that has it in hand, which alone writes.
  const journal_view& view() const { return view_; }
  /// Shows the others what has become durable. Fails with ec::internal for a view that is not the
  /// last one with records added.
  [[nodiscard]] caf::error publish(journal_view next);
  /// For all other threads. A journal without its first record is seen as its id alone.
  journal_view snapshot() const;

private:
  mutable std::mutex guard_;
  journal_view view_;
};

/// Which notes are spoken for, so that no two operations pick the same one (docs/design/safety.md
/// I1), and which journals are in hand. The one object that the workers of a wallet share; safe to
/// use from all their threads.
///
/// It lives in memory. What makes a hold outlast a crash is the record in the owner's journal: the
/// keeper fills a new object from the open journals (held_by()) before any worker runs.
class note_holds {
public:
  /// Takes all of them for `owner`, or none. Notes that the owner holds already are fine.
  [[nodiscard]] bool take(const std::vector<note_id>& notes, const transfer_id& owner);
  /// Takes those that no operation holds, and answers them.
  [[nodiscard]] std::vector<note_id> take_free(const std::vector<note_id>& notes,
                                               const transfer_id& owner);
  /// Gives back those that `owner` holds.
  void release(const std::vector<note_id>& notes, const transfer_id& owner);
  /// Those that `from` holds are `to`'s from now on, without a gap.
  void hand_over(const std::vector<note_id>& notes, const transfer_id& from, const transfer_id& to);
  /// Gives back everything of `owner`.
  void release_all(const transfer_id& owner);

  /// Whether an owner other than `owner` holds it.
  bool is_held_by_other(note_id x, const transfer_id& owner) const;
  /// All that are held now.
  std::set<note_id> all() const;

  /// The journal is the caller's alone for as long as the answer lives; null when another thread
  /// has it in hand.
  [[nodiscard]] std::shared_ptr<journal_in_hand> take_journal(const transfer_id& id);
  /// What its thread has made durable, of a journal that is in hand.
  std::optional<journal_view> in_hand(const transfer_id& id) const;

private:
  mutable std::mutex guard_;
  std::map<note_id, transfer_id> owners_;
  std::map<transfer_id, std::weak_ptr<journal_in_hand>> journals_;
};

/// Holds notes for `owner` while it lives, one by one. An operation that looks at notes in order to
/// change them holds them first, so that what it sees cannot move away in between.
class hold_guard {
public:
  hold_guard(note_holds& holds, const std::vector<note_id>& notes, const transfer_id& owner);
  ~hold_guard();
  hold_guard(const hold_guard&) = delete;
  hold_guard& operator=(const hold_guard&) = delete;

  /// Those that the owner holds now: the ones it held before and the ones that were free.
  const std::vector<note_id>& held() const { return held_; }
  /// Those of `notes` that the owner holds are `to`'s from now on, without a gap, and stay held.
  void leave(const std::vector<note_id>& notes, const transfer_id& to);

private:
  note_holds* holds_;
  transfer_id owner_;
  std::vector<note_id> held_;
  std::vector<note_id> fresh_;
};

} // namespace liveconnect::wallet
