#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <sodium.h>

#include "tests/simulation/exhaustive.hpp"
#include "tests/simulation/shrink.hpp"
#include "tests/simulation/world.hpp"

// Runs any number of seeds, or one again (tests/simulation/README.md).
namespace {

using namespace liveconnect::simulation;

struct options {
  uint64_t first = 1;
  uint64_t last = 2000;
  bool replay = false;
  bool trace = false;
  bool shrinks = true;
  uint64_t failures_max = 10;
  switches on = committed;
  std::vector<size_t> dropped;
  /// Explores everything instead.
  bool explores = false;
  small_rules small;
  exploration_bounds bounds{30 * 60, UINT64_MAX};
};

constexpr const char* usage =
    "simulation [--seeds A-B | --replay N] [--trace] [--all] [--with NAME] [--without NAME]\n"
    "           [--drop I,J,..] [--no-shrink] [--failures N]\n"
    "simulation --exhaustive note|break [--seconds N] [--states N] [--losses N] [--doubles N]\n"
    "           [--lates N] [--kills N] [--starts N] [--old-holder 0|1]\n";

bool read_numbers(const std::string& text, char between, std::vector<uint64_t>& out) {
  const char* at = text.c_str();
  while (*at != '\0') {
    char* end = nullptr;
    out.push_back(std::strtoull(at, &end, 10));
    if (end == at || (*end != '\0' && *end != between))
      return false;
    at = *end == '\0' ? end : end + 1;
  }
  return !out.empty();
}

/// The options of an exploration.
bool read_bound(const std::string& name, const std::string& value, options& out) {
  if (name == "--exhaustive") {
    out.small.what = value == "break" ? small_case::broken_note : small_case::one_note;
    return out.explores = value == "break" || value == "note";
  }
  std::vector<uint64_t> numbers;
  if (!read_numbers(value, '-', numbers))
    return false;
  const auto n = static_cast<uint32_t>(numbers[0]);
  const std::pair<const char*, uint32_t*> table[] = {{"--losses", &out.small.losses},
                                                     {"--doubles", &out.small.doubles},
                                                     {"--lates", &out.small.lates},
                                                     {"--kills", &out.small.kills},
                                                     {"--starts", &out.small.starts}};
  for (const auto& [known, to] : table)
    if (name == known) {
      *to = n;
      return true;
    }
  if (name == "--old-holder")
    out.small.old_holder = n != 0;
  else if (name == "--seconds")
    out.bounds.seconds = n;
  else if (name == "--states")
    out.bounds.states = numbers[0];
  else
    return false;
  return true;
}

// branches: a line an option
bool read_option(const std::string& name, const std::string& value, options& out) {
  std::vector<uint64_t> numbers;
  if (name == "--with" || name == "--without")
    return set_switch(out.on, value, name == "--with");
  if (name == "--seeds" && read_numbers(value, '-', numbers) && numbers.size() == 2) {
    out.first = numbers[0];
    out.last = numbers[1];
    return true;
  }
  if (name == "--replay" && read_numbers(value, '-', numbers)) {
    out.first = out.last = numbers[0];
    return out.replay = true;
  }
  if (name == "--failures" && read_numbers(value, '-', numbers)) {
    out.failures_max = numbers[0];
    return true;
  }
  if (name == "--drop" && read_numbers(value, ',', numbers)) {
    out.dropped.assign(numbers.begin(), numbers.end());
    return true;
  }
  return read_bound(name, value, out);
}

bool read(int count, char** text, options& out) {
  for (int i = 1; i < count; ++i) {
    const std::string name = text[i];
    if (name == "--trace")
      out.trace = true;
    else if (name == "--all")
      out.on = all_on();
    else if (name == "--no-shrink")
      out.shrinks = false;
    else if (i + 1 == count || !read_option(name, text[++i], out))
      return false;
  }
  return true;
}

void add(run_report& to, const run_report& x) {
  to.events += x.events;
  to.transfers += x.transfers;
  to.datagrams += x.datagrams;
  to.frames += x.frames;
  to.disk_calls += x.disk_calls;
  to.kills += x.kills;
}

void print_failure(const options& o, const scenario& x, const run_report& got) {
  std::printf("\nseed %llu fails:\n", static_cast<unsigned long long>(x.seed));
  for (const auto& line : got.broken)
    std::printf("  %s\n", line.c_str());
  const auto least = o.shrinks ? shrink(x, o.on) : shrunk{x, {}};
  std::printf("  %s\n", to_string(least.what).c_str());
  std::printf("%s\n", replay_command(x.seed, o.on, least.dropped).c_str());
  std::fflush(stdout);
}

scenario scenario_for(const options& o, uint64_t seed) {
  return without(draw_scenario(seed, o.on), o.dropped);
}

run_report run_one(const options& o, const scenario& x) {
  if (!o.trace)
    return world(x, o.on).run();
  std::printf("%s\n", to_string(x).c_str());
  return world(x, o.on,
               [](sim_time when, const std::string& what) {
                 std::printf("%12.3f  %s\n", static_cast<double>(when) / 1e6, what.c_str());
               })
      .run();
}

int run_exploration(const options& o) {
  const auto got = explore(o.small, o.bounds);
  std::printf("%s\n", to_string(got).c_str());
  for (const auto& x : got.broken)
    std::printf("  %s\n", x.c_str());
  for (const auto& x : got.way_there)
    std::printf("    %s\n", x.c_str());
  return got.broken.empty() ? 0 : 1;
}

int run_seeds(const options& o) {
  const auto began = std::chrono::steady_clock::now();
  run_report all;
  uint64_t failures = 0;
  uint64_t seeds = 0;
  for (auto seed = o.first; seed <= o.last && failures < o.failures_max; ++seed) {
    const auto what = scenario_for(o, seed);
    const auto got = run_one(o, what);
    ++seeds;
    add(all, got);
    if (got.broken.empty())
      continue;
    ++failures;
    print_failure(o, what, got);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const auto n = [](uint64_t x) { return static_cast<unsigned long long>(x); };
  std::printf("%llu seeds, %llu fail; %llu transfers, %llu events, %llu datagrams, %llu frames, "
              "%llu disk calls, %llu kills; %.1f s, %.1f seeds a second\n",
              n(seeds), n(failures), n(all.transfers), n(all.events), n(all.datagrams),
              n(all.frames), n(all.disk_calls), n(all.kills), took.count(),
              static_cast<double>(seeds) / took.count());
  return failures == 0 ? 0 : 1;
}

} // namespace

int main(int count, char** text) {
  options o;
  if (sodium_init() < 0 || !read(count, text, o)) {
    std::fprintf(stderr, "%sswitches: %s\n", usage, switch_names().c_str());
    return 2;
  }
  return o.explores ? run_exploration(o) : run_seeds(o);
}
