#pragma once

#include "cli/shell/output.hpp"

namespace liveconnect::cli {

/// What this process has cost so far: `syncs` (fsync and fdatasync calls), `peak_kb` (VmHWM, 0
/// where the system does not tell) and `cpu_ms` (all threads). For measurements; nothing in it
/// is about the transfer.
json_fields process_cost();

} // namespace liveconnect::cli
