#pragma once

#include <cstdint>
#include <vector>

#include "wallet/operations/server_memory.hpp"
#include "wallet/operations/workspace.hpp"

/// When a note that was made ours is out of reach for good of whoever held it before.
///
/// An earlier owner may have taken tickets for it before our Pown, and a Fix with them could write
/// secrets of its own over ours. On the servers of this project a Pown voids them; of other servers
/// a client cannot know that. A ticket lives for ticket_life_seconds, so after that the Pown
/// stands. This is only shown: nothing waits for it (docs/design/safety.md I6).
namespace liveconnect::wallet {

/// Failed Fixes in a row after which a server counts as one that does none. One may have been down.
inline constexpr uint32_t fixes_failed_for_none = 3;

/// Whether a majority of the servers may do a Fix; else no note can be taken by one. Pure.
bool may_be_fixed(const server_memory& x, const raida::quorum_rules& rules);

/// Seconds until a note is final, at most ticket_life_seconds; 0 when it is. Pure.
uint32_t final_in_seconds(const server_memory& x, note_id id, const raida::quorum_rules& rules,
                          wall_seconds now);

/// The most of all notes that the memory knows. Pure.
uint32_t final_in_seconds(const server_memory& x, const raida::quorum_rules& rules,
                          wall_seconds now);

/// Keeps in mind that these notes were made ours now. That it cannot be written is no failure.
void remember_powned(workspace& space, const std::vector<note_id>& ids);

} // namespace liveconnect::wallet
