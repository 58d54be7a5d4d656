#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <caf/expected.hpp>

#include "wallet/operations/operation_journal.hpp"
#include "wallet/operations/workspace.hpp"

/// Copies in the user's wallet of notes that come in: a note that was paid out comes back with
/// other numbers, and what is left of its earlier time must neither refuse nor outlive it.
namespace liveconnect::wallet {

/// What the wallet's copies of a note that comes in are worth.
enum class copy_fate : uint8_t {
  /// The wallet has the very numbers that come.
  same,
  /// A majority of the servers holds the numbers of a copy.
  living,
  /// 13+f servers hold no copy's numbers, and have said so twice (I7).
  dead,
  /// The servers do not tell now.
  unknown,
};

/// Asks the servers about the copies that lie in Bank, Fracked, Limbo and Suspect of the user's
/// wallet; a note without a copy is not in the result. A copy with the numbers that come is not
/// asked about. Blocks and changes nothing; fails only when this disk does.
caf::expected<std::map<note_id, copy_fate>> judge_copies(workspace& space,
                                                         const std::vector<note>& coming);

/// Takes the copies of the notes that this journal takes in and has not graded out of the way: they
/// would count. What a server may still hold of them is among the secrets taken in; a copy that has
/// others goes to Trash. The journal holds the notes. May be killed anywhere and repeated.
[[nodiscard]] caf::error set_older_aside(workspace& space, const journal_view& view);

} // namespace liveconnect::wallet
