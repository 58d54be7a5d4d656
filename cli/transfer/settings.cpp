#include "cli/transfer/settings.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"

namespace liveconnect::cli {

namespace {

caf::expected<int> parse_verbosity(std::string_view text) {
  if (text == "0" || text == "1" || text == "2")
    return text[0] - '0';
  return fail(ec::bad_argument, fmt::format("'{}' is not 0, 1 or 2", printable(text, 40)));
}

caf::expected<std::string> parse_wallet_name(std::string_view text) {
  const auto plain = !text.empty() && text.size() <= 64 && text[0] != '.' &&
                     std::all_of(text.begin(), text.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
                              c == ' ';
                     });
  if (!plain)
    return fail(
        ec::bad_argument,
        fmt::format("'{}' is not a wallet name (letters, digits, '-', '_', '.', at most 64)",
                    printable(text, 40)));
  return std::string{text};
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto end = text.find(at);
    auto part = text.substr(0, end);
    while (!part.empty() && part.front() == ' ')
      part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ')
      part.remove_suffix(1);
    out.push_back(part);
    if (end == std::string_view::npos)
      return out;
    text.remove_prefix(end + 1);
  }
}

/// One address stands for consecutive ports; else all must be named.
caf::expected<std::vector<host_port>> parse_servers(std::string_view text) {
  const auto parts = split(text, ',');
  std::vector<host_port> out;
  for (auto part : parts) {
    auto one = parse_host_port(part);
    if (!one)
      return std::move(one.error());
    out.push_back(std::move(*one));
  }
  if (out.size() == 1) {
    const auto first = out.front();
    if (first.port > std::numeric_limits<uint16_t>::max() - (raida_count - 1))
      return fail(ec::bad_argument,
                  fmt::format("port {} leaves no room for {} servers", first.port, raida_count));
    for (size_t i = 1; i < raida_count; ++i)
      out.push_back({first.host, static_cast<uint16_t>(first.port + i)});
  }
  if (out.size() != raida_count)
    return fail(ec::bad_argument,
                fmt::format("{} servers are named where 1 (the first of {} ports) or {} must be",
                            out.size(), raida_count, raida_count));
  return out;
}

caf::expected<notation_choice> parse_notation(std::string_view text) {
  if (text == "tag")
    return notation_choice::tag;
  if (text == "json")
    return notation_choice::json;
  return fail(ec::bad_argument,
              fmt::format("'{}' is not a notation: tag or json", printable(text, 40)));
}

/// The setting on top, with its origin; every key has a built-in layer below or an empty text.
class lookup_result {
public:
  explicit lookup_result(const std::vector<settings_layer>& layers) : layers_(layers) {}

  /// Reads one setting with `parse`; keeps the first problem, naming the origin.
  template<class T, class Parse>
  void read(std::string_view key, T& into, Parse parse) {
    for (const auto& layer : layers_) {
      const auto i = layer.find(key);
      if (i == layer.end())
        continue;
      auto value = parse(std::string_view{joined(i->second.values)});
      if (value)
        into = std::move(*value);
      else if (!problem_)
        problem_ = wrong_setting(i->second, detail_of(value.error()));
      return;
    }
  }

  const caf::error& problem() const { return problem_; }

private:
  static std::string joined(const std::vector<std::string>& list) {
    std::string out;
    for (const auto& x : list)
      out += (out.empty() ? "" : ",") + x;
    return out;
  }

  const std::vector<settings_layer>& layers_;
  caf::error problem_;
};

} // namespace

const settings_table& client_settings() {
  // The relay's variables are its own; LIVECONNECT_CRASH_STRIDE and LIVECONNECT_SCREENSHOTS belong
  // to our tests, whose programs start this one.
  static const settings_table out{
      {
          {"data", "Folder of wallets and journals"},
          {"wallet", "Name of the wallet inside the data folder"},
          {"relay", "Relay, HOST:PORT"},
          {"raida", "Servers: HOST:PORT of the first of 25 consecutive ports, or 25 addresses"},
          {"json", "One JSON object a line on standard output; the last one is the result", "true"},
          {"quiet", "Only errors and the last line", "true"},
          {"verbose", "Tell more on standard error: 1, or 2 for everything"},
          {"color", "No colours", "false", "--no-color"},
          {"yes", "Answer every question with yes", "true"},
          {"input", "Never ask; what would be asked is an error", "false", "--no-input"},
          {"wait", "How long to wait for the other person (15m)"},
          {"timeout", "How long one step of others may take (2m)"},
          {"transcript", "Write the session's commands, times and addresses to this file"},
          {"qr", "Show no QR code", "false", "--no-qr"},
          {"notation", "How messages are written on the wire: tag or json"},
      },
      variable_prefix,
      {"LIVECONNECT_RELAY_"},
      {"LIVECONNECT_CRASH_STRIDE", "LIVECONNECT_SCREENSHOTS"}};
  return out;
}

settings_layer built_in(const variable_lookup& lookup) {
  settings_layer out;
  const auto put = [&](const char* key, std::string text) {
    out[key] = {{std::move(text)}, "built in"};
  };
  const auto value_of = [&](const char* name) -> std::string {
    const auto value = lookup(name);
    return value == nullptr ? "" : value;
  };
  if (auto base = value_of("XDG_DATA_HOME"); !base.empty())
    put("data", base + "/liveconnect");
  else if (auto home = value_of("HOME"); !home.empty())
    put("data", home + "/.local/share/liveconnect");
  put("wallet", wallet_built_in);
  put("relay", "127.0.0.1:9100");
  put("raida", "127.0.0.1:50000");
  put("wait", "15m");
  put("timeout", "2m");
  put("notation", "tag");
  return out;
}

std::vector<std::filesystem::path> default_settings_files(const variable_lookup& lookup) {
  std::vector<std::filesystem::path> out;
  const auto base = lookup("XDG_CONFIG_HOME");
  const auto home = lookup("HOME");
  if (base != nullptr && *base != '\0')
    out.push_back(std::filesystem::path{base} / "liveconnect" / "config.toml");
  else if (home != nullptr && *home != '\0')
    out.push_back(std::filesystem::path{home} / ".config" / "liveconnect" / "config.toml");
  out.emplace_back("/etc/liveconnect/config.toml");
  return out;
}

caf::expected<settings> resolve(const std::vector<settings_layer>& layers) {
  settings out;
  lookup_result found{layers};
  const auto as_path = [](std::string_view x) -> caf::expected<std::filesystem::path> {
    return std::filesystem::path{x};
  };
  found.read("data", out.data, as_path);
  found.read("wallet", out.wallet, parse_wallet_name);
  found.read("relay", out.relay, parse_host_port);
  found.read("raida", out.raida, parse_servers);
  found.read("json", out.as_json, parse_bool);
  found.read("quiet", out.quiet, parse_bool);
  found.read("verbose", out.verbose, parse_verbosity);
  found.read("color", out.colour, parse_bool);
  found.read("yes", out.yes, parse_bool);
  found.read("input", out.input, parse_bool);
  found.read("wait", out.wait, [](std::string_view x) { return parse_duration(x); });
  found.read("timeout", out.timeout, [](std::string_view x) { return parse_duration(x); });
  found.read("transcript", out.transcript, as_path);
  found.read("qr", out.qr, parse_bool);
  found.read("notation", out.notation, parse_notation);
  if (found.problem())
    return found.problem();
  if (out.data.empty())
    return fail(ec::bad_config, "no data folder is known: neither --data nor HOME is set");
  std::error_code problem;
  const auto whole = std::filesystem::absolute(out.data, problem);
  if (!problem)
    out.data = whole.lexically_normal();
  for (const auto& layer : layers)
    if (auto i = layer.find("data"); i != layer.end()) {
      out.data_from_flag = i->second.origin == "--data";
      break;
    }
  return out;
}

caf::error use_servers(settings& conf, std::string_view text) {
  auto list = parse_servers(text);
  if (!list)
    return std::move(list.error());
  conf.raida = std::move(*list);
  return {};
}

caf::expected<settings> load_settings(const settings_layer& flags,
                                      const std::optional<std::filesystem::path>& named_file,
                                      const variable_lookup& lookup) {
  std::vector<settings_layer> layers{flags, client_settings().read_environment(lookup)};
  if (named_file) {
    auto layer = client_settings().read_file(*named_file);
    if (!layer)
      return std::move(layer.error());
    layers.push_back(std::move(*layer));
  }
  for (const auto& file : default_settings_files(lookup)) {
    std::error_code problem;
    if (!std::filesystem::exists(file, problem))
      continue;
    auto layer = client_settings().read_file(file);
    if (!layer)
      return std::move(layer.error());
    layers.push_back(std::move(*layer));
  }
  layers.push_back(built_in(lookup));
  return resolve(layers);
}

} // namespace liveconnect::cli
