#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <caf/error.hpp>
#include <caf/expected.hpp>

namespace CLI {
class App;
}

namespace liveconnect::cli {

// One engine for the settings of all our programs. A program has a table with one row a setting;
// each source (flags, environment, files, what is built in) is read into a layer of texts, and the
// layers are laid over each other.

/// How a setting stands on the command line.
enum class flag_form : uint8_t {
  /// `--key VALUE`.
  value,
  /// `--key VALUE,VALUE`: commas on the command line and in the environment, an array in a file.
  comma_list,
  /// `--key VALUE --key VALUE`: commas in the environment, an array in a file.
  repeated,
  /// `--key` means true.
  on,
  /// `--no-key` means false.
  off,
  /// `-k`, `--key`, perhaps repeated: means how often, up to two times.
  count,
};

/// What a table says of a setting, without what its value means.
struct setting_row {
  /// `room_wait`: in files; `PREFIX_ROOM_WAIT` in the environment, `--room-wait` as a flag.
  const char* key;
  /// For --help: what it is, with what is built in behind it in parentheses.
  const char* help;
  flag_form form = flag_form::value;
  /// What --help calls the value.
  const char* value_name = "";
};

/// The names that a program understands.
struct setting_names {
  std::vector<setting_row> rows;
  /// What every variable begins with: `LIVECONNECT_`.
  std::string variable_prefix;
  /// Further variables with that prefix which are no mistake: whole names, and beginnings that end
  /// in `_`.
  std::vector<std::string> other_variables = {};
  /// An empty variable is one that is not set. Otherwise it is a value, and most often a wrong one.
  bool empty_variable_is_unset = false;
};

/// `--room-wait`, `--no-color`.
std::string flag_of(const setting_row& x);
/// `LIVECONNECT_RELAY_ROOM_WAIT`.
std::string variable_of(const setting_names& names, const setting_row& x);

/// One setting as texts (several for a list, at least one), and where it was said: `--relay`,
/// `LIVECONNECT_RELAY`, `config.toml:3`.
struct raw_setting {
  std::vector<std::string> texts;
  std::string origin;
};

/// One source's settings by key.
using settings_layer = std::map<std::string, raw_setting, std::less<>>;

/// A variable's value, nullptr when it is not set: std::getenv outside tests.
using variable_lookup = std::function<const char*(const char*)>;

/// Reads one TOML file of at most 64 KiB. A key that is not in `names`, a value of the wrong kind
/// and a syntax error are ec::bad_config that names file and line.
caf::expected<settings_layer> read_settings_file(const setting_names& names,
                                                 const std::filesystem::path& file);

/// The same for a text that was read already; `name` is what errors and origins call it. Pure.
caf::expected<settings_layer> read_settings_text(const setting_names& names, std::string_view text,
                                                 const std::string& name);

/// The settings that are named in the environment.
settings_layer read_environment(const setting_names& names, const variable_lookup& lookup);

/// Whether the program knows all of these variables, whose names begin with its prefix; else
/// ec::bad_config names the first that it does not know, and the nearest that it does.
caf::error check_variables(const setting_names& names, const std::vector<std::string>& variables);

/// Binds a program's settings to the flags of a command line.
class setting_flags {
public:
  /// Adds all rows as options of `app`, under `group` in its help. May be called for several
  /// commands; this must outlive them.
  void add_to(CLI::App& app, const setting_names& names, const std::string& group);

  /// What the command line said.
  settings_layer layer() const;

private:
  struct bound {
    setting_row row;
    std::vector<std::string> texts;
    bool given = false;
    int count = 0;
  };

  /// By key; a node never moves.
  std::map<std::string, bound> all_;
};

/// Which layers' values must be right. An unknown key or variable is an error in either case.
enum class checked : uint8_t {
  /// The topmost value of each setting: a person's flag helps against a wrong file that only an
  /// administrator may correct.
  topmost,
  /// Every value: an operator shall hear of a mistake before the flag above it is taken away.
  all,
};

/// The program's own table: what each text means for its `Settings`.
template<class Settings>
struct settings_table {
  /// Reads the value; the error's detail says what would be right. One text, but for lists.
  using reader = std::function<caf::error(Settings&, const std::vector<std::string>&)>;
  struct row {
    setting_row what;
    reader read;
  };

  settings_table(setting_names about, std::vector<row> list) : names(std::move(about)) {
    for (auto& x : list) {
      names.rows.push_back(x.what);
      readers.push_back(std::move(x.read));
    }
  }

  setting_names names;
  /// In the order of names.rows.
  std::vector<reader> readers;
};

/// A reader for a setting with one text: reads it with `parse` and keeps it in `member`.
template<class Settings, class T, class Parse>
auto into(T Settings::*member, Parse parse) {
  return [=](Settings& settings, const std::vector<std::string>& texts) -> caf::error {
    auto x = parse(std::string_view{texts.front()});
    if (!x)
      return std::move(x.error());
    settings.*member = static_cast<T>(std::move(*x));
    return {};
  };
}

/// `err` with where the setting was said: ec::bad_argument for a flag, else ec::bad_config.
caf::error at_origin(const raw_setting& x, const caf::error& err);

/// ec::bad_argument when a setting that is not a list has several texts, or one has none.
caf::error check_number(const setting_row& row, const raw_setting& x);

/// Lays the layers, the topmost first, over `settings`. Fails with the first wrong value; then
/// `settings` may be half changed and must not be used.
template<class Settings>
caf::error apply(const settings_table<Settings>& table, const std::vector<settings_layer>& layers,
                 checked which, Settings& settings) {
  for (size_t i = 0; i < table.readers.size(); ++i) {
    const auto& row = table.names.rows[i];
    std::vector<const raw_setting*> said;
    for (const auto& layer : layers)
      if (const auto at = layer.find(row.key);
          at != layer.end() && (said.empty() || which == checked::all))
        said.insert(said.begin(), &at->second);
    for (const auto* x : said) {
      auto err = check_number(row, *x);
      if (!err)
        err = table.readers[i](settings, x->texts);
      if (err)
        return at_origin(*x, err);
    }
  }
  return {};
}

} // namespace liveconnect::cli
