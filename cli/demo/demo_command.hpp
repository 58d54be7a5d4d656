#pragma once

#include "cli/transfer/command.hpp"

namespace liveconnect::cli {

/// `demo`: a whole transfer on this computer. Like the functions of cli/commands/commands.hpp: adds
/// its words and options below `root` and names in `table` what runs them.
void add_demo_command(CLI::App& root, command_table& table);

} // namespace liveconnect::cli
