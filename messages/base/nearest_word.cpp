#include "messages/base/nearest_word.hpp"

#include <algorithm>

namespace liveconnect {

namespace {

/// Optimal string alignment distance: Levenshtein's with swapped neighbours as one change.
size_t distance(std::string_view x, std::string_view y) {
  std::vector<std::vector<size_t>> d(x.size() + 1, std::vector<size_t>(y.size() + 1));
  for (size_t i = 0; i <= x.size(); ++i)
    d[i][0] = i;
  for (size_t j = 0; j <= y.size(); ++j)
    d[0][j] = j;
  for (size_t i = 1; i <= x.size(); ++i)
    for (size_t j = 1; j <= y.size(); ++j) {
      auto change = d[i - 1][j - 1] + (x[i - 1] == y[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[x.size()][y.size()];
}

} // namespace

std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates) {
  // Longer than any word of ours: nothing is near, and the table above stays small.
  if (word.empty() || word.size() > 48)
    return {};
  std::string best;
  auto best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const auto& x : candidates) {
    auto d = distance(word, x);
    if (d < best_distance) {
      best = x;
      best_distance = d;
    }
  }
  return best;
}

} // namespace liveconnect
