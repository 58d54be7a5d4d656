#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <caf/error.hpp>

#include "benchmarks/figures/json.hpp"
#include "cli/shell/output.hpp"
#include "cli/shell/signals.hpp"
#include "cli/shell/usage.hpp"

namespace CLI {
class App;
}

namespace liveconnect::bench {

struct subject_flags;

/// What every command is given.
struct environment {
  cli::output& out;
  cli::interrupts& stop;

  /// For loops that have to end when a signal came.
  std::function<bool()> stopped() const {
    return [&x = stop] { return x.signal() != 0; };
  }
};

/// How a command ended. Errors are shown and the last line is written by the caller (app.cpp).
struct command_end {
  /// None when all is done. Its detail is whole sentences: what happened, and what to do.
  caf::error failure;
  /// Further fields of the `result` line.
  json fields = json::object();
  /// Everything ran and something fell short of its goal: exit code 1.
  bool missed = false;
  /// Then: two sentences instead of those about the table of goals.
  std::string missed_text = {};
};

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

using command_body = std::function<command_end(environment&)>;

/// Which function runs for which word of the command line.
using command_table = cli::command_map<command_body>;

/// Each adds its words and options below `root` and its function to the table. One a file
/// (NAME_command.cpp); a new question is a new line here and in app.cpp.
void add_relay_command(CLI::App& root, command_table& table);
void add_crypto_command(CLI::App& root, command_table& table);
void add_soak_command(CLI::App& root, command_table& table);
void add_transfer_command(CLI::App& root, command_table& table);
void add_compare_command(CLI::App& root, command_table& table);
void add_version_command(CLI::App& root, command_table& table);

} // namespace liveconnect::bench
