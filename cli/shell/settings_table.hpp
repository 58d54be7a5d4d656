#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <caf/error.hpp>
#include <caf/expected.hpp>

/// Where settings come from: flags, environment variables, files. What they mean, each program's
/// own table says (cli/transfer/settings.hpp, relay/settings.hpp).
namespace liveconnect::cli {

/// How one setting is named and written.
struct setting_name {
  /// In files: `heartbeat_timeout`. The variable is PREFIX and this in capitals; the flag, if none
  /// is named, `--heartbeat-timeout`.
  const char* key = nullptr;
  /// For --help.
  const char* help = nullptr;
  /// Not null: the flag takes no value, and means this text.
  const char* flag_value = nullptr;
  /// The flag's name where it is another (`--no-color` sets `color` to false).
  const char* flag = nullptr;
  /// Not null: a list, whose parts --help calls so.
  const char* list_of = nullptr;
};

/// What one source says of a setting: one text, or those of a list.
struct raw_setting {
  std::vector<std::string> values;
  /// `--relay`, `LIVECONNECT_RELAY`, `config.toml:3`.
  std::string origin;
};

/// What one source says, by key.
using settings_layer = std::map<std::string, raw_setting, std::less<>>;

/// Reads a variable of the environment; std::getenv outside tests.
using variable_lookup = std::function<const char*(const char*)>;

/// The names of a program's settings, and how each source is read with them.
class settings_table {
public:
  /// `prefix` is what the program's variables begin with. Variables that begin with one of `others`
  /// belong to other programs, and `also` names such that are no settings.
  settings_table(std::vector<setting_name> names, std::string prefix,
                 std::vector<std::string> others = {}, std::vector<std::string> also = {});

  const std::vector<setting_name>& names() const { return names_; }

  std::string flag_of(const setting_name& x) const;
  std::string variable_of(const setting_name& x) const;

  /// Reads a TOML file of at most 64 KiB: texts, whole numbers, true and false, and lists of these.
  /// An unknown key (the nearest one is named), a value of another kind and a syntax error are
  /// ec::bad_config with `FILE:LINE: ...`.
  caf::expected<settings_layer> read_file(const std::filesystem::path& file) const;

  /// Variables that are set and not empty; a list's parts stand between commas.
  settings_layer read_environment(const variable_lookup& lookup) const;

  /// Whether all of these variables, whose names begin with the prefix, are the program's or
  /// another's. Else ec::bad_config names the first that is not, and the nearest that is.
  caf::error check_variables(const std::vector<std::string>& names) const;

private:
  const setting_name* find(std::string_view key) const;

  std::vector<setting_name> names_;
  std::string prefix_;
  std::vector<std::string> others_;
  std::vector<std::string> also_;
};

/// `detail` with where the setting was said in front. ec::bad_argument for a flag, else
/// ec::bad_config.
caf::error wrong_setting(const raw_setting& x, const std::string& detail);

/// "'x'", and behind it "(did you mean 'y')" where one of the candidates is near.
std::string with_nearest(std::string_view word, const std::vector<std::string>& candidates);

} // namespace liveconnect::cli
