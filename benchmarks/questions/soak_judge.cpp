#include "benchmarks/questions/soak_judge.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace liveconnect::bench {

namespace {

using verdict = soak_check::verdict;

/// What a relay may have kept in memory after an attack.
constexpr uint64_t memory_kept_kb = 16 * 1024;
/// How late a relay may end a connection that is too slow, on a machine that has other work (a
/// stall is noticed after twice its deadline at the latest).
constexpr double late_factor = 2;
constexpr double late_seconds = 10;
/// How many of the machine's cores other programs may use while latencies are the relay's.
constexpr double others_cpu_max = 0.25;
/// A round trip passes the generator three times more after it was sent: once at the far end, once
/// at the near one, and with the next turn of its loop.
constexpr double turns_of_generator = 3;
/// What a flood of frames sends a second, as the relay slows it down.
constexpr double flood_bytes_per_second = 2 << 20;

double to_seconds(std::chrono::milliseconds x) {
  return std::chrono::duration<double>(x).count();
}

double to_ms(uint64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

/// Whether the relay may use this word for such an attack.
bool is_right(const attack_traits& how, const std::string& word) {
  relay::refusal why{};
  if (!relay::refusal_of(word, why))
    return false;
  const auto in = [&](const auto& list) {
    return std::find(list.begin(), list.end(), why) != list.end();
  };
  return in(how.typical) || in(how.also);
}

/// What became of an attack's connections, in words.
std::string describe(const attack_tally& x) {
  std::string out;
  for (const auto& [word, count] : x.refused)
    out += fmt::format("{} {}, ", count, word);
  for (const auto& [count, what] :
       {std::pair{x.closed, "closed without a word"}, std::pair{x.given_up, "given up"},
        std::pair{x.unconnected, "never connected"}, std::pair{x.open, "still open"}})
    if (count > 0)
      out += fmt::format("{} {}, ", count, what);
  return out + fmt::format("of {} begun", x.begun);
}

} // namespace

soak_check judged(bool held, std::string name, std::string finding) {
  return {held ? verdict::held : verdict::failed, std::move(name), std::move(finding)};
}

soak_check not_judged(std::string name, std::string why) {
  return {verdict::not_judged, std::move(name), std::move(why)};
}

soak_check judge_latency(const soak_plan& plan, const soak_phase& calm, const soak_phase& x) {
  const auto calm_p99 = to_ms(calm.latency.quantile(0.99));
  const auto p99 = to_ms(x.latency.quantile(0.99));
  const auto late = to_ms(x.lateness.quantile(0.99));
  const auto bound = std::max(plan.p99_ratio * calm_p99,
                              calm_p99 + static_cast<double>(plan.p99_allowance.count()));
  auto out = judged(p99 <= bound, fmt::format("honest rooms keep their p99 ({})", x.name),
                    fmt::format("{:.2f} ms, {:.1f} x the calm's {:.2f} ms (bound {:.2f} ms); the "
                                "generator was {:.2f} ms late, others used {:.2f} cores",
                                p99, calm_p99 > 0 ? p99 / calm_p99 : 0, calm_p99, bound, late,
                                x.others_cpu));
  // A calm that other programs disturbed is no measure, and what they do later is no finding.
  if (calm.others_cpu > others_cpu_max || x.others_cpu > others_cpu_max) {
    out.what = verdict::not_judged;
    out.finding += ": other programs kept the machine busy";
  } else if (p99 > bound && p99 - turns_of_generator * late <= bound) {
    out.what = verdict::not_judged;
    out.finding += ": this is the generator's lateness, not the relay's";
  }
  return out;
}

soak_check judge_attack(const soak_plan& plan, attack_kind kind, const attack_tally& x) {
  const auto& how = all_attacks()[static_cast<size_t>(kind)];
  auto away = x.closed;
  bool right = x.open == 0 && x.begun > 0;
  for (const auto& [word, count] : x.refused) {
    away += count;
    right = right && is_right(how, word);
  }
  // Floods end with the attack, where no limit of bytes could be reached, and resets are their own
  // end; all other attacks are the relay's to end.
  const bool own_end = kind == attack_kind::reset || kind == attack_kind::frame_flood;
  right = right && (own_end || away > 0);
  auto found = describe(x);
  if (how.deadline != waits_for::nothing && x.longest_seconds > 0) {
    const auto bound = late_factor * to_seconds(plan.deadline_of(how.deadline)) + late_seconds;
    found +=
        fmt::format("; the longest stayed {:.1f} s (bound {:.1f} s)", x.longest_seconds, bound);
    right = right && x.longest_seconds <= bound;
  }
  return judged(right, fmt::format("{} is turned away", how.name), found);
}

std::vector<std::string> expected_words(const soak_plan& plan) {
  // A flood needs this long to spend all bytes of its room; then the attack must last a while.
  const auto spent = static_cast<double>(plan.room_bytes_max) / flood_bytes_per_second;
  const bool too_short_for_bytes = to_seconds(plan.attack()) < 1.3 * spent + 2;
  std::vector<std::string> out;
  for (const auto kind : plan.attacks)
    for (const auto word : all_attacks()[static_cast<size_t>(kind)].typical)
      if (word != relay::refusal::bytes || !too_short_for_bytes)
        out.emplace_back(relay::word_of(word));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::string> unmoved_words(const std::vector<std::string>& expected,
                                       const std::map<std::string, uint64_t>& moved) {
  std::vector<std::string> out;
  for (const auto& word : expected)
    if (moved.find(word) == moved.end())
      out.push_back(word);
  return out;
}

soak_check judge_counters(const std::vector<std::string>& unmoved,
                          const std::map<std::string, uint64_t>& moved) {
  std::string found;
  for (const auto& [word, count] : moved)
    found += fmt::format("{}{} {}", found.empty() ? "" : ", ", word, count);
  std::string still;
  for (const auto& word : unmoved)
    still += " " + word;
  return judged(unmoved.empty(), "the relay counts each refusal",
                unmoved.empty() ? found : "not moved:" + still + "; moved: " + found);
}

std::map<std::string, uint64_t> growth(const std::map<std::string, uint64_t>& before,
                                       const std::map<std::string, uint64_t>& after) {
  std::map<std::string, uint64_t> out;
  for (const auto& [word, count] : after) {
    const auto then = before.find(word);
    const auto grown = count - (then == before.end() ? 0 : then->second);
    if (grown > 0)
      out[word] = grown;
  }
  return out;
}

bool is_back(const soak_sample& before, const soak_sample& after) {
  return after.resident_kb <= before.resident_kb + memory_kept_kb &&
         after.descriptors <= before.descriptors;
}

std::vector<soak_check> judge_process(const soak_sample& before, const soak_sample& peak,
                                      const soak_sample& after) {
  const auto bound_kb = before.resident_kb + memory_kept_kb;
  return {judged(after.resident_kb <= bound_kb, "memory comes back",
                 fmt::format("{} KB before, {} at most, {} after (bound {})", before.resident_kb,
                             peak.resident_kb, after.resident_kb, bound_kb)),
          judged(after.descriptors <= before.descriptors, "descriptors come back",
                 fmt::format("{} before, {} at most, {} after", before.descriptors,
                             peak.descriptors, after.descriptors))};
}

} // namespace liveconnect::bench
