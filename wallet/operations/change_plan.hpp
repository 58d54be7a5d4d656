#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <caf/expected.hpp>

#include "messages/money/amount.hpp"
#include "messages/money/note.hpp"

/// Which notes to hand over, and what must be broken or joined first (docs/formats/wallet.md 8.3
/// and 8.4). Works on numbers of notes, not on notes. Pure.
namespace liveconnect::wallet {

/// Numbers of notes by denomination; index 0 is code -8, index 14 code 6.
using note_counts = std::array<uint32_t, denomination_count>;

constexpr size_t index_of(int8_t code) {
  return static_cast<size_t>(code - denomination_min);
}
constexpr int8_t code_of_index(size_t index) {
  return static_cast<int8_t>(static_cast<int>(index) + denomination_min);
}

/// Sum of the notes counted. Saturates at 2^64-1 units, far above all coins there are.
amount value_of(const note_counts& x);

/// Notes in a purse: those that every server passed, and those that some server failed.
struct purse {
  note_counts authentic{};
  note_counts fracked{};
};

/// Breaks one note of `code` into ten of `code - 1`.
struct break_step {
  int8_t code = 0;
  /// A fracked note is broken only where no authentic one of its value or a larger one is left. Its
  /// ten count as fracked.
  bool fracked = false;
};

/// Joins ten authentic notes of `code` into one of `code + 1`.
struct join_step {
  int8_t code = 0;
};

/// What change can be made.
struct change_limits {
  /// Whether notes may be broken (needs servers that do it: docs/design/architecture.md "Decision
  /// 6").
  bool may_break = true;
  /// Whether notes may be joined.
  bool may_join = true;
  /// Notes that may travel. Only where there would be more are notes joined: a join saves the
  /// receiver nine notes, and costs a round to all servers, a risk and a serial.
  size_t notes_max = 65'535;
  /// Joins at most: each is a round to all servers.
  uint32_t joins_max = 64;
};

/// What to do, in this order: the breaks, then the joins, then hand over `take`.
struct change_plan {
  /// In order; a later one may break what an earlier one made. At most one of each code, so never
  /// more than 14.
  std::vector<break_step> breaks;
  /// In order; only notes that would travel are joined, and no more than the limit on them asks.
  std::vector<join_step> joins;
  /// What travels, once breaks and joins are done.
  purse take;
};

/// Plans to hand over exactly `sum` (greater than zero): with the fewest breaks that break no
/// fracked note while an authentic one will do; then, among the choices from what the breaks leave,
/// with the fewest fracked notes; among those with the fewest notes. Joins come on top. Fails with
/// ec::not_enough_coins when the purse holds less than `sum`, and with ec::change_not_possible when
/// it holds enough but no choice fits and notes may not be broken, or when more notes would travel
/// than may. Takes time in proportion to the plan's length, not to the purse.
caf::expected<change_plan> plan_change(const purse& have, amount sum, change_limits limits = {});

/// What is in a purse after the plan's breaks and joins; ec::internal when the plan does not fit
/// it. plan_change() holds its own plans against this.
caf::expected<purse> apply(const change_plan& plan, purse have);

} // namespace liveconnect::wallet
