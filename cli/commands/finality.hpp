#pragma once

#include <string>

#include "cli/transfer/environment.hpp"
#include "wallet/operations/server_memory.hpp"

/// How `receive`, `wallet import` and `wallet list` show when coins are out of reach of whoever had
/// them before (docs/design/safety.md I6).
namespace liveconnect::cli {

/// What the data directory remembers of notes and servers; empty when it cannot be read.
wallet::server_memory remembered(const settings& conf);

/// Seconds since 1970.
wallet::wall_seconds time_now();

/// `final in 5 min`, rounded up; empty for 0.
std::string final_text(uint32_t seconds);

/// Adds `final_in_seconds` to the result of a command that has just made notes ours, and says it to
/// people where it is not 0.
void tell_finality(environment& env, command_end& end);

} // namespace liveconnect::cli
