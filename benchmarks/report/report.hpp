#pragma once

#include <string>
#include <vector>

#include "benchmarks/figures/json.hpp"
#include "benchmarks/questions/campaign.hpp"
#include "benchmarks/report/goals.hpp"

namespace liveconnect::bench {

/// What stands in every result file, whatever was measured: format, time, commit, machine,
/// versions. `kind` names the command. Each command adds its own fields behind.
///
/// {"format":"LiveConnect benchmark","version":1,"kind":"relay","time":...,"commit":...,
///  "program":...,"machine":{...},"settings":{...},"scenarios":[...],"goals":[...]}
json result_head(const std::string& kind);

/// The result of `relay`.
json relay_result(const campaign_config& config, const std::vector<scenario_results>& scenarios,
                  const std::vector<goal>& goals);

/// Processor, cores, kernel and commit as one line.
std::string machine_line();

/// Writes a result file whole or not at all. Fails with ec::disk_failed.
caf::error write_result(const std::string& path, const json& x);

/// Reads one. Fails with ec::bad_argument when there is none of that name. What is in it is checked
/// only as far as to be a result.
caf::expected<json> read_result(const std::string& path);

} // namespace liveconnect::bench
