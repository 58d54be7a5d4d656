#include "tests/wallet/crash/explore.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace liveconnect::test {

namespace {

/// Of this process alone, so that a busy machine changes nothing.
double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

} // namespace

bool is_nightly() {
  const auto* text = std::getenv("LIVECONNECT_CRASH_NIGHTLY");
  return text != nullptr && std::strcmp(text, "1") == 0;
}

caf::error explore(crash_world& world, const std::function<caf::error(crash_world&)>& act,
                   const std::function<void(crash_world&)>& visit) {
  world.at_new_state = [&] {
    crash_world there{world};
    visit(there);
  };
  auto err = act(world);
  world.at_new_state();
  world.at_new_state = nullptr;
  return err;
}

tally::tally(std::string what) : what_(std::move(what)), began_(cpu_seconds()) {}

tally::~tally() {
  auto line = "[   COUNTS ] " + what_ + ":";
  for (const auto& [what, number] : counts_)
    line += " " + std::to_string(number) + " " + what + ",";
  std::printf("%s %.2f s\n", line.c_str(), cpu_seconds() - began_);
  std::fflush(stdout);
}

void tally::count(const std::string& what, size_t by) {
  const auto found =
      std::find_if(counts_.begin(), counts_.end(), [&](const auto& x) { return x.first == what; });
  if (found == counts_.end())
    counts_.emplace_back(what, by);
  else
    found->second += by;
}

size_t tally::of(const std::string& what) const {
  const auto found =
      std::find_if(counts_.begin(), counts_.end(), [&](const auto& x) { return x.first == what; });
  return found == counts_.end() ? 0 : found->second;
}

} // namespace liveconnect::test
