#include "messages/base/variables.hpp"

#include <algorithm>
#include <unistd.h>

namespace liveconnect {

std::vector<std::string> variables_with(std::string_view prefix) {
  std::vector<std::string> out;
  for (auto x = environ; x != nullptr && *x != nullptr; ++x) {
    std::string_view entry{*x};
    auto name = entry.substr(0, entry.find('='));
    if (name.substr(0, prefix.size()) == prefix)
      out.emplace_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace liveconnect
