#include "benchmarks/questions/campaign.hpp"

#include <fmt/format.h>

#include "messages/base/error.hpp"

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

const subject_results* scenario_results::find(const std::string& subject) const {
  return find_subject(subjects, subject);
}

std::optional<double> scenario_results::ratio(const std::string& metric,
                                              const std::string& theirs) const {
  return ratio_to(subjects, metric, theirs);
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
    for (const auto& line : table_of(one->subjects))
      out.line(line);
    out.event("scenario", to_json(*one));
    results.push_back(std::move(*one));
  }
  return results;
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
  if (!x.failure.empty())
    out["failure"] = x.failure;
  add_figures(out, x.subjects);
  return out;
}

} // namespace liveconnect::bench
