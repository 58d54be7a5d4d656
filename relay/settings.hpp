#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include "actors/relay/relay_limits.hpp"
#include "cli/shell/settings.hpp"
#include "messages/base/address_range.hpp"

namespace liveconnect::relay {

/// What the operator may set. Later sources win: built in, TOML file, environment, flags
/// (docs/design/cli.md "Settings").
struct relay_settings {
  /// HOST:PORT each; a list from one source replaces that of another as a whole.
  std::vector<std::string> listen{"[::]:9100"};
  /// Whether `listen` is still the built-in one, which gives way on a machine without IPv6.
  bool listen_is_default = true;
  relay_limits limits;
  /// Threads that move bytes, up to 64; 0: as many as suit the cores (loops_for).
  size_t loops = 0;
  /// The system's send and receive buffers, each, of a connection; 0: the system's choice. With 128
  /// KiB, 64 KiB messages of many rooms were measured a fifth faster than with the system's own
  /// sizing, and slow readers pile up no megabytes in the kernel; it carries the default two
  /// megabytes a second of a room over 60 ms of distance.
  size_t socket_buffer_bytes = 128 * 1024;
  /// Load balancers whose PROXY headers are believed (--proxy-from); none: every connection is from
  /// the address that it comes from.
  std::vector<address_range> proxies;
  /// HOST:PORT of the status page, metrics and health checks; empty: none.
  std::string status_listen = "127.0.0.1:9101";
  /// Whether `status_listen` is still the built-in one; the relay runs without it when that address
  /// is taken.
  bool status_listen_is_default = true;
  /// Absolute path of the admin socket; empty: none.
  std::string admin_socket;
  /// Absolute path of the file that gets a line for every room that has ended; empty: none.
  std::string usage_log;
  /// Whether that file has whole addresses, not /24 and /48.
  bool usage_addresses_full = false;
  /// How long rooms may go on after SIGTERM; zero: not at all.
  std::chrono::milliseconds drain_timeout = std::chrono::seconds(60);
};

/// The table, in the order of --help.
const cli::settings_table<relay_settings>& relay_settings_table();

/// Lays the sources over `built_in`: flags over environment over file. An empty `file` is none.
/// Fails with ec::bad_config (ec::bad_argument when a flag was wrong), naming the origin.
caf::expected<relay_settings> load_settings(relay_settings built_in, const std::string& file,
                                            const cli::settings_layer& flags,
                                            const cli::variable_lookup& lookup);

/// What no source alone can say: whether the settings go together. Fails with ec::bad_config.
caf::error check_together(const relay_settings& x);

/// Names of the settings beside the limits in which the two differ: they need a restart.
std::vector<std::string> changed_beside_limits(const relay_settings& x, const relay_settings& y);

} // namespace liveconnect::relay
