#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>

#include "cli/shell/settings.hpp"
#include "messages/base/host_port.hpp"

namespace liveconnect::cli {

/// The name of the wallet when the user gives none.
inline constexpr const char* wallet_built_in = "Default";

enum class notation_choice : uint8_t { tag, json };

/// Everything that a command of `liveconnect` may be told, after all layers are laid over each
/// other.
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
  /// Questions may be asked; else what would be asked is an error.
  bool input = true;
  /// How long we wait for the other person to come.
  std::chrono::milliseconds wait{};
  /// How long one step of the other side or of the servers may take.
  std::chrono::milliseconds timeout{};
  /// Where the session's transcript is written instead of the data folder; empty: there.
  std::filesystem::path transcript;
  bool qr = true;
  notation_choice notation = notation_choice::tag;
};

/// The table. The key of an invitation is not in it: it never comes from a flag, a file of settings
/// or the environment.
const settings_table<settings>& liveconnect_settings();

/// The whole order: flags > environment > --config > user's file > system's file > built in
/// (docs/design/cli.md "Settings"). `named_file` is what --config says; it must exist, the others
/// need not. Fails with ec::bad_config (ec::bad_argument when a flag was wrong), naming the origin.
caf::expected<settings> load_settings(const settings_layer& flags,
                                      const std::optional<std::filesystem::path>& named_file,
                                      const variable_lookup& lookup);

/// Sets the servers of `conf` as `raida` would. Fails with ec::bad_argument.
[[nodiscard]] caf::error use_servers(settings& conf, std::string_view text);

} // namespace liveconnect::cli
