#pragma once

#include <string>

#include "cli/shell/command.hpp"

namespace CLI {
class App;
class ParseError;
} // namespace CLI

namespace liveconnect::cli {

/// Whether the command line asks for JSON, or the variable (where there is one) does. JSON mode
/// must hold for mistakes too, which are found before there are settings.
bool wants_json(int argc, const char* const* argv, const char* variable = nullptr);

/// The innermost command that the command line named; `root` itself when there is none.
CLI::App* innermost(CLI::App* root);

/// Wrong words on the command line, in two sentences with the nearest word that would have been
/// right: `Unknown command 'sned'. Did you mean 'send'?`. An argument that may be an invitation is
/// not shown.
command_end wrong_usage(CLI::App& root, const CLI::ParseError& err);

/// The command line ended where `at` needs a command.
command_end missing_command(const CLI::App& at);

/// An end with these two sentences and code 2.
command_end usage_end(advice words);

/// `Run 'liveconnect send --help' to see what it takes.`
std::string help_advice(const CLI::App& at);

} // namespace liveconnect::cli
