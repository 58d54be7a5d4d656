#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include "messages/money/note.hpp"
#include "wallet/raida/client/note_commands.hpp"
#include "wallet/raida/client/port.hpp"
#include "wallet/raida/derive.hpp"
#include "wallet/raida/quorum.hpp"

/// Brings notes that some servers refuse back to all servers (docs/formats/raida.md 9;
/// docs/formats/wallet.md 8.6). Blocks; runs on a folder worker.
namespace liveconnect::raida {

/// Makes intents durable. Called before the first Fix of a try leaves (P3,
/// docs/design/safety.md 5.3); when it fails, nothing of that try is sent.
using persist_intents = std::function<caf::error(const std::vector<fix_intent>&)>;

/// What a healing leaves out, by what earlier ones have shown.
struct heal_limits {
  /// Servers that get no Fix, one entry a server; all may when it is shorter.
  std::vector<bool> no_fix;
  /// Notes for which no tickets are taken: those of the last time are still alive, and a server has
  /// few slots.
  std::set<note_id> no_tickets;
  /// The notes' letters and sets are of this moment: they need not be asked about first.
  bool just_asked = false;
};

/// How healing went.
struct heal_result {
  /// The notes in the order given, with the ANs that servers hold now and the pown string of the
  /// last Detect. `pans` is empty once nothing is open; else it holds, where a server's answer to a
  /// Fix or an earlier Pown is still unknown, the AN that it may have taken instead (and the AN
  /// itself elsewhere): such a note is written with both sets and asked again with Find.
  std::vector<note> notes;
  /// Notes that some server refused before and none refuses now.
  size_t healed = 0;
  /// Notes that some server still refuses, or that lack a majority.
  size_t not_clean = 0;
  /// What became of the Fixes, a letter a server: 'p' did the last one, 'f' answered and did not,
  /// 'n' was silent, 'u' got none.
  std::string fixes;
  /// Notes for which tickets were taken.
  std::vector<note_id> ticketed;
};

/// How often a Fix is tried, with the same tickets: a ticket costs a server one of few slots, and
/// on the published server a Fix never works (docs/formats/raida.md 11.4). Once where the server
/// was silent.
inline constexpr int fix_tries_max = 2;

/// Heals what can be healed. First asks Find where `pans` are open and Detect for all; then, for
/// notes that a majority passes, has every server fix what it refuses (never one that was merely
/// silent, which may hold a good AN), all at once, and asks Find what came of it.
///
/// A Pown that is still open must be brought to its end first (docs/design/safety.md 5.4,
/// wallet/operations/pown_again.hpp): where Find says that a server holds the AN alone, that server
/// does not pass the note, and both secrets stay.
///
/// Each server is asked for one ticket at most for each note.
///
/// Fails only when `persist` does; what was fixed before then is in the intents persisted earlier.
/// A note that cannot be healed comes back as it is.
caf::expected<heal_result> heal(raida_port& port, std::vector<note> notes,
                                const persist_intents& persist, const quorum_rules& rules = {},
                                const command_times& times = {}, const heal_limits& limits = {});

} // namespace liveconnect::raida
