#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wallet/operations/operation_journal.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// Whether notes that have no PANs yet are powned at once.
enum class pown_start : uint8_t {
  at_once,
  /// Only those whose AN FIND finds at 13+f servers: the sender may be taking them back, and where
  /// it has begun, a Pown could only split the servers. Notes that the sender has taken back are
  /// counterfeit here; the others wait.
  ask_first,
  /// Likewise, but a majority is enough: no giver is there to take an imported note back, and what
  /// a majority holds can be healed.
  if_majority,
};

/// How taking ownership stands: notes by their verdict. A note that has none yet is in limbo.
struct ownership_report {
  uint32_t authentic = 0;
  uint32_t fracked = 0;
  uint32_t counterfeit = 0;
  uint32_t limbo = 0;
  /// Of the authentic and the fracked notes: those that are ours.
  amount value;
  amount counterfeit_value;
  amount limbo_value;
  /// Over the notes that have a verdict.
  uint8_t fewest_passes = 0;
};

/// The report that the records alone give.
ownership_report report_of(const journal_view& view, size_t servers);

/// Carries RECEIVED notes of `log` (a receiver's or an import's) as far as the servers allow:
/// Suspect copies, PANs durable (P3), POWN with FIND, GRADED and final files in `at` durable (P4),
/// Suspect copies retired, what is ours moved to the user's wallet, and SETTLED. Each note is
/// settled as soon as it has its verdict: a note in dispute holds up no other.
/// `at` is the hidden Receiver wallet, or the user's own for an import.
///
/// From RECEIVED on it may be killed anywhere and repeated; a repeat after SETTLED changes nothing.
/// Notes in limbo are not a failure: the report counts them, they stay in Suspect with AN and PAN,
/// and the journal stays open.
caf::expected<ownership_report> take_ownership(workspace& space, operation_journal& log,
                                               wallet_store& at, const std::string& container,
                                               pown_start how = pown_start::at_once);

} // namespace liveconnect::wallet
