#include "benchmarks/campaign.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "benchmarks/statistics.hpp"
#include "messages/error.hpp"

namespace liveconnect::bench {

namespace {

caf::expected<subject> start_subject(const std::string& name, const campaign_config& config,
                                     int core) {
  if (name != relay_name)
    return start_peer(name, core);
  if (config.target)
    return running_relay(*config.target, config.target_pid);
  return start_relay(config.start, core);
}

caf::expected<scenario_results> run_one(const planned_scenario& plan, const campaign_config& config,
                                        cli::output& out, const std::function<bool()>& stopped) {
  const auto cores = choose_cores(plan.what.same_core);
  std::vector<std::string> names{relay_name};
  if (!plan.alone)
    names.insert(names.end(), config.peers.begin(), config.peers.end());
  std::vector<subject> subjects;
  scenario_results results;
  results.what = plan.what;
  for (const auto& name : names) {
    auto x = start_subject(name, config, cores.subject);
    if (!x)
      return x.error();
    results.subjects.push_back({x->name, x->version, {}});
    subjects.push_back(std::move(*x));
  }
  on_core here{cores.generator};
  const auto rounds = plan.rounds > 0 ? plan.rounds : config.rounds;
  const auto total = rounds * subjects.size();
  uint64_t done = 0;
  out.progress(name_of(plan.what), done, total);
  for (size_t round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < subjects.size(); ++i) {
      const auto at = (i + round) % subjects.size();
      auto got = run_scenario(plan.what, subjects[at], config.times, stopped);
      if (!got)
        return code_of(got.error()) == ec::stopped
                   ? got.error()
                   : fail(code_of(got.error()), fmt::format("{} through {}: {}", name_of(plan.what),
                                                            names[at], detail_of(got.error())));
      results.subjects[at].rounds.push_back(std::move(*got));
      out.progress(name_of(plan.what), ++done, total);
    }
  }
  return results;
}

} // namespace

std::vector<double> subject_results::figures(const std::string& metric) const {
  std::vector<double> out;
  for (const auto& x : rounds)
    if (const auto at = x.find(metric); at != x.end())
      out.push_back(at->second);
  return out;
}

std::optional<double> subject_results::summary(const std::string& metric) const {
  const auto list = figures(metric);
  if (list.empty())
    return std::nullopt;
  const auto* about = find_metric(metric);
  if (about != nullptr && about->over_rounds == metric::summary::greatest)
    return *std::max_element(list.begin(), list.end());
  return median(list);
}

const subject_results* scenario_results::find(const std::string& subject) const {
  for (const auto& x : subjects)
    if (x.name == subject)
      return &x;
  return nullptr;
}

std::optional<double> scenario_results::ratio(const std::string& metric,
                                              const std::string& theirs) const {
  const auto* we = find(relay_name);
  const auto* they = find(theirs);
  if (we == nullptr || they == nullptr)
    return std::nullopt;
  const auto ours = we->figures(metric);
  const auto others = they->figures(metric);
  if (ours.empty() || others.empty())
    return std::nullopt;
  return median_ratio(ours, others);
}

caf::expected<std::vector<scenario_results>> run_campaign(const std::vector<planned_scenario>& plan,
                                                          const campaign_config& config,
                                                          cli::output& out,
                                                          const std::function<bool()>& stopped) {
  std::vector<scenario_results> results;
  for (const auto& x : plan) {
    auto one = run_one(x, config, out, stopped);
    if (!one && (!config.keep_going || code_of(one.error()) == ec::stopped))
      return one.error();
    if (!one) {
      out.last(detail_of(one.error()));
      results.push_back({x.what, {}, detail_of(one.error())});
      continue;
    }
    for (const auto& line : table_of(*one))
      out.line(line);
    out.event("scenario", to_json(*one));
    results.push_back(std::move(*one));
  }
  return results;
}

std::string short_number(double x) {
  const auto size = std::fabs(x);
  if (size >= 1e6)
    return fmt::format("{:.2f} M", x / 1e6);
  if (size >= 1e4)
    return fmt::format("{:.1f} k", x / 1e3);
  if (size >= 100)
    return fmt::format("{:.0f}", x);
  return fmt::format("{:.{}f}", x, size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

std::vector<std::string> table_of(const scenario_results& x) {
  std::vector<std::string> out;
  std::string head = fmt::format("  {:<28}", "");
  for (const auto& y : x.subjects)
    head += fmt::format("{:>14}", y.name);
  for (size_t i = 1; i < x.subjects.size(); ++i)
    head += fmt::format("{:>14}", "x " + x.subjects[i].name);
  out.push_back(head);
  for (const auto& about : all_metrics()) {
    bool any = false;
    std::string line = fmt::format("  {:<28}", fmt::format("{} {}", about.name, about.unit));
    for (const auto& y : x.subjects) {
      const auto figure = y.summary(about.name);
      any = any || figure;
      line += fmt::format("{:>14}", figure ? short_number(*figure) : "-");
    }
    for (size_t i = 1; i < x.subjects.size(); ++i) {
      const auto ratio = about.which == metric::better::neither
                             ? std::nullopt
                             : x.ratio(about.name, x.subjects[i].name);
      line += fmt::format("{:>14}", ratio ? fmt::format("{:.2f}", *ratio) : "-");
    }
    if (any)
      out.push_back(line);
  }
  return out;
}

json to_json(const scenario_results& x) {
  json out{{"name", name_of(x.what)},
           {"mode", to_string(x.what.what)},
           {"pairs", x.what.pairs},
           {"frame_bytes", x.what.frame_bytes},
           {"same_core", x.what.same_core}};
  if (x.what.what == mode::paced || x.what.what == mode::flood || x.what.what == mode::slow_reader)
    out["rate"] = x.what.rate;
  if (x.what.what == mode::flood || x.what.what == mode::slow_reader)
    out["attackers"] = x.what.attackers;
  json subjects = json::object();
  json ratios = json::object();
  for (const auto& y : x.subjects) {
    json summary = json::object();
    json spreads = json::object();
    for (const auto& about : all_metrics()) {
      if (const auto figure = y.summary(about.name))
        summary[about.name] = *figure;
      if (y.rounds.size() > 1 && y.summary(about.name))
        spreads[about.name] = spread(y.figures(about.name));
    }
    json rounds = json::array();
    for (const auto& round : y.rounds)
      rounds.push_back(round);
    subjects[y.name] = {
        {"version", y.version}, {"summary", summary}, {"spread", spreads}, {"rounds", rounds}};
    if (y.name == relay_name)
      continue;
    json list = json::object();
    for (const auto& about : all_metrics())
      if (about.which != metric::better::neither)
        if (const auto ratio = x.ratio(about.name, y.name))
          list[about.name] = *ratio;
    ratios[y.name] = list;
  }
  if (!x.failure.empty())
    out["failure"] = x.failure;
  out["subjects"] = subjects;
  out["ratios"] = ratios;
  return out;
}

} // namespace liveconnect::bench
