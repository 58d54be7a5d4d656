#pragma once

#include <string>
#include <vector>

#include "wallet/operations/operation_journal.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// What healing or looking for lost notes came to.
struct heal_report {
  uint32_t notes = 0;
  amount value;
  /// Authentic afterwards; of notes that lay in Limbo, authentic or fracked.
  uint32_t healed = 0;
  uint32_t not_healed = 0;
  /// Fewest passes over the notes; 0 when there were none.
  uint8_t fewest_passes = 0;
  /// For people: notes that were left alone, and why.
  std::vector<std::string> lines;
};

/// Heals those of the notes that lie in `store`'s Fracked and that nobody but `owner` holds: what
/// becomes whole moves to Bank. Each Fix is journalled with its PGs before it leaves (P3). A note
/// that cannot be healed stays as it is: never a failure. One that lies in two files is left alone,
/// since nobody knows which of them a Fix would make good.
///
/// When this fails after a Fix may have left, the notes are the healing's, not `owner`'s: nobody
/// can pay them out before recovery has learned what came of it.
caf::expected<heal_report> heal_notes(workspace& space, wallet_store& store,
                                      const std::vector<note_id>& ids, const transfer_id& owner);

/// All notes of the user's Fracked.
caf::expected<heal_report> heal_all(workspace& space, const transfer_id& owner);

/// Brings a healing that was killed to its end: asks which Fixes took, files the notes, closes. It
/// waits for no server: what a silent one may hold is kept as the note's second set, and asked
/// about with the next healing.
[[nodiscard]] caf::error finish_heal(workspace& space, operation_journal& log);

/// Asks about what lies in the user's Limbo and nobody but `owner` holds: FIND where there are two
/// sets of secrets (seed step 12), Detect where there is one. To Bank, Fracked or Counterfeit where
/// the answers settle it (I6); what a majority passes and some refuse is healed; else what was
/// learned is kept. Of a note that lies there twice, or also in Bank or Fracked, the copies that
/// the servers' word makes worthless go to Trash; where it does not tell, all stay and a line says
/// so.
caf::expected<heal_report> find_lost(workspace& space, const transfer_id& owner);

} // namespace liveconnect::wallet
