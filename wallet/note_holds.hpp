#pragma once

#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "messages/note.hpp"
#include "messages/transfer.hpp"

namespace liveconnect::wallet {

/// Which notes are spoken for, so that no two operations pick the same one (safety.md I1). The one
/// object that the workers of a wallet share; safe to use from all their threads.
///
/// It lives in memory. What makes a hold outlast a crash is the record in the owner's journal: the
/// keeper fills a new object from the open journals (held_by()) before any worker runs.
class note_holds {
public:
  /// Takes all of them for `owner`, or none. Notes that the owner holds already are fine.
  [[nodiscard]] bool take(const std::vector<note_id>& notes, const transfer_id& owner);
  /// Gives back those that `owner` holds.
  void release(const std::vector<note_id>& notes, const transfer_id& owner);
  /// Those that `from` holds are `to`'s from now on, without a gap.
  void hand_over(const std::vector<note_id>& notes, const transfer_id& from, const transfer_id& to);
  /// Gives back everything of `owner`.
  void release_all(const transfer_id& owner);

  bool is_held(note_id x) const;
  /// Whether somebody else than `owner` holds it.
  bool is_held_by_other(note_id x, const transfer_id& owner) const;
  /// All that are held now.
  std::set<note_id> all() const;

private:
  mutable std::mutex guard_;
  std::map<note_id, transfer_id> owners_;
};

} // namespace liveconnect::wallet
