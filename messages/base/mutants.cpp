#include "messages/base/mutants.hpp"

#ifdef LIVECONNECT_MUTANTS
#include <cstdlib>
#include <string_view>

namespace liveconnect {

bool is_mutated(const char* name) {
  static const char* const chosen = std::getenv("LC_MUTANT");
  return chosen != nullptr && std::string_view(chosen) == name;
}

} // namespace liveconnect
#endif
