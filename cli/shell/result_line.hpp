#pragma once

#include <string>

#include "cli/shell/output.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::cli {

/// The exit codes of docs/design/cli.md "Exit codes" that a program without a wallet has; with a
/// signal it is 128 and the signal's number.
enum exit_code : int {
  done = 0,
  other_error = 1,
  wrong_usage = 2,
  unreachable = 3,
  try_later = 75
};

/// Why a command failed: for programs, and for people in two sentences (both without their full
/// stops).
struct failure {
  int code = other_error;
  ec error = ec::internal;
  std::string detail;
  std::string what;
  std::string what_to_do;
};

/// The last line of a command that has done what it should: with `json` an object of type `result`
/// with these fields, else nothing. 0.
int say_done(bool json, const json_fields& fields = json_fields::object());

/// The end of one that failed: the sentences on standard error, and with `json` an object of type
/// `result`, whose keys are those of the client's. The failure's code.
int say_failed(bool json, const failure& x);

/// The same for an end by a signal, of which people read in the log. 128 and the signal's number.
int say_stopped(bool json, int signal, const advice& text);

/// Writes out what still waits for standard output. The exit code that is right then: `code`, or 1
/// in place of 0 when anything that was said there has been lost, which standard error tells.
int after_output(int code);

} // namespace liveconnect::cli
