#pragma once

#include <vector>

#include "wallet/journal/recovery.hpp"
#include "wallet/operations/operation_journal.hpp"
#include "wallet/operations/workspace.hpp"
#include "wallet/raida/client/heal.hpp"

namespace liveconnect::wallet {

/// Whether a Pown of these PANs may have left before.
enum class claim_start : uint8_t {
  /// The PANs were drawn just now: send them.
  fresh,
  /// They may have been sent: FIND first, since a second Pown would fail although the first worked
  /// (docs/formats/raida.md 8).
  unknown,
};

/// Makes notes ours: POWN with the notes' PANs, which must be durable (P3) and are the only ones
/// these notes ever get (I5); FIND for everything but a plain "passed" (I7); the same PAN again
/// where the AN still holds. Answers what each server holds, a row a note. Blocks; may be repeated
/// at any time with claim_start::unknown.
std::vector<found_row> claim_notes(workspace& space, const std::vector<note>& notes,
                                   claim_start start);

/// The verdicts on claimed notes that are certain. Where a majority but not 13+f holds our PAN, the
/// others are healed first, intents durable in `log` before each Fix (docs/design/safety.md 5.4).
/// Where every server has answered and the claim cannot win any more, the first look is recorded
/// (LOOK), and a second one at another time is the verdict counterfeit. Notes without an entry stay
/// in limbo. Fails only when the journal does.
caf::expected<std::vector<graded_note>> grade_or_heal(workspace& space, operation_journal& log,
                                                      const std::vector<note>& notes,
                                                      const std::vector<found_row>& rows);

/// The last look at a note that `view` has, or nullptr.
const earlier_look* look_at(const journal_view& view, note_id id);

/// For going on after a kill, when a Fix of `heals` may have been carried out or not: asks FIND
/// which of the possible ANs each server holds, and writes those into `notes`.
void adopt_intents(workspace& space, std::vector<note>& notes,
                   const std::vector<heal_record>& heals);

/// A `persist_intents` for raida::heal that writes HEAL records for `targets` into `log`.
raida::persist_intents persist_in(operation_journal& log, const std::vector<note>& targets);

} // namespace liveconnect::wallet
