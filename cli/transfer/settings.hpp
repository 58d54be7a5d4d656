#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>

#include "cli/shell/settings_table.hpp"
#include "cli/shell/values.hpp"
#include "messages/money/note.hpp"

namespace liveconnect::cli {

/// The wallet's name where none is given.
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

/// Names of all settings, in the order of the help text. The key of an invitation is none of them:
/// it never comes from a flag or the environment.
const settings_table& client_settings();

/// What every variable of this program begins with.
inline constexpr auto variable_prefix = "LIVECONNECT_";

/// What is built in; needs HOME or XDG_DATA_HOME for the data folder.
settings_layer built_in(const variable_lookup& lookup);

/// Files that are read when --config names none: the user's first, then the system's.
std::vector<std::filesystem::path> default_settings_files(const variable_lookup& lookup);

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
                                      const variable_lookup& lookup);

} // namespace liveconnect::cli
