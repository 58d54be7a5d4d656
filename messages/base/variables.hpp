#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace liveconnect {

/// The names, without values, of this process's environment variables that begin with `prefix`, in
/// alphabetical order.
std::vector<std::string> variables_with(std::string_view prefix);

} // namespace liveconnect
