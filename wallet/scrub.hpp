#pragma once

#include <optional>
#include <vector>

#include <caf/expected.hpp>

#include "wallet/transfer_journal.hpp"
#include "wallet/workspace.hpp"

/// Takes the secrets out of closed journals once nobody can need them any more (safety.md I3). What
/// is not proven stays as it is, for ever if need be.
namespace liveconnect::wallet {

/// How long secrets stay after it is proven that their successors hold: a server may fall back to
/// an old state within it.
inline constexpr uint32_t scrub_delay_seconds = 24 * 3600;

/// Closed journals whose notes one start asks the servers about.
inline constexpr size_t asked_a_start = 4;

/// Since when it is proven that no server can hold a secret that stands in this closed journal and
/// nowhere else; none while it is not. By the records alone, and only by all servers' word, or
/// where no secret ever left: every note that was powned, taken back or made by a change is whole
/// (25 of 25 hold its new AN), and of every note that was sent all servers say that they hold
/// another's. A peer's receipt is no proof. Pure.
std::optional<wall_seconds> proven_since(const journal_view& view);

/// The journal without its secrets, as of `now`. Pure.
caf::expected<std::vector<journal_record>> scrubbed(const std::vector<journal_record>& records,
                                                    wall_seconds now);

/// Scrubs the closed journals that have been proven for scrub_delay_seconds; answers how many. Of
/// the sent transfers that only a receipt closed, asks the servers about a few, drawn at random,
/// and writes down when all that answer (13+f or more) hold another's. A journal that cannot be
/// read is left alone. A clock that was set back scrubs later, never earlier. Under the lock.
caf::expected<size_t> scrub_closed(workspace& space);

} // namespace liveconnect::wallet
