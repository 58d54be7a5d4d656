#pragma once

#include "cli/shell/command.hpp"
#include "cli/shell/interrupts.hpp"
#include "cli/shell/output.hpp"
#include "cli/transfer/settings.hpp"

namespace liveconnect::cli {

/// What every command of `liveconnect` is given.
struct environment {
  const settings& conf;
  output& out;
  interrupts& stop;
};

using command_table = basic_command_table<environment>;

} // namespace liveconnect::cli
