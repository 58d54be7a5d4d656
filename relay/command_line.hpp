#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/shell/command.hpp"
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
  /// The room of kick, the level of log-level, the HOST:PORT of probe.
  std::string argument;
  /// Where the commands for a running relay ask.
  std::string admin_socket;
  /// rooms shows whole addresses.
  bool full_addresses = false;
  /// Set when there is nothing (more) to do: --help, which has been printed, or an error.
  std::optional<cli::command_end> end;
};

/// Reads flags, environment and file in their order (docs/design/cli.md "Settings").
command_line read_command_line(int argc, const char* const* argv, cli::output& out);

/// A variable of this process's environment.
std::optional<std::string> environment(const std::string& name);

} // namespace liveconnect::relay
