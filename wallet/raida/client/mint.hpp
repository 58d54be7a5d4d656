#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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

/// Takes the notes of one round, at most a few thousand: makes them someone's own at once.
using take_round = std::function<caf::error(std::vector<note>&)>;

/// Makes the notes on every server, round by round, and gives those of each round to `take` before
/// it makes more, largest first, with their ANs and 25 passes each. **These ANs can be computed by
/// any client that guesses the serials**: so the serials are drawn among those that the servers
/// offer for a session that nobody else knows, and `take` has make_own() see to it before more
/// notes wait.
///
/// All servers must answer. Fails with ec::too_few_servers when one does not, with ec::bad_config
/// when one refuses the key, with ec::change_not_possible when serials are exhausted: no serial is
/// free on every server although they were asked a few times (retry.hpp); and with the error of
/// `take`, which ends it. What earlier rounds took stays taken.
caf::error mint_rounds(raida_port& port, const operator_key& key, const mint_plan& plan,
                       const take_round& take);

/// mint_rounds() for a plan whose notes are taken all together.
// for tests: what they make needs no protection from strangers
caf::expected<std::vector<note>> mint_notes(raida_port& port, const operator_key& key,
                                            const mint_plan& plan);

/// Gives every note fresh PANs, for the caller to make durable before make_own().
void draw_pans(std::vector<note>& notes);

/// Powns the notes to the PANs they have and asks Find where the answer is not certain; where the
/// first AN still holds, once more. Afterwards `ans` is what each server holds as far as known,
/// `pown` says how sure, `pans` is empty for notes that all servers settled. Fails with
/// ec::counterfeit_notes when another client took notes over first: the detail says how many and
/// what they were worth. Fails with ec::outcome_unknown when some note did not get a majority for
/// another reason; the notes keep what is needed to try again.
caf::error make_own(raida_port& port, std::vector<note>& notes);

/// What a server of one's own says of its money (docs/design/safety.md I16).
struct supply_told {
  amount created;
  amount freed;
  /// Value of the notes in use.
  amount live;
  /// Whether live = created - freed; a server where it is not changes no note.
  bool holds = false;
};

/// Asks the servers chosen what they say of their money. Nothing from a server that was not asked,
/// does not answer, does not accept the key or does not know the command, as published ones. The
/// key goes to every server asked.
std::vector<std::optional<supply_told>> ask_supply(raida_port& port, const operator_key& key,
                                                   const std::vector<bool>& which);

} // namespace liveconnect::raida
