#include "benchmarks/report/compare.hpp"

#include <algorithm>

#include "benchmarks/figures/metrics.hpp"
#include "benchmarks/figures/statistics.hpp"
#include "benchmarks/load/subject.hpp"

namespace liveconnect::bench {

namespace {

/// A result file is text from outside: what is not as expected reads as nothing.
const json& at(const json& x, const char* key) {
  static const json nothing;
  if (!x.is_object())
    return nothing;
  const auto found = x.find(key);
  return found == x.end() ? nothing : *found;
}

std::string text_at(const json& x, const char* key) {
  const auto& out = at(x, key);
  return out.is_string() ? out.get<std::string>() : std::string{};
}

const json* find_scenario(const json& result, const std::string& name) {
  const auto& list = at(result, "scenarios");
  if (!list.is_array())
    return nullptr;
  for (const auto& x : list)
    if (text_at(x, "name") == name)
      return &x;
  return nullptr;
}

const json& figures_of(const json& scenario) {
  return at(at(at(scenario, "subjects"), relay_name), "summary");
}

comparison::verdict verdict_of(double ratio, const metric& about) {
  if (is_tie(ratio))
    return comparison::verdict::tie;
  if (about.which == metric::better::neither)
    return comparison::verdict::neither;
  return (ratio > 1) == (about.which == metric::better::more) ? comparison::verdict::better
                                                              : comparison::verdict::worse;
}

} // namespace

const char* to_string(comparison::verdict x) {
  switch (x) {
  case comparison::verdict::tie:
    return "tie";
  case comparison::verdict::better:
    return "better";
  case comparison::verdict::worse:
    return "worse";
  case comparison::verdict::neither:
    return "differs";
  }
  return "";
}

std::vector<comparison> compare_results(const json& before, const json& after) {
  std::vector<comparison> out;
  const auto& list = at(before, "scenarios");
  if (!list.is_array())
    return out;
  for (const auto& x : list) {
    const auto name = text_at(x, "name");
    const auto* y = find_scenario(after, name);
    if (y == nullptr)
      continue;
    for (const auto& about : all_metrics()) {
      const auto& old_figure = at(figures_of(x), about.name);
      const auto& new_figure = at(figures_of(*y), about.name);
      if (!old_figure.is_number() || !new_figure.is_number())
        continue;
      comparison one{name, about.name, old_figure.get<double>(), new_figure.get<double>(), 0, {}};
      if (one.before == 0)
        continue;
      one.ratio = one.after / one.before;
      one.what = verdict_of(one.ratio, about);
      out.push_back(one);
    }
  }
  return out;
}

std::vector<std::string> doubts_about(const json& before, const json& after) {
  std::vector<std::string> out;
  for (const auto* key : {"cpu", "cores", "kernel"})
    if (at(at(before, "machine"), key) != at(at(after, "machine"), key)) {
      out.push_back("The two were measured on different machines: trust no ratio of rates.");
      break;
    }
  if (text_at(before, "commit") == text_at(after, "commit"))
    out.push_back("Both were built from the same commit: what differs is the machine's mood.");
  for (const auto* pair : {"seconds", "rounds"})
    if (at(at(before, "settings"), pair) != at(at(after, "settings"), pair)) {
      out.push_back("They ran for different times or rounds: the longer one is steadier.");
      break;
    }
  size_t alone = 0;
  for (const auto& [x, y] : {std::pair{&before, &after}, std::pair{&after, &before}})
    if (at(*x, "scenarios").is_array())
      for (const auto& one : at(*x, "scenarios"))
        alone += find_scenario(*y, text_at(one, "name")) == nullptr ? 1 : 0;
  if (alone > 0)
    out.push_back("Scenarios that only one of them has were left out: " + std::to_string(alone) +
                  ".");
  return out;
}

} // namespace liveconnect::bench
