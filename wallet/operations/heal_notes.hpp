#pragma once

#include <string>
#include <vector>

#include "wallet/operations/operation_journal.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// What came of healing notes, or of looking for lost ones.
struct heal_report {
  uint32_t notes = 0;
  amount value;
  /// Authentic afterwards; of notes that lay in Limbo, authentic or fracked.
  uint32_t healed = 0;
  uint32_t not_healed = 0;
  /// Fewest passes over the notes; 0 when there were none.
  uint8_t fewest_passes = 0;
  /// Notes that were left alone, and why, for the screen.
  std::vector<std::string> lines;
};

/// Heals notes that lie in `store`'s Fracked and that no operation but `owner` holds; a note that
/// becomes authentic moves to Bank. Each Fix is journalled with its PGs before it leaves (P3). A
/// note that cannot be healed stays as it is, which is not a failure. A note that lies in two files
/// is left alone, since it is not known which of them a Fix would make good.
///
/// When this fails after a Fix may have left, the notes are held for the healing's journal and no
/// longer for `owner`: no operation can pay them out before recovery has learned what came of it.
caf::expected<heal_report> heal_notes(workspace& space, wallet_store& store,
                                      const std::vector<note_id>& ids, const transfer_id& owner);

/// All notes of the user's Fracked.
caf::expected<heal_report> heal_all(workspace& space, const transfer_id& owner);

/// Brings a healing that was killed to its end: asks which Fixes were carried out, files the notes,
/// closes. It waits for no server: what a silent one may hold is kept as the note's second set, and
/// the next healing asks about it.
[[nodiscard]] caf::error finish_heal(workspace& space, operation_journal& log);

/// Asks about the notes in the user's Limbo that no operation but `owner` holds: FIND where a note
/// has two sets of secrets, Detect where it has one (docs/formats/wallet.md 8.5). A note moves to
/// Bank, Fracked or Counterfeit where the answers settle it (I6); a note that a majority passes and
/// some server refuses is healed; otherwise it stays, with what was learned.
///
/// A note may have duplicates, in Limbo or in Bank or Fracked. Copies that the servers call
/// worthless go to Trash; where the servers do not tell the copies apart, all stay, and the report
/// has a line about it.
caf::expected<heal_report> find_lost(workspace& space, const transfer_id& owner);

} // namespace liveconnect::wallet
