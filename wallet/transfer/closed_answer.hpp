#pragma once

#include <vector>

#include "wallet/journal/journal_view.hpp"
#include "wallet/operations/workspace.hpp"

/// The last word of a sender whose transfer was closed without the receiver (a kill, `resume`,
/// `cancel`): while the invitation lives, both may still meet in its room, and the receiver closes
/// at once instead of when its own time is over (docs/design/safety.md 5.4).
namespace liveconnect::wallet {

/// Whether this closed journal owes the receiver a word at `now`: ANSWER stands once in it, and its
/// invitation has not expired.
bool owes_answer(const journal_view& view, wall_seconds now);

/// The closed transfers that owe one. A closed journal that cannot be read owes none.
caf::expected<std::vector<journal_view>> answers_owed(workspace& space);

/// The receiver of this transfer has heard. Fails with ec::bad_argument where no answer is owed.
[[nodiscard]] caf::error answer_given(workspace& space, const transfer_id& id);

} // namespace liveconnect::wallet
