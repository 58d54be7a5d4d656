#pragma once

#include <functional>
#include <string>

#include "relay/settings.hpp"

namespace liveconnect::relay {

/// What the operator asked for.
struct command_line {
  enum class command : uint8_t {
    run,
    check,
    version,
    rooms,
    kick,
    drain,
    status,
    log_level,
    probe,
    nothing,
  };
  command what = command::nothing;
  relay_settings settings;
  /// Reads the same flags over the environment and the file as they are then.
  std::function<caf::expected<relay_settings>()> read_again;
  bool json = false;
  /// The room of kick, the level of log-level, the HOST:PORT of probe.
  std::string argument;
  /// Where the commands for a running relay ask.
  std::string admin_socket;
  /// rooms shows whole addresses.
  bool full_addresses = false;
  /// Set when there is nothing (more) to do: --help, or an error; either has been said. 0 or 2.
  int exit_code = -1;
};

/// Reads flags, environment and file in their order (docs/design/cli.md "Commands"). Says --help on
/// stdout, and what is wrong on stderr in two sentences; with --json either also as a result line
/// on stdout.
command_line read_command_line(int argc, char** argv);

/// `liveconnect-relay 1.0.0`.
std::string program_and_version();
const char* version();

} // namespace liveconnect::relay
