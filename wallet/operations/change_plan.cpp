#include "wallet/operations/change_plan.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::wallet {

namespace {

/// 2^32 notes of a million are more than 64 bits of units.
using wide = unsigned __int128;

wide units_of(size_t index) {
  return denomination_value(code_of_index(index)).units();
}

wide sum_of(const note_counts& x, size_t below = denomination_count) {
  wide out = 0;
  for (size_t i = 0; i < below; ++i)
    out += x[i] * units_of(i);
  return out;
}

note_counts together(const purse& x) {
  note_counts out{};
  for (size_t i = 0; i < out.size(); ++i) {
    const auto both = uint64_t{x.authentic[i]} + x.fracked[i];
    out[i] = static_cast<uint32_t>(std::min<uint64_t>(both, UINT32_MAX));
  }
  return out;
}

/// What a choice costs: fracked notes first, then notes.
using cost = std::pair<uint64_t, uint64_t>;

/// Finds the choice with the fewest fracked notes, then the fewest notes, that makes a sum exactly.
///
/// Every value divides the next larger one, so of any notes that together are worth at least one
/// note of value v, some are worth exactly v (take them in falling order). Two exchanges follow,
/// each of which makes a choice cheaper:
///
/// - an unused authentic note of value v replaces smaller notes worth v, or a fracked one: so from
///   the top down, as many authentic notes are taken as fit;
/// - an unused fracked note of value v replaces smaller notes worth v with a fracked one among
///   them; and unused smaller authentic notes worth v replace a fracked note of value v. So the
///   number of fracked notes taken is the largest that fits, or the smallest that the smaller
///   authentic notes allow, or one more than that.
class chooser {
public:
  explicit chooser(const purse& from) : from_(from) {
    for (size_t i = 0; i < denomination_count; ++i) {
      authentic_below_[i] = sum_of(from.authentic, i);
      all_below_[i] = authentic_below_[i] + sum_of(from.fracked, i);
    }
  }

  std::optional<purse> choose(wide sum) {
    if (!best(denomination_count, sum))
      return std::nullopt;
    purse out;
    for (auto level = denomination_count; level > 0; --level) {
      const auto& x = *known_.at({level, sum});
      const auto i = level - 1;
      out.authentic[i] = x.authentic;
      out.fracked[i] = x.fracked;
      sum -= (wide{x.authentic} + x.fracked) * units_of(i);
    }
    return out;
  }

private:
  struct step {
    cost total;
    uint32_t authentic = 0;
    uint32_t fracked = 0;
  };

  /// The cheapest way to make `sum` from the `level` smallest denominations.
  std::optional<cost> best(size_t level, wide sum) {
    if (level == 0)
      return sum == 0 ? std::optional<cost>{cost{0, 0}} : std::nullopt;
    const auto key = std::make_pair(level, sum);
    if (const auto at = known_.find(key); at != known_.end())
      return at->second ? std::optional<cost>{at->second->total} : std::nullopt;
    const auto found = search(level - 1, sum);
    known_[key] = found;
    return found ? std::optional<cost>{found->total} : std::nullopt;
  }

  std::optional<step> search(size_t i, wide sum) {
    const auto value = units_of(i);
    const wide authentic = std::min<wide>(from_.authentic[i], sum / value);
    const auto rest = sum - authentic * value;
    const auto fitting = rest / value;
    const auto most = std::min<wide>(from_.fracked[i], fitting);
    const auto fewest = std::min(most, fitting - std::min(fitting, authentic_below_[i] / value));
    std::optional<step> out;
    for (const auto fracked : {fewest, std::min(fewest + 1, most), most}) {
      const auto left = rest - fracked * value;
      if (left > all_below_[i])
        continue;
      const auto below = best(i, left);
      if (!below)
        continue;
      const cost total{below->first + static_cast<uint64_t>(fracked),
                       below->second + static_cast<uint64_t>(authentic + fracked)};
      if (!out || total < out->total)
        out = step{total, static_cast<uint32_t>(authentic), static_cast<uint32_t>(fracked)};
    }
    return out;
  }

  purse from_;
  std::array<wide, denomination_count> authentic_below_{};
  std::array<wide, denomination_count> all_below_{};
  std::map<std::pair<size_t, wide>, std::optional<step>> known_;
};

/// Which denominations have to be broken, largest first.
///
/// A sum can be made exactly iff, for every value v, the notes smaller than v are worth at least
/// the sum's remainder by v. Breaking one note of value v adds v to that, for this v alone, and
/// more than v is never missing. So each v that lacks something needs exactly one break, and no
/// other break helps.
std::vector<int8_t> codes_to_break(const purse& have, amount sum) {
  const auto notes = together(have);
  std::vector<int8_t> out;
  for (auto i = denomination_count - 1; i > 0; --i) {
    if (sum_of(notes, i) < sum.units() % units_of(i))
      out.push_back(code_of_index(i));
  }
  return out;
}

/// Takes `count` notes away and puts `made` others in; false when there are too few.
bool exchange(note_counts& from, size_t index, uint32_t count, note_counts& to, size_t to_index,
              uint32_t made) {
  if (from[index] < count || to[to_index] > UINT32_MAX - made)
    return false;
  from[index] -= count;
  to[to_index] += made;
  return true;
}

bool carry_out(const break_step& x, purse& have) {
  if (!is_denomination(x.code) || x.code == denomination_min)
    return false;
  auto& notes = x.fracked ? have.fracked : have.authentic;
  return exchange(notes, index_of(x.code), 1, notes, index_of(x.code) - 1, 10);
}

bool carry_out(const join_step& x, purse& have) {
  if (!is_denomination(x.code) || x.code == denomination_max)
    return false;
  return exchange(have.authentic, index_of(x.code), 10, have.authentic, index_of(x.code) + 1, 1);
}

uint64_t notes_in(const purse& x) {
  uint64_t out = 0;
  for (size_t i = 0; i < denomination_count; ++i)
    out += uint64_t{x.authentic[i]} + x.fracked[i];
  return out;
}

/// Joins notes that would travel, while too many would, from the smallest up, so that joined ones
/// may be joined again.
void plan_joins(change_plan& plan, const change_limits& limits) {
  for (auto code = denomination_min; code < denomination_max; ++code) {
    while (notes_in(plan.take) > limits.notes_max && plan.take.authentic[index_of(code)] >= 10 &&
           plan.joins.size() < limits.joins_max) {
      plan.joins.push_back({code});
      carry_out(plan.joins.back(), plan.take);
    }
  }
}

/// Adds the break of a note of `code` to the plan, and to what is `left`: an authentic one. Where
/// there is none, the next larger authentic note is broken down to it first: a note that some
/// server refuses may become worthless when its change is cut off, since fewer servers are left to
/// bring it to a majority. Each of these breaks makes ten, so no denomination is broken twice.
bool plan_break(change_plan& plan, int8_t code, purse& left) {
  auto from = code;
  while (from < denomination_max && left.authentic[index_of(from)] == 0)
    ++from;
  const auto fracked = left.authentic[index_of(from)] == 0;
  for (auto next = fracked ? code : from; next >= code; --next) {
    plan.breaks.push_back({next, fracked});
    if (!carry_out(plan.breaks.back(), left))
      return false;
  }
  return true;
}

caf::error misfit() {
  return fail(ec::internal, "a change plan that does not fit the purse");
}

} // namespace

amount value_of(const note_counts& x) {
  return amount::from_units(static_cast<uint64_t>(std::min<wide>(sum_of(x), UINT64_MAX)));
}

caf::expected<change_plan> plan_change(const purse& have, amount sum, change_limits limits) {
  if (sum.is_zero())
    return fail(ec::bad_argument, "nothing to pay");
  if (sum_of(have.authentic) + sum_of(have.fracked) < sum.units())
    return fail(ec::not_enough_coins,
                to_string(sum) + " asked for, " + to_string(value_of(together(have))) + " there");
  const auto codes = codes_to_break(have, sum);
  if (!codes.empty() && !limits.may_break)
    return fail(ec::change_not_possible, "no choice of notes makes " + to_string(sum) +
                                             " exactly, and notes may not be broken");
  change_plan out;
  auto left = have;
  for (const auto code : codes) {
    if (!plan_break(out, code, left))
      return misfit();
  }
  const auto take = chooser{left}.choose(sum.units());
  if (!take)
    return misfit();
  out.take = *take;
  if (limits.may_join)
    plan_joins(out, limits);
  if (notes_in(out.take) > limits.notes_max)
    return fail(ec::change_not_possible, "the sum takes " + std::to_string(notes_in(out.take)) +
                                             " notes, and a transfer carries " +
                                             std::to_string(limits.notes_max));
  // The purse has what breaks and joins take, and what travels is worth the sum.
  LC_ASSERT(apply(out, have));
  LC_ASSERT(sum_of(out.take.authentic) + sum_of(out.take.fracked) == sum.units());
  return out;
}

caf::expected<purse> apply(const change_plan& plan, purse have) {
  for (const auto& x : plan.breaks) {
    if (!carry_out(x, have))
      return misfit();
  }
  for (const auto& x : plan.joins) {
    if (!carry_out(x, have))
      return misfit();
  }
  for (size_t i = 0; i < denomination_count; ++i) {
    if (plan.take.authentic[i] > have.authentic[i] || plan.take.fracked[i] > have.fracked[i])
      return misfit();
  }
  return have;
}

} // namespace liveconnect::wallet
