#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <caf/error.hpp>

#include "cli/shell/exit_codes.hpp"
#include "cli/shell/output.hpp"

namespace CLI {
class App;
}

namespace liveconnect::cli {

/// How a command ended. finish() shows errors and writes the `result` line, so a command only says
/// what happened.
struct command_end {
  /// None when all is done.
  caf::error failure = {};
  /// Further fields of the `result` line, also of a failed command (what is known by then).
  json_fields fields = json_fields::object();
  /// The signal that ended the command; wins over `failure`.
  int signal = 0;
  /// What people are told in place of the usual sentences for `failure` or `signal`, where the
  /// command knows better; an empty half leaves that sentence as it is.
  advice words = {};
  /// The exit code, where it is not the usual one for `failure` or `signal`.
  std::optional<exit_status> status = {};
};

/// A failed end.
inline command_end failed(caf::error err, json_fields fields = json_fields::object(),
                          advice words = {}) {
  return {std::move(err), std::move(fields), 0, std::move(words)};
}

/// The two sentences that people see of an end that is no success.
advice words_of(const command_end& end);

/// What programs do differently at their end.
struct finish_style {
  /// What to do when a part of the output was lost.
  const char* lost_output = "Check where the output goes, then run the command again.";
  /// In JSON mode an object of type `error` goes before the `result` of a command that failed, in
  /// place of the two sentences on standard error.
  bool error_object = true;
  /// People are told of the signal that ended the command.
  bool tells_signal = true;
  /// Lost output is no failure.
  bool output_may_be_lost = false;
};

/// Shows how a command ended, writes the `result` line, and returns the exit code. Output that was
/// lost turns success into code 1.
int finish(output& out, const command_end& end, const finish_style& how = {});

/// 0 when the command line did not name this command, else how deep it stands: 1 for the program.
size_t named_depth(const CLI::App* app);

/// Which function runs for which command of a program whose commands are given an `Environment`.
template<class Environment>
class basic_command_table {
public:
  using body = std::function<command_end(Environment&)>;

  /// Runs `run` when the command line names `at`.
  void add(CLI::App* at, body run) { list_.emplace_back(at, std::move(run)); }

  /// The body for the innermost command that was named, nullptr when there is none.
  const body* find() const {
    const body* best = nullptr;
    size_t best_depth = 0;
    for (const auto& [app, run] : list_)
      if (const auto depth = named_depth(app); depth > best_depth) {
        best = &run;
        best_depth = depth;
      }
    return best;
  }

private:
  std::vector<std::pair<CLI::App*, body>> list_;
};

} // namespace liveconnect::cli
