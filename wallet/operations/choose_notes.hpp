#pragma once

#include <optional>
#include <vector>

#include "wallet/operations/change_plan.hpp"
#include "wallet/operations/workspace.hpp"

/// From numbers of notes (change_plan.hpp) to notes.
namespace liveconnect::wallet {

/// What lies in Bank counts as authentic, what lies in Fracked as fracked.
purse purse_of(const std::vector<stored_note>& notes);

/// The notes that must be there before the plan's first step: `take`, less what its breaks and
/// joins make, and what they use up. Pure.
purse notes_needed(const change_plan& plan);

/// Notes of those numbers, lowest serials first. Fails with ec::internal when there are too few.
caf::expected<std::vector<note>> pick_notes(const std::vector<stored_note>& from,
                                            const purse& wanted);

/// The note that a break takes, or none.
std::optional<note> note_to_break(const std::vector<stored_note>& from, const break_step& step);

/// The ten notes that a join takes, those of Bank first; empty when there are fewer.
std::vector<note_id> ten_to_join(const std::vector<stored_note>& from, const join_step& step);

/// Notes of the user's wallet that no operation holds, enough for `sum` with the change that must
/// be made; held for `owner` when this succeeds. Fails with ec::not_enough_coins or
/// ec::change_not_possible; then nothing is held.
caf::expected<std::vector<note>> choose_notes(workspace& space, amount sum,
                                              const transfer_id& owner);

} // namespace liveconnect::wallet
