#pragma once

#include <vector>

namespace liveconnect::bench {

/// Differences below this are ties on a shared machine (docs/design/relay.md).
inline constexpr double tie_share = 0.15;

/// The middle value, or the mean of the two in the middle; 0 of an empty list.
double median(std::vector<double> values);

/// (greatest - least) / median: how far the rounds lie apart; 0 of fewer than two values.
double spread(const std::vector<double>& values);

/// The median of ours[i] / theirs[i]: rounds that ran side by side are compared with each other.
/// Rounds without a counterpart, and those where theirs is 0, are passed over; 0 when none is left.
double median_ratio(const std::vector<double>& ours, const std::vector<double>& theirs);

/// Whether a ratio lies so near to 1 that it says nothing: within 15 % either way.
bool is_tie(double ratio);

} // namespace liveconnect::bench
