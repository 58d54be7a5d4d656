#pragma once

#include <cstdint>
#include <string_view>

namespace liveconnect {

/// What the servers' answers mean for one note. The one vocabulary for it, from the journal's
/// GRADED to the receipt and the report (docs/glossary.md). The numbers stand in journals on disk
/// (docs/formats/wallet.md 9) and never change; the texts stand in receipts (docs/protocol.md 6).
enum class note_verdict : uint8_t {
  /// Every server holds our secret: the note goes to Bank.
  authentic = 1,
  /// A majority with its margin holds it, some do not or are not known: Fracked.
  fracked = 2,
  /// As many hold the secret of another owner: Counterfeit.
  counterfeit = 3,
  /// Other notes have taken its place (the source of a Break, a target that never came to be):
  /// Trash. Only the journal says so, never a receipt.
  superseded = 4,
  /// Neither is certain yet: the note waits for more answers. Only a receipt says so; a journal has
  /// no GRADED for such a note.
  limbo = 5,
};

/// The word for it: `authentic`, `fracked`, `counterfeit`, `superseded`, `limbo`.
std::string_view to_string(note_verdict x);

} // namespace liveconnect
