#pragma once

#include <cstddef>
#include <string>

#include <caf/error.hpp>

#include "messages/base/error.hpp"

namespace liveconnect::cli {

/// Longest detail of an error that is shown.
inline constexpr size_t detail_chars_max = 400;

/// How a program ended: the process's exit code and its stable name, both also in JSON as `code`
/// and `name` (docs/design/cli.md "Exit codes").
struct exit_status {
  int code = 0;
  const char* name = "done";
};

inline bool operator==(const exit_status& x, const exit_status& y) {
  return x.code == y.code;
}

/// The status of a command that failed with `x`.
exit_status exit_of(ec x);
/// Likewise for an error made by fail(); an error of CAF itself is `error`.
exit_status exit_of(const caf::error& x);
/// 129 for SIGHUP, 130 for SIGINT, 143 for SIGTERM: 128 and the signal's number, never 0.
exit_status exit_of_signal(int signal);

/// What a person is told about an error: what happened, and what to do. Each is one sentence.
struct advice {
  std::string what;
  std::string what_to_do;
};

/// The two sentences for an error. The detail goes into the first, made printable.
advice advice_for(const caf::error& x);
/// The two sentences for an end by signal.
advice advice_for_signal(int signal);

} // namespace liveconnect::cli
