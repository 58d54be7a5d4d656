#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>

#include "messages/money/note.hpp"

namespace liveconnect::cli {

/// `HOST:PORT` as somebody wrote it; the host may be a name, which is looked up when it is used.
struct host_port {
  std::string host;
  uint16_t port = 0;
};
/// Reads `HOST:PORT` or `[V6]:PORT`. Fails with ec::bad_argument.
caf::expected<host_port> parse_host_port(std::string_view text);
/// `relay.example.org:9100`, `[::1]:9100`.
std::string to_string(const host_port& x);

/// Reads `15m`, `5s`, `1h30m`, `250ms`; greater than zero, at most 30 days. Fails with
/// ec::bad_argument.
caf::expected<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The wallet's name when nobody names one.
inline constexpr const char* wallet_built_in = "Default";

enum class notation_choice : uint8_t { tag, json };

/// Everything a command may be told, after all layers are laid over each other.
struct settings {
  /// Folder of wallets, hidden wallets and journals of this user.
  std::filesystem::path data;
  /// Whether --data named it: a demo never takes a folder that is set for everything.
  bool data_from_flag = false;
  /// The user's wallet inside it.
  std::string wallet;
  host_port relay;
  /// The servers, index = server; always raida_count of them.
  std::vector<host_port> raida;
  bool as_json = false;
  bool quiet = false;
  /// 0, 1 or 2: what the log on standard error tells.
  int verbose = 0;
  bool colour = true;
  /// Every question is answered with yes.
  bool yes = false;
  /// Nothing is asked; what would be asked is an error.
  bool input = true;
  /// How long we wait for the other person to come.
  std::chrono::milliseconds wait{};
  /// How long one step of the other side or of the servers may take.
  std::chrono::milliseconds timeout{};
  /// Where the session's transcript is written besides the wallet's own; empty: nowhere.
  std::filesystem::path transcript;
  bool qr = true;
  notation_choice notation = notation_choice::tag;
};

/// One setting as text, and where it was said (`--relay`, `LIVECONNECT_RELAY`, `config.toml:3`).
struct raw_setting {
  std::string text;
  std::string origin;
};

/// One layer: settings by name.
using settings_layer = std::map<std::string, raw_setting, std::less<>>;

/// Names a setting for files (`relay`), environment (`LIVECONNECT_RELAY`) and command line
/// (`--relay`).
struct setting_name {
  const char* key;
  const char* help;
  /// True: the flag takes no value, and means this text.
  const char* flag_value = nullptr;
  /// The flag's name when it is not `--KEY` (`--no-color` sets `color` to false).
  const char* flag = nullptr;
};

/// All settings, in the order of the help text. The key of an invitation is none of them: it never
/// comes from a flag or the environment.
const std::vector<setting_name>& setting_names();

/// Reads one TOML file. An unknown key or a wrong type is ec::bad_config naming file and line.
caf::expected<settings_layer> read_settings_file(const std::filesystem::path& file);

/// The settings named in the environment; `lookup` is std::getenv outside tests.
settings_layer read_environment(const std::function<const char*(const char*)>& lookup);

/// What every variable of this program begins with.
inline constexpr auto variable_prefix = "LIVECONNECT_";

/// Whether all of these variables, whose names begin with variable_prefix, are settings, or another
/// program's of ours (the relay's begin with LIVECONNECT_RELAY_). Else ec::bad_config names the
/// first that is neither, and the nearest setting.
caf::error check_variables(const std::vector<std::string>& names);

/// What is built in; needs HOME or XDG_DATA_HOME for the data folder.
settings_layer built_in(const std::function<const char*(const char*)>& lookup);

/// Files that are read when nobody names one: user's first, then the system's.
std::vector<std::filesystem::path>
default_settings_files(const std::function<const char*(const char*)>& lookup);

/// Lays the layers over each other, first one on top, and reads the texts. Fails with
/// ec::bad_config (ec::bad_argument when the flag itself was wrong), naming the origin.
caf::expected<settings> resolve(const std::vector<settings_layer>& layers);

/// Sets the servers of `conf` as `raida` would. Fails with ec::bad_argument.
[[nodiscard]] caf::error use_servers(settings& conf, std::string_view text);

/// The whole order: flags > environment > --config > user file > system file > built in
/// (docs/design/cli.md "Commands"). `named_file` is what --config says; it must exist, the others
/// need not.
caf::expected<settings> load_settings(const settings_layer& flags,
                                      const std::optional<std::filesystem::path>& named_file,
                                      const std::function<const char*(const char*)>& lookup);

} // namespace liveconnect::cli
