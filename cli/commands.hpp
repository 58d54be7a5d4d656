#pragma once

#include "cli/command.hpp"

/// One function a command (or group of commands): each adds its words and options below `root` and
/// names in `table` what runs them. The order here is the order of the help text.
namespace liveconnect::cli {

/// `version`: what this program is.
void add_version_command(CLI::App& root, command_table& table);

} // namespace liveconnect::cli
