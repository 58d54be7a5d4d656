#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace liveconnect {

/// The candidate that `word` was most likely meant to be (fewest letters inserted, removed, changed
/// or swapped), empty when none is near: at most a third of its letters, at least one, differ.
std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates);

} // namespace liveconnect
