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

/// At least `least` times HAProxy's.
goal at_least(const evidence& from, std::string what, size_t scenario, const char* metric,
              double least) {
  goal out{std::move(what),
           fmt::format(">= {} x HAProxy", least),
           from.ours(scenario, metric),
           from.theirs(scenario, metric),
           unit_of(metric),
           from.ratio(scenario, metric),
           false};
  out.met = out.ratio >= least;
  return out;
}

/// At most `most` times HAProxy's.
goal at_most(const evidence& from, std::string what, size_t scenario, const char* metric,
             double most) {
  goal out{std::move(what),
           fmt::format("<= {} x HAProxy", most),
           from.ours(scenario, metric),
           from.theirs(scenario, metric),
           unit_of(metric),
           from.ratio(scenario, metric),
           false};
  out.met = out.ratio > 0 && out.ratio <= most;
  return out;
}

/// At most `most`; the ratio is the share of it that was used.
goal within(const evidence& from, std::string what, size_t scenario, const char* metric,
            double most, bool measured) {
  goal out{std::move(what),
           fmt::format("<= {:.4g} {}", most, unit_of(metric)),
           from.ours(scenario, metric),
           0,
           unit_of(metric),
           0,
           false};
  out.ratio = out.measured / most;
  out.met = measured && out.measured <= most;
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
  // 100 for what a relay has open besides its people.
  const auto usable = descriptors / 100 * 95;
  idle.what.pairs = std::min<size_t>(9500, usable > 300 ? (usable - 100) / 2 : 100);
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
  const evidence x{results};
  std::vector<goal> out;
  for (const auto at : {bulk_1, bulk_16}) {
    const auto name = fmt::format("64 KiB bulk, {}", at == bulk_1 ? "1 pair" : "16 pairs");
    out.push_back(at_least(x, name + ": rate", at, "gb_per_second", 1.0));
    out.push_back(at_most(x, name + ": CPU a GB", at, "cpu_s_per_gb", 1.0));
  }
  for (const auto at : {small_1, small_16}) {
    const auto name = fmt::format("64 B messages, {}", at == small_1 ? "1 pair" : "16 pairs");
    out.push_back(at_least(x, name + ": rate", at, "messages_per_second", 3.0));
    out.push_back(at_most(x, name + ": CPU a message", at, "cpu_us_per_message", 0.35));
  }
  out.push_back(at_most(x, "one room ping-pong, same core: p50", ping_pong, "p50_us", 0.9));
  out.push_back(at_most(x, "one room ping-pong, same core: p99", ping_pong, "p99_us", 0.9));
  out.push_back(at_most(x, "1,000 rooms, 10,000 round trips/s: p50", paced, "p50_us", 1.0));
  out.push_back(at_most(x, "1,000 rooms, 10,000 round trips/s: p99", paced, "p99_us", 1.0));

  auto meet = at_least(x, "connect + join + pair", connect, "pairs_per_second", 0.8);
  meet.wanted = ">= 20,000/s, or 0.8 x HAProxy";
  meet.met = meet.met || meet.measured >= 20'000;
  out.push_back(meet);

  const bool idled = x.ours(idle_memory, "received") > 0;
  out.push_back(within(x, "idle: memory a pair", idle_memory, "bytes_per_pair", 5 * 1024, idled));
  const auto pairs = idle_memory < results.size() ? results[idle_memory].what.pairs : 9500;
  // Fewer pairs have to cost less in proportion.
  out.push_back(within(x, fmt::format("idle: {} pairs, heartbeat 5 s: CPU", pairs), idle_memory,
                       "cpu_share", 0.1 * static_cast<double>(pairs) / 9500, idled));
  // A run with a heartbeat missing fails, so what is here was delivered; say it with figures.
  goal delivered{"idle: heartbeats delivered",
                 "all",
                 x.ours(idle_memory, "received"),
                 x.ours(idle_memory, "sent"),
                 "frames",
                 0,
                 false};
  delivered.ratio = delivered.reference > 0 ? delivered.measured / delivered.reference : 0;
  delivered.met = idled && delivered.measured == delivered.reference;
  out.push_back(delivered);

  const bool stood = x.ours(silent, "received") > 0;
  out.push_back(within(x, "silent receiver: memory a direction", silent, "growth_kb_per_direction",
                       64, stood));
  goal others{"silent receivers: the others' p99",
              "<= 1.2 x before",
              x.ours(silent, "p99_us"),
              x.ours(silent, "calm_p99_us"),
              "us",
              x.ours(silent, "p99_share"),
              false};
  others.met = stood && others.ratio > 0 && others.ratio <= 1.2;
  out.push_back(others);

  goal coin{"coin payload, there and back", ">= 0.9 x its parts", 0, 0, "GB/s", 0, false};
  if (payload) {
    coin.measured = payload->whole * 1e-9;
    coin.reference = payload->limit() * 1e-9;
    coin.ratio = payload->share_of_limit();
    coin.met = coin.ratio >= 0.9;
  }
  out.push_back(coin);
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
