#pragma once

#include <map>
#include <string>
#include <vector>

#include "benchmarks/questions/soak_plan.hpp"

namespace liveconnect::bench {

/// What a soak's findings mean: figures in, checks out. No socket, process or clock is touched
/// here; soak.cpp collects the figures.

/// A check that was judged: held or failed.
soak_check judged(bool held, std::string name, std::string finding);
/// A check that could not be judged, and why.
soak_check not_judged(std::string name, std::string why);

/// Whether honest rooms kept their 99th percentile in phase `x`, beside the first calm.
soak_check judge_latency(const soak_plan& plan, const soak_phase& calm, const soak_phase& x);

/// Whether the relay ended every connection of this attack, in time and with the right words.
soak_check judge_attack(const soak_plan& plan, attack_kind kind, const attack_tally& x);

/// The relay's words whose counters must have moved, given how long the attack was; sorted.
std::vector<std::string> expected_words(const soak_plan& plan);
/// Those of them whose counter has not moved.
std::vector<std::string> unmoved_words(const std::vector<std::string>& expected,
                                       const std::map<std::string, uint64_t>& moved);
soak_check judge_counters(const std::vector<std::string>& unmoved,
                          const std::map<std::string, uint64_t>& moved);
/// By how much each counter grew; those that did not are left out.
std::map<std::string, uint64_t> growth(const std::map<std::string, uint64_t>& before,
                                       const std::map<std::string, uint64_t>& after);

/// Whether the relay's process holds no more memory and descriptors than it may, after an attack.
bool is_back(const soak_sample& before, const soak_sample& after);
/// The same as two checks; `peak` is what it held at most.
std::vector<soak_check> judge_process(const soak_sample& before, const soak_sample& peak,
                                      const soak_sample& after);

} // namespace liveconnect::bench
