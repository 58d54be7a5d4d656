#pragma once

#include <functional>
#include <utility>
#include <vector>

#include <caf/error.hpp>

#include "cli/shell/output.hpp"
#include "cli/shell/signals.hpp"
#include "cli/shell/usage.hpp"
#include "cli/transfer/settings.hpp"

namespace CLI {
class App;
}

namespace liveconnect::cli {

/// What every command is given.
struct environment {
  const settings& conf;
  output& out;
  interrupts& stop;
};

/// How a command ended. Errors are shown and the `result` line is written by the caller (app.cpp),
/// so a command only says what happened.
struct command_end {
  /// None when all is done.
  caf::error failure;
  /// Further fields of the `result` line, also of a failed command (what is known by then).
  json_fields fields = json_fields::object();
  /// The signal that ended the command; wins over `failure`.
  int signal = 0;
  /// What people are told in place of the usual sentences for `failure` or `signal`, where the
  /// command knows better; an empty half leaves that sentence as it is.
  advice words = {};
};

/// A failed end, shortly.
inline command_end failed(caf::error x, json_fields fields = json_fields::object()) {
  return {std::move(x), std::move(fields), 0};
}

/// Likewise, with sentences of the command's own.
inline command_end failed(caf::error x, json_fields fields, advice words) {
  return {std::move(x), std::move(fields), 0, std::move(words)};
}

/// The two sentences that people see of an end that is no success.
advice words_of(const command_end& end);

using command_body = std::function<command_end(environment&)>;

/// Which function runs for which word of the command line.
using command_table = command_map<command_body>;

} // namespace liveconnect::cli
