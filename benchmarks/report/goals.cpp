#include "benchmarks/report/goals.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "benchmarks/load/numbered_frames.hpp"

namespace liveconnect::bench {

namespace {

/// In the order of goal_scenarios().
enum scenario_number : size_t {
  bulk_1,
  bulk_16,
  small_1,
  small_16,
  ping_pong,
  paced,
  connect,
  idle_memory,
  silent,
  scenario_count
};

/// As many idle pairs as the goal is stated for.
constexpr size_t idle_pairs_max = 9500;

scenario bulk_of(size_t frame_bytes, size_t pairs) {
  scenario out;
  out.what = mode::bulk;
  out.frame_bytes = frame_bytes;
  out.pairs = pairs;
  return out;
}

/// The figures that goals are made from; a missing one makes a goal unmet.
class evidence {
public:
  explicit evidence(const std::vector<scenario_results>& results) : results_(results) {}

  double ours(size_t scenario, const char* metric) const {
    return of(scenario, relay_name, metric);
  }
  double theirs(size_t scenario, const char* metric) const {
    return of(scenario, haproxy_name, metric);
  }
  /// 0 when there is none.
  double ratio(size_t scenario, const char* metric) const {
    return scenario < results_.size() ? results_[scenario].ratio(metric, haproxy_name).value_or(0)
                                      : 0;
  }

private:
  double of(size_t scenario, const char* subject, const char* metric) const {
    if (scenario >= results_.size())
      return 0;
    const auto* x = results_[scenario].find(subject);
    return x == nullptr ? 0 : x->summary(metric).value_or(0);
  }

  const std::vector<scenario_results>& results_;
};

std::string unit_of(const char* metric_name) {
  const auto* x = find_metric(metric_name);
  return x == nullptr ? "" : x->unit;
}

/// Our figure beside HAProxy's; whether it is met is for the caller to say.
goal beside_haproxy(const evidence& from, std::string what, size_t scenario, const char* metric) {
  goal out;
  out.what = std::move(what);
  out.measured = from.ours(scenario, metric);
  out.reference = from.theirs(scenario, metric);
  out.unit = unit_of(metric);
  out.ratio = from.ratio(scenario, metric);
  return out;
}

/// At least `least` times HAProxy's.
goal at_least(const evidence& from, std::string what, size_t scenario, const char* metric,
              double least) {
  auto out = beside_haproxy(from, std::move(what), scenario, metric);
  out.wanted = fmt::format(">= {} x HAProxy", least);
  out.met = out.ratio >= least;
  return out;
}

/// At most `most` times HAProxy's.
goal at_most(const evidence& from, std::string what, size_t scenario, const char* metric,
             double most) {
  auto out = beside_haproxy(from, std::move(what), scenario, metric);
  out.wanted = fmt::format("<= {} x HAProxy", most);
  out.met = out.ratio > 0 && out.ratio <= most;
  return out;
}

/// At most `most`; the ratio is the share of it that was used.
goal within(const evidence& from, std::string what, size_t scenario, const char* metric,
            double most, bool measured) {
  goal out;
  out.what = std::move(what);
  out.wanted = fmt::format("<= {:.4g} {}", most, unit_of(metric));
  out.measured = from.ours(scenario, metric);
  out.unit = unit_of(metric);
  out.ratio = out.measured / most;
  out.met = measured && out.measured <= most;
  return out;
}

/// Rates and processor time of one direction, and latencies of both, beside HAProxy's.
void judge_forwarding(const evidence& from, std::vector<goal>& out) {
  for (const auto at : {bulk_1, bulk_16}) {
    const auto name = fmt::format("64 KiB bulk, {}", at == bulk_1 ? "1 pair" : "16 pairs");
    out.push_back(at_least(from, name + ": rate", at, "gb_per_second", 1.0));
    out.push_back(at_most(from, name + ": CPU a GB", at, "cpu_s_per_gb", 1.0));
  }
  for (const auto at : {small_1, small_16}) {
    const auto name = fmt::format("64 B messages, {}", at == small_1 ? "1 pair" : "16 pairs");
    out.push_back(at_least(from, name + ": rate", at, "messages_per_second", 3.0));
    out.push_back(at_most(from, name + ": CPU a message", at, "cpu_us_per_message", 0.35));
  }
  out.push_back(at_most(from, "one room ping-pong, same core: p50", ping_pong, "p50_us", 0.9));
  out.push_back(at_most(from, "one room ping-pong, same core: p99", ping_pong, "p99_us", 0.9));
  out.push_back(at_most(from, "1,000 rooms, 10,000 round trips/s: p50", paced, "p50_us", 1.0));
  out.push_back(at_most(from, "1,000 rooms, 10,000 round trips/s: p99", paced, "p99_us", 1.0));
}

goal judge_connect(const evidence& from) {
  auto out = at_least(from, "connect + join + pair", connect, "pairs_per_second", 0.8);
  out.wanted = ">= 20,000/s, or 0.8 x HAProxy";
  out.met = out.met || out.measured >= 20'000;
  return out;
}

/// What idle pairs cost, and whether all their heartbeats came.
void judge_idle(const evidence& from, size_t pairs, std::vector<goal>& out) {
  const bool idled = from.ours(idle_memory, "received") > 0;
  out.push_back(
      within(from, "idle: memory a pair", idle_memory, "bytes_per_pair", 5 * 1024, idled));
  // Fewer pairs have to cost less in proportion.
  out.push_back(within(
      from, fmt::format("idle: {} pairs, heartbeat 5 s: CPU", pairs), idle_memory, "cpu_share",
      0.1 * static_cast<double>(pairs) / static_cast<double>(idle_pairs_max), idled));
  // A run with a heartbeat missing fails, so what is here was delivered; say it with figures.
  goal delivered;
  delivered.what = "idle: heartbeats delivered";
  delivered.wanted = "all";
  delivered.measured = from.ours(idle_memory, "received");
  delivered.reference = from.ours(idle_memory, "sent");
  delivered.unit = "frames";
  delivered.ratio = delivered.reference > 0 ? delivered.measured / delivered.reference : 0;
  delivered.met = idled && delivered.measured == delivered.reference;
  out.push_back(delivered);
}

/// What receivers that never read cost the relay, and the rooms beside them.
void judge_silent(const evidence& from, std::vector<goal>& out) {
  const bool stood = from.ours(silent, "received") > 0;
  out.push_back(within(from, "silent receiver: memory a direction", silent,
                       "growth_kb_per_direction", 64, stood));
  goal others;
  others.what = "silent receivers: the others' p99";
  others.wanted = "<= 1.2 x before";
  others.measured = from.ours(silent, "p99_us");
  others.reference = from.ours(silent, "calm_p99_us");
  others.unit = "us";
  others.ratio = from.ours(silent, "p99_share");
  others.met = stood && others.ratio > 0 && others.ratio <= 1.2;
  out.push_back(others);
}

goal judge_payload(const std::optional<coin_payload_rates>& payload) {
  goal out;
  out.what = "coin payload, there and back";
  out.wanted = ">= 0.9 x its parts";
  out.unit = "GB/s";
  if (!payload)
    return out;
  out.measured = payload->whole * 1e-9;
  out.reference = payload->limit() * 1e-9;
  out.ratio = payload->share_of_limit();
  out.met = out.ratio >= 0.9;
  return out;
}

} // namespace

std::vector<planned_scenario> goal_scenarios(size_t descriptors) {
  std::vector<planned_scenario> out(scenario_count);
  out[bulk_1] = {bulk_of(pattern_bytes_max, 1)};
  out[bulk_16] = {bulk_of(pattern_bytes_max, 16)};
  out[small_1] = {bulk_of(64, 1)};
  out[small_16] = {bulk_of(64, 16)};

  auto& pong = out[ping_pong].what;
  pong.what = mode::ping_pong;
  pong.pairs = 1;
  pong.same_core = true;

  auto& pace = out[paced].what;
  pace.what = mode::paced;
  pace.pairs = 1000;
  pace.rate = 10'000;

  auto& meet = out[connect].what;
  meet.what = mode::connect;
  meet.pairs = 64;

  auto& idle = out[idle_memory];
  idle.what.what = mode::idle;
  // 100 for what a relay has open besides its rooms.
  const auto usable = descriptors / 100 * 95;
  idle.what.pairs = std::min<size_t>(idle_pairs_max, usable > 300 ? (usable - 100) / 2 : 100);
  idle.rounds = 1;
  idle.alone = true;

  auto& slow = out[silent];
  slow.what.what = mode::slow_reader;
  slow.what.pairs = 100;
  slow.what.rate = 2000;
  slow.what.attackers = 32;
  slow.what.frame_bytes = 4096;
  slow.alone = true;
  return out;
}

std::vector<goal> judge(const std::vector<scenario_results>& results,
                        const std::optional<coin_payload_rates>& payload) {
  const evidence from{results};
  const auto idle_pairs =
      idle_memory < results.size() ? results[idle_memory].what.pairs : idle_pairs_max;
  std::vector<goal> out;
  judge_forwarding(from, out);
  out.push_back(judge_connect(from));
  judge_idle(from, idle_pairs, out);
  judge_silent(from, out);
  out.push_back(judge_payload(payload));
  return out;
}

std::vector<std::string> table_of(const std::vector<goal>& goals) {
  std::vector<std::string> out;
  out.push_back(fmt::format("{:<42}{:<31}{:>12}{:>12}{:>8}  {}", "What", "Goal", "measured",
                            "reference", "ratio", "met?"));
  for (const auto& x : goals)
    out.push_back(fmt::format(
        "{:<42}{:<31}{:>12}{:>12}{:>8.2f}  {}", x.what, x.wanted,
        short_number(x.measured) + (x.unit.front() == '/' ? "" : " ") + x.unit,
        x.reference > 0 ? short_number(x.reference) : "-", x.ratio, x.met ? "yes" : "NO"));
  return out;
}

json to_json(const goal& x) {
  return {{"what", x.what},
          {"goal", x.wanted},
          {"measured", x.measured},
          {"reference", x.reference},
          {"unit", x.unit},
          {"ratio", x.ratio},
          {"met", x.met}};
}

} // namespace liveconnect::bench
