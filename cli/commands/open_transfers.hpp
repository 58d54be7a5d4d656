#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/transfer/context.hpp"
#include "messages/interfaces/wallet.hpp"

/// What `resume`, `cancel` and `wallet check` have in common: the transfers that are open.
namespace liveconnect::cli {

/// Enough of an id to name one of a wallet's transfers.
inline constexpr size_t id_digits_shown = 8;

/// The fields of the result and of an event `open`.
json_fields fields_of(const wallet::open_transfer& x);

/// Finishes what an earlier run left, and lists what is still open.
caf::expected<std::vector<wallet::open_transfer>> open_transfers(environment& env, context& all);

/// Takes out of `list` all whose id does not begin with `prefix`.
void keep_named(std::vector<wallet::open_transfer>& list, const std::string& prefix);

/// Takes out of `open` all but the one whose id begins with `prefix`; the end of the command where
/// none does, or several do.
std::optional<command_end> choose(std::vector<wallet::open_transfer>& open,
                                  const std::string& prefix);

} // namespace liveconnect::cli
