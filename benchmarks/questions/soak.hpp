#pragma once

#include <functional>

#include <caf/expected.hpp>

#include "benchmarks/load/subject.hpp"
#include "benchmarks/questions/soak_plan.hpp"
#include "cli/shell/output.hpp"

namespace liveconnect::bench {

/// Runs it against a relay, and ends that relay with SIGTERM when it was started here. Bounded in
/// time: opening 60 s, then plan.length, plan.patience() and a minute at most. What honest rooms
/// suffer is a check that failed, not an error; errors (whole sentences) are that it could not
/// begin, and ec::stopped.
caf::expected<soak_outcome> run_soak(const soak_plan& plan, subject& through, cli::output& out,
                                     const std::function<bool()>& stopped);

} // namespace liveconnect::bench
