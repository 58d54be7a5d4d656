#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include "actors/relay/relay_limits.hpp"
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
  /// Load balancers whose PROXY headers are believed (--proxy-from); none: everybody speaks for
  /// himself.
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
  /// How long people may go on after SIGTERM; zero: not at all.
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

/// Text from the operator's own files and flags in quotes, made fit for one line of a terminal.
std::string shown(const std::string& x);
/// The same for a word that is none of ours, with the one that was most likely meant.
std::string not_known(const std::string& x, const std::vector<std::string>& candidates);

/// `heartbeat_timeout` as `--heartbeat-timeout` and `LIVECONNECT_RELAY_HEARTBEAT_TIMEOUT`.
std::string flag_of(const setting& x);
std::string variable_of(const setting& x);

/// Reads a TOML file over `into`. A key that is no setting, a value of a wrong kind and a syntax
/// error are ec::bad_config with `FILE:LINE: ...`; then `into` may be half changed and must not be
/// used.
caf::error read_file(relay_settings& into, const std::string& path);

/// Reads the environment over `into`, through `get` (getenv in the program).
caf::error
read_environment(relay_settings& into,
                 const std::function<std::optional<std::string>(const std::string&)>& get);

/// What every variable of the relay's begins with.
inline constexpr auto variable_prefix = "LIVECONNECT_RELAY_";

/// Whether the relay knows all of these variables, whose names begin with variable_prefix; else
/// ec::bad_config names the first that it does not, and the nearest that it does.
caf::error check_variables(const std::vector<std::string>& names);

/// A variable of this process's environment.
std::optional<std::string> environment(const std::string& name);

/// What no source alone can say: whether the settings go together. For when all have been read.
/// Fails with ec::bad_config.
caf::error check_together(const relay_settings& x);

/// Names of the settings beside the limits in which the two differ: they need a new start.
std::vector<std::string> changed_beside_limits(const relay_settings& x, const relay_settings& y);

/// `65536`, `64KiB`, `2MiB`, `1GiB`: a number of bytes, at most 1024 GiB.
std::optional<size_t> parse_size(std::string_view text);

/// `90s`, `500ms`, `2m`, `1h`: more than nothing and at most a day.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

} // namespace liveconnect::relay
