#pragma once

#include <optional>
#include <vector>

#include <caf/expected.hpp>

#include "wallet/journal/journal_view.hpp"
#include "wallet/operations/workspace.hpp"

/// Takes the secrets out of closed journals once no operation can need them any more
/// (docs/design/safety.md I3). What is not proven stays as it is, for ever if need be.
namespace liveconnect::wallet {

/// How long secrets stay after it is proven that their successors hold: a server may fall back to
/// an old state within it.
inline constexpr uint32_t scrub_delay_seconds = 24 * 3600;

/// Closed journals whose notes one start asks the servers about.
inline constexpr size_t asked_a_start = 32;

/// Since when it is proven that no server can hold a secret that stands in this closed journal and
/// nowhere else; none while it is not. By the records alone: where no secret ever left; where all
/// servers said of every note that was sent that they hold another's; or since PROVEN, which
/// scrub_closed() writes. Neither a peer's receipt nor the answers to our own Pown are proof. Pure.
std::optional<wall_seconds> proven_since(const journal_view& view);

/// The journal without its secrets, as of `now`. Pure.
caf::expected<std::vector<journal_record>> scrubbed(const std::vector<journal_record>& records,
                                                    wall_seconds now);

/// Scrubs the closed journals that have been proven for scrub_delay_seconds; answers how many. Asks
/// the servers about a few, drawn at random: about the notes sent, those received under the secrets
/// they came with, and the sources of a change. Writes down (PROVEN) when all that answer, 13+f or
/// more, hold none of those secrets; when the delay is over they are asked again before anything
/// goes, and one that has fallen back voids the proof. Only where what was powned, taken back or
/// made is authentic (25 of 25 hold its new AN); the rest keeps its secrets.
///
/// A change that is done is sent again to servers that hold its sources: they fell back, and
/// nothing else makes its notes there. For completion_life_seconds, also where a note of it is
/// fracked.
///
/// What is scrubbed, or can never be, goes to the archive, so that a start reads no more journals
/// than there are open questions. One that cannot be read is left alone. A clock that was set back
/// scrubs later, never earlier. Under the lock.
caf::expected<size_t> scrub_closed(workspace& space);

} // namespace liveconnect::wallet
