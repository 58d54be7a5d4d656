#include "benchmarks/figures/statistics.hpp"

#include <algorithm>

namespace liveconnect::bench {

double median(std::vector<double> values) {
  if (values.empty())
    return 0;
  std::sort(values.begin(), values.end());
  const auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double spread(const std::vector<double>& values) {
  const auto middle = median(values);
  if (values.size() < 2 || middle == 0)
    return 0;
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  return (*greatest - *least) / middle;
}

double median_ratio(const std::vector<double>& ours, const std::vector<double>& theirs) {
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i)
    if (theirs[i] != 0)
      ratios.push_back(ours[i] / theirs[i]);
  return median(std::move(ratios));
}

bool is_tie(double ratio) {
  return ratio > 1 - tie_share && ratio < 1 / (1 - tie_share);
}

} // namespace liveconnect::bench
