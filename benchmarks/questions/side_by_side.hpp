#pragma once

#include <optional>
#include <string>
#include <vector>

#include "benchmarks/figures/json.hpp"
#include "benchmarks/figures/metrics.hpp"

namespace liveconnect::bench {

/// What one subject gave for one question.
struct subject_results {
  std::string name;
  std::string version;
  std::vector<measurement> rounds;

  /// The figures of a metric, one a round; rounds that lack it are passed over.
  std::vector<double> figures(const std::string& metric) const;
  /// They put together as the metric asks; nothing when there are none.
  std::optional<double> summary(const std::string& metric) const;
};

/// The subjects that answered one question, in the order of the table's columns; ours is
/// `liveconnect`.
using side_by_side = std::vector<subject_results>;

/// nullptr when no subject has that name.
const subject_results* find_subject(const side_by_side& list, const std::string& name);

/// Median over rounds of ours / theirs.
std::optional<double> ratio_to(const side_by_side& list, const std::string& metric,
                               const std::string& theirs);

/// Lines of text: a row a metric, a column a subject, ratios behind.
std::vector<std::string> table_of(const side_by_side& list);

/// Adds `subjects` (version, summary, spread, rounds of each) and `ratios` to a question's object.
void add_figures(json& to, const side_by_side& list);

/// `1.23 M`, `45.6`, ...: three figures and a decimal prefix.
std::string short_number(double x);

} // namespace liveconnect::bench
