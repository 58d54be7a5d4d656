#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include "actors/relay/relay_limits.hpp"
#include "cli/shell/settings_table.hpp"
#include "messages/base/address_range.hpp"

namespace liveconnect::relay {

/// What the operator may set. Later sources win: built in, TOML file, environment, flags
/// (docs/design/cli.md "Commands").
struct relay_settings {
  /// HOST:PORT each; a list from one source replaces that of another whole.
  std::vector<std::string> listen{"[::]:9100"};
  /// Whether `listen` is still the built-in one, which gives way on a machine without IPv6.
  bool listen_is_default = true;
  relay_limits limits;
  /// Threads that move bytes, up to 64; 0: as many as suit the cores (loops_for).
  size_t loops = 0;
  /// The system's send and receive buffers, each, of a connection; 0: as the system likes. With 128
  /// KiB, 64 KiB messages of many rooms were measured a fifth faster than with the system's own
  /// sizing, and slow readers pile up no megabytes in the kernel; it carries the default two
  /// megabytes a second of a room over 60 ms of distance.
  size_t socket_buffer_bytes = 128 * 1024;
  /// Load balancers whose PROXY headers are believed (--proxy-from); none: every connection speaks
  /// for itself.
  std::vector<address_range> proxies;
  /// HOST:PORT of the status page and its company; empty: none.
  std::string status_listen = "127.0.0.1:9101";
  /// Whether `status_listen` is still the built-in one, which is done without when it is taken.
  bool status_listen_is_default = true;
  /// Absolute path of the admin socket; empty: none.
  std::string admin_socket;
  /// Absolute path of the file that gets a line for every room that is over; empty: none.
  std::string usage_log;
  /// Whether that file names whole addresses, not /24 and /48.
  bool usage_addresses_full = false;
  /// How long rooms may go on after SIGTERM; zero: not at all.
  std::chrono::milliseconds drain_timeout = std::chrono::seconds(60);
};

/// One setting: `heartbeat_timeout` in the file, LIVECONNECT_RELAY_HEARTBEAT_TIMEOUT in the
/// environment, --heartbeat-timeout as a flag.
struct setting {
  const char* name;
  /// For --help and the README: what it is and its default.
  const char* description;
  /// Reads the text of a value; the error's detail says what would be right.
  caf::error (*set)(relay_settings& into, const std::vector<std::string>& values);
  /// For a list: what --help calls one of its elements. nullptr: one value.
  const char* list_of = nullptr;
};

/// All settings, in the order of --help.
const std::vector<setting>& all_settings();

/// What every variable of the relay's begins with.
inline constexpr auto variable_prefix = "LIVECONNECT_RELAY_";

/// The names of all settings, and how files, variables and flags spell them.
const cli::settings_table& relay_setting_names();

/// Reads what one source says over `into`, list by list. Fails with ec::bad_config, the origin in
/// front; then `into` may be half changed and must not be used.
caf::error apply_layer(relay_settings& into, const cli::settings_layer& layer);

/// A variable of this process's environment.
std::optional<std::string> environment(const std::string& name);

/// What no source alone can say: whether the settings go together. For when all have been read.
/// Fails with ec::bad_config.
caf::error check_together(const relay_settings& x);

/// Names of the settings beside the limits in which the two differ: they need a new start.
std::vector<std::string> changed_beside_limits(const relay_settings& x, const relay_settings& y);

} // namespace liveconnect::relay
