#include "tests/wallet/crash/power_cut.hpp"

#include <functional>
#include <random>
#include <set>
#include <string_view>
#include <tuple>

#include "messages/base/error.hpp"

namespace liveconnect::test {

namespace {

/// What arrived, decision by decision.
using part = std::vector<bool>;

std::vector<part> parts_of(size_t decisions, const power_cuts& how, std::mt19937& random) {
  std::vector<part> out;
  if (decisions <= how.all_up_to) {
    for (size_t i = 0; i < size_t{1} << decisions; ++i) {
      part one(decisions);
      for (size_t j = 0; j < decisions; ++j)
        one[j] = (i >> j & 1) != 0;
      out.push_back(std::move(one));
    }
    return out;
  }
  out.emplace_back(decisions, false);
  out.emplace_back(decisions, true);
  while (out.size() < how.at_random) {
    part one(decisions);
    for (size_t j = 0; j < decisions; ++j)
      one[j] = random() % 2 == 0;
    out.push_back(std::move(one));
  }
  return out;
}

void lose(memory_file_ops& disk, const part& what) {
  size_t next = 0;
  disk.lose_power([&] { return what.at(next++); });
}

/// What is on a disk after a power cut, in one number; 0 never.
size_t print_of(const memory_file_ops& disk) {
  size_t out = 17;
  const auto mix = [&](std::string_view x) {
    out = out * 1'000'003 + std::hash<std::string_view>{}(x);
  };
  disk.for_each_durable([&](const std::string& path, const bytes& content) {
    const auto name = path.substr(path.rfind('/') + 1);
    if (wallet::is_temporary_name(name)) {
      mix(path.substr(0, path.size() - name.size()) + ".tmp-");
      return;
    }
    mix(path);
    mix(byte_view{content}.text());
  });
  return out;
}

} // namespace

power_cuts cuts_of_this_run() {
  if (is_nightly())
    return {};
  return {2, 6};
}

findings cut_power_everywhere(crash_world& world, tally& counts, const power_cuts& how) {
  findings out;
  std::set<std::tuple<size_t, size_t, size_t>> seen;
  std::mt19937 random{7};
  size_t moment = 0;
  const auto err = explore(
      world, [](crash_world& x) { return x.run(); },
      [&](crash_world& dead) {
        ++moment;
        counts.count("moments");
        if (!out.empty())
          return;
        for (const auto& what : parts_of(dead.party().disk().undecided(), how, random)) {
          counts.count("cuts");
          memory_file_ops disk{dead.party().disk()};
          lose(disk, what);
          const auto [asked, others] = dead.elsewhere();
          if (!seen.emplace(print_of(disk), asked, others).second)
            continue;
          counts.count("states");
          crash_world there{dead};
          lose(there.party().disk(), what);
          out = there.aftermath(counts.of("states") % 2 == 0);
          if (!out.empty()) {
            out.insert(out.begin(), "power cut at moment " + std::to_string(moment));
            return;
          }
        }
      });
  if (err)
    out.push_back("the run itself fails: " + detail_of(err));
  return out;
}

} // namespace liveconnect::test
