#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>

#include "wallet/operations/workspace.hpp"
#include "wallet/raida/client/heal.hpp"

/// What servers were seen not to do, so that it is not asked of them again at once: a server on
/// which Fix never works, and one that is down, would cost every transfer tickets and waiting. A
/// small file in the data directory, shared by its wallets. It holds no secret and no money:
/// without it everything works, only more is asked.
namespace liveconnect::wallet {

/// A server that failed waits for this long, twice as long each time, and at most the second.
inline constexpr uint32_t back_off_first_seconds = 60;
inline constexpr uint32_t back_off_most_seconds = 3600;

/// How long a server keeps a ticket (docs/formats/raida.md 9). Until then no others are taken for
/// the note.
inline constexpr uint32_t ticket_life_seconds = 300;

/// Notes with tickets, and notes made ours, that the memory keeps at most; the oldest go first.
inline constexpr size_t ticketed_notes_max = 1024;
inline constexpr size_t powned_notes_max = 4096;

/// The file's name in `<data>/liveconnect`, and its most bytes.
inline constexpr const char* server_memory_file_name = "servers";
inline constexpr uint64_t server_memory_bytes_max = 256 * 1024;

/// What is kept of one thing that one server does not do.
struct refusal_memory {
  /// How often in a row; 0 when it did it the last time.
  uint32_t failures = 0;
  wall_seconds last = 0;
};

/// Whether it is too early to ask again: 1, 2, 4, ... 60 minutes after the last failure. A clock
/// that was set back shortens the wait. Pure.
bool backs_off(const refusal_memory& x, wall_seconds now);

/// Pure.
struct server_memory {
  /// By the server's index: Fixes that it did not do, and open Powns that it did not take.
  std::map<size_t, refusal_memory> fix;
  std::map<size_t, refusal_memory> pown;
  /// When tickets were last taken for a note that is not whole since.
  std::map<note_id, wall_seconds> ticketed;
  /// When notes were made ours, until tickets from before are over (finality.hpp).
  std::map<note_id, wall_seconds> powned;

  /// What a healing is to leave out at `now`.
  raida::heal_limits limits(size_t servers, wall_seconds now) const;
  /// Adds what came of a healing.
  void learn(const raida::heal_result& from, const raida::quorum_rules& rules, wall_seconds now);
  /// Adds notes that were made ours now.
  void add_powned(const std::vector<note_id>& ids, wall_seconds now);
};

/// Adds to `of` whether a server did what it was asked. Pure.
void note_outcome(std::map<size_t, refusal_memory>& of, size_t server, bool did, wall_seconds now);

/// The file's text, and back; lines that cannot be read are left out.
std::string to_text(const server_memory& x);
server_memory read_server_memory(std::string_view text);

/// The memory of this data directory; empty when there is none. Saving one that cannot be written
/// does nothing.
server_memory load_memory(workspace& space);
void save_memory(workspace& space, const server_memory& x);

/// raida::heal() with the memory's limits. `just_asked`: see raida::heal_limits.
caf::expected<raida::heal_result> heal_by_tickets(workspace& space, std::vector<note> notes,
                                                  const raida::persist_intents& persist,
                                                  bool just_asked = false);

/// Adds to the memory what came of it: once its notes are safe. That the memory cannot be written
/// is no failure.
void remember_healing(workspace& space, const raida::heal_result& from);

} // namespace liveconnect::wallet
