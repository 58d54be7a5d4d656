#pragma once

#include <string>

#include "messages/money/amount.hpp"

namespace liveconnect::cli {

/// The largest sum a demo moves: its purse must be one that the mint can make.
inline constexpr uint64_t demo_units_max = 9'000'000 * amount::units_per_coin;

/// Notes to mint for a wallet that is to pay.
struct purse {
  amount sum;
  uint32_t notes = 0;
  /// `1000:5,100:3,10:1`, as `raida mint --denominations` takes it.
  std::string denominations;
};

/// More than enough for the sum, in few notes of its three highest denominations, so that most sums
/// cannot be paid without making change. The sum is at most demo_units_max.
purse uneven_purse(amount sum);

} // namespace liveconnect::cli
