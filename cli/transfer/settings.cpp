#include "cli/transfer/settings.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "cli/shell/values.hpp"
#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "messages/money/note.hpp"

namespace liveconnect::cli {

namespace {

constexpr size_t wallet_name_chars_max = 64;
constexpr uint64_t verbosity_max = 2;

bool is_wallet_letter(char x) {
  return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') || (x >= '0' && x <= '9') ||
         std::string_view{"-_. "}.find(x) != std::string_view::npos;
}

caf::expected<std::string> parse_wallet_name(std::string_view text) {
  const bool right = !text.empty() && text.size() <= wallet_name_chars_max && text[0] != '.' &&
                     std::all_of(text.begin(), text.end(), is_wallet_letter);
  if (!right)
    return fail(ec::bad_argument,
                fmt::format("{} cannot name a wallet (use letters, digits, '-', '_' and '.', at "
                            "most {})",
                            in_quotes(text), wallet_name_chars_max));
  return std::string{text};
}

/// One address stands for consecutive ports; else all must be named.
caf::expected<std::vector<host_port>> parse_servers(const std::vector<std::string>& texts) {
  std::vector<host_port> out;
  for (const auto& text : texts) {
    auto one = parse_address(text);
    if (!one)
      return std::move(one.error());
    out.push_back(std::move(*one));
  }
  if (out.size() != 1 && out.size() != raida_count)
    return fail(ec::bad_argument,
                fmt::format("{} servers are given instead of 1 (the first of {} ports) or {}",
                            out.size(), raida_count, raida_count));
  const auto first = out.front();
  if (out.size() == 1 && first.port > std::numeric_limits<uint16_t>::max() - (raida_count - 1))
    return fail(ec::bad_argument,
                fmt::format("port {} leaves no room for {} servers", first.port, raida_count));
  for (size_t i = out.size(); i < raida_count; ++i)
    out.push_back({first.host, static_cast<uint16_t>(first.port + i)});
  return out;
}

caf::error read_servers(settings& conf, const std::vector<std::string>& texts) {
  auto list = parse_servers(texts);
  if (!list)
    return std::move(list.error());
  conf.raida = std::move(*list);
  return {};
}

caf::expected<std::filesystem::path> parse_path(std::string_view text) {
  return std::filesystem::path{text};
}

caf::expected<std::chrono::milliseconds> parse_patience(std::string_view text) {
  return parse_duration(text);
}

caf::expected<uint64_t> parse_verbosity(std::string_view text) {
  return parse_count(text, 0, verbosity_max);
}

caf::expected<size_t> parse_notation(std::string_view text) {
  return parse_word(text, {"tag", "json"});
}

setting_names names() {
  setting_names out;
  out.variable_prefix = "LIVECONNECT_";
  // The relay's own, and those of our tests, whose programs start this one.
  out.other_variables = {"LIVECONNECT_RELAY_", "LIVECONNECT_CRASH_", "LIVECONNECT_SCREENSHOTS"};
  out.empty_variable_is_unset = true;
  return out;
}

std::string value_of(const variable_lookup& lookup, const char* name) {
  const auto* value = lookup(name);
  return value == nullptr ? std::string{} : value;
}

/// What is built in; the data folder needs HOME or XDG_DATA_HOME.
settings_layer built_in(const variable_lookup& lookup) {
  settings_layer out;
  const auto put = [&](const char* key, std::string text) {
    out[key] = {{std::move(text)}, "built in"};
  };
  if (const auto base = value_of(lookup, "XDG_DATA_HOME"); !base.empty())
    put("data", base + "/liveconnect");
  else if (const auto home = value_of(lookup, "HOME"); !home.empty())
    put("data", home + "/.local/share/liveconnect");
  put("wallet", wallet_built_in);
  put("relay", "127.0.0.1:9100");
  put("raida", "127.0.0.1:50000");
  put("wait", "15m");
  put("timeout", "2m");
  put("notation", "tag");
  return out;
}

/// Files that are read without being named: the user's first, then the system's.
std::vector<std::filesystem::path> usual_files(const variable_lookup& lookup) {
  std::vector<std::filesystem::path> out;
  const std::filesystem::path name = std::filesystem::path{"liveconnect"} / "config.toml";
  if (const auto base = value_of(lookup, "XDG_CONFIG_HOME"); !base.empty())
    out.push_back(base / name);
  else if (const auto home = value_of(lookup, "HOME"); !home.empty())
    out.push_back(std::filesystem::path{home} / ".config" / name);
  out.push_back("/etc" / name);
  return out;
}

/// What no setting says alone.
caf::error complete(settings& conf, const settings_layer& flags) {
  if (conf.data.empty())
    return fail(ec::bad_config, "no data folder is known: neither --data nor HOME is set");
  std::error_code err;
  const auto whole = std::filesystem::absolute(conf.data, err);
  if (!err)
    conf.data = whole.lexically_normal();
  conf.data_from_flag = flags.find("data") != flags.end();
  return {};
}

} // namespace

const settings_table<settings>& liveconnect_settings() {
  using form = flag_form;
  static const settings_table<settings> table{
      names(),
      {
          {{"data", "Folder for wallets and journals", form::value, "DIR"},
           into(&settings::data, parse_path)},
          {{"wallet", "Wallet in the data folder (Default)", form::value, "NAME"},
           into(&settings::wallet, parse_wallet_name)},
          {{"relay", "The relay (127.0.0.1:9100)", form::value, "HOST:PORT"},
           into(&settings::relay, parse_address)},
          {{"raida",
            "The 25 servers: the first of 25 consecutive ports, or all addresses with commas "
            "(127.0.0.1:50000)",
            form::comma_list, "HOST:PORT"},
           read_servers},
          {{"json", "Print one JSON object per line; the last one is the result", form::on},
           into(&settings::as_json, parse_bool)},
          {{"quiet", "Print errors and the last line only", form::on},
           into(&settings::quiet, parse_bool)},
          {{"verbose", "Log to standard error; repeat for everything", form::count},
           into(&settings::verbose, parse_verbosity)},
          {{"color", "Print without colours", form::off}, into(&settings::colour, parse_bool)},
          {{"yes", "Answer every question with yes", form::on}, into(&settings::yes, parse_bool)},
          {{"input", "Never ask; fail where a question would be asked", form::off},
           into(&settings::input, parse_bool)},
          {{"wait", "How long to wait for the other person (15m)", form::value, "DURATION"},
           into(&settings::wait, parse_patience)},
          {{"timeout", "How long one step of the others may take (2m)", form::value, "DURATION"},
           into(&settings::timeout, parse_patience)},
          {{"transcript", "Write the session's commands, times and addresses to this file",
            form::value, "FILE"},
           into(&settings::transcript, parse_path)},
          {{"qr", "Show no QR code", form::off}, into(&settings::qr, parse_bool)},
          {{"notation", "How messages are written: tag or json (tag)", form::value, "NOTATION"},
           into(&settings::notation, parse_notation)},
      }};
  return table;
}

caf::expected<settings> load_settings(const settings_layer& flags,
                                      const std::optional<std::filesystem::path>& named_file,
                                      const variable_lookup& lookup) {
  const auto& table = liveconnect_settings();
  std::vector<std::filesystem::path> files;
  if (named_file)
    files.push_back(*named_file);
  for (const auto& file : usual_files(lookup)) {
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored))
      files.push_back(file);
  }
  std::vector<settings_layer> layers{flags, read_environment(table.names, lookup)};
  for (const auto& file : files) {
    auto layer = read_settings_file(table.names, file);
    if (!layer)
      return std::move(layer.error());
    layers.push_back(std::move(*layer));
  }
  layers.push_back(built_in(lookup));
  settings out;
  if (auto err = apply(table, layers, checked::topmost, out))
    return err;
  if (auto err = complete(out, flags))
    return err;
  return out;
}

caf::error use_servers(settings& conf, std::string_view text) {
  return read_servers(conf, split_list(text));
}

} // namespace liveconnect::cli
