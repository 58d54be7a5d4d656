#pragma once

#include <functional>
#include <string>

#include "benchmarks/figures/json.hpp"
#include "cli/shell/command.hpp"
#include "cli/shell/interrupts.hpp"
#include "cli/shell/output.hpp"

namespace CLI {
class App;
}

namespace liveconnect::bench {

struct subject_flags;

/// What every command is given. A command that fails gives an error whose detail is whole
/// sentences: what happened, and what to do.
struct environment {
  cli::output& out;
  cli::interrupts& stop;

  /// For loops that must end when a signal has come.
  std::function<bool()> stopped() const {
    return [&x = stop] { return x.signal() != 0; };
  }
};

using cli::command_end;
using command_table = cli::basic_command_table<environment>;

/// The end of a command in which everything ran and something fell short: exit code 1, `missed`.
inline constexpr cli::exit_status missed{1, "missed"};

/// The heading in a command's help below which flags about its result stand.
inline constexpr const char* result_group = "Result";

/// The heading for flags that say which relay is measured.
inline constexpr const char* subject_group = "What is measured";

/// TARGET and the flags of subject_flags, for commands that load a relay; the help says of the
/// target what `target_help` does.
void add_subject_options(CLI::App& app, subject_flags& into, const char* target_help);

/// --out and --report, for commands whose result is a file.
void add_result_options(CLI::App& app, std::string& out_file, std::string& report_folder);

/// Puts a finished result where it was asked for: into the last line, the file and the page (each
/// only when named), its headlines on the screen.
command_end finish_result(json result, const std::string& out_file,
                          const std::string& report_folder, environment& env);

/// Each adds its words and options below `root` and its function to the table. One a file
/// (NAME_command.cpp); a new question is a new line here and in app.cpp.
void add_relay_command(CLI::App& root, command_table& table);
void add_crypto_command(CLI::App& root, command_table& table);
void add_soak_command(CLI::App& root, command_table& table);
void add_transfer_command(CLI::App& root, command_table& table);
void add_compare_command(CLI::App& root, command_table& table);
void add_version_command(CLI::App& root, command_table& table);

} // namespace liveconnect::bench
