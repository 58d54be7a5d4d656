#pragma once

#include <vector>

#include "wallet/operation_journal.hpp"
#include "wallet/workspace.hpp"

namespace liveconnect::wallet {

/// What healing or looking for lost notes came to.
struct heal_report {
  uint32_t notes = 0;
  amount value;
  /// Whole afterwards.
  uint32_t healed = 0;
  uint32_t not_clean = 0;
  /// Fewest passes over the notes; 0 when there were none.
  uint8_t fewest_passes = 0;
};

/// Heals those of the notes that lie in `store`'s Fracked and that nobody but `owner` holds: what
/// becomes whole moves to Bank. Each Fix is journalled with its PGs before it leaves (P3). A note
/// that cannot be healed stays as it is: never a failure.
caf::expected<heal_report> heal_notes(workspace& space, wallet_store& store,
                                      const std::vector<note_id>& ids, const transfer_id& owner);

/// All notes of the user's Fracked.
caf::expected<heal_report> heal_all(workspace& space, const transfer_id& owner);

/// Brings a healing that was killed to its end: asks which Fixes took, files the notes, closes.
/// Answers false when some note has to wait: fewer than 13+f servers pass it, and one that a Fix
/// went to is silent. The others are filed and free all the same (SETTLED).
caf::expected<bool> finish_heal(workspace& space, operation_journal& log);

/// Asks about what lies in the user's Limbo and nobody but `owner` holds: FIND where there are two
/// sets of secrets (seed step 12), Detect where there is one. To Bank, Fracked or Counterfeit where
/// the answers settle it (I6); what a majority passes and some refuse is healed; else what was
/// learned is kept.
caf::expected<heal_report> find_lost(workspace& space, const transfer_id& owner);

} // namespace liveconnect::wallet
