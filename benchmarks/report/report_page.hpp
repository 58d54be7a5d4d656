#pragma once

#include <filesystem>
#include <string>

#include <caf/error.hpp>

#include "benchmarks/figures/json.hpp"

namespace liveconnect::bench {

/// ec::bad_config with two sentences when gnuplot is not installed.
caf::error check_gnuplot();

/// Writes `index.html`, `rates.svg`, `latencies.svg` (drawn by gnuplot) and `result.json` into the
/// folder, which is made. Fails with ec::bad_config (no gnuplot) or ec::disk_failed.
caf::error write_report_page(const std::filesystem::path& folder, const json& result);

/// The page's text, for a result that is whole; everything in it is escaped.
std::string page_of(const json& result, bool has_rates, bool has_latencies);

} // namespace liveconnect::bench
