#include "tests/simulation/shrink.hpp"

#include <algorithm>

#include "tests/simulation/world.hpp"

namespace liveconnect::simulation {

scenario without(const scenario& x, const std::vector<size_t>& dropped) {
  auto out = x;
  out.faults.clear();
  for (size_t i = 0; i < x.faults.size(); ++i)
    if (std::find(dropped.begin(), dropped.end(), i) == dropped.end())
      out.faults.push_back(x.faults[i]);
  return out;
}

shrunk shrink(const scenario& failing, const switches& on) {
  shrunk out{failing, {}};
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (size_t i = 0; i < failing.faults.size(); ++i) {
      if (std::find(out.dropped.begin(), out.dropped.end(), i) != out.dropped.end())
        continue;
      auto fewer = out.dropped;
      fewer.push_back(i);
      const auto candidate = without(failing, fewer);
      if (world(candidate, on).run().broken.empty())
        continue;
      out = {candidate, fewer};
      smaller = true;
    }
  }
  std::sort(out.dropped.begin(), out.dropped.end());
  return out;
}

std::string replay_command(uint64_t seed, const switches& on, const std::vector<size_t>& dropped) {
  std::string out = "build/release/bin/simulation --replay " + std::to_string(seed) + " --trace";
  out += names_of_difference(on);
  for (size_t i = 0; i < dropped.size(); ++i)
    out += (i == 0 ? " --drop " : ",") + std::to_string(dropped[i]);
  return out;
}

} // namespace liveconnect::simulation
