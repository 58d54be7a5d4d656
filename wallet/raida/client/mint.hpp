#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>

#include "messages/money/amount.hpp"
#include "messages/money/note.hpp"
#include "wallet/raida/client/port.hpp"
#include "wallet/raida/operator_key.hpp"

/// Making notes on one's own servers, with the operator's key (docs/formats/raida.md 6, 3/120 and
/// 3/130). Plans are pure; the rest blocks on the servers.
namespace liveconnect::raida {

/// So many notes of one denomination.
struct mint_order {
  int8_t denomination = 0;
  uint32_t count = 0;
};
inline bool operator==(mint_order x, mint_order y) {
  return x.denomination == y.denomination && x.count == y.count;
}

/// What to make: largest denomination first, each at most once, counts above zero.
using mint_plan = std::vector<mint_order>;

/// Most notes of one plan: what one coin file may hold.
inline constexpr uint64_t mint_notes_max = 65535;

/// Reads `1000:2,100:14,0.1:5`: value of a note, a colon, how many. Fails with ec::bad_argument
/// when a value is not a denomination or is given twice, a count is not 1 to mint_notes_max, or all
/// together are more than that.
caf::expected<mint_plan> parse_denominations(std::string_view text);

/// The fewest notes that make the sum. Fails with ec::bad_argument for zero and for sums that take
/// more than mint_notes_max notes.
caf::expected<mint_plan> fewest_notes(amount sum);

/// A purse of that sum that rarely pays exactly: the fewest notes, with one of the largest broken
/// into ten. Fails as fewest_notes.
caf::expected<mint_plan> uneven_purse(amount sum);

/// Value of a plan.
amount value_of(const mint_plan& plan);

/// Makes the notes on every server and answers them with their ANs, 25 passes each. **These ANs can
/// be computed by any client that knows the serials**: make_own() before they count as owned.
///
/// All servers must answer. Fails with ec::too_few_servers when one does not, with ec::bad_config
/// when one refuses the key, with ec::change_not_possible when serials are exhausted: no serial is
/// free on every server although they were asked a few times (retry.hpp). Notes of earlier rounds
/// then exist on the servers, unowned.
caf::expected<std::vector<note>> mint_notes(raida_port& port, const operator_key& key,
                                            const mint_plan& plan);

/// Gives every note fresh PANs, for the caller to make durable before make_own().
void draw_pans(std::vector<note>& notes);

/// Powns the notes to the PANs they have and asks Find where the answer is not certain. Afterwards
/// `ans` is what each server holds as far as known, `pown` says how sure, `pans` is empty for notes
/// that all servers settled. Fails with ec::outcome_unknown when some note did not get a majority;
/// the notes keep what is needed to try again.
caf::error make_own(raida_port& port, std::vector<note>& notes);

} // namespace liveconnect::raida
