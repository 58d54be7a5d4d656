#pragma once

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

/// The note that a break takes: of the notes of `from` with the step's denomination the one that
/// most servers pass at this moment (Detect). Where some server refuses even that one, it is healed
/// first: what a break makes, only the servers that hold its source can ever hold. `owner` must
/// hold the notes. Fails with ec::change_not_possible when fewer than 13+f servers hold it, or none
/// is there.
caf::expected<note_id> note_to_break(workspace& space, const std::vector<stored_note>& from,
                                     const break_step& step, const transfer_id& owner);

/// The ten notes that a join takes, those of Bank first; empty when there are fewer.
std::vector<note_id> ten_to_join(const std::vector<stored_note>& from, const join_step& step);

/// Notes of the user's wallet that no operation holds, enough for `sum` with the change that must
/// be made; held for `owner` when this succeeds. Where a note would have to be broken, the servers
/// are asked first: notes of Bank that some server refuses move to Fracked, fracked ones are
/// healed, and the choice is made anew, so that no note is broken that fewer than all servers hold
/// while another will do. Fails with ec::not_enough_coins or
/// ec::change_not_possible; then nothing is held.
caf::expected<std::vector<note>> choose_notes(workspace& space, amount sum,
                                              const transfer_id& owner);

} // namespace liveconnect::wallet
