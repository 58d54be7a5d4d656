#include "benchmarks/questions/side_by_side.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "benchmarks/figures/statistics.hpp"
#include "benchmarks/load/subject.hpp"

namespace liveconnect::bench {

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

const subject_results* find_subject(const side_by_side& list, const std::string& name) {
  for (const auto& x : list)
    if (x.name == name)
      return &x;
  return nullptr;
}

std::optional<double> ratio_to(const side_by_side& list, const std::string& metric,
                               const std::string& theirs) {
  const auto* we = find_subject(list, relay_name);
  const auto* they = find_subject(list, theirs);
  if (we == nullptr || they == nullptr)
    return std::nullopt;
  const auto ours = we->figures(metric);
  const auto others = they->figures(metric);
  if (ours.empty() || others.empty())
    return std::nullopt;
  return median_ratio(ours, others);
}

std::vector<std::string> table_of(const side_by_side& list) {
  std::vector<std::string> out;
  std::string head = fmt::format("  {:<28}", "");
  for (const auto& y : list)
    head += fmt::format("{:>14}", y.name);
  for (size_t i = 1; i < list.size(); ++i)
    head += fmt::format("{:>14}", "x " + list[i].name);
  out.push_back(head);
  for (const auto& about : all_metrics()) {
    bool any = false;
    std::string line = fmt::format("  {:<28}", fmt::format("{} {}", about.name, about.unit));
    for (const auto& y : list) {
      const auto figure = y.summary(about.name);
      any = any || figure;
      line += fmt::format("{:>14}", figure ? short_number(*figure) : "-");
    }
    for (size_t i = 1; i < list.size(); ++i) {
      const auto ratio = about.which == metric::better::neither
                             ? std::nullopt
                             : ratio_to(list, about.name, list[i].name);
      line += fmt::format("{:>14}", ratio ? fmt::format("{:.2f}", *ratio) : "-");
    }
    if (any)
      out.push_back(line);
  }
  return out;
}

void add_figures(json& to, const side_by_side& list) {
  json subjects = json::object();
  json ratios = json::object();
  for (const auto& y : list) {
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
    json figures = json::object();
    for (const auto& about : all_metrics())
      if (about.which != metric::better::neither)
        if (const auto ratio = ratio_to(list, about.name, y.name))
          figures[about.name] = *ratio;
    ratios[y.name] = figures;
  }
  to["subjects"] = subjects;
  to["ratios"] = ratios;
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

} // namespace liveconnect::bench
